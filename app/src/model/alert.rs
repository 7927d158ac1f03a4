//! Alerts that concern one oven.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use uuid::Uuid;

use super::{
    equipment::EquipmentId,
    form::{FieldError, Problem},
    wire_enum,
};

wire_enum! {
    AlertType {
        TemperatureDeviation = "temperature_deviation",
        Threshold = "threshold",
        ConnectionLost = "connection_lost",
        EquipmentError = "equipment_error",
        StaleData = "stale_data",
        SensorFault = "sensor_fault",
        DoorOpen = "door_open",
    }
}

wire_enum! {
    AlertSeverity {
        Info = "info",
        Warning = "warning",
        Critical = "critical",
    }
}

wire_enum! {
    AlertStatus {
        Active = "active",
        Acknowledged = "acknowledged",
        Resolved = "resolved",
    }
}

/// A fault that an oven reports of itself, as long as it stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceAlarm {
    /// What the oven calls it; the same fault has the same code.
    pub code: String,
    /// In the oven's own language.
    pub message: String,
    pub severity: AlertSeverity,
    /// Since when it stands, where the oven says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
}

/// One alert with everything that is kept of it. Users are named by their ids.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Alert {
    pub id: Uuid,
    pub equipment_id: EquipmentId,
    pub alert_type: AlertType,
    pub severity: AlertSeverity,
    pub status: AlertStatus,
    pub title: String,
    pub message: String,
    /// What else the texts are made from, to say them in any language.
    pub data: Map<String, Value>,
    pub value: Option<f64>,
    pub threshold: Option<f64>,
    pub zone: Option<String>,
    pub raised_at: Timestamp,
    pub acknowledged_at: Option<Timestamp>,
    pub acknowledged_by: Option<i64>,
    pub resolved_at: Option<Timestamp>,
    pub resolved_by: Option<i64>,
    pub notes: Option<String>,
    pub shelved_at: Option<Timestamp>,
    pub shelved_by: Option<i64>,
    /// Shelved as long as this is in the future.
    pub shelved_until: Option<Timestamp>,
    pub shelve_reason: Option<String>,
    /// What the system did by itself, when, and what came of it.
    pub auto_response: Option<String>,
    pub auto_response_at: Option<Timestamp>,
    pub auto_response_result: Option<String>,
}

impl Alert {
    /// An alert that nobody has seen yet. The server alone raises any.
    #[cfg(feature = "ssr")]
    pub fn new(
        equipment_id: EquipmentId,
        alert_type: AlertType,
        severity: AlertSeverity,
        raised_at: Timestamp,
    ) -> Self {
        Self {
            id: Uuid::new_v4(),
            equipment_id,
            alert_type,
            severity,
            status: AlertStatus::Active,
            title: String::new(),
            message: String::new(),
            data: Map::new(),
            value: None,
            threshold: None,
            zone: None,
            raised_at,
            acknowledged_at: None,
            acknowledged_by: None,
            resolved_at: None,
            resolved_by: None,
            notes: None,
            shelved_at: None,
            shelved_by: None,
            shelved_until: None,
            shelve_reason: None,
            auto_response: None,
            auto_response_at: None,
            auto_response_result: None,
        }
    }

    /// Whether this may be done with the alert as it is.
    ///
    /// ISA-18.2: an alert is acknowledged once, from active; shelving has an end and a reason and concerns one that
    /// stands; what is resolved stays so, and what goes wrong again is a new alert.
    pub const fn allows(&self, change: &AlertChange) -> Result<(), Impossible> {
        match (self.status, change) {
            (AlertStatus::Resolved, _) => Err(Impossible::Resolved),
            (AlertStatus::Acknowledged, AlertChange::Acknowledge { .. }) => Err(Impossible::Acknowledged),
            _ => Ok(()),
        }
    }
}

/// What a user does with an alert.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AlertChange {
    Acknowledge { note: Option<String> },
    Resolve { note: Option<String> },
    Shelve { until: Timestamp, reason: String },
}

/// Why a change of an alert cannot be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Impossible {
    /// Somebody did already.
    Acknowledged,
    Resolved,
}

/// Body of `acknowledge` and `resolve`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct AlertNote {
    #[serde(default)]
    #[cfg_attr(feature = "ssr", schema(max_length = 1000))]
    pub note: Option<String>,
}

/// Body of `shelve`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Shelving {
    /// 7 days from now at most.
    pub until: Timestamp,
    #[cfg_attr(feature = "ssr", schema(min_length = 1, max_length = 1000))]
    pub reason: String,
}

/// Longest note and reason, in characters.
pub const MAX_NOTE: usize = 1_000;
/// An alert is shelved for a week at most: what is wrong for longer is no matter for a shelf.
pub const MAX_SHELVED: SignedDuration = SignedDuration::from_hours(7 * 24);

impl AlertNote {
    /// The note without what is around it, or what is wrong with it; none where there is nothing in it.
    pub fn checked(self) -> Result<Option<String>, Vec<FieldError>> {
        let note = self.note.map(|note| note.trim().to_owned()).filter(|note| !note.is_empty());
        if note.as_ref().is_some_and(|note| note.chars().count() > MAX_NOTE) {
            return Err(vec![FieldError::new("note", Problem::TooLong { max: MAX_NOTE })]);
        }
        Ok(note)
    }
}

impl Shelving {
    pub fn checked(self, now: Timestamp) -> Result<AlertChange, Vec<FieldError>> {
        let mut errors = Vec::new();
        let reason = self.reason.trim().to_owned();
        if reason.is_empty() {
            errors.push(FieldError::new("reason", Problem::Required));
        } else if reason.chars().count() > MAX_NOTE {
            errors.push(FieldError::new("reason", Problem::TooLong { max: MAX_NOTE }));
        }
        if self.until <= now || self.until.duration_since(now) > MAX_SHELVED {
            let detail = "a shelf ends in the future, 7 days from now at most".to_owned();
            errors.push(FieldError::new("until", Problem::Other { detail }));
        }
        if errors.is_empty() { Ok(AlertChange::Shelve { until: self.until, reason }) } else { Err(errors) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn alert(status: AlertStatus) -> Alert {
        let id = EquipmentId(Uuid::nil());
        let raised = at("2026-05-01T00:00:00Z");
        Alert { status, ..Alert::new(id, AlertType::DoorOpen, AlertSeverity::Warning, raised) }
    }

    #[test]
    fn every_change_from_every_status() {
        use AlertStatus::{Acknowledged, Active, Resolved};
        let acknowledge = AlertChange::Acknowledge { note: None };
        let resolve = AlertChange::Resolve { note: None };
        let shelve = AlertChange::Shelve { until: at("2026-05-02T00:00:00Z"), reason: "x".to_owned() };
        for (status, change, outcome) in [
            (Active, &acknowledge, Ok(())),
            (Active, &resolve, Ok(())),
            (Active, &shelve, Ok(())),
            (Acknowledged, &acknowledge, Err(Impossible::Acknowledged)),
            (Acknowledged, &resolve, Ok(())),
            (Acknowledged, &shelve, Ok(())),
            (Resolved, &acknowledge, Err(Impossible::Resolved)),
            (Resolved, &resolve, Err(Impossible::Resolved)),
            (Resolved, &shelve, Err(Impossible::Resolved)),
        ] {
            assert_eq!(alert(status).allows(change), outcome, "{status} {change:?}");
        }
    }

    #[test]
    fn shelves_end_within_a_week_and_have_a_reason() {
        let now = at("2026-05-01T00:00:00Z");
        let is_good =
            |until: &str, reason: &str| Shelving { until: at(until), reason: reason.to_owned() }.checked(now).is_ok();
        assert!(is_good("2026-05-08T00:00:00Z", "waiting for a part"));
        assert!(!is_good("2026-05-08T00:00:01Z", "waiting for a part"));
        assert!(!is_good("2026-05-01T00:00:00Z", "waiting for a part"));
        assert!(!is_good("2026-05-02T00:00:00Z", "  "));
        assert_eq!(AlertNote { note: Some(" ".to_owned()) }.checked(), Ok(None));
        assert!(AlertNote { note: Some("x".repeat(1_001)) }.checked().is_err());
    }
}
