//! Batches: planning, starting, finishing; where one stands, and what became of it.

use std::sync::Arc;

use app::model::{
    batch::{
        Batch, BatchDraft, BatchStatus,
        detection::{Proposal, ProposalKind},
        summary::{BatchSummary, Summing},
        tracking::{self, Progress, ProgressSource, Tracking},
    },
    equipment::{ConnectionStatus, Equipment},
    form::{FieldError, Problem},
    live::Freshness,
    reading::Reading,
};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use uuid::Uuid;

use super::{Actor, Service, ServiceError, configure::to_the_end, error::refused};
use crate::store::batches::{BatchFilter, Changed};

/// Readings that are in memory at a time.
const PAGE: u32 = 5_000;
/// Characters of a reason.
const MAX_REASON: usize = 2_000;
/// Longest profile: twenty stages of four days.
const LONGEST: SignedDuration = SignedDuration::from_hours(20 * 4 * 24);
/// Readings of a batch may come so long after its end: from the memory of an oven, or of a broker.
const LATE: SignedDuration = SignedDuration::from_hours(7 * 24);
const MOST_ENDED: u32 = 5_000;
/// Clocks of browsers may be ahead by so much.
const AHEAD: SignedDuration = SignedDuration::from_secs(60);

impl Service {
    pub async fn batches(
        &self,
        filter: &BatchFilter,
        oldest_first: bool,
        after: Option<i64>,
        limit: u32,
    ) -> Result<Vec<Batch>, ServiceError> {
        Ok(self.store.batches(filter, oldest_first, after, limit).await?)
    }

    pub async fn batch(&self, id: Uuid) -> Result<Batch, ServiceError> {
        self.store.batch(id).await?.ok_or(ServiceError::NotFound("batch"))
    }

    /// Plans a batch.
    pub async fn create_batch(self: &Arc<Self>, actor: &Actor, draft: BatchDraft) -> Result<Batch, ServiceError> {
        let draft = self.checked_batch(draft).await?;
        let (this, actor) = (Arc::clone(self), actor.clone());
        to_the_end(async move {
            let batch = this.store.create_batch(Uuid::new_v4(), &draft).await?;
            this.record_batch(&actor, "batch.create", batch.id, None, Some(json!(draft))).await;
            Ok(batch)
        })
        .await
    }

    /// Of one that runs, the oven and the deck stay; one that has ended is not changed any more.
    pub async fn update_batch(
        self: &Arc<Self>,
        actor: &Actor,
        id: Uuid,
        draft: BatchDraft,
    ) -> Result<Batch, ServiceError> {
        let draft = self.checked_batch(draft).await?;
        let (this, actor) = (Arc::clone(self), actor.clone());
        to_the_end(async move {
            let before = this.batch(id).await?;
            match before.status {
                BatchStatus::Planned => {}
                BatchStatus::Running if (before.equipment_id, &before.deck) == (draft.equipment_id, &draft.deck) => {}
                BatchStatus::Running => {
                    let detail = "the batch runs: its oven and deck cannot be changed any more".to_owned();
                    return Err(ServiceError::Conflict { code: "batch_running", detail });
                }
                BatchStatus::Finished | BatchStatus::Cancelled => return Err(wrong_status(before.status)),
            }
            this.done(id, this.store.update_batch(id, before.status, &draft).await?).await?;
            // Its name may have changed.
            this.load_batches().await?;
            let (old, new) = (Some(json!(before.draft())), Some(json!(draft)));
            this.record_batch(&actor, "batch.update", id, old, new).await;
            this.batch(id).await
        })
        .await
    }

    /// Only a planned or cancelled one.
    pub async fn delete_batch(self: &Arc<Self>, actor: &Actor, id: Uuid) -> Result<(), ServiceError> {
        let (this, actor) = (Arc::clone(self), actor.clone());
        to_the_end(async move {
            let before = this.batch(id).await?;
            this.done(id, this.store.delete_batch(id).await?).await?;
            this.record_batch(&actor, "batch.delete", id, Some(json!(before.draft())), None).await;
            Ok(())
        })
        .await
    }

    /// From now on, or from a time in the past, readings belong to it.
    pub async fn start_batch(
        self: &Arc<Self>,
        actor: &Actor,
        id: Uuid,
        at: Option<Timestamp>,
    ) -> Result<Batch, ServiceError> {
        let at = past("started_at", at)?;
        if Timestamp::now().duration_since(at) > LONGEST {
            let detail = "this is longer ago than a batch can take".to_owned();
            return Err(ServiceError::Invalid(vec![FieldError::new("started_at", Problem::Other { detail })]));
        }
        let (this, actor) = (Arc::clone(self), actor.clone());
        to_the_end(async move {
            let batch = this.batch(id).await?;
            if let Some(number) = this.store.batch_after(&batch, at).await? {
                let detail = format!("batch #{number} was in this oven until later than that");
                return Err(ServiceError::Conflict { code: "batch_overlaps", detail });
            }
            this.done(id, this.store.start_batch(id, at).await?).await?;
            this.load_batches().await?;
            this.record_batch(&actor, "batch.start", id, None, Some(json!({"started_at": at}))).await;
            this.batch(id).await
        })
        .await
    }

    /// Ends it, and keeps what its readings tell.
    pub async fn finish_batch(
        self: &Arc<Self>,
        actor: &Actor,
        id: Uuid,
        at: Option<Timestamp>,
    ) -> Result<Batch, ServiceError> {
        let (asked, at) = (at, past("ended_at", at)?);
        let (this, actor) = (Arc::clone(self), actor.clone());
        to_the_end(async move {
            let batch = this.batch(id).await?;
            let Some(started_at) = batch.started_at.filter(|_| batch.status == BatchStatus::Running) else {
                return Err(wrong_status(batch.status));
            };
            // Without a time it ends now, also by a clock that went back since the start.
            let at = if asked.is_none() { at.max(started_at) } else { at };
            if at < started_at {
                let detail = "ended_at is before the batch was started".to_owned();
                return Err(ServiceError::Invalid(vec![FieldError::new("ended_at", Problem::Other { detail })]));
            }
            let summary = this.summed(&batch, started_at, at).await?;
            this.done(id, this.store.finish_batch(id, at, &summary).await?).await?;
            this.load_batches().await?;
            let after = json!({"ended_at": at, "summary": summary});
            this.record_batch(&actor, "batch.finish", id, None, Some(after)).await;
            this.batch(id).await
        })
        .await
    }

    pub async fn cancel_batch(
        self: &Arc<Self>,
        actor: &Actor,
        id: Uuid,
        reason: Option<String>,
    ) -> Result<Batch, ServiceError> {
        let reason = reason.map(|reason| reason.trim().to_owned()).filter(|reason| !reason.is_empty());
        if reason.as_ref().is_some_and(|reason| reason.chars().count() > MAX_REASON) {
            return Err(ServiceError::Invalid(vec![FieldError::new("reason", Problem::TooLong { max: MAX_REASON })]));
        }
        let (this, actor) = (Arc::clone(self), actor.clone());
        to_the_end(async move {
            this.batch(id).await?;
            this.done(id, this.store.cancel_batch(id, Timestamp::now(), reason.as_deref()).await?).await?;
            this.load_batches().await?;
            this.record_batch(&actor, "batch.cancel", id, None, Some(json!({"reason": reason}))).await;
            this.batch(id).await
        })
        .await
    }

    /// Makes the summary of a finished batch anew, from what its readings are now: some may have come late, been reviewed or
    /// deleted.
    pub async fn sum_batch_again(self: &Arc<Self>, actor: &Actor, id: Uuid) -> Result<BatchSummary, ServiceError> {
        let (this, actor) = (Arc::clone(self), actor.clone());
        to_the_end(async move {
            let batch = this.batch(id).await?;
            let (BatchStatus::Finished, Some(started_at), Some(ended_at)) =
                (batch.status, batch.started_at, batch.ended_at)
            else {
                return Err(wrong_status(batch.status));
            };
            let summary = this.summed(&batch, started_at, ended_at).await?;
            let has_fewer = batch.summary.as_ref().is_some_and(|before| before.readings > summary.readings);
            let is_cut = this.store.kept_from(batch.equipment_id).await?.is_some_and(|kept| kept > started_at);
            if has_fewer && (is_cut || summary.readings == 0) {
                let detail = "the readings of this batch are not kept any more: its summary stays".to_owned();
                return Err(ServiceError::Conflict { code: "readings_gone", detail });
            }
            this.done(id, this.store.set_batch_summary(id, &summary).await?).await?;
            let (before, after) = (batch.summary.map(|before| json!(before)), Some(json!(summary)));
            this.record_batch(&actor, "batch.summary", id, before, after).await;
            Ok(summary)
        })
        .await
    }

    /// Where a batch stands.
    pub async fn track_batch(&self, id: Uuid, now: Timestamp) -> Result<Tracking, ServiceError> {
        let batch = self.batch(id).await?;
        let equipment = self.equipment(batch.equipment_id).await?;
        Ok(self.tracking(batch, &equipment, now))
    }

    fn tracking(&self, batch: Batch, equipment: &Equipment, now: Timestamp) -> Tracking {
        let live = self.live_oven(equipment);
        let now_ms = now.as_millisecond();
        // Right after a start the last stored values are shown until the oven answers; they are not current.
        let is_current = live.status == ConnectionStatus::Connected
            && matches!(live.freshness(now_ms), Freshness::Live | Freshness::Stale);
        let is_running = batch.status == BatchStatus::Running;
        let reading = self.live.last_reading(equipment.id).filter(|_| is_current && is_running);
        let good = reading.as_ref().map(|reading| reading.good().into_owned()).unwrap_or_default();

        let until = batch.ended_at.unwrap_or(now);
        let elapsed = batch.started_at.map(|start| until.duration_since(start).as_secs_f64().max(0.0) / 60.0);
        let planned_minutes = planned_minutes(&batch);
        let (progress, progress_source) = match (elapsed, planned_minutes) {
            (Some(elapsed), Some((minutes, source))) => (Some(Progress::of(elapsed, minutes)), source),
            _ => match good.cycle_progress_percentage {
                Some(percentage) => {
                    let left_minutes = good.time_remaining_minutes.unwrap_or_default();
                    (Some(Progress { percentage, left_minutes, overdue_minutes: 0.0 }), ProgressSource::Oven)
                }
                None => (None, ProgressSource::None),
            },
        };
        let stage = elapsed.filter(|_| is_running).and_then(|elapsed| tracking::stage_at(&batch.profile, elapsed));
        let target_temperature = stage.as_ref().and_then(|(stage, _)| stage.temperature).or(good.target_temperature);
        let target_humidity = stage.as_ref().and_then(|(stage, _)| stage.humidity).or(good.target_humidity);
        let of_batch = |reading: &Arc<Reading>| tracking::temperature(reading, &good, batch.deck.as_deref());
        let temperature = reading.as_ref().and_then(of_batch);
        let deviation = |actual: Option<f64>, target: Option<f64>| Some(rounded(actual? - target?));
        let temperature_deviation = deviation(temperature, target_temperature);
        let tolerance = stage.as_ref().filter(|(stage, _)| stage.temperature.is_some());
        Tracking {
            batch_id: batch.id,
            batch_name: batch.name,
            product: batch.product,
            status: batch.status,
            equipment_id: equipment.id,
            equipment_name: equipment.name.clone(),
            expected_end: expected_end(batch.started_at, batch.planned_end, planned_minutes),
            deck: batch.deck,
            started_at: batch.started_at,
            ended_at: batch.ended_at,
            elapsed_minutes: elapsed.map(rounded),
            progress_percentage: progress.map(|progress| rounded(progress.percentage)),
            progress_source,
            time_left_minutes: match progress {
                Some(progress) if progress_source != ProgressSource::Oven => Some(rounded(progress.left_minutes)),
                _ => good.time_remaining_minutes,
            },
            overdue_minutes: progress.filter(|_| is_running).map(|progress| rounded(progress.overdue_minutes)),
            within_tolerance: tolerance
                .zip(temperature_deviation)
                .map(|((stage, _), deviation)| deviation.abs() <= stage.temperature_tolerance),
            stage: stage.map(|(_, now)| now),
            connection_status: live.status,
            measured_at: reading.as_ref().map(|reading| reading.reading_time),
            age_seconds: reading.as_ref().and(live.age_ms(now_ms)).map(|age| age as f64 / 1_000.0),
            quality: reading.as_ref().map(|reading| reading.quality),
            temperature,
            humidity: good.humidity,
            operational_status: good.operational_status,
            cycle_stage: good.cycle_stage,
            cycle_progress_percentage: good.cycle_progress_percentage,
            time_remaining_minutes: good.time_remaining_minutes,
            target_temperature,
            target_humidity,
            temperature_deviation,
            humidity_deviation: deviation(good.humidity, target_humidity),
        }
    }

    /// Starts or finishes a batch as it was proposed; of a start this is what begins.
    pub async fn accept_proposal(
        self: &Arc<Self>,
        actor: &Actor,
        id: Uuid,
        product: Option<String>,
    ) -> Result<Batch, ServiceError> {
        let Proposal { equipment_id, kind, at, program, batch_id, .. } =
            self.ingest.baking.proposal(id).ok_or(ServiceError::NotFound("proposal"))?;
        let batch = if let (ProposalKind::Finish, Some(batch)) = (kind, batch_id) {
            self.finish_batch(actor, batch, Some(at)).await?
        } else {
            let product = product.or_else(|| program.clone()).unwrap_or_default();
            let draft = BatchDraft {
                equipment_id,
                product,
                program,
                deck: None,
                quantity: None,
                planned_start: Some(at),
                planned_end: None,
                profile: Vec::new(),
                operator: None,
                notes: None,
            };
            let planned = self.create_batch(actor, draft).await?;
            match self.start_batch(actor, planned.id, Some(at)).await {
                Ok(batch) => batch,
                Err(error) => {
                    self.delete_batch(actor, planned.id).await?;
                    return Err(error);
                }
            }
        };
        self.ingest.baking.dismiss(id);
        Ok(batch)
    }

    /// Takes over what runs from the database.
    pub(super) async fn load_batches(&self) -> Result<(), ServiceError> {
        // One at a time, or the older of two looks at the database could be the last word.
        let _turn = self.ingest.baking.loading.lock().await;
        let mut batches = self.store.running_batches().await?;
        let lately = BatchFilter {
            status: Some(BatchStatus::Finished),
            from: Some(Timestamp::now() - LATE),
            ..BatchFilter::default()
        };
        batches.extend(self.store.batches(&lately, false, None, MOST_ENDED).await?);
        self.ingest.baking.set(&batches);
        Ok(())
    }

    async fn checked_batch(&self, draft: BatchDraft) -> Result<BatchDraft, ServiceError> {
        let draft = draft.tidied();
        let mut errors = draft.check();
        if self.store.equipment(draft.equipment_id).await?.is_none() {
            errors.push(FieldError::new("equipment_id", Problem::UnknownChoice));
        }
        refused(errors)?;
        Ok(draft)
    }

    async fn summed(
        &self,
        batch: &Batch,
        started_at: Timestamp,
        ended_at: Timestamp,
    ) -> Result<BatchSummary, ServiceError> {
        // What was measured a moment ago may still wait to be written. A server that stops has it soon enough.
        let _ = self.ingest.flush().await;
        let equipment = self.equipment(batch.equipment_id).await?;
        let interval = equipment.poll_interval_seconds;
        let mut summing = Summing::new(&batch.profile, batch.deck.as_deref(), started_at, ended_at, interval);
        let mut next = started_at;
        loop {
            let page = self.store.readings_from(equipment.id, next, ended_at, PAGE).await?;
            let Some(last) = page.last() else { break };
            next = last.reading_time + SignedDuration::from_micros(1);
            let is_last = page.len() < PAGE as usize;
            for reading in page {
                summing.push(reading);
            }
            if is_last {
                break;
            }
        }
        Ok(summing.finish())
    }

    /// What a change of status came to, as an error where it came to nothing.
    async fn done(&self, id: Uuid, changed: Changed) -> Result<(), ServiceError> {
        match changed {
            Changed::Done => Ok(()),
            Changed::AnotherRuns => {
                let detail = "another batch runs in this oven or deck: finish it first".to_owned();
                Err(ServiceError::Conflict { code: "batch_running", detail })
            }
            Changed::WrongStatus => Err(wrong_status(self.batch(id).await?.status)),
        }
    }

    async fn record_batch(
        &self,
        actor: &Actor,
        action: &str,
        id: Uuid,
        before: Option<serde_json::Value>,
        after: Option<serde_json::Value>,
    ) {
        self.record(actor, action, ("batch", Some(id.to_string())), before, after).await;
    }
}

fn wrong_status(status: BatchStatus) -> ServiceError {
    ServiceError::Conflict {
        code: "batch_status",
        detail: format!("the batch is {status}: this is not possible any more"),
    }
}

/// A time that was, or now.
fn past(field: &'static str, at: Option<Timestamp>) -> Result<Timestamp, ServiceError> {
    let now = Timestamp::now();
    let Some(at) = at else { return Ok(now) };
    if at.duration_since(now) > AHEAD {
        let detail = "this is in the future".to_owned();
        return Err(ServiceError::Invalid(vec![FieldError::new(field, Problem::Other { detail })]));
    }
    Ok(at.min(now))
}

/// How long a batch should take, by its profile or else by its plan.
fn planned_minutes(batch: &Batch) -> Option<(f64, ProgressSource)> {
    if !batch.profile.is_empty() {
        return Some((tracking::minutes(&batch.profile), ProgressSource::Profile));
    }
    // The plan's end holds also for one that was started late.
    let start = batch.started_at.or(batch.planned_start)?;
    // Less than none where it was started after its planned end.
    Some((batch.planned_end?.duration_since(start).as_secs_f64() / 60.0, ProgressSource::Plan))
}

fn expected_end(
    started_at: Option<Timestamp>,
    planned_end: Option<Timestamp>,
    planned_minutes: Option<(f64, ProgressSource)>,
) -> Option<Timestamp> {
    let by_duration = || started_at?.checked_add(SignedDuration::from_secs_f64(planned_minutes?.0 * 60.0)).ok();
    by_duration().or(planned_end)
}

/// Hundredths, of whatever unit.
fn rounded(value: f64) -> f64 {
    super::rounded(value, 2)
}
