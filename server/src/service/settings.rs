//! Settings that are changed while running. They are read with every page, so the present ones are in memory.

use std::sync::{Arc, PoisonError, RwLock};

use app::{
    i18n::Lang,
    model::{
        form::{FieldError, Problem},
        settings::Settings,
    },
};
use serde_json::json;

use super::{Actor, Service, ServiceError, configure::to_the_end};
use crate::store::Store;

pub(super) const KEY: &str = "settings";

/// The settings in force.
#[derive(Default)]
pub struct PresentSettings(RwLock<Settings>);

impl PresentSettings {
    pub async fn load(store: &Store) -> Result<Self, ServiceError> {
        Ok(Self(RwLock::new(store.setting(KEY).await?.unwrap_or_default())))
    }

    pub(super) async fn reload(&self, store: &Store) -> Result<(), ServiceError> {
        let stored = store.setting(KEY).await?.unwrap_or_default();
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = stored;
        Ok(())
    }

    pub fn get(&self) -> Settings {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The language for who has chosen none, where it is set.
    pub fn language(&self) -> Option<Lang> {
        Lang::parse(self.0.read().unwrap_or_else(PoisonError::into_inner).language.as_deref()?)
    }
}

impl Service {
    pub async fn set_settings(self: &Arc<Self>, actor: &Actor, settings: Settings) -> Result<Settings, ServiceError> {
        if settings.language.as_deref().is_some_and(|language| Lang::parse(language).is_none()) {
            return Err(ServiceError::Invalid(vec![FieldError::new("language", Problem::UnknownChoice)]));
        }
        let (this, actor) = (Arc::clone(self), actor.clone());
        to_the_end(async move {
            this.store.set_setting(KEY, &settings).await?;
            let before = {
                let mut present = this.settings.0.write().unwrap_or_else(PoisonError::into_inner);
                std::mem::replace(&mut *present, settings.clone())
            };
            let (before, after) = (Some(json!(before)), Some(json!(settings)));
            this.record(&actor, "settings.update", ("settings", None), before, after).await;
            Ok(settings)
        })
        .await
    }
}
