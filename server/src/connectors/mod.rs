//! Drivers: one module each, one line each in [`ALL`].
//!
//! # Layout
//! - `mod.rs` the contract between a driver and the poller, and the registry
//! - [`error`] typed failures
//! - [`fields`] pieces that manifests are made of; [`config`] reads settings by the manifest
//! - [`float`] numbers of devices as JSON
//! - [`mapping`] finds values in JSON by the rules that an admin enters
//! - [`leaves`] the single values in JSON, for a search; [`hex`] bytes in recorded cases, [`recorded`] their settings
//! - [`text`] what a device sends as a text, cut to what can be shown
//! - [`progress`] how far a connection test came
//! - [`tls`] certificate checks, shared by every driver that speaks TLS
//! - [`rest`] what HTTP drivers share; [`rational`], [`wachtel`], [`salva`] and [`custom`] are profiles of it
//! - [`rest_api`] HTTP and JSON; [`modbus`] Modbus over TCP; [`opc_ua`] OPC UA; [`mqtt`] MQTT
//!
//! # The contract
//! - `build` checks settings and does no I/O; its errors name the field.
//! - [`Connection::connect`] does I/O and keeps what it opened; [`Connection::next`] yields the next sample.
//! - A driver does no retries, no scheduling, no storage and no logging of its state: the poller does. What a driver alone
//!   can see of a connection that stands goes into [`Sample::notes`].
//! - A driver that fails is dropped into `connect` again; it must not keep half a session.

pub mod config;
pub mod custom;
pub mod error;
mod fields;
mod float;
mod hex;
mod leaves;
pub mod mapping;
pub mod modbus;
pub mod mqtt;
pub mod opc_ua;
mod progress;
pub mod rational;
pub mod recorded;
pub mod rest;
pub mod rest_api;
pub mod salva;
mod text;
pub mod tls;
pub mod wachtel;

use std::{path::PathBuf, time::Duration};

use app::model::{
    alert::DeviceAlarm,
    api::ConnectionTestResult,
    connection_log::ConnectionEvent,
    connector::{Delivery, Manifest},
    discovery::{Discovery, Search},
    equipment::EquipmentId,
    failure::FailureKind,
    form::FieldError,
    metric::Metric,
    reading::{Committed, QualityIssue, QualityReason, Values},
};
use async_trait::async_trait;
use jiff::{Timestamp, tz::TimeZone};
use serde_json::{Map, Value};
use tokio::{sync::oneshot, time::timeout};

use crate::secrets::Credentials;
pub use error::ConnectorError;

/// Every driver, in the order in which an admin sees them.
pub static ALL: &[&Driver] = &[
    &rest_api::DRIVER,
    &opc_ua::DRIVER,
    &mqtt::DRIVER,
    &modbus::DRIVER,
    &rational::DRIVER,
    &wachtel::DRIVER,
    &salva::DRIVER,
    &custom::DRIVER,
];

/// A protocol: what it says of itself, and how a connection is made from settings.
pub struct Driver {
    pub manifest: Manifest,
    pub build: fn(Settings) -> Built,
    /// What the driver makes of a recorded payload, without any I/O: for recorded cases and fuzzing.
    pub replay: Option<Replay>,
}

/// Settings with their mapping, and the payload as the driver's documentation of recorded cases describes it.
pub type Replay = fn(Settings, &[u8]) -> Result<Sample, ConnectorError>;

/// A connection that is not opened yet, or what is wrong with its settings.
pub type Built = Result<Box<dyn Connection>, Vec<FieldError>>;

/// The driver with this id or alias.
pub fn find(protocol: &str) -> Option<&'static Driver> {
    ALL.iter().copied().find(|d| d.manifest.id == protocol || d.manifest.aliases.contains(&protocol))
}

/// All that a driver is told of an oven.
pub struct Settings {
    pub equipment: EquipmentId,
    pub endpoint: String,
    pub port: Option<u16>,
    pub config: Map<String, Value>,
    pub credentials: Credentials,
    /// Zone of times that an oven sends without one.
    pub timezone: TimeZone,
    /// How often a reading is wanted; a push driver confirms unchanged values as often.
    pub interval: Duration,
    /// When the oven was last read, before this connection: where a gap begins that a driver may fill.
    pub last_reading_at: Option<Timestamp>,
    /// Where a driver may keep files of its own, in a folder that it makes there: certificates.
    pub data_dir: PathBuf,
    /// Nothing is mapped yet: only [`Connection::discover`] will be called.
    pub discovering: bool,
    /// Where the oven's settings give no timeout.
    pub default_timeout: Duration,
    /// Largest answer that is read, in bytes.
    pub response_limit: usize,
}

/// Work that is given up when it takes longer.
pub async fn within<T>(
    limit: Duration,
    work: impl Future<Output = Result<T, ConnectorError>>,
) -> Result<T, ConnectorError> {
    timeout(limit, work).await.unwrap_or_else(|_| Err(ConnectorError::late(limit)))
}

/// One oven's connection.
#[async_trait]
pub trait Connection: Send {
    /// The longest that connecting, and for a polled oven connecting and one [`next`](Self::next), may take; the poller
    /// enforces it.
    fn timeout(&self) -> Duration;

    /// Whether the poller asks on a schedule, or [`next`](Self::next) waits for what comes. A driver that waits watches
    /// over its connection itself: it fails when the peer is gone, and only then. Its `next` is dropped when the oven
    /// is stopped, and at no other time.
    fn delivery(&self) -> Delivery {
        Delivery::Poll
    }

    /// Opens what [`next`](Self::next) needs.
    async fn connect(&mut self) -> Result<(), ConnectorError>;

    /// The next sample: asked for (poll) or waited for (push).
    async fn next(&mut self) -> Result<Sample, ConnectorError>;

    /// Says good-bye to the peer, where the protocol has a word for it. The oven was stopped.
    async fn close(&mut self) {}

    /// Tries everything step by step and says how far it came.
    async fn test(&mut self) -> TestOutcome;

    /// Looks around at the peer, for an admin who does not know yet what is there.
    async fn discover(&mut self, _search: &Search) -> Result<Discovery, ConnectorError> {
        Err(ConnectorError::new(FailureKind::Config, "this connector cannot look for values by itself"))
    }
}

/// What a test found: the result without a reading, and the sample that a reading is made of.
pub struct TestOutcome {
    pub result: ConnectionTestResult,
    pub sample: Option<Sample>,
}

/// What was read once, in stored units, before it is validated.
#[derive(Debug, Default)]
pub struct Sample {
    /// When the oven measured it, where it says so.
    pub measured_at: Option<Timestamp>,
    pub values: Values,
    /// Flaws that only the driver can see: missing fields, texts that are no numbers.
    pub issues: Vec<QualityIssue>,
    pub response_time: Duration,
    /// Every fault that the oven reports of itself now; nothing where it was not asked.
    pub alarms: Option<Vec<DeviceAlarm>>,
    /// Told what became of the reading, for protocols that acknowledge.
    pub receipt: Option<oneshot::Sender<Committed>>,
    /// Read from the oven's or a broker's memory for a time when it was not connected: goes to the history alone.
    pub backfilled: bool,
    /// For the connection log, beside what the poller finds out itself. A driver says each thing once.
    pub notes: Vec<Note>,
}

/// Something that happened to a connection that stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    pub event: ConnectionEvent,
    /// What it is about, without secrets.
    pub message: String,
    /// As of a [`ConnectorError`]; nothing where it is good news.
    pub code: Option<String>,
}

impl Sample {
    /// For the history alone: read from a memory for a time when Hornero was not connected.
    #[must_use]
    pub fn of_the_past(mut self) -> Self {
        self.backfilled = true;
        self.alarms = None;
        self.issues.push(QualityIssue { field: Metric::ReadingTime.to_string(), reason: QualityReason::Backfilled });
        self
    }

    /// How many single values it holds.
    pub fn data_points(&self) -> u32 {
        let v = &self.values;
        let words = [v.operational_status.is_some(), v.cycle_stage.is_some(), v.door_status.is_some()];
        let texts = v.additional_sensors.values().filter(|value| !value.is_number()).count();
        (v.each_number().count() + texts + words.iter().filter(|is| **is).count()) as u32
    }
}

impl Settings {
    /// Settings of an oven with nothing unusual about them: for recorded cases, fuzzing and tests.
    pub fn plain(endpoint: &str, config: Map<String, Value>) -> Self {
        Self {
            equipment: EquipmentId(uuid::Uuid::nil()),
            endpoint: endpoint.to_owned(),
            port: None,
            config,
            credentials: Credentials::default(),
            timezone: TimeZone::UTC,
            interval: Duration::from_secs(5),
            last_reading_at: None,
            data_dir: std::env::temp_dir(),
            discovering: false,
            default_timeout: Duration::from_secs(10),
            response_limit: 1 << 20,
        }
    }

    #[cfg(test)]
    pub fn for_tests(endpoint: &str, config: Value) -> Self {
        let Value::Object(config) = config else { panic!("settings are an object") };
        Self::plain(endpoint, config)
    }
}
