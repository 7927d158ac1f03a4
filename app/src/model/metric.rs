//! Every quantity that a reading can carry: its unit, decimals and plausible range.

use super::{equipment::EquipmentKind, unit::Dimension, wire_enum};

wire_enum! {
    /// A single-valued field of a reading. Zones and additional sensors are named and live beside these.
    Metric {
        Temperature = "temperature",
        TargetTemperature = "target_temperature",
        Humidity = "humidity",
        TargetHumidity = "target_humidity",
        EnergyConsumption = "energy_consumption_kwh",
        Power = "power_kw",
        OperationalStatus = "operational_status",
        CycleStage = "cycle_stage",
        CycleProgress = "cycle_progress_percentage",
        TimeRemaining = "time_remaining_minutes",
        MotorSpeed = "motor_speed_rpm",
        DoorStatus = "door_status",
        SteamLevel = "steam_level",
        ProductWeight = "product_weight_kg",
        MoistureContent = "moisture_content",
        ReadingTime = "reading_time",
    }
}

/// How the value of a metric is read from what an oven sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ValueKind {
    Number(Dimension),
    /// One word of a closed list.
    Word,
    Time,
}

impl Metric {
    pub const fn value_kind(self) -> ValueKind {
        use ValueKind::Number;
        match self {
            Self::Temperature | Self::TargetTemperature => Number(Dimension::Temperature),
            Self::Humidity | Self::TargetHumidity | Self::CycleProgress | Self::SteamLevel | Self::MoistureContent => {
                Number(Dimension::Percentage)
            }
            Self::EnergyConsumption => Number(Dimension::Energy),
            Self::Power => Number(Dimension::Power),
            Self::TimeRemaining => Number(Dimension::Minutes),
            Self::MotorSpeed => Number(Dimension::Speed),
            Self::ProductWeight => Number(Dimension::Mass),
            Self::OperationalStatus | Self::CycleStage | Self::DoorStatus => ValueKind::Word,
            Self::ReadingTime => ValueKind::Time,
        }
    }

    /// Values outside are physically implausible and never shown as good.
    ///
    /// Temperatures follow the working ranges in manufacturers' data sheets (deck 180–290 °C, rack 180–250 °C,
    /// combi 30–300 °C) with room for a cold start and for overshoot.
    pub fn plausible(self, kind: EquipmentKind) -> Option<(f64, f64)> {
        match self {
            Self::Temperature | Self::TargetTemperature => Some(plausible_celsius(kind)),
            Self::Humidity | Self::TargetHumidity | Self::CycleProgress | Self::SteamLevel | Self::MoistureContent => {
                Some((0.0, 100.0))
            }
            Self::EnergyConsumption => Some((0.0, 1.0e9)),
            Self::Power => Some((0.0, 2_000.0)),
            Self::TimeRemaining => Some((0.0, 7.0 * 24.0 * 60.0)),
            Self::MotorSpeed | Self::ProductWeight => Some((0.0, 10_000.0)),
            Self::OperationalStatus | Self::CycleStage | Self::DoorStatus | Self::ReadingTime => None,
        }
    }
}

/// Plausible chamber and zone temperatures in °C.
pub const fn plausible_celsius(kind: EquipmentKind) -> (f64, f64) {
    match kind {
        EquipmentKind::Proofer => (-30.0, 90.0),
        EquipmentKind::Deck | EquipmentKind::Rack | EquipmentKind::Tunnel => (-10.0, 450.0),
        EquipmentKind::Combi | EquipmentKind::Other => (-40.0, 500.0),
    }
}
