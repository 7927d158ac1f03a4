//! How long history is kept where an oven has nothing of its own, and the size budget.

use app::model::retention::HistoryPolicy;
use serde_json::json;

use super::{
    ConfigFileError, Desk,
    document::Section,
    plan::{Audit, Effect, Planning},
};
use crate::{secrets::passphrase::FileKey, service::retention::POLICY};

pub(super) enum History {}

impl Section for History {
    type Part = HistoryPolicy;

    async fn read(desk: Desk<'_>, _: Option<&FileKey>, _: &mut Vec<String>) -> Result<HistoryPolicy, ConfigFileError> {
        Ok(desk.store.setting(POLICY).await?.unwrap_or_default())
    }

    async fn plan(part: &HistoryPolicy, planning: &mut Planning<'_>) -> Result<(), ConfigFileError> {
        planning.all_wrong("", part.check());
        let before: HistoryPolicy = planning.desk.store.setting(POLICY).await?.unwrap_or_default();
        let audit = Audit::new("history.retention", "settings", Some(POLICY.to_owned()));
        planning.set(POLICY, (json!(before), json!(part)), audit, Effect::Retention);
        Ok(())
    }
}
