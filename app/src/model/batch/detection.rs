//! What an oven does looks like the begin or the end of a batch: told from its status, its stage, its program and its door.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::model::{
    equipment::EquipmentId,
    reading::{CycleStage, DoorStatus, OperationalStatus, Reading},
    wire_enum,
};

wire_enum! {
    ProposalKind {
        Start = "start",
        Finish = "finish",
    }
}

wire_enum! {
    /// What it was told from.
    ProposalReason {
        /// The oven's status or stage changed.
        Mode = "mode",
        /// The door was closed, and the oven began to bake; or it bakes and the door is opened after a while.
        Door = "door",
        /// A program began, or has no time left.
        Program = "program",
    }
}

/// Something that looks like the begin or the end of a batch. It holds until it is accepted, dismissed or overtaken.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Proposal {
    pub id: Uuid,
    pub equipment_id: EquipmentId,
    pub kind: ProposalKind,
    /// When it seems to have begun or ended.
    pub at: Timestamp,
    pub reason: ProposalReason,
    /// The oven's program, where it names one.
    pub program: Option<String>,
    /// The running batch that seems to have ended.
    pub batch_id: Option<Uuid>,
}

/// A door that was closed so long ago has nothing to do with what begins now.
const LOADING: SignedDuration = SignedDuration::from_mins(3);
/// Doors are opened for a look or to let steam out earlier than this.
const SHORTEST_BAKE: SignedDuration = SignedDuration::from_mins(5);

/// Follows one oven.
#[derive(Clone, Debug, Default)]
pub struct Detector {
    /// Since when it bakes.
    baking_since: Option<Timestamp>,
    is_door_open: Option<bool>,
    closed_at: Option<Timestamp>,
    program: Option<String>,
    /// The end of this bake was told already.
    has_ended: bool,
    has_begun: bool,
    /// The program of this bake had time left: an oven that always says 0 never has.
    had_time_left: bool,
}

/// What a reading shows.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    pub kind: ProposalKind,
    pub at: Timestamp,
    pub reason: ProposalReason,
    pub program: Option<String>,
}

impl Detector {
    /// The next reading of the oven in order of time.
    pub fn observe(&mut self, reading: &Reading) -> Option<Event> {
        let values = reading.good();
        let at = reading.reading_time;
        let door = match values.door_status {
            Some(DoorStatus::Open) => Some(true),
            Some(DoorStatus::Closed) => Some(false),
            Some(DoorStatus::Unknown) | None => None,
        };
        if door == Some(false) && self.is_door_open == Some(true) {
            self.closed_at = Some(at);
        }
        let opened = door == Some(true) && self.is_door_open == Some(false);
        self.is_door_open = door.or(self.is_door_open);
        let program = ["program_name", "program"]
            .iter()
            .find_map(|name| values.additional_sensors.get(*name)?.as_str())
            .map(str::trim)
            .filter(|name| !name.is_empty())
            .map(str::to_owned);
        let is_other_program = program.is_some() && program != self.program;
        // What says nothing of itself changes nothing.
        let is_baking = is_baking(values.operational_status, values.cycle_stage)?;
        let was_known = self.has_begun;
        self.has_begun = true;
        let is_new = match (self.baking_since, is_baking) {
            (None, true) => true,
            (Some(_), true) => is_other_program && self.program.is_some(),
            (_, false) => false,
        };
        self.program = program.or(self.program.take());
        let has_time_left = values.time_remaining_minutes.is_some_and(|minutes| minutes > 0.0);
        if is_new {
            let closed_at = self.closed_at.filter(|closed| at.duration_since(*closed) <= LOADING);
            let begin = closed_at.unwrap_or(at);
            self.baking_since = Some(begin);
            self.has_ended = false;
            let reason = match closed_at {
                Some(_) => ProposalReason::Door,
                None if is_other_program => ProposalReason::Program,
                None => ProposalReason::Mode,
            };
            self.had_time_left = has_time_left;
            // When this begins to look, an oven that bakes already may do so for hours.
            return was_known.then(|| self.event(ProposalKind::Start, begin, reason));
        }
        self.had_time_left |= has_time_left;
        let since = self.baking_since?;
        let ran_out = self.had_time_left && values.time_remaining_minutes == Some(0.0);
        let reason = if !is_baking {
            self.baking_since = None;
            Some(ProposalReason::Mode)
        } else if ran_out {
            Some(ProposalReason::Program)
        } else if opened && at.duration_since(since) >= SHORTEST_BAKE {
            Some(ProposalReason::Door)
        } else {
            None
        };
        let reason = reason?;
        let was_told = std::mem::replace(&mut self.has_ended, true);
        (!was_told).then(|| self.event(ProposalKind::Finish, at, reason))
    }

    fn event(&self, kind: ProposalKind, at: Timestamp, reason: ProposalReason) -> Event {
        Event { kind, at, reason, program: self.program.clone() }
    }
}

/// Nothing where the oven says neither.
fn is_baking(status: Option<OperationalStatus>, stage: Option<CycleStage>) -> Option<bool> {
    let by_stage = stage.and_then(|stage| match stage {
        CycleStage::Baking | CycleStage::Steaming | CycleStage::Proofing | CycleStage::Drying => Some(true),
        CycleStage::Idle | CycleStage::Unloading | CycleStage::Cleaning | CycleStage::Preheating => Some(false),
        CycleStage::Loading | CycleStage::Cooling | CycleStage::Other => None,
    });
    by_stage.or_else(|| match status? {
        OperationalStatus::Running => Some(true),
        OperationalStatus::Unknown | OperationalStatus::Offline | OperationalStatus::Paused => None,
        _ => Some(false),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::reading::{Quality, Values};

    /// Minute, status, door, minutes left.
    type Step = (i64, OperationalStatus, DoorStatus, Option<f64>);

    fn run(steps: &[Step]) -> Vec<(ProposalKind, i64, ProposalReason)> {
        let mut detector = Detector::default();
        let mut events = Vec::new();
        for (minute, status, door, left) in steps {
            let time = Timestamp::from_second(minute * 60).unwrap();
            let reading = Reading {
                reading_time: time,
                received_at: time,
                values: Values {
                    operational_status: Some(*status),
                    door_status: Some(*door),
                    time_remaining_minutes: *left,
                    ..Values::default()
                },
                active_batch_id: None,
                quality: Quality::Good,
                quality_issues: Vec::new(),
            };
            events
                .extend(detector.observe(&reading).map(|event| (event.kind, event.at.as_second() / 60, event.reason)));
        }
        events
    }

    use DoorStatus::{Closed, Open};
    use OperationalStatus::{Idle, Preheating, Running};

    #[test]
    fn loading_begins_a_batch_and_the_end_of_the_program_ends_it() {
        let steps = [
            (0, Preheating, Closed, None),
            (1, Preheating, Open, None),
            (2, Preheating, Closed, None),
            (3, Running, Closed, Some(20.0)),
            (13, Running, Closed, Some(10.0)),
            (23, Running, Closed, Some(0.0)),
            (24, Running, Open, Some(0.0)),
            (25, Idle, Closed, None),
        ];
        assert_eq!(
            run(&steps),
            [(ProposalKind::Start, 2, ProposalReason::Door), (ProposalKind::Finish, 23, ProposalReason::Program)]
        );
    }

    #[test]
    fn an_oven_that_always_has_no_time_left_ends_by_its_mode() {
        let left = Some(0.0);
        let steps = [
            (0, Idle, Closed, left),
            (1, Running, Closed, left),
            (20, Running, Closed, left),
            (30, Idle, Closed, left),
        ];
        assert_eq!(
            run(&steps),
            [(ProposalKind::Start, 1, ProposalReason::Mode), (ProposalKind::Finish, 30, ProposalReason::Mode)]
        );
    }

    #[test]
    fn a_look_through_the_door_ends_nothing() {
        let steps = [
            (0, Idle, Closed, None),
            (1, Running, Closed, None),
            (3, Running, Open, None),
            (4, Running, Closed, None),
            (20, Running, Open, None),
            (21, Idle, Open, None),
        ];
        assert_eq!(
            run(&steps),
            [(ProposalKind::Start, 1, ProposalReason::Mode), (ProposalKind::Finish, 20, ProposalReason::Door)]
        );
    }

    #[test]
    fn an_oven_that_bakes_when_this_begins_to_look_is_no_start() {
        let steps = [(0, Running, Closed, None), (30, Idle, Closed, None)];
        assert_eq!(run(&steps), [(ProposalKind::Finish, 30, ProposalReason::Mode)]);
    }

    #[test]
    fn a_gap_in_what_the_oven_says_is_no_end() {
        let steps = [
            (0, Idle, Closed, None),
            (1, Running, Closed, None),
            (2, OperationalStatus::Unknown, Closed, None),
            (3, OperationalStatus::Offline, Closed, None),
            (4, Running, Closed, None),
        ];
        assert_eq!(run(&steps), [(ProposalKind::Start, 1, ProposalReason::Mode)]);
    }
}
