//! What users do with alerts.

use std::sync::Arc;

use app::model::alert::{Alert, AlertChange, Impossible};
use jiff::Timestamp;
use serde_json::json;
use uuid::Uuid;

use super::{Actor, Service, ServiceError, configure::to_the_end};

impl Service {
    pub async fn alert(&self, id: Uuid) -> Result<Alert, ServiceError> {
        self.store.alert(id).await?.ok_or(ServiceError::NotFound("alert"))
    }

    pub async fn change_alert(
        self: &Arc<Self>,
        actor: &Actor,
        id: Uuid,
        change: AlertChange,
    ) -> Result<Alert, ServiceError> {
        let (this, actor) = (Arc::clone(self), actor.clone());
        to_the_end(async move {
            let before = this.alert(id).await?;
            before.allows(&change)?;
            if !this.store.change_alert(id, &change, actor.user_id, Timestamp::now()).await? {
                // Somebody else was faster, and this says with what.
                this.alert(id).await?.allows(&change)?;
                return Err(Impossible::Resolved.into());
            }
            if matches!(change, AlertChange::Resolve { .. }) {
                // A fault that stands all the same is raised again by the oven's next word.
                this.live.hear_alarms_again(before.equipment_id);
            }
            let (action, after) = described(&change);
            let before = Some(json!({"status": before.status, "shelved_until": before.shelved_until}));
            this.record(&actor, action, ("alert", Some(id.to_string())), before, Some(after)).await;
            this.alert(id).await
        })
        .await
    }
}

impl From<Impossible> for ServiceError {
    fn from(reason: Impossible) -> Self {
        Self::Alert(reason)
    }
}

/// For the audit log.
fn described(change: &AlertChange) -> (&'static str, serde_json::Value) {
    match change {
        AlertChange::Acknowledge { note } => ("alert.acknowledge", json!({"note": note})),
        AlertChange::Resolve { note } => ("alert.resolve", json!({"note": note})),
        AlertChange::Shelve { until, reason } => ("alert.shelve", json!({"until": until, "reason": reason})),
    }
}
