//! On whose behalf something is done.

use app::model::user::Role;
use jiff::Timestamp;
use serde_json::Value;

use super::Service;
use crate::store::audit::AuditEntry;

/// A logged-in user, or the system itself.
#[derive(Clone, Debug)]
pub struct Actor {
    /// None is the system: the demo's seed, for example.
    pub user_id: Option<i64>,
    pub username: String,
    pub role: Role,
    /// The id of the token that acts for the user.
    pub token: Option<String>,
    pub ip: Option<String>,
}

impl Actor {
    pub fn system() -> Self {
        Self { user_id: None, username: "system".to_owned(), role: Role::Admin, token: None, ip: None }
    }
}

impl Service {
    /// Writes to the audit log. A change that cannot be recorded is made all the same, and whoever asked for it is not told
    /// that it failed, or it would be made again: the log of the server has it.
    pub async fn record(
        &self,
        actor: &Actor,
        action: &str,
        object: (&str, Option<String>),
        before: Option<Value>,
        after: Option<Value>,
    ) {
        let entry = AuditEntry {
            at: Timestamp::now(),
            actor_id: actor.user_id,
            actor_name: actor.username.clone(),
            actor_token: actor.token.clone(),
            action: action.to_owned(),
            object_type: object.0.to_owned(),
            object_id: object.1,
            before,
            after,
            client_ip: actor.ip.clone(),
        };
        if let Err(error) = self.store.append_audit(&entry).await {
            tracing::error!(
                actor = entry.actor_name,
                action,
                object = entry.object_id,
                "a change is not in the audit log: {error}"
            );
        }
    }
}
