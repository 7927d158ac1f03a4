//! Screens on a wall that show ovens and change nothing.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{
    equipment::EquipmentId,
    form::{FieldError, Problem},
    wire_enum,
};

/// Longest name of a display, in characters.
pub const MAX_NAME: usize = 100;
/// More ovens than this are on no screen.
pub const MAX_EQUIPMENT: usize = 500;
/// A pairing code is good for this long.
pub const PAIRING: SignedDuration = SignedDuration::from_mins(10);

wire_enum! {
    DisplayLayout {
        Grid = "grid",
        /// One oven, as large as the screen.
        Single = "single",
        AlertsFirst = "alerts_first",
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Display {
    pub id: Uuid,
    pub name: String,
    pub layout: DisplayLayout,
    /// The ovens that it shows, in this order; all of them where empty.
    pub equipment_ids: Vec<EquipmentId>,
    /// Whether a device has the credential.
    pub paired: bool,
    /// Until when the pairing code is good that was given last and not used.
    pub pairing_expires_at: Option<Timestamp>,
    /// To the minute.
    pub last_seen_at: Option<Timestamp>,
    pub last_seen_ip: Option<String>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

/// `POST /api/v1/displays`, `PUT /api/v1/displays/{id}`
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct DisplayDraft {
    #[cfg_attr(feature = "ssr", schema(min_length = 1, max_length = 100))]
    pub name: String,
    #[serde(default = "grid")]
    pub layout: DisplayLayout,
    #[serde(default)]
    pub equipment_ids: Vec<EquipmentId>,
}

const fn grid() -> DisplayLayout {
    DisplayLayout::Grid
}

/// A display with the code that pairs a device with it, seen once. No `Debug`: it holds the code.
#[derive(Clone, Serialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct PairingDisplay {
    #[serde(flatten)]
    pub display: Display,
    pub pairing_code: String,
}

/// `POST /api/v1/displays/pair`
#[derive(Clone, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct PairRequest {
    pub code: String,
}

/// What a device gets for the code: its credential, seen once. No `Debug`: it holds the secret.
#[derive(Clone, Serialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct PairedDisplay {
    pub display: Display,
    pub token: String,
}

impl DisplayDraft {
    /// The draft with tidy texts, or everything that is wrong with it.
    pub fn checked(mut self) -> Result<Self, Vec<FieldError>> {
        let mut errors = Vec::new();
        self.name = self.name.trim().into();
        if self.name.is_empty() {
            errors.push(FieldError::new("name", Problem::Required));
        } else if self.name.chars().count() > MAX_NAME {
            errors.push(FieldError::new("name", Problem::TooLong { max: MAX_NAME }));
        }
        let distinct: BTreeSet<_> = self.equipment_ids.iter().collect();
        if distinct.len() < self.equipment_ids.len() {
            errors.push(FieldError::new("equipment_ids", Problem::Duplicate));
        } else if distinct.len() > MAX_EQUIPMENT {
            let detail = format!("at most {MAX_EQUIPMENT} ovens");
            errors.push(FieldError::new("equipment_ids", Problem::Other { detail }));
        } else if self.layout == DisplayLayout::Single && distinct.len() > 1 {
            let detail = "the layout single shows one oven".to_owned();
            errors.push(FieldError::new("equipment_ids", Problem::Other { detail }));
        }
        if errors.is_empty() { Ok(self) } else { Err(errors) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_display_has_a_name_and_each_oven_once() {
        let oven = EquipmentId(Uuid::from_u128(1));
        let other = EquipmentId(Uuid::from_u128(2));
        let draft = |name: &str, layout, equipment_ids: &[EquipmentId]| DisplayDraft {
            name: name.to_owned(),
            layout,
            equipment_ids: equipment_ids.to_vec(),
        };
        let is_good = |draft: DisplayDraft| draft.checked().is_ok();
        assert_eq!(draft(" Obrador ", DisplayLayout::Grid, &[oven, other]).checked().unwrap().name, "Obrador");
        assert!(is_good(draft("x", DisplayLayout::Single, &[oven])));
        assert!(!is_good(draft("x", DisplayLayout::Single, &[oven, other])));
        assert!(!is_good(draft("x", DisplayLayout::Grid, &[oven, oven])));
        assert!(!is_good(draft(" ", DisplayLayout::Grid, &[])));
        assert!(!is_good(draft(&"x".repeat(101), DisplayLayout::Grid, &[])));
    }
}
