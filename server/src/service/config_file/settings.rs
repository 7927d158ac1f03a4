//! What is set for everybody.

use app::{
    i18n::Lang,
    model::{form::Problem, settings::Settings},
};
use serde_json::json;

use super::{
    ConfigFileError, Desk,
    document::Section,
    plan::{Audit, Effect, Planning},
};
use crate::{secrets::passphrase::FileKey, service::settings::KEY};

pub(super) enum Everybody {}

impl Section for Everybody {
    type Part = Settings;

    async fn read(desk: Desk<'_>, _: Option<&FileKey>, _: &mut Vec<String>) -> Result<Settings, ConfigFileError> {
        Ok(desk.store.setting(KEY).await?.unwrap_or_default())
    }

    async fn plan(part: &Settings, planning: &mut Planning<'_>) -> Result<(), ConfigFileError> {
        if part.language.as_deref().is_some_and(|language| Lang::parse(language).is_none()) {
            planning.wrong("language", Problem::UnknownChoice);
        }
        let before: Settings = planning.desk.store.setting(KEY).await?.unwrap_or_default();
        let audit = Audit::new("settings.update", "settings", None);
        planning.set(KEY, (json!(before), json!(part)), audit, Effect::Settings);
        Ok(())
    }
}
