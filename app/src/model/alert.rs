//! Alerts that concern one oven.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::wire_enum;

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
