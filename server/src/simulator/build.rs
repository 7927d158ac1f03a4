//! What ovens are made of.
//!
//! The figures are round numbers of the order found in data sheets of ovens of each sort (connected load, steel and
//! stone that has to be heated), chosen so that heat-up time, overshoot and the drop on opening the door look right to
//! a baker. They describe no particular product.

use super::spec::OvenKind;

/// How the heater is driven.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Regulator {
    /// A burner or contactor: full power below the setpoint less `hysteresis_k`, nothing above the setpoint.
    OnOff { hysteresis_k: f64 },
    /// Solid-state relays: power in proportion to the error, plus a slow integral that removes the rest of it.
    Proportional { band_k: f64, integral_s: f64 },
}

/// A place inside the oven with a sensor of its own.
#[derive(Clone, Copy, Debug)]
pub struct Zone {
    pub name: &'static str,
    /// How much warmer than the chamber it is, K.
    pub bias_k: f64,
    /// Share of the heating element's excess temperature that reaches it, 0 to 1.
    pub radiant: f64,
    /// How slowly it follows, s.
    pub lag_s: f64,
}

/// An oven's fixed properties.
#[derive(Debug)]
pub struct Build {
    pub heater_kw: f64,
    /// Light, control and fan, kW.
    pub auxiliary_kw: f64,
    /// What the water takes from the chamber at full steam, kW.
    pub steam_kw: f64,
    /// Heat held by the heating elements, kJ/K. It goes on arriving after the heater is off, hence the overshoot.
    pub element_kj_per_k: f64,
    pub element_to_chamber_w_per_k: f64,
    /// Heat held by air, steel and stone of the chamber, kJ/K.
    pub chamber_kj_per_k: f64,
    pub loss_w_per_k: f64,
    /// Additional loss while the door is open, W/K.
    pub door_w_per_k: f64,
    /// Whether opening the door stops burner and fan, as it does where a fan would blow at the baker.
    pub door_stops_heat: bool,
    pub fan_rpm: Option<f64>,
    /// Whether there is a probe to stick into the product.
    pub core_probe: bool,
    pub regulator: Regulator,
    pub zones: &'static [Zone],
}

impl Build {
    pub fn of(kind: OvenKind) -> &'static Self {
        match kind {
            OvenKind::Deck | OvenKind::Other => &DECK,
            OvenKind::Rack => &RACK,
            OvenKind::Combi => &COMBI,
            OvenKind::Tunnel => &TUNNEL,
            OvenKind::Proofer => &PROOFER,
        }
    }
}

const fn zone(name: &'static str, bias_k: f64, radiant: f64, lag_s: f64) -> Zone {
    Zone { name, bias_k, radiant, lag_s }
}

static DECK: Build = Build {
    heater_kw: 22.0,
    auxiliary_kw: 0.2,
    steam_kw: 4.0,
    element_kj_per_k: 9.0,
    element_to_chamber_w_per_k: 260.0,
    chamber_kj_per_k: 95.0,
    loss_w_per_k: 13.0,
    door_w_per_k: 80.0,
    door_stops_heat: false,
    fan_rpm: None,
    core_probe: false,
    regulator: Regulator::Proportional { band_k: 16.0, integral_s: 700.0 },
    zones: &[
        zone("deck_1_top", 1.5, 0.06, 40.0),
        zone("deck_1_bottom", -2.0, 0.03, 120.0),
        zone("deck_2_top", 0.5, 0.06, 45.0),
        zone("deck_2_bottom", -3.5, 0.03, 130.0),
    ],
};

static RACK: Build = Build {
    heater_kw: 45.0,
    auxiliary_kw: 2.2,
    steam_kw: 12.0,
    element_kj_per_k: 18.0,
    element_to_chamber_w_per_k: 700.0,
    chamber_kj_per_k: 140.0,
    loss_w_per_k: 25.0,
    door_w_per_k: 420.0,
    door_stops_heat: true,
    fan_rpm: Some(1400.0),
    core_probe: false,
    regulator: Regulator::OnOff { hysteresis_k: 2.0 },
    zones: &[zone("upper", 2.5, 0.02, 15.0), zone("middle", 0.0, 0.01, 18.0), zone("lower", -3.0, 0.01, 25.0)],
};

static COMBI: Build = Build {
    heater_kw: 18.0,
    auxiliary_kw: 0.9,
    steam_kw: 5.0,
    element_kj_per_k: 4.0,
    element_to_chamber_w_per_k: 350.0,
    chamber_kj_per_k: 30.0,
    loss_w_per_k: 16.0,
    door_w_per_k: 120.0,
    door_stops_heat: true,
    fan_rpm: Some(1500.0),
    core_probe: true,
    regulator: Regulator::Proportional { band_k: 12.0, integral_s: 400.0 },
    zones: &[zone("cabinet", 0.0, 0.0, 8.0), zone("outlet", -4.0, 0.0, 20.0)],
};

static TUNNEL: Build = Build {
    heater_kw: 120.0,
    auxiliary_kw: 4.5,
    steam_kw: 20.0,
    element_kj_per_k: 40.0,
    element_to_chamber_w_per_k: 2200.0,
    chamber_kj_per_k: 600.0,
    loss_w_per_k: 120.0,
    door_w_per_k: 150.0,
    door_stops_heat: false,
    fan_rpm: Some(900.0),
    core_probe: false,
    regulator: Regulator::Proportional { band_k: 12.0, integral_s: 900.0 },
    zones: &[
        zone("zone_1", -9.0, 0.02, 60.0),
        zone("zone_2", 2.0, 0.03, 60.0),
        zone("zone_3", 4.0, 0.03, 60.0),
        zone("zone_4", -5.0, 0.02, 60.0),
    ],
};

static PROOFER: Build = Build {
    heater_kw: 3.0,
    auxiliary_kw: 0.3,
    steam_kw: 0.2,
    element_kj_per_k: 2.0,
    element_to_chamber_w_per_k: 100.0,
    chamber_kj_per_k: 40.0,
    loss_w_per_k: 20.0,
    door_w_per_k: 100.0,
    door_stops_heat: true,
    fan_rpm: Some(600.0),
    core_probe: false,
    regulator: Regulator::OnOff { hysteresis_k: 0.5 },
    zones: &[zone("chamber", 0.0, 0.0, 20.0)],
};
