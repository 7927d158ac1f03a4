//! Frames of the websocket `/ws/live`, and how fresh a value is.
//!
//! Times are milliseconds since 1970-01-01 UTC, because browsers count so. On connect the server sends one
//! `snapshot`, then `update` frames that hold the ovens changed since the frame before. `seq` rises by at least
//! one a frame; a client that falls behind gets the latest state of each oven and never a backlog. A `heartbeat`
//! comes when nothing else was sent for some seconds, so that a dead connection shows.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    alert::{AlertSeverity, DeviceAlarm},
    equipment::{ConnectionStatus, Equipment, EquipmentId, EquipmentKind},
    failure::FailureKind,
    reading::{CycleStage, DoorStatus, OperationalStatus, Quality, QualityIssue, Reading},
    wire_enum,
};

/// Without any frame for this long a client reconnects.
pub const SILENCE_LIMIT_MS: i64 = 12_000;
/// The server sends a heartbeat after this long without another frame.
pub const HEARTBEAT_MS: u64 = 5_000;

wire_enum! {
    FrameKind {
        /// Every oven; an oven that is not in it is gone.
        Snapshot = "snapshot",
        /// The ovens that changed.
        Update = "update",
        Heartbeat = "heartbeat",
    }
}

/// One message. Flat, with absent parts left out, because a tagged union costs a browser's WASM dearly.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Frame {
    #[serde(rename = "type")]
    pub kind: FrameKind,
    pub seq: u64,
    pub server_time_ms: i64,
    /// In a snapshot. Changes with the assets of the site: a page with another build reloads itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub build: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ovens: Vec<LiveOven>,
    /// In an update.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub removed: Vec<EquipmentId>,
}

impl Frame {
    pub const fn heartbeat(seq: u64, server_time_ms: i64) -> Self {
        Self { kind: FrameKind::Heartbeat, seq, server_time_ms, build: None, ovens: Vec::new(), removed: Vec::new() }
    }
}

/// All that a card shows of one oven. Values that are bad are left out and named in `issues`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LiveOven {
    pub id: EquipmentId,
    pub name: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub location: String,
    pub kind: EquipmentKind,
    pub enabled: bool,
    pub status: ConnectionStatus,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<FailureKind>,
    pub interval_s: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub values: Option<LiveValues>,
    /// Faults that the oven reports of itself, the worst first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub alarms: Vec<LiveAlarm>,
}

/// A fault that stands.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LiveAlarm {
    pub code: String,
    /// In the oven's own language.
    pub message: String,
    pub severity: AlertSeverity,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since_ms: Option<i64>,
}

impl From<&DeviceAlarm> for LiveAlarm {
    fn from(alarm: &DeviceAlarm) -> Self {
        Self {
            code: alarm.code.clone(),
            message: alarm.message.clone(),
            severity: alarm.severity,
            since_ms: alarm.since.map(Timestamp::as_millisecond),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LiveValues {
    /// When the oven measured it.
    pub reading_ms: i64,
    pub received_ms: i64,
    pub quality: Quality,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub issues: Vec<QualityIssue>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub temperature: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<f64>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub zones: BTreeMap<String, f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub humidity: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub energy_kwh: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub power_kw: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operation: Option<OperationalStatus>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stage: Option<CycleStage>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub progress: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remaining_min: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub door: Option<DoorStatus>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub steam: Option<f64>,
}

impl LiveOven {
    /// An oven of which nothing was read yet.
    pub fn new(equipment: &Equipment) -> Self {
        Self {
            id: equipment.id,
            name: equipment.name.clone(),
            location: equipment.location.clone(),
            kind: equipment.kind,
            enabled: equipment.iot_enabled && equipment.iot_protocol.is_some(),
            status: equipment.iot_connection_status,
            failure: None,
            interval_s: equipment.poll_interval_seconds,
            values: None,
            alarms: Vec::new(),
        }
    }
}

/// Two decimals are more than any oven's sensor resolves, and keep frames short.
fn rounded(value: f64) -> f64 {
    (value * 100.0).round() / 100.0
}

impl From<&Reading> for LiveValues {
    fn from(reading: &Reading) -> Self {
        let good = reading.good();
        Self {
            reading_ms: reading.reading_time.as_millisecond(),
            received_ms: reading.received_at.as_millisecond(),
            quality: reading.quality,
            issues: reading.quality_issues.clone(),
            temperature: good.temperature.map(rounded),
            target: good.target_temperature.map(rounded),
            zones: good.temperature_zones.iter().map(|(zone, v)| (zone.clone(), rounded(*v))).collect(),
            humidity: good.humidity.map(rounded),
            energy_kwh: good.energy_consumption_kwh.map(rounded),
            power_kw: good.power_kw.map(rounded),
            operation: good.operational_status,
            stage: good.cycle_stage,
            progress: good.cycle_progress_percentage.map(rounded),
            remaining_min: good.time_remaining_minutes.map(rounded),
            door: good.door_status,
            steam: good.steam_level.map(rounded),
        }
    }
}

wire_enum! {
    /// What a screen may claim about a value.
    Freshness {
        /// Arrived within two poll intervals and measured just then.
        Live = "live",
        /// Older than that: shown dimmed, with its age.
        Stale = "stale",
        /// The connection is known to be down.
        Offline = "offline",
        /// Nothing was ever read.
        Waiting = "waiting",
        /// Switched off by an admin.
        Disabled = "disabled",
    }
}

/// Time that a reading may take over its two intervals before it counts as stale: network and rendering.
const GRACE_MS: i64 = 500;

impl LiveOven {
    /// The age of the newest values in ms. A source clock that is off does not count: the arrival does then.
    pub fn age_ms(&self, now_ms: i64) -> Option<i64> {
        let values = self.values.as_ref()?;
        let clock_is_off = values.issues.iter().any(|issue| issue.field == "reading_time");
        let since = if clock_is_off { values.received_ms } else { values.reading_ms.min(values.received_ms) };
        Some((now_ms - since).max(0))
    }

    pub fn freshness(&self, now_ms: i64) -> Freshness {
        if !self.enabled {
            return Freshness::Disabled;
        }
        let down = matches!(self.status, ConnectionStatus::Disconnected | ConnectionStatus::Error);
        match self.age_ms(now_ms) {
            _ if down => Freshness::Offline,
            None => Freshness::Waiting,
            Some(age) if age > 2_000 * i64::from(self.interval_s) + GRACE_MS => Freshness::Stale,
            Some(_) => Freshness::Live,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::reading::QualityReason;

    fn oven(status: ConnectionStatus, reading_ms: i64) -> LiveOven {
        LiveOven {
            id: EquipmentId(uuid::Uuid::nil()),
            name: "Horno".to_owned(),
            location: String::new(),
            kind: EquipmentKind::Deck,
            enabled: true,
            status,
            failure: None,
            interval_s: 5,
            values: Some(LiveValues {
                reading_ms,
                received_ms: 100_000,
                quality: Quality::Good,
                issues: Vec::new(),
                temperature: Some(231.0),
                target: None,
                zones: BTreeMap::new(),
                humidity: None,
                energy_kwh: None,
                power_kw: None,
                operation: None,
                stage: None,
                progress: None,
                remaining_min: None,
                door: None,
                steam: None,
            }),
            alarms: Vec::new(),
        }
    }

    #[test]
    fn a_value_is_stale_after_two_intervals() {
        let oven = oven(ConnectionStatus::Connected, 100_000);
        assert_eq!(oven.freshness(110_000), Freshness::Live);
        assert_eq!(oven.freshness(110_501), Freshness::Stale);
    }

    #[test]
    fn a_value_measured_long_ago_is_stale_though_it_just_arrived() {
        assert_eq!(oven(ConnectionStatus::Connected, 50_000).freshness(100_000), Freshness::Stale);
    }

    #[test]
    fn a_wrong_source_clock_does_not_make_arriving_values_stale() {
        let mut oven = oven(ConnectionStatus::Connected, 50_000);
        oven.values.as_mut().unwrap().issues =
            vec![QualityIssue { field: "reading_time".to_owned(), reason: QualityReason::ClockSkew }];
        assert_eq!(oven.freshness(100_000), Freshness::Live);
    }

    #[test]
    fn down_and_disabled_win_over_age() {
        assert_eq!(oven(ConnectionStatus::Disconnected, 100_000).freshness(100_000), Freshness::Offline);
        let mut off = oven(ConnectionStatus::Connected, 100_000);
        off.enabled = false;
        assert_eq!(off.freshness(100_000), Freshness::Disabled);
    }

    #[test]
    fn frames_survive_the_wire() {
        let frame = Frame {
            kind: FrameKind::Snapshot,
            build: Some("b".to_owned()),
            ovens: vec![oven(ConnectionStatus::Connected, 1)],
            ..Frame::heartbeat(7, 1)
        };
        let text = serde_json::to_string(&frame).unwrap();
        assert_eq!(serde_json::from_str::<Frame>(&text).unwrap(), frame);
        assert!(text.starts_with(r#"{"type":"snapshot","seq":7"#), "{text}");
    }
}
