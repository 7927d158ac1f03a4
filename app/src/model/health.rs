//! How well the connection of one oven does, since the server started.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::failure::Failure;

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
