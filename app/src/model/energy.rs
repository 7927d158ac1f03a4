//! What ovens take, and what they take for nothing.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{equipment::EquipmentId, history::Resolution, reading::OperationalStatus, wire_enum};

/// An oven that is warmer and does nothing wastes energy, in °C: far above any proofer and below any bake.
pub const HOT_CELSIUS: f64 = 100.0;

wire_enum! {
    /// What an amount of energy was told from.
    EnergySource {
        /// The oven's own counter, across its resets.
        Counter = "counter",
        /// Its power, over the time that readings stand for.
        Power = "power",
        /// The oven tells neither.
        None = "none",
    }
}

/// `GET /api/v1/equipment/{id}/energy`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct EnergyReport {
    pub equipment_id: EquipmentId,
    pub equipment_name: String,
    /// IANA name of the zone whose days these are.
    pub timezone: String,
    /// What the amounts were made from: minutes, or hours for long ranges.
    pub resolution: Resolution,
    /// From here on an oven is hot, in °C.
    pub hot_celsius: f64,
    pub total_kwh: f64,
    /// Minutes in which the oven was hot and did nothing.
    pub idle_hot_minutes: f64,
    pub days: Vec<EnergyDay>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct EnergyDay {
    /// Local, `YYYY-MM-DD`.
    pub date: String,
    pub start_time: Timestamp,
    pub end_time: Timestamp,
    pub energy_kwh: Option<f64>,
    pub source: EnergySource,
    pub idle_hot_minutes: f64,
    /// Minutes that readings stand for.
    pub covered_minutes: f64,
}

/// An oven that is hot and empty now. `GET /api/v1/energy/idle-hot`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct IdleHot {
    pub equipment_id: EquipmentId,
    pub equipment_name: String,
    pub since: Timestamp,
    pub minutes: f64,
    /// °C, the last minute's mean.
    pub temperature: f64,
    /// Since then, where the oven tells.
    pub energy_kwh: Option<f64>,
}

/// Whether an oven with this status does nothing although it is on.
pub const fn is_idle(status: OperationalStatus) -> bool {
    matches!(status, OperationalStatus::Idle | OperationalStatus::Standby)
}

/// Whether a counter began anew between two values: it fell to less than half.
pub fn is_reset(before: f64, after: f64) -> bool {
    after < before / 2.0
}

/// How far a counter went up between two values. After a reset it counts from zero, so that its new value is what was
/// added; a counter that only steps back a little has been corrected, and added nothing.
pub fn climb(before: f64, after: f64) -> f64 {
    if after >= before {
        after - before
    } else if is_reset(before, after) {
        after.max(0.0)
    } else {
        0.0
    }
}
