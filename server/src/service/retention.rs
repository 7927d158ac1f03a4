//! How long history is kept. A task deletes what is older, in pieces between which new readings get their turn.

use std::{sync::Arc, time::Duration};

use app::model::{
    equipment::EquipmentId,
    history::Resolution,
    retention::{HistoryPolicy, Retention},
};
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use serde_json::json;
use tokio_util::sync::CancellationToken;
use utoipa::ToSchema;

use super::{
    Actor, Service, ServiceError,
    configure::to_the_end,
    error::{refused, stopping},
    history::floor,
};
use crate::store::writer::Erasure;

/// Rows that are deleted in one transaction.
pub const PIECE: u32 = 2_000;
/// Rest between two pieces.
pub const PAUSE: Duration = Duration::from_millis(20);
/// Readings that a size budget never takes.
const KEPT_IN_ANY_CASE: SignedDuration = SignedDuration::from_hours(48);
/// How often old history is looked for.
const EVERY: Duration = Duration::from_secs(3_600);

pub(super) const POLICY: &str = "history.policy";

/// `POST /api/v1/history/retention/preview`: what would go now.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct Preview {
    pub equipment: Vec<OvenPreview>,
    pub readings: u64,
    pub minutes: u64,
    pub hours: u64,
    pub days: u64,
    /// Readings that go besides because of the size budget, the oldest of all ovens: an estimate from what a reading
    /// takes on average, of the days that are over.
    pub readings_over_budget: u64,
}

#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct OvenPreview {
    pub equipment_id: EquipmentId,
    pub equipment_name: String,
    pub retention: Retention,
    pub readings: u64,
    pub minutes: u64,
    pub hours: u64,
    pub days: u64,
}

impl Service {
    pub async fn history_policy(&self) -> Result<HistoryPolicy, ServiceError> {
        Ok(self.store.setting(POLICY).await?.unwrap_or_default())
    }

    pub async fn set_history_policy(
        self: &Arc<Self>,
        actor: &Actor,
        policy: HistoryPolicy,
    ) -> Result<HistoryPolicy, ServiceError> {
        refused(policy.check())?;
        let (this, actor) = (Arc::clone(self), actor.clone());
        to_the_end(async move {
            let before = this.history_policy().await?;
            this.store.set_setting(POLICY, &policy).await?;
            let (before, after) = (Some(json!(before)), Some(json!(policy)));
            this.record(&actor, "history.retention", ("settings", Some(POLICY.to_owned())), before, after).await;
            this.retain.notify_one();
            Ok(policy)
        })
        .await
    }

    /// What holds for an oven, and whether it is its own.
    pub async fn retention_of(&self, id: EquipmentId) -> Result<(Retention, bool), ServiceError> {
        self.equipment(id).await?;
        Ok(match self.store.retention(id).await? {
            Some(own) => (own, true),
            None => (self.history_policy().await?.retention, false),
        })
    }

    /// None goes back to what holds for all.
    pub async fn set_retention_of(
        self: &Arc<Self>,
        actor: &Actor,
        id: EquipmentId,
        retention: Option<Retention>,
    ) -> Result<Retention, ServiceError> {
        self.equipment(id).await?;
        refused(retention.map(|retention| retention.check()).unwrap_or_default())?;
        let (this, actor) = (Arc::clone(self), actor.clone());
        to_the_end(async move {
            let before = this.store.retention(id).await?;
            this.store.set_retention(id, retention).await?;
            let object = ("equipment", Some(id.to_string()));
            this.record(&actor, "equipment.retention", object, before.map(|b| json!(b)), retention.map(|r| json!(r)))
                .await;
            this.retain.notify_one();
            Ok(this.retention_of(id).await?.0)
        })
        .await
    }

    /// Counts what would go with this policy, or the present one, and deletes nothing.
    pub async fn retention_preview(&self, policy: Option<HistoryPolicy>) -> Result<Preview, ServiceError> {
        let policy = match policy {
            Some(policy) => policy,
            None => self.history_policy().await?,
        };
        refused(policy.check())?;
        let now = Timestamp::now();
        let mut equipment = Vec::new();
        // Of all ovens: readings of the days that are over, and those that a budget may take.
        let (mut kept, mut may_go) = (0, 0);
        for oven in self.store.equipment_list().await? {
            let retention = self.store.retention(oven.id).await?.unwrap_or(policy.retention);
            let count = async |resolution| match cutoff(&retention, resolution, now) {
                Some(than) => self.store.older(oven.id, resolution, than).await,
                None => Ok(0),
            };
            let readings = count(Resolution::Raw).await?;
            if policy.budget_mb.is_some() {
                kept += self.store.older(oven.id, Resolution::Raw, now).await?;
                let old = self.store.older(oven.id, Resolution::Raw, now - KEPT_IN_ANY_CASE).await?;
                may_go += old.saturating_sub(readings);
            }
            equipment.push(OvenPreview {
                equipment_id: oven.id,
                readings,
                minutes: count(Resolution::Minute).await?,
                hours: count(Resolution::Hour).await?,
                days: count(Resolution::Day).await?,
                equipment_name: oven.name,
                retention,
            });
        }
        let sum = |part: fn(&OvenPreview) -> u64| equipment.iter().map(part).sum::<u64>();
        let readings = sum(|oven| oven.readings);
        let over = match policy.budget_mb {
            Some(budget) => over_budget(self.store.space().await?.used, budget * 1_000_000, kept, readings),
            None => 0,
        };
        Ok(Preview {
            readings,
            readings_over_budget: over.min(may_go),
            minutes: sum(|oven| oven.minutes),
            hours: sum(|oven| oven.hours),
            days: sum(|oven| oven.days),
            equipment,
        })
    }

    /// Deletes old history until shutdown, every hour and whenever the policy changes.
    pub async fn retain(self: Arc<Self>, shutdown: CancellationToken) {
        loop {
            if let Err(error) = self.note_size().await {
                tracing::warn!("the size of the database was not noted: {error}");
            }
            let done = shutdown.run_until_cancelled(self.delete_old(Timestamp::now())).await;
            match done {
                None => return,
                Some(Ok(0)) => {}
                Some(Ok(rows)) => tracing::info!(rows, "old history was deleted"),
                Some(Err(error)) => tracing::warn!("old history was not deleted: {error}"),
            }
            let wait = async {
                tokio::select! {
                    () = tokio::time::sleep(EVERY) => {}
                    () = self.retain.notified() => {}
                }
            };
            if shutdown.run_until_cancelled(wait).await.is_none() {
                return;
            }
        }
    }

    /// Says how many rows went. What cannot be deleted of one oven is no reason to keep that of others.
    pub async fn delete_old(&self, now: Timestamp) -> Result<u64, ServiceError> {
        let policy = self.history_policy().await?;
        let mut rows = 0;
        for oven in self.store.equipment_list().await? {
            match self.delete_old_of(oven.id, policy.retention, now).await {
                Ok(gone) => rows += gone,
                Err(error) => tracing::warn!(oven = oven.name, "its old history was not deleted: {error}"),
            }
        }
        if let Some(budget) = policy.budget_mb {
            rows += self.keep_to_budget(budget * 1_000_000, now).await?;
        }
        if rows > 0 {
            self.give_back().await?;
        }
        Ok(rows)
    }

    async fn delete_old_of(&self, id: EquipmentId, of_all: Retention, now: Timestamp) -> Result<u64, ServiceError> {
        let retention = self.store.retention(id).await?.unwrap_or(of_all);
        let mut rows = 0;
        for resolution in [Resolution::Raw, Resolution::Minute, Resolution::Hour, Resolution::Day] {
            if let Some(than) = cutoff(&retention, resolution, now) {
                rows += self.erase_older(id, resolution, than).await?.rows;
            }
        }
        Ok(rows)
    }

    /// The oldest day of readings of every oven goes until the rest fits.
    async fn keep_to_budget(&self, budget: u64, now: Timestamp) -> Result<u64, ServiceError> {
        let (mut rows, mut from) = (0, Timestamp::MIN);
        while self.store.space().await?.used > budget {
            // What cannot go does not protect the next day of all others.
            let Some(oldest) = self.store.oldest_reading(from).await? else { break };
            // Whole days are deleted.
            let Ok(than) = floor(oldest, Resolution::Day.seconds() as u32).checked_add(SignedDuration::from_hours(24))
            else {
                break;
            };
            if than > now - KEPT_IN_ANY_CASE {
                tracing::warn!("the size budget is used up by the last days alone: raise it, or poll less often");
                break;
            }
            for oven in self.store.equipment_list().await? {
                let gone = self.erase_older(oven.id, Resolution::Raw, than).await?;
                rows += gone.rows;
                if gone.waits {
                    // Newer readings of others do not go in the place of older ones that can go soon.
                    return Ok(rows);
                }
            }
            from = than;
        }
        Ok(rows)
    }

    async fn erase_older(
        &self,
        id: EquipmentId,
        resolution: Resolution,
        than: Timestamp,
    ) -> Result<Gone, ServiceError> {
        let what = Erasure::Older { resolution, than: than.as_microsecond() };
        let mut rows = 0;
        loop {
            // A server that stops goes on with it at its next start.
            let Ok(erased) = self.ingest.erase(id, what, PIECE).await else { return Ok(Gone { rows, waits: true }) };
            rows += erased.rows;
            if !erased.more || erased.rows == 0 {
                return Ok(Gone { rows, waits: erased.more });
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// Deletes the readings of a range as if they had never been, and says how many.
    pub async fn delete_readings(
        self: &Arc<Self>,
        actor: &Actor,
        id: EquipmentId,
        start: Timestamp,
        end: Timestamp,
    ) -> Result<u64, ServiceError> {
        self.equipment(id).await?;
        let (this, actor) = (Arc::clone(self), actor.clone());
        to_the_end(async move {
            let what = Erasure::Readings { start: start.as_microsecond(), end: end.as_microsecond() };
            let mut rows = 0;
            let done = loop {
                match this.ingest.erase(id, what, PIECE).await {
                    Err(_) => break Err(stopping()),
                    Ok(erased) => {
                        rows += erased.rows;
                        if !erased.more {
                            break Ok(());
                        }
                    }
                }
                tokio::time::sleep(PAUSE).await;
            };
            // Also of what went before the server had to stop.
            let after = json!({"start_time": start, "end_time": end, "readings": rows});
            this.record(&actor, "equipment.readings.delete", ("equipment", Some(id.to_string())), None, Some(after))
                .await;
            done.map(|()| rows)
        })
        .await
    }
}

/// Before this it is too old; nothing where it is kept for good.
fn cutoff(retention: &Retention, resolution: Resolution, now: Timestamp) -> Option<Timestamp> {
    let days = retention.days(resolution)?;
    now.checked_sub(SignedDuration::from_hours(24 * i64::from(days))).ok()
}

/// What went of an oven.
struct Gone {
    rows: u64,
    /// There is more, whose minutes are still being made.
    waits: bool,
}

/// Readings that have to go for a budget, of `kept` of which `going` go anyway.
fn over_budget(used: u64, budget: u64, kept: u64, going: u64) -> u64 {
    let of_one = used as f64 / kept.max(1) as f64;
    let over = used.saturating_sub(budget) as f64 / of_one.max(1.0);
    (over.ceil() as u64).saturating_sub(going)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_budget_takes_what_age_did_not() {
        assert_eq!(over_budget(1_000, 1_000, 10, 0), 0);
        assert_eq!(over_budget(1_000, 400, 10, 0), 6);
        assert_eq!(over_budget(1_000, 400, 10, 4), 2);
        assert_eq!(over_budget(1_000, 400, 10, 7), 0);
        assert_eq!(over_budget(1_000, 400, 0, 0), 1, "what it takes is no readings");
    }

    #[test]
    fn what_is_kept_for_good_is_never_too_old() {
        let now = Timestamp::from_second(100 * 86_400).unwrap();
        let retention = Retention { readings_days: Some(90), days_days: None, ..Retention::default() };
        assert_eq!(cutoff(&retention, Resolution::Raw, now), Timestamp::from_second(10 * 86_400).ok());
        assert_eq!(cutoff(&retention, Resolution::Day, now), None);
    }
}
