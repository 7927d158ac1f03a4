//! What an oven's values are held to, corrections of its sensors, and judging what was not believed.

use std::sync::Arc;

use app::{
    model::{
        equipment::EquipmentId,
        form::{FieldError, Problem},
        outlier::{Outlier, OutlierStatus},
        plausibility::{Calibration, CalibrationDraft, Calibrations, Rule, Rules, usual_rules},
        reading::QualityReason,
    },
    pages,
};
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{
    Actor, Service, ServiceError,
    configure::to_the_end,
    error::{refused, stopping},
};
use crate::{
    plausibility::Held,
    store::{plausibility::OutlierFilter, writer::Reflag},
};

/// Readings whose flags change in one transaction, so that new readings never wait long.
const PIECE: u32 = 2_000;
/// Calibrations of one oven at most.
const MOST_CALIBRATIONS: usize = 1_000;
/// Outliers of a page: those that wait, and the last that were judged.
const SHOWN: u32 = 50;
const SHOWN_JUDGED: u32 = 10;
/// Longest note to an outlier, in characters.
const LONGEST_NOTE: usize = 500;

/// `GET /api/v1/equipment/{id}/plausibility`
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct OvenRules {
    /// The oven's own.
    pub rules: Vec<Rule>,
    /// What holds for its kind, for every field that has no rule above.
    pub usual: Vec<Rule>,
}

impl Service {
    pub(super) async fn load_plausibility(&self, id: EquipmentId) -> Result<(), ServiceError> {
        let rules = self.store.rules(id).await?.unwrap_or_default();
        let calibrations = Calibrations::new(self.store.calibrations(id).await?);
        self.ingest.plausibility.hold(id, Held { rules, calibrations });
        Ok(())
    }

    pub async fn rules(&self, id: EquipmentId) -> Result<OvenRules, ServiceError> {
        let equipment = self.equipment(id).await?;
        let rules = self.store.rules(id).await?.unwrap_or_default().rules;
        Ok(OvenRules { rules, usual: usual_rules(equipment.kind) })
    }

    /// None goes back to what usually holds.
    pub async fn set_rules(
        self: &Arc<Self>,
        actor: &Actor,
        id: EquipmentId,
        rules: Option<Rules>,
    ) -> Result<OvenRules, ServiceError> {
        self.equipment(id).await?;
        let errors = rules.as_ref().map(Rules::check).unwrap_or_default();
        refused(errors)?;
        let (this, actor) = (Arc::clone(self), actor.clone());
        to_the_end(async move {
            let _turn = this.applying.lock().await;
            let before = this.store.rules(id).await?;
            this.store.set_rules(id, rules.as_ref()).await?;
            this.load_plausibility(id).await?;
            let object = ("equipment", Some(id.to_string()));
            let (before, after) = (before.map(|rules| json!(rules)), rules.map(|rules| json!(rules)));
            this.record(&actor, "equipment.plausibility", object, before, after).await;
            this.rules(id).await
        })
        .await
    }

    pub async fn calibrations(&self, id: EquipmentId) -> Result<Vec<Calibration>, ServiceError> {
        self.equipment(id).await?;
        Ok(self.store.calibrations(id).await?)
    }

    pub async fn calibration(&self, id: Uuid) -> Result<Calibration, ServiceError> {
        self.store.calibration(id).await?.ok_or(ServiceError::NotFound("calibration"))
    }

    pub async fn calibrate(
        self: &Arc<Self>,
        actor: &Actor,
        id: EquipmentId,
        draft: CalibrationDraft,
    ) -> Result<Calibration, ServiceError> {
        self.equipment(id).await?;
        let draft = CalibrationDraft { reason: draft.reason.trim().to_owned(), ..draft };
        let mut errors = draft.check();
        let soon = Timestamp::now() + SignedDuration::from_mins(1);
        if draft.valid_from.is_some_and(|from| from > soon || from < Timestamp::UNIX_EPOCH) {
            let detail = "a calibration holds from a time between 1970 and now".to_owned();
            errors.push(FieldError::new("valid_from", Problem::Other { detail }));
        }
        refused(errors)?;
        let (this, actor) = (Arc::clone(self), actor.clone());
        to_the_end(async move {
            let _turn = this.applying.lock().await;
            if this.store.calibrations(id).await?.len() >= MOST_CALIBRATIONS {
                let detail = format!("an oven has at most {MOST_CALIBRATIONS} calibrations: delete old ones");
                return Err(ServiceError::Conflict { code: "too_many", detail });
            }
            let made = Uuid::new_v4();
            this.store.create_calibration(made, id, &draft, actor.user_id).await?;
            this.load_plausibility(id).await?;
            let object = ("equipment", Some(id.to_string()));
            this.record(&actor, "equipment.calibration.create", object, None, Some(json!(draft))).await;
            this.calibration(made).await
        })
        .await
    }

    /// What held before holds again. Stored readings stay as they are.
    pub async fn delete_calibration(self: &Arc<Self>, actor: &Actor, calibration: Uuid) -> Result<(), ServiceError> {
        let (this, actor) = (Arc::clone(self), actor.clone());
        to_the_end(async move {
            let _turn = this.applying.lock().await;
            let before = this.calibration(calibration).await?;
            let id = before.equipment_id;
            this.store.delete_calibration(calibration).await?;
            this.load_plausibility(id).await?;
            let object = ("equipment", Some(id.to_string()));
            this.record(&actor, "equipment.calibration.delete", object, Some(json!(before)), None).await;
            Ok(())
        })
        .await
    }

    /// Those that wait, and the last that were judged.
    pub async fn outliers_to_judge(&self) -> Result<pages::Outliers, ServiceError> {
        let ovens = self.store.equipment_list().await?;
        let name = |id| ovens.iter().find(|oven| oven.id == id).map_or_else(String::new, |oven| oven.name.clone());
        let of = async |status, limit| {
            let filter = OutlierFilter { status: Some(status), ..OutlierFilter::default() };
            self.store.outliers(&filter, limit, None).await
        };
        let mut pending = of(OutlierStatus::Pending, SHOWN + 1).await?;
        let more_pending = pending.len() > SHOWN as usize;
        pending.truncate(SHOWN as usize);
        let mut judged = of(OutlierStatus::Accepted, SHOWN_JUDGED).await?;
        judged.extend(of(OutlierStatus::Rejected, SHOWN_JUDGED).await?);
        judged.sort_by_key(|(_, outlier)| std::cmp::Reverse(outlier.reviewed_at));
        judged.truncate(SHOWN_JUDGED as usize);
        let named = |list: Vec<(i64, Outlier)>| {
            list.into_iter()
                .map(|(_, outlier)| {
                    let name = name(outlier.equipment_id);
                    (outlier, name)
                })
                .collect()
        };
        Ok(pages::Outliers { pending: named(pending), more_pending, judged: named(judged) })
    }

    pub async fn outlier(&self, id: Uuid) -> Result<Outlier, ServiceError> {
        self.store.outlier(id).await?.ok_or(ServiceError::NotFound("outlier"))
    }

    /// Says whether values that were not believed were real. Those that were count from then on, in charts and rollups
    /// too; a judgement can be changed as long as the readings are kept.
    pub async fn review_outlier(
        self: &Arc<Self>,
        actor: &Actor,
        id: Uuid,
        accept: bool,
        note: Option<String>,
    ) -> Result<Outlier, ServiceError> {
        let note = note.map(|note| note.trim().to_owned()).filter(|note| !note.is_empty());
        if note.as_ref().is_some_and(|note| note.chars().count() > LONGEST_NOTE) {
            let problem = Problem::TooLong { max: LONGEST_NOTE };
            return Err(ServiceError::Invalid(vec![FieldError::new("note", problem)]));
        }
        let (this, actor) = (Arc::clone(self), actor.clone());
        to_the_end(async move {
            let before = this.outlier(id).await?;
            // What comes from now on is another outlier.
            this.ingest.plausibility.close(id);
            // What was counted to it before is in the database now.
            this.ingest.flush().await.map_err(|_| stopping())?;
            let outlier = this.outlier(id).await?;
            let (from, to) = (outlier.reason, QualityReason::Accepted);
            let (status, from, to) =
                if accept { (OutlierStatus::Accepted, from, to) } else { (OutlierStatus::Rejected, to, from) };
            // One that was never accepted is bad already.
            let readings = if accept || before.status == OutlierStatus::Accepted {
                this.reflag(&outlier, from, to).await?
            } else {
                0
            };
            this.store.review_outlier(id, status, actor.user_id, note.as_deref()).await?;
            let action = if accept { "outlier.accept" } else { "outlier.reject" };
            let after = json!({"status": status, "readings": readings, "note": note});
            let before = Some(json!({"status": before.status}));
            this.record(&actor, action, ("outlier", Some(id.to_string())), before, Some(after)).await;
            this.outlier(id).await
        })
        .await
    }

    async fn reflag(&self, outlier: &Outlier, from: QualityReason, to: QualityReason) -> Result<u64, ServiceError> {
        let after = |time: Timestamp| time.as_microsecond() + 1;
        let (mut start, end) = (outlier.started_at.as_microsecond(), after(outlier.ended_at));
        let mut changed = 0;
        while start < end {
            let first = Timestamp::from_microsecond(start).unwrap_or(outlier.started_at);
            let last = self.store.nth_reading(outlier.equipment_id, first, PIECE).await?;
            let until = last.map_or(end, |last| last.as_microsecond().clamp(start + 1, end));
            let what = Reflag { field: outlier.field.clone(), from, to, start, end: until };
            changed += self.ingest.reflag(outlier.equipment_id, what).await.map_err(|_| stopping())?;
            start = until;
        }
        Ok(changed)
    }
}
