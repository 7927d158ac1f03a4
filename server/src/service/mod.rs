//! The IoT integration service: what pages and the API may do with ovens. Both end up here, so that a rule
//! (validate, encrypt, save, apply, write to the audit log) holds whoever asks.
//!
//! # Layout
//! - `mod.rs` what the service is made of, starting and stopping every oven
//! - [`error`] what can be wrong with a request
//! - [`actor`] on whose behalf something is done
//! - [`config_file`] all of the configuration as one file: export, plan, apply
//! - [`configure`] create, change, enable, delete; each change is applied at once to that oven alone
//! - [`draft_secrets`] keeps typed secrets between two submissions of a form, sealed
//! - [`probe`] connection tests, before or after saving
//! - [`views`] live values, log and health of ovens; [`history`] their past, [`export`] as a file
//! - [`batches`] what is baked: its plan, where it stands, what became of it
//! - [`energy`] by day, and ovens that are hot for nothing
//! - [`retention`] how long history is kept; [`storage`] what it takes
//! - [`form`] the admin's oven form to a draft and back; [`found`] what a search found, put into it
//! - [`peer`] whom stored secrets are for
//! - [`settings`] that are changed while running
//! - [`users`] accounts; [`tokens`] credentials of programs, [`displays`] of screens; [`alerts`] what users do with them

pub mod actor;
pub mod alerts;
pub mod batches;
pub mod config_file;
pub mod configure;
pub mod displays;
pub mod draft_secrets;
pub mod energy;
pub mod error;
pub mod export;
pub mod form;
pub mod found;
pub mod history;
mod peer;
pub mod plausibility;
mod probe;
pub mod retention;
pub mod settings;
pub mod storage;
pub mod tokens;
pub mod users;
pub mod views;

use std::{path::PathBuf, sync::Arc, time::Duration};

use app::model::{
    equipment::{Equipment, EquipmentDraft, EquipmentId},
    failure::FailureKind,
    form::{FieldError, Problem},
};
use jiff::{Timestamp, tz::TimeZone};
use tokio_util::sync::CancellationToken;

use crate::{
    config::Config,
    connectors::{self, Connection, Settings},
    ingest::Ingest,
    live::LiveHub,
    poller::Poller,
    secrets::{Credentials, Keyring},
    store::Store,
};
pub use actor::Actor;
pub use error::ServiceError;

pub struct Service {
    pub store: Store,
    pub live: Arc<LiveHub>,
    pub poller: Arc<Poller>,
    pub ingest: Arc<Ingest>,
    pub keyring: Keyring,
    pub limits: Limits,
    pub settings: settings::PresentSettings,
    /// Cancelled when the server stops.
    pub shutdown: CancellationToken,
    /// Wakes the task that deletes old history.
    pub retain: tokio::sync::Notify,
    /// Held while a configuration file is applied, which keeps a connection to the database while it asks for others.
    pub(crate) configuring: tokio::sync::Mutex<()>,
    /// Held while an oven is started, stopped or restarted.
    pub(crate) applying: tokio::sync::Mutex<()>,
}

/// What connections get from the configuration.
#[derive(Clone)]
pub struct Limits {
    pub timezone: TimeZone,
    pub default_timeout: Duration,
    pub response_limit: usize,
    /// Where drivers may keep files of their own.
    pub data_dir: PathBuf,
}

impl Service {
    /// Shows every oven with its last stored reading and starts those that are enabled.
    pub async fn start_all(&self) -> Result<(), ServiceError> {
        self.store.reset_connection_statuses().await?;
        let ovens = self.store.equipment_list().await?;
        self.reseal_all(&ovens).await?;
        for equipment in &ovens {
            self.live.configure(equipment);
            self.load_plausibility(equipment.id).await?;
        }
        self.load_batches().await?;
        for (id, reading) in self.store.latest_readings().await? {
            self.live.restore(id, reading);
        }
        for equipment in &ovens {
            self.apply(equipment.id).await?;
        }
        Ok(())
    }

    /// Starts, restarts or stops the connection of one oven as its stored settings say.
    async fn apply(&self, id: EquipmentId) -> Result<Equipment, ServiceError> {
        // One at a time, and each reads what is stored: of two admins' changes the later one holds.
        let _applying = self.applying.lock().await;
        let equipment = self.equipment(id).await?;
        self.poller.stop(id).await;
        self.live.configure(&equipment);
        if !equipment.iot_enabled || equipment.iot_protocol.is_none() {
            // Nobody would say any more that a fault is over.
            self.ingest.device_alarms.report(id, Vec::new());
            return Ok(equipment);
        }
        match self.connection_of(&equipment).await {
            Ok(connection) => self.poller.start(&equipment, connection).await,
            Err(error) => {
                // Settings were valid when saved; a newer version or a lost key can make them invalid.
                tracing::error!(oven = %equipment.name, id = %equipment.id, "not started: {error}");
                let kind = FailureKind::Config;
                self.live.set_status(equipment.id, kind.status(), Some(kind));
                self.log_config_failure(equipment.id, &error).await;
            }
        }
        Ok(equipment)
    }

    async fn connection_of(&self, equipment: &Equipment) -> Result<Box<dyn Connection>, ServiceError> {
        let credentials = self.stored_credentials(equipment.id).await?;
        self.build(equipment.id, &equipment.into(), credentials).map_err(ServiceError::Invalid)
    }

    /// A connection from settings; no I/O.
    fn build(
        &self,
        id: EquipmentId,
        draft: &EquipmentDraft,
        credentials: Credentials,
    ) -> Result<Box<dyn Connection>, Vec<FieldError>> {
        self.build_for(id, draft, credentials, false)
    }

    fn build_for(
        &self,
        id: EquipmentId,
        draft: &EquipmentDraft,
        credentials: Credentials,
        discovering: bool,
    ) -> Result<Box<dyn Connection>, Vec<FieldError>> {
        let last_reading_at = self.live.last_reading(id).map(|reading| reading.reading_time);
        self.limits.build(id, draft, credentials, last_reading_at, discovering)
    }
}

impl Limits {
    /// What a configuration gives connections.
    pub fn of(config: &Config) -> Self {
        Self {
            data_dir: config.data_dir.clone(),
            timezone: config.timezone.clone(),
            default_timeout: Duration::from_secs(config.poll_timeout_seconds),
            response_limit: config.response_limit_bytes,
        }
    }

    /// A connection from settings; no I/O.
    fn build(
        &self,
        id: EquipmentId,
        draft: &EquipmentDraft,
        credentials: Credentials,
        last_reading_at: Option<Timestamp>,
        discovering: bool,
    ) -> Result<Box<dyn Connection>, Vec<FieldError>> {
        let protocol = draft.iot_protocol.as_deref().unwrap_or_default();
        let Some(driver) = connectors::find(protocol) else {
            return Err(vec![FieldError::new("iot_protocol", Problem::UnknownChoice)]);
        };
        (driver.build)(Settings {
            equipment: id,
            endpoint: draft.iot_endpoint.clone().unwrap_or_default(),
            port: draft.iot_port,
            config: draft.iot_config.clone(),
            credentials,
            interval: Duration::from_secs(u64::from(draft.poll_interval_seconds.max(1))),
            last_reading_at,
            data_dir: self.data_dir.clone(),
            discovering,
            timezone: self.timezone.clone(),
            default_timeout: self.default_timeout,
            response_limit: self.response_limit,
        })
    }
}

/// To so many decimals. More digits than any sensor has would only make answers longer.
fn rounded(value: f64, decimals: i32) -> f64 {
    let unit = 10_f64.powi(decimals);
    (value * unit).round() / unit
}
