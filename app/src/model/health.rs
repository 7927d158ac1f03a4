//! How well the connection of one oven does, since the server started.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    equipment::{ConnectionStatus, EquipmentId},
    failure::Failure,
};

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct ConnectionHealth {
    pub polls: u64,
    /// Polls that began within a tenth of the interval (at least 50 ms) of when they were due.
    pub polls_on_time: u64,
    /// Due, but never begun because the one before took too long.
    pub polls_skipped: u64,
    pub failures: u64,
    pub consecutive_failures: u32,
    /// Share of time connected, 0 to 1, since the first attempt.
    pub uptime: Option<f64>,
    /// Time that an answer takes, over the last 256 polls.
    pub latency_p50_ms: Option<f64>,
    pub latency_p95_ms: Option<f64>,
    pub last_error: Option<Failure>,
    pub last_error_at: Option<Timestamp>,
    pub next_attempt_at: Option<Timestamp>,
}

/// `GET /api/v1/equipment/{id}/health`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct EquipmentHealth {
    pub equipment_id: EquipmentId,
    pub equipment_name: String,
    pub connection_status: ConnectionStatus,
    pub last_reading_at: Option<Timestamp>,
    /// Seconds since the newest reading.
    pub age_seconds: Option<f64>,
    /// Numbers without any flaw among all of the last hour, from 0 to 1; null without any.
    pub good_share_last_hour: Option<f64>,
    /// Share of the last 24 hours, or of the time that the oven is known, from 0 to 1, that its readings cover: each minute
    /// that has one, and three poll intervals, at least a minute, after it. What was lost while the server was off counts too.
    pub availability_last_day: Option<f64>,
    /// Of the connection, since the server started or the connection was changed.
    pub connection: ConnectionHealth,
}
