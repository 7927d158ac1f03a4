//! Dough in the oven: pure.
//!
//! Dough is three masses in a row: crust, crumb, core. The crust cannot hand more than about 98.5 °C inwards while there
//! is water to boil off, so the core approaches 93 to 96 °C by the end of a bake and passes 56 °C before half of it, the
//! landmarks bakers work by.

use super::thermal::toward;

const DOUGH_CELSIUS: f64 = 22.0;
const BOILING_CELSIUS: f64 = 98.5;
/// Heat a kilogram of dough takes up for each kelvin the chamber is above its crust, W/K.
const DOUGH_UPTAKE_W_PER_K_KG: f64 = 1.9;

/// Dough in the oven.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Load {
    pub mass_kg: f64,
    /// How long this product takes to bake, s; thick loaves take up heat more slowly.
    pub bake_s: f64,
}

/// A load while it bakes.
pub struct Dough {
    pub load: Load,
    crust_celsius: f64,
    crumb_celsius: f64,
    pub core_celsius: f64,
}

impl Dough {
    /// As it comes from the proofer.
    pub fn raw(load: Load) -> Self {
        Self { load, crust_celsius: DOUGH_CELSIUS, crumb_celsius: DOUGH_CELSIUS, core_celsius: DOUGH_CELSIUS }
    }

    /// Warms the dough and says what that takes from the chamber, W.
    pub fn take_up(&mut self, dt_s: f64, chamber_celsius: f64) -> f64 {
        let above_crust_k = chamber_celsius - self.crust_celsius;
        let boiling_k = (self.crust_celsius - BOILING_CELSIUS).max(0.0);
        let inwards = self.crust_celsius.min(BOILING_CELSIUS);
        let crust_rate = toward(dt_s, 0.55 * self.load.bake_s);
        let crumb_rate = toward(dt_s, 0.18 * self.load.bake_s);
        self.crust_celsius += (above_crust_k - boiling_k) * crust_rate;
        self.crumb_celsius += (inwards - self.crumb_celsius) * crumb_rate;
        self.core_celsius += (self.crumb_celsius - self.core_celsius) * crumb_rate;
        self.load.mass_kg * DOUGH_UPTAKE_W_PER_K_KG * above_crust_k
    }

    /// How freely moisture still leaves, 1 for raw dough to 0 for a closed crust.
    pub fn moisture(&self) -> f64 {
        ((130.0 - self.crust_celsius) / 100.0).clamp(0.0, 1.0)
    }
}
