//! `/ovens/{id}`: one oven in detail.

use std::collections::BTreeMap;

use super::PageContext;
use crate::model::{
    connection_log::ConnectionLogEntry, equipment::Equipment, health::ConnectionHealth, live::LiveOven,
};

/// One point of the last 30 minutes; a gap in time is shown as a gap.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct TrendPoint {
    pub at_ms: i64,
    pub temperature: Option<f64>,
    pub target: Option<f64>,
    pub zones: BTreeMap<String, f64>,
}

pub struct OvenDetail {
    pub equipment: Equipment,
    pub live: LiveOven,
    pub build: String,
    pub trend: Vec<TrendPoint>,
    /// Newest first.
    pub log: Vec<ConnectionLogEntry>,
    pub health: ConnectionHealth,
}

pub fn oven(_cx: &PageContext, _data: OvenDetail) -> String {
    String::new()
}
