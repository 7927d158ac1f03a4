//! Where a batch stands, by its profile and by what the oven says.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{BatchStatus, Stage};
use crate::model::{
    equipment::{ConnectionStatus, EquipmentId},
    reading::{CycleStage, OperationalStatus, Quality, Reading, Values},
    wire_enum,
};

wire_enum! {
    /// What progress was told from.
    ProgressSource {
        /// The time since the start and the batch's own profile.
        Profile = "profile",
        /// The time since the start and the planned end.
        Plan = "plan",
        /// What the oven says of its program.
        Oven = "oven",
        None = "none",
    }
}

/// `GET /api/v1/batches/{id}/realtime-tracking`. Values of the oven are null where it does not answer or they are bad: an
/// old value is never given as a current one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Tracking {
    pub batch_id: Uuid,
    pub batch_name: String,
    pub product: String,
    pub status: BatchStatus,
    pub equipment_id: EquipmentId,
    pub equipment_name: String,
    pub deck: Option<String>,
    pub started_at: Option<Timestamp>,
    pub ended_at: Option<Timestamp>,
    pub expected_end: Option<Timestamp>,
    /// Null before the start.
    pub elapsed_minutes: Option<f64>,
    /// 0 to 100; stays at 100 when the batch takes longer than planned.
    pub progress_percentage: Option<f64>,
    pub progress_source: ProgressSource,
    /// Null where nothing tells; 0 when the batch takes longer than planned, which `overdue_minutes` counts.
    pub time_left_minutes: Option<f64>,
    pub overdue_minutes: Option<f64>,
    /// The stage of the profile.
    pub stage: Option<StageNow>,
    pub connection_status: ConnectionStatus,
    /// When the values were measured, and how old they are.
    pub measured_at: Option<Timestamp>,
    pub age_seconds: Option<f64>,
    pub quality: Option<Quality>,
    /// °C; of the deck where the batch has one.
    pub temperature: Option<f64>,
    pub humidity: Option<f64>,
    pub operational_status: Option<OperationalStatus>,
    pub cycle_stage: Option<CycleStage>,
    /// What the oven itself says of its program.
    pub cycle_progress_percentage: Option<f64>,
    pub time_remaining_minutes: Option<f64>,
    pub target_temperature: Option<f64>,
    pub target_humidity: Option<f64>,
    /// Actual less target: K, and percentage points.
    pub temperature_deviation: Option<f64>,
    pub humidity_deviation: Option<f64>,
    /// Whether the temperature is as near the target as the stage asks for.
    pub within_tolerance: Option<bool>,
}

/// The stage that a profile is in.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct StageNow {
    /// From 0.
    pub index: usize,
    pub count: usize,
    pub name: String,
    pub elapsed_minutes: f64,
    pub time_left_minutes: f64,
}

pub fn minutes(profile: &[Stage]) -> f64 {
    profile.iter().map(|stage| stage.duration_minutes).sum()
}

/// The stage so many minutes after the start; nothing once all are over.
pub fn stage_at(profile: &[Stage], elapsed_minutes: f64) -> Option<(&Stage, StageNow)> {
    let mut begin = 0.0;
    for (index, stage) in profile.iter().enumerate() {
        let end = begin + stage.duration_minutes;
        if elapsed_minutes < end {
            let now = StageNow {
                index,
                count: profile.len(),
                name: stage.name.clone(),
                elapsed_minutes: (elapsed_minutes - begin).max(0.0),
                time_left_minutes: end - elapsed_minutes.max(begin),
            };
            return Some((stage, now));
        }
        begin = end;
    }
    None
}

/// How far something is that takes `planned` minutes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Progress {
    pub percentage: f64,
    pub left_minutes: f64,
    pub overdue_minutes: f64,
}

impl Progress {
    pub fn of(elapsed_minutes: f64, planned_minutes: f64) -> Self {
        let share = if planned_minutes > 0.0 { elapsed_minutes / planned_minutes } else { 1.0 };
        Self {
            percentage: (share * 100.0).clamp(0.0, 100.0),
            left_minutes: (planned_minutes - elapsed_minutes).max(0.0),
            overdue_minutes: (elapsed_minutes - planned_minutes).max(0.0),
        }
    }
}

/// The temperature of a batch, of the `good` values of a reading: of its deck, where the oven has a zone of that name, also
/// where that one is not to be trusted.
pub fn temperature(reading: &Reading, good: &Values, deck: Option<&str>) -> Option<f64> {
    match deck {
        Some(deck) if reading.values.temperature_zones.contains_key(deck) => good.temperature_zones.get(deck).copied(),
        _ => good.temperature,
    }
}

#[cfg(test)]
mod tests {
    use super::{super::profile, *};
    use crate::model::reading::QualityReason;

    #[test]
    fn stages_follow_each_other() {
        let profile = profile(&[("steam", 5.0, 250.0), ("bake", 20.0, 230.0)]);
        let name =
            |elapsed| stage_at(&profile, elapsed).map(|(stage, now)| (stage.name.clone(), now.time_left_minutes));
        assert_eq!(name(0.0), Some(("steam".to_owned(), 5.0)));
        assert_eq!(name(4.5), Some(("steam".to_owned(), 0.5)));
        assert_eq!(name(5.0), Some(("bake".to_owned(), 20.0)));
        assert_eq!(name(25.0), None);
        assert_eq!(name(-1.0), Some(("steam".to_owned(), 5.0)), "a clock that went back");
        assert_eq!(stage_at(&[], 0.0), None);
    }

    #[test]
    fn progress_ends_at_its_end() {
        assert_eq!(Progress::of(5.0, 20.0), Progress { percentage: 25.0, left_minutes: 15.0, overdue_minutes: 0.0 });
        assert_eq!(Progress::of(26.0, 20.0), Progress { percentage: 100.0, left_minutes: 0.0, overdue_minutes: 6.0 });
        let shares = [(-3.0, 20.0), (1.0, 0.0)].map(|(elapsed, planned)| Progress::of(elapsed, planned).percentage);
        assert!(shares[0].abs() < 1e-9 && (shares[1] - 100.0).abs() < 1e-9, "{shares:?}");
    }

    #[test]
    fn a_deck_has_its_own_temperature() {
        let values = Values {
            temperature: Some(230.0),
            temperature_zones: [("deck 1".to_owned(), 210.0)].into(),
            ..Values::default()
        };
        let mut reading = Reading {
            reading_time: Timestamp::UNIX_EPOCH,
            received_at: Timestamp::UNIX_EPOCH,
            values,
            active_batch_id: None,
            quality: Quality::Good,
            quality_issues: Vec::new(),
        };
        let of = |reading: &Reading, deck| temperature(reading, &reading.good(), deck);
        assert_eq!(of(&reading, Some("deck 1")), Some(210.0));
        assert_eq!(of(&reading, Some("deck 9")), Some(230.0));
        assert_eq!(of(&reading, None), Some(230.0));
        reading.flag("temperature_zones.deck 1".to_owned(), QualityReason::OutOfRange);
        assert_eq!(of(&reading, Some("deck 1")), None, "the oven's is not its own");
    }
}
