//! Bodies of `/api/v1`, with the field names that the public API promises.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use uuid::Uuid;

use super::{
    discovery::Search,
    equipment::{ConnectionStatus, EquipmentId},
    failure::FailureKind,
    reading::{CycleStage, OperationalStatus, Quality, QualityIssue, Reading},
    wire_enum,
};

/// `POST /api/v1/equipment/{id}/iot-config`
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IotConfigRequest {
    pub protocol: String,
    pub endpoint: String,
    #[serde(default)]
    pub port: Option<u16>,
    /// Absent keeps the stored credentials; an empty object removes them.
    #[serde(default)]
    pub credentials: Option<BTreeMap<String, String>>,
    #[serde(default)]
    pub additional_config: Map<String, Value>,
    #[serde(default = "yes")]
    pub supports_realtime: bool,
    #[serde(default = "super::equipment::default_interval")]
    pub poll_interval_seconds: u32,
}

/// `POST /api/v1/connectors/discover`
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DiscoverRequest {
    pub protocol: String,
    pub endpoint: String,
    #[serde(default)]
    pub port: Option<u16>,
    /// Absent takes the stored ones of `equipment_id`, as far as they are for the same address.
    #[serde(default)]
    pub credentials: Option<BTreeMap<String, String>>,
    #[serde(default)]
    pub additional_config: Map<String, Value>,
    #[serde(default)]
    pub equipment_id: Option<EquipmentId>,
    #[serde(default)]
    pub search: Search,
}

const fn yes() -> bool {
    true
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct IotConfigResponse {
    pub success: bool,
    pub message: String,
    pub equipment_id: EquipmentId,
    pub connection_test_result: ConnectionTestResult,
}

wire_enum! {
    /// The steps of a connection test, in order.
    TestStage {
        Settings = "settings",
        Address = "address",
        Port = "port",
        Tls = "tls",
        Login = "login",
        Values = "values",
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StageResult {
    pub stage: TestStage,
    pub success: bool,
    pub duration_ms: f64,
    /// What was found, or why it failed; without secrets.
    pub detail: String,
}

/// The guide's EquipmentConnectionTestResponse.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ConnectionTestResult {
    pub success: bool,
    pub status: ConnectionStatus,
    /// Time from the first byte sent to the values, in ms, rounded.
    pub response_time_ms: Option<u64>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub supported_features: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_kind: Option<FailureKind>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_details: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stages: Vec<StageResult>,
    /// What the mapping made of the answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reading: Option<Reading>,
    /// The answer itself, cut to a readable length, to build a mapping from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sample: Option<String>,
}

/// `GET /api/v1/equipment/{id}/realtime-data`: the guide's object. Bad values are null.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RealtimeData {
    pub equipment_id: EquipmentId,
    pub equipment_name: String,
    /// When the oven measured it.
    pub timestamp: Timestamp,
    pub connection_status: ConnectionStatus,
    pub temperature: Option<f64>,
    pub temperature_zones: BTreeMap<String, f64>,
    pub humidity: Option<f64>,
    pub operational_status: Option<OperationalStatus>,
    pub cycle_stage: Option<CycleStage>,
    pub cycle_progress_percentage: Option<f64>,
    pub time_remaining_minutes: Option<f64>,
    pub energy_consumption_kwh: Option<f64>,
    pub active_batch_id: Option<Uuid>,
    pub active_batch_name: Option<String>,
    // Beyond the guide's example: what an honest client needs to judge the values.
    pub target_temperature: Option<f64>,
    pub received_at: Timestamp,
    pub age_seconds: f64,
    pub quality: Quality,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub quality_issues: Vec<QualityIssue>,
}

/// `GET /api/v1/equipment/{id}/sensor-history`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SensorHistory {
    pub equipment_id: EquipmentId,
    pub start_time: Timestamp,
    pub end_time: Timestamp,
    pub total_readings: usize,
    /// More readings lie in the range than were asked for; the newest are returned.
    pub truncated: bool,
    pub readings: Vec<Reading>,
}
