//! Alerts that concern one oven.

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
