//! What is in the ovens: the batches that run, for the readings that belong to them, and what looks like the begin or
//! the end of one. Kept in memory beside the database, because every reading asks.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use app::model::{
    batch::{
        Batch,
        detection::{Detector, Event, Proposal, ProposalKind},
    },
    equipment::EquipmentId,
    reading::Reading,
};
use jiff::Timestamp;
use uuid::Uuid;

#[derive(Default)]
pub struct Baking {
    ovens: Mutex<HashMap<EquipmentId, Oven>>,
    /// Held while what runs is taken over from the database.
    pub loading: tokio::sync::Mutex<()>,
}

#[derive(Default)]
struct Oven {
    /// In the order of their start.
    running: Vec<Running>,
    /// Those that ended lately, in the order of their start, for readings that come late.
    ended: Vec<Running>,
    detector: Detector,
    proposals: Vec<Proposal>,
}

/// A batch that runs, or ran.
#[derive(Clone, Debug, PartialEq)]
pub struct Running {
    pub id: Uuid,
    pub name: String,
    pub started_at: Timestamp,
    pub ended_at: Option<Timestamp>,
}

impl Baking {
    fn lock(&self) -> MutexGuard<'_, HashMap<EquipmentId, Oven>> {
        self.ovens.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Follows an oven, and says which batch a reading belongs to: of several decks' the one that started last.
    pub fn observe(&self, id: EquipmentId, reading: &Reading, is_live: bool) -> Option<Uuid> {
        let mut ovens = self.lock();
        let oven = ovens.entry(id).or_default();
        if is_live && let Some(event) = oven.detector.observe(reading) {
            oven.propose(id, event);
        }
        let at = reading.reading_time;
        let was_in = |batch: &&Running| batch.started_at <= at && batch.ended_at.is_none_or(|ended_at| at < ended_at);
        let of = |batches: &[Running]| batches.iter().rfind(was_in).map(|batch| batch.id);
        of(&oven.running).or_else(|| of(&oven.ended))
    }

    /// The batch that an oven bakes: of several decks' the one that started last.
    pub fn running(&self, id: EquipmentId) -> Option<Running> {
        self.lock().get(&id)?.running.last().cloned()
    }

    /// Takes over what runs, and what ended lately, from the database.
    pub fn set(&self, batches: &[Batch]) {
        let mut ovens = self.lock();
        for oven in ovens.values_mut() {
            oven.running.clear();
            oven.ended.clear();
        }
        for batch in batches {
            if let Some(started_at) = batch.started_at {
                let known = Running { id: batch.id, name: batch.name.clone(), started_at, ended_at: batch.ended_at };
                let oven = ovens.entry(batch.equipment_id).or_default();
                if batch.ended_at.is_none() { &mut oven.running } else { &mut oven.ended }.push(known);
            }
        }
        for oven in ovens.values_mut() {
            oven.ended.sort_by_key(|batch| batch.started_at);
            let is_running = |id: Uuid| oven.running.iter().any(|running| running.id == id);
            oven.proposals.retain(|proposal| match proposal.kind {
                ProposalKind::Start => oven.running.is_empty(),
                ProposalKind::Finish => proposal.batch_id.is_some_and(is_running),
            });
        }
    }

    pub fn forget(&self, id: EquipmentId) {
        self.lock().remove(&id);
    }

    /// The oldest first.
    pub fn proposals(&self) -> Vec<Proposal> {
        let mut all: Vec<_> = self.lock().values().flat_map(|oven| oven.proposals.clone()).collect();
        all.sort_by_key(|proposal| (proposal.at, proposal.id));
        all
    }

    pub fn proposal(&self, id: Uuid) -> Option<Proposal> {
        self.lock().values().flat_map(|oven| &oven.proposals).find(|proposal| proposal.id == id).cloned()
    }

    /// Says whether it was there.
    pub fn dismiss(&self, id: Uuid) -> bool {
        self.lock().values_mut().any(|oven| {
            let before = oven.proposals.len();
            oven.proposals.retain(|proposal| proposal.id != id);
            oven.proposals.len() < before
        })
    }
}

impl Oven {
    fn propose(&mut self, equipment_id: EquipmentId, Event { kind, at, reason, program }: Event) {
        let is_empty = self.running.is_empty();
        if kind == ProposalKind::Start && !is_empty && !self.proposals.is_empty() {
            // The end of what runs was proposed, and is still before this.
            return;
        }
        // What comes later overtakes what nobody has answered.
        self.proposals.clear();
        // Where the next bake begins, the one that runs is over.
        let kind = if is_empty { kind } else { ProposalKind::Finish };
        let batch_id = match kind {
            ProposalKind::Start => None,
            ProposalKind::Finish => match self.running.iter().rfind(|running| running.started_at < at) {
                Some(running) => Some(running.id),
                None => return,
            },
        };
        // As the database keeps times.
        let at = Timestamp::from_microsecond(at.as_microsecond()).unwrap_or(at);
        self.proposals.push(Proposal { id: Uuid::new_v4(), equipment_id, kind, at, reason, program, batch_id });
    }
}
