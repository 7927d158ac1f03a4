//! Bake programs, and the words for what an oven is doing.
//!
//! All durations here are seconds of baking, before any time scale.

use serde::Serialize;

/// How far below the setpoint an oven stands by between two products, K.
const STANDBY_K: f64 = 50.0;

/// One product and how it is baked.
#[derive(Clone, Debug, PartialEq)]
pub struct Program {
    pub name: String,
    /// °C.
    pub setpoint_celsius: f64,
    /// From closing the door to taking the product out, steaming included, s.
    pub bake_s: f64,
    /// How long steam is injected at the start of the bake, s; 0 for none.
    pub steam_s: f64,
    /// Relative humidity held during the rest of the bake, %, where the oven can.
    pub humidity_percent: Option<f64>,
    /// kg of dough in a full load.
    pub load_kg: f64,
    /// Core temperature at which the product counts as done, °C.
    pub core_target_celsius: f64,
    /// Whether this is a proof rather than a bake.
    pub proofs: bool,
}

impl Program {
    /// A bake of `minutes` at `setpoint_celsius`, without steam, for 20 kg of dough.
    pub fn bake(name: &str, setpoint_celsius: f64, minutes: f64) -> Self {
        Self {
            name: name.to_owned(),
            setpoint_celsius,
            bake_s: minutes * 60.0,
            steam_s: 0.0,
            humidity_percent: None,
            load_kg: 20.0,
            core_target_celsius: 96.0,
            proofs: false,
        }
    }

    /// Baguettes, 240 °C, 22 min, steam in the first minute and a half.
    pub fn baguettes() -> Self {
        Self { steam_s: 90.0, load_kg: 24.0, ..Self::bake("Baguettes", 240.0, 22.0) }
    }

    /// Croissants, 180 °C, 18 min.
    pub fn croissants() -> Self {
        Self { steam_s: 20.0, load_kg: 12.0, core_target_celsius: 94.0, ..Self::bake("Croissants", 180.0, 18.0) }
    }

    /// Round country loaf, 230 °C, 42 min, steam in the first two minutes.
    pub fn hogaza() -> Self {
        Self { steam_s: 120.0, load_kg: 28.0, ..Self::bake("Hogaza", 230.0, 42.0) }
    }

    /// Tin loaf, 200 °C, 34 min.
    pub fn pan_de_molde() -> Self {
        Self { steam_s: 30.0, load_kg: 60.0, ..Self::bake("Pan de molde", 200.0, 34.0) }
    }

    /// Fairy cakes, 185 °C, 20 min.
    pub fn magdalenas() -> Self {
        Self { load_kg: 10.0, core_target_celsius: 93.0, ..Self::bake("Magdalenas", 185.0, 20.0) }
    }

    /// Filled pasties, 195 °C, 25 min, at 30 % humidity.
    pub fn empanadas() -> Self {
        Self { humidity_percent: Some(30.0), load_kg: 14.0, ..Self::bake("Empanadas", 195.0, 25.0) }
    }

    /// Final proof of plain dough, 32 °C, 55 min, at 78 % humidity.
    pub fn fermentacion() -> Self {
        Self {
            humidity_percent: Some(78.0),
            load_kg: 40.0,
            core_target_celsius: 28.0,
            proofs: true,
            ..Self::bake("Fermentación", 32.0, 55.0)
        }
    }

    /// °C at which the oven waits for this product.
    pub fn standby_celsius(&self) -> f64 {
        if self.proofs { self.setpoint_celsius } else { self.setpoint_celsius - STANDBY_K }
    }
}

/// Where an oven is in its cycle.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    Idle,
    Preheating,
    Loading,
    Steaming,
    Baking,
    Proofing,
    Cooling,
}

impl Stage {
    /// Whether product is being baked (or proofed) behind a door that should be shut.
    pub fn is_bake(self) -> bool {
        matches!(self, Self::Steaming | Self::Baking | Self::Proofing)
    }

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Idle => "idle",
            Self::Preheating => "preheating",
            Self::Loading => "loading",
            Self::Steaming => "steaming",
            Self::Baking => "baking",
            Self::Proofing => "proofing",
            Self::Cooling => "cooling",
        }
    }
}

/// What the oven as a whole is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    Idle,
    Preheating,
    Running,
    Cooling,
}

impl Status {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Idle => "idle",
            Self::Preheating => "preheating",
            Self::Running => "running",
            Self::Cooling => "cooling",
        }
    }
}
