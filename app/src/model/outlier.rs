//! Values that were not believed, for people to judge.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{equipment::EquipmentId, reading::QualityReason, wire_enum};

wire_enum! {
    /// What a person said of values that were not believed.
    OutlierStatus {
        Pending = "pending",
        /// They were real: they count like any others.
        Accepted = "accepted",
        /// They were wrong: they stay bad.
        Rejected = "rejected",
    }
}

/// Values of one field that were not believed for one reason, one after the other.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Outlier {
    pub id: Uuid,
    pub equipment_id: EquipmentId,
    /// A metric's name, `temperature_zones.<zone>` or `additional_sensors.<name>`.
    pub field: String,
    /// `out_of_range`, `rate_of_change` or `stuck`.
    pub reason: QualityReason,
    /// The first and the last of the readings.
    pub started_at: Timestamp,
    pub ended_at: Timestamp,
    pub readings: u64,
    /// Of these values, in the unit of the field; none where no number could be stored.
    pub lowest: Option<f64>,
    pub highest: Option<f64>,
    /// The last good value before them.
    pub good_before: Option<f64>,
    pub status: OutlierStatus,
    pub reviewed_at: Option<Timestamp>,
    /// The user.
    pub reviewed_by: Option<i64>,
    pub note: Option<String>,
}
