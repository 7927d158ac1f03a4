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
    history::Resolution,
    reading::{CycleStage, OperationalStatus, Quality, QualityIssue, Reading},
    wire_enum,
};

/// `POST /api/v1/equipment/{id}/iot-config`
#[derive(Clone, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct IotConfigRequest {
    pub protocol: String,
    pub endpoint: String,
    #[serde(default)]
    #[cfg_attr(feature = "ssr", schema(minimum = 1, maximum = 65_535))]
    pub port: Option<u16>,
    /// Absent keeps the stored credentials; an empty object removes them.
    #[serde(default)]
    pub credentials: Option<BTreeMap<String, String>>,
    #[serde(default)]
    pub additional_config: Map<String, Value>,
    #[serde(default = "yes")]
    pub supports_realtime: bool,
    #[serde(default = "super::equipment::default_interval")]
    #[cfg_attr(feature = "ssr", schema(minimum = 1, maximum = 86_400))]
    pub poll_interval_seconds: u32,
}

/// `POST /api/v1/connectors/discover`
#[derive(Clone, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct DiscoverRequest {
    pub protocol: String,
    pub endpoint: String,
    #[serde(default)]
    #[cfg_attr(feature = "ssr", schema(minimum = 1, maximum = 65_535))]
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
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
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
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct StageResult {
    pub stage: TestStage,
    pub success: bool,
    pub duration_ms: f64,
    /// What was found, or why it failed; without secrets.
    pub detail: String,
}

/// The guide's EquipmentConnectionTestResponse.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
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
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
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

/// `GET /api/v1/equipment/{id}/sensor-history`: single readings, or what stretches of them were.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct SensorHistory {
    pub equipment_id: EquipmentId,
    pub start_time: Timestamp,
    /// Exclusive.
    pub end_time: Timestamp,
    /// What `series` was made from; `raw` without buckets means that `readings` has the readings themselves.
    pub resolution: Resolution,
    /// Length of a bucket; a whole number of the resolution's. None for single readings.
    pub bucket_seconds: Option<u32>,
    /// Readings that the answer stands for.
    pub total_readings: usize,
    /// More readings lie in the range than were asked for; the newest are returned.
    pub truncated: bool,
    /// Leads to the page of older readings.
    pub next_cursor: Option<String>,
    /// Oldest first.
    pub readings: Vec<Reading>,
    /// When each bucket begins, oldest first; those without a reading are left out. The first may begin before
    /// `start_time`.
    pub buckets: Vec<Timestamp>,
    /// By the name of the field: `temperature`, `temperature_zones.<zone>`, `additional_sensors.<name>` …
    pub series: BTreeMap<String, Series>,
    /// Where there is nothing, between what there is.
    pub gaps: Vec<Gap>,
}

impl SensorHistory {
    /// Nothing, in this range.
    pub const fn empty(equipment_id: EquipmentId, start_time: Timestamp, end_time: Timestamp) -> Self {
        Self {
            equipment_id,
            start_time,
            end_time,
            resolution: Resolution::Raw,
            bucket_seconds: None,
            total_readings: 0,
            truncated: false,
            next_cursor: None,
            readings: Vec::new(),
            buckets: Vec::new(),
            series: BTreeMap::new(),
            gaps: Vec::new(),
        }
    }
}

/// One field over the buckets: each list is as long as `buckets`, with null where the field has no value.
/// Bad values count for nothing but `good_share`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Series {
    pub min: Vec<Option<f64>>,
    pub max: Vec<Option<f64>>,
    pub mean: Vec<Option<f64>>,
    /// The latest value of the bucket.
    pub last: Vec<Option<f64>>,
    /// Values that are not bad.
    pub count: Vec<u32>,
    /// Values without any flaw among all, from 0 to 1.
    pub good_share: Vec<Option<f64>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Gap {
    pub start_time: Timestamp,
    pub end_time: Timestamp,
}
