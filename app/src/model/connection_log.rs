//! What happened to the connection of an oven.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{equipment::ConnectionStatus, wire_enum};

wire_enum! {
    ConnectionEvent {
        Connected = "connected",
        Disconnected = "disconnected",
        Recovered = "recovered",
        Test = "test",
        Timeout = "timeout",
        AuthFailed = "auth_failed",
        TlsFailed = "tls_failed",
        ProtocolFailed = "protocol_failed",
        ParseFailed = "parse_failed",
        LimitExceeded = "limit_exceeded",
        ConfigInvalid = "config_invalid",
        /// Values arrived but at least one of them was flagged bad.
        ValueRejected = "value_rejected",
        ValuesAccepted = "values_accepted",
        /// One of several endpoints does not answer; the values of the others are there.
        PartFailed = "part_failed",
        PartRecovered = "part_recovered",
        /// Readings were lost because the database could not take them.
        ReadingsLost = "readings_lost",
        ConfigChanged = "config_changed",
        Stopped = "stopped",
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct ConnectionLogEntry {
    pub event_type: ConnectionEvent,
    pub event_time: Timestamp,
    pub connection_status: ConnectionStatus,
    /// What failed and on what, without secrets.
    pub error_message: Option<String>,
    /// A failure kind, or a protocol's own code such as `http_503`.
    pub error_code: Option<String>,
    pub response_time_ms: Option<f64>,
    pub data_points_received: Option<u32>,
}
