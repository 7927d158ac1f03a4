//! An oven (or other equipment) and how Hornero is connected to it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::wire_enum;

/// Identifies one oven everywhere outside the database.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(transparent)]
pub struct EquipmentId(pub Uuid);

impl std::fmt::Display for EquipmentId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl std::str::FromStr for EquipmentId {
    type Err = uuid::Error;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(Self(text.parse()?))
    }
}

wire_enum! {
    /// What sort of equipment it is; decides defaults such as plausible temperatures.
    EquipmentKind {
        Deck = "deck",
        Rack = "rack",
        Combi = "combi",
        Tunnel = "tunnel",
        Proofer = "proofer",
        Other = "other",
    }
}

wire_enum! {
    /// State of the connection as the poller last saw it.
    ConnectionStatus {
        Connected = "connected",
        /// Nothing answers: refused, unreachable or timed out.
        Disconnected = "disconnected",
        Connecting = "connecting",
        /// Something answers, but not usefully: wrong password, TLS, unreadable data.
        Error = "error",
        /// Never tried, or switched off.
        Unknown = "unknown",
    }
}

/// One piece of equipment with all its settings, except for credentials, which never leave the server's
/// `secrets` module; `has_credentials` says only whether any are stored.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Equipment {
    pub id: EquipmentId,
    pub name: String,
    /// Area of the bakery, free text; the board groups by it.
    pub location: String,
    pub kind: EquipmentKind,
    pub serial_number: Option<String>,
    pub manufacturer: Option<String>,
    pub model: Option<String>,
    pub firmware_version: Option<String>,
    pub iot_enabled: bool,
    /// A connector id of the registry, for example `rest_api`.
    pub iot_protocol: Option<String>,
    pub iot_endpoint: Option<String>,
    pub iot_port: Option<u16>,
    pub iot_connection_status: ConnectionStatus,
    pub iot_last_connected: Option<Timestamp>,
    /// Settings of the connector; their names are in its manifest.
    pub iot_config: serde_json::Map<String, serde_json::Value>,
    pub supports_realtime: bool,
    /// 1 to 86 400 s.
    pub poll_interval_seconds: u32,
    pub temperature_zones: u32,
    pub supports_humidity: bool,
    pub supports_energy_monitoring: bool,
    pub supports_remote_control: bool,
    pub has_credentials: bool,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

/// Shortest and longest allowed time between two polls, in seconds.
pub const POLL_INTERVAL_SECONDS: std::ops::RangeInclusive<u32> = 1..=86_400;

/// What an admin enters for an oven; [`Equipment`] without what the server keeps itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct EquipmentDraft {
    #[cfg_attr(feature = "ssr", schema(min_length = 1, max_length = 100, pattern = r"\S"))]
    pub name: String,
    #[serde(default)]
    pub location: String,
    #[serde(default = "default_kind")]
    pub kind: EquipmentKind,
    #[serde(default)]
    pub serial_number: Option<String>,
    #[serde(default)]
    pub manufacturer: Option<String>,
    #[serde(default)]
    pub model: Option<String>,
    #[serde(default)]
    pub firmware_version: Option<String>,
    #[serde(default = "yes")]
    pub iot_enabled: bool,
    #[serde(default)]
    pub iot_protocol: Option<String>,
    #[serde(default)]
    pub iot_endpoint: Option<String>,
    #[serde(default)]
    #[cfg_attr(feature = "ssr", schema(minimum = 1, maximum = 65_535))]
    pub iot_port: Option<u16>,
    #[serde(default)]
    pub iot_config: serde_json::Map<String, serde_json::Value>,
    #[serde(default = "yes")]
    pub supports_realtime: bool,
    #[serde(default = "default_interval")]
    #[cfg_attr(feature = "ssr", schema(minimum = 1, maximum = 86_400))]
    pub poll_interval_seconds: u32,
    #[serde(default = "one")]
    #[cfg_attr(feature = "ssr", schema(minimum = 1, maximum = 64))]
    pub temperature_zones: u32,
    #[serde(default)]
    pub supports_humidity: bool,
    #[serde(default)]
    pub supports_energy_monitoring: bool,
    #[serde(default)]
    pub supports_remote_control: bool,
}

fn default_kind() -> EquipmentKind {
    EquipmentKind::Other
}
const fn yes() -> bool {
    true
}
const fn one() -> u32 {
    1
}
/// Seconds between polls where nothing else is said.
pub const fn default_interval() -> u32 {
    5
}

impl Default for EquipmentDraft {
    fn default() -> Self {
        Self {
            name: String::new(),
            location: String::new(),
            kind: EquipmentKind::Deck,
            serial_number: None,
            manufacturer: None,
            model: None,
            firmware_version: None,
            iot_enabled: true,
            iot_protocol: Some("rest_api".to_owned()),
            iot_endpoint: None,
            iot_port: None,
            iot_config: serde_json::Map::new(),
            supports_realtime: true,
            poll_interval_seconds: default_interval(),
            temperature_zones: 1,
            supports_humidity: false,
            supports_energy_monitoring: false,
            supports_remote_control: false,
        }
    }
}

impl From<&Equipment> for EquipmentDraft {
    fn from(e: &Equipment) -> Self {
        Self {
            name: e.name.clone(),
            location: e.location.clone(),
            kind: e.kind,
            serial_number: e.serial_number.clone(),
            manufacturer: e.manufacturer.clone(),
            model: e.model.clone(),
            firmware_version: e.firmware_version.clone(),
            iot_enabled: e.iot_enabled,
            iot_protocol: e.iot_protocol.clone(),
            iot_endpoint: e.iot_endpoint.clone(),
            iot_port: e.iot_port,
            iot_config: e.iot_config.clone(),
            supports_realtime: e.supports_realtime,
            poll_interval_seconds: e.poll_interval_seconds,
            temperature_zones: e.temperature_zones,
            supports_humidity: e.supports_humidity,
            supports_energy_monitoring: e.supports_energy_monitoring,
            supports_remote_control: e.supports_remote_control,
        }
    }
}
