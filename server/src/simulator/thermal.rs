//! The physics of one oven: pure, deterministic for a seed, stepped in seconds.
//!
//! Two masses carry the heat: the elements, which the regulator drives, and the chamber, which they warm and which
//! loses heat through walls, door and flue, to steam and to dough. The overshoot is not scripted; it is the heat that
//! the elements still hold when the regulator turns them down.

use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};

use super::build::{Build, Regulator};
use super::dough::{Dough, Load};

/// Temperature of the bakery, °C.
pub const AMBIENT_CELSIUS: f64 = 24.0;
/// Longest step for which the integration holds, s; the elements of the lightest oven follow within 10 s.
pub const MAX_STEP_S: f64 = 4.0;

/// How much faster heat leaves through an open flue.
const FLUE_FACTOR: f64 = 5.0;
const NOISE_CELSIUS: f64 = 0.25;
const NOISE_S: f64 = 20.0;

/// What the program asks of the oven during a step.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Demand {
    /// °C; nothing switches the heater off.
    pub setpoint_celsius: Option<f64>,
    /// Relative humidity to hold, %; nothing leaves it to the dough and the flue.
    pub humidity_percent: Option<f64>,
    /// Steam injection, 0 to 100 %.
    pub steam_percent: f64,
    pub door_open: bool,
    pub flue_open: bool,
    pub load: Option<Load>,
}

/// The state of an oven's chamber.
pub struct Chamber {
    build: &'static Build,
    rng: StdRng,
    element_celsius: f64,
    /// Air, steel and stone together.
    air_celsius: f64,
    zones_celsius: Vec<f64>,
    humidity_percent: f64,
    fan_rpm: f64,
    noise_celsius: f64,
    dough: Option<Dough>,
    /// Share of the heater's power that is on, 0 to 1.
    duty: f64,
    integral: f64,
    energy_wh: f64,
    power_kw: f64,
}

impl Chamber {
    /// An oven that has stood long enough to be at `celsius` all through.
    pub fn at(build: &'static Build, celsius: f64, seed: u64) -> Self {
        Self {
            build,
            rng: StdRng::seed_from_u64(seed),
            element_celsius: celsius,
            air_celsius: celsius,
            zones_celsius: build.zones.iter().map(|zone| celsius + zone.bias_k).collect(),
            humidity_percent: 40.0,
            fan_rpm: 0.0,
            noise_celsius: 0.0,
            dough: None,
            duty: 0.0,
            integral: 0.0,
            energy_wh: 0.0,
            power_kw: 0.0,
        }
    }

    /// Advances by `dt_s` seconds, at most [`MAX_STEP_S`].
    pub fn step(&mut self, dt_s: f64, demand: &Demand) {
        debug_assert!(dt_s > 0.0 && dt_s <= MAX_STEP_S, "a step of {dt_s} s is outside the model");
        let build = self.build;
        self.place(demand.load);
        let stopped = demand.door_open && build.door_stops_heat;
        self.regulate(dt_s, demand.setpoint_celsius.filter(|_| !stopped));

        let heater_w = self.duty * build.heater_kw * 1000.0;
        let from_element_w = build.element_to_chamber_w_per_k * (self.element_celsius - self.air_celsius);
        let mut loss_w_per_k = build.loss_w_per_k;
        if demand.flue_open {
            loss_w_per_k *= FLUE_FACTOR;
        }
        if demand.door_open {
            loss_w_per_k += build.door_w_per_k;
        }
        let lost_w = loss_w_per_k * (self.air_celsius - AMBIENT_CELSIUS);
        let dough_w = self.dough.as_mut().map_or(0.0, |dough| dough.take_up(dt_s, self.air_celsius));
        // Water boils off only in an oven that is hotter than the steam it makes.
        let steam_w = if self.air_celsius > 105.0 { demand.steam_percent * build.steam_kw * 10.0 } else { 0.0 };

        self.element_celsius += (heater_w - from_element_w) * dt_s / (build.element_kj_per_k * 1000.0);
        self.air_celsius += (from_element_w - lost_w - dough_w - steam_w) * dt_s / (build.chamber_kj_per_k * 1000.0);
        self.follow_zones(dt_s);
        self.follow_humidity(dt_s, demand);
        self.follow_fan(dt_s, demand, stopped);
        self.follow_noise(dt_s);

        // Of light, control and fan, the fan is the most.
        let fan = build.fan_rpm.map_or(1.0, |full_rpm| 0.2 + 0.8 * self.fan_rpm / full_rpm);
        self.power_kw = self.duty * build.heater_kw + fan * build.auxiliary_kw;
        self.energy_wh += self.power_kw * 1000.0 * dt_s / 3600.0;
    }

    /// What the chamber's sensor shows, °C: the true temperature with a little noise.
    pub fn temperature_celsius(&self) -> f64 {
        self.air_celsius + self.noise_celsius
    }

    /// Each zone with its temperature, °C.
    pub fn zones(&self) -> impl Iterator<Item = (&'static str, f64)> {
        self.build
            .zones
            .iter()
            .zip(&self.zones_celsius)
            .map(|(zone, celsius)| (zone.name, celsius + self.noise_celsius))
    }

    /// Temperature in the middle of the dough, °C, if there is dough.
    pub fn core_celsius(&self) -> Option<f64> {
        self.dough.as_ref().map(|dough| dough.core_celsius)
    }

    /// Relative humidity, 0 to 100 %.
    pub fn humidity_percent(&self) -> f64 {
        self.humidity_percent
    }

    pub fn fan_rpm(&self) -> Option<f64> {
        self.build.fan_rpm.map(|_| self.fan_rpm)
    }

    /// Used since the start, Wh.
    pub fn energy_wh(&self) -> f64 {
        self.energy_wh
    }

    pub fn power_kw(&self) -> f64 {
        self.power_kw
    }

    fn place(&mut self, load: Option<Load>) {
        match (load, &mut self.dough) {
            (None, dough) => *dough = None,
            (Some(load), Some(dough)) => dough.load = load,
            (Some(load), dough) => *dough = Some(Dough::raw(load)),
        }
    }

    fn regulate(&mut self, dt_s: f64, setpoint_celsius: Option<f64>) {
        let Some(setpoint_celsius) = setpoint_celsius else {
            self.duty = 0.0;
            return;
        };
        let error_k = setpoint_celsius - self.air_celsius;
        self.duty = match self.build.regulator {
            Regulator::OnOff { .. } if error_k <= 0.0 => 0.0,
            Regulator::OnOff { hysteresis_k } if error_k > hysteresis_k => 1.0,
            // Inside the hysteresis the burner goes on doing what it does.
            Regulator::OnOff { .. } => self.duty,
            Regulator::Proportional { band_k, integral_s } => {
                // Integrating only near the setpoint keeps a long heat-up from winding the integral up.
                if error_k.abs() < band_k {
                    self.integral = (self.integral + error_k / band_k * dt_s / integral_s).clamp(0.0, 0.7);
                }
                (error_k / band_k + self.integral).clamp(0.0, 1.0)
            }
        };
    }

    fn follow_zones(&mut self, dt_s: f64) {
        let excess_k = self.element_celsius - self.air_celsius;
        for (zone, celsius) in self.build.zones.iter().zip(&mut self.zones_celsius) {
            // A bias belongs to a hot oven; a cold one is equally cold everywhere.
            let heat = ((self.air_celsius - AMBIENT_CELSIUS) / 150.0).clamp(0.0, 1.0);
            let target = self.air_celsius + zone.bias_k * heat + zone.radiant * excess_k;
            *celsius += (target - *celsius) * toward(dt_s, zone.lag_s);
        }
    }

    fn follow_humidity(&mut self, dt_s: f64, demand: &Demand) {
        let (target, lag_s) = if demand.door_open {
            (10.0, 15.0)
        } else if demand.steam_percent > 0.0 {
            (30.0 + 0.66 * demand.steam_percent, 12.0)
        } else if let Some(held) = demand.humidity_percent {
            (held, 60.0)
        } else {
            // Dough gives off moisture until its crust has closed.
            let from_dough = self.dough.as_ref().map_or(0.0, |dough| 18.0 * dough.moisture());
            (if demand.flue_open { 6.0 } else { 9.0 + from_dough }, 150.0)
        };
        let ripple = self.rng.random_range(-0.15..0.15);
        self.humidity_percent += (target - self.humidity_percent) * toward(dt_s, lag_s) + ripple;
        self.humidity_percent = self.humidity_percent.clamp(0.0, 100.0);
    }

    fn follow_fan(&mut self, dt_s: f64, demand: &Demand, stopped: bool) {
        let Some(full_rpm) = self.build.fan_rpm else { return };
        let target = match demand.setpoint_celsius {
            None => 0.0,
            Some(_) if stopped => 0.0,
            // Half speed lets the steam settle on the dough.
            Some(_) if demand.steam_percent > 0.0 => full_rpm / 2.0,
            Some(_) => full_rpm,
        };
        self.fan_rpm += (target - self.fan_rpm) * toward(dt_s, 4.0);
        if self.fan_rpm < 1.0 {
            self.fan_rpm = 0.0;
        }
    }

    fn follow_noise(&mut self, dt_s: f64) {
        // The sum of three uniform numbers is close enough to a normal one of standard deviation 1.
        let kick: f64 = (0..3).map(|_| self.rng.random_range(-1.0..1.0)).sum();
        self.noise_celsius += (0.0 - self.noise_celsius) * toward(dt_s, NOISE_S);
        self.noise_celsius += NOISE_CELSIUS * (2.0 * dt_s / NOISE_S).sqrt() * kick;
    }
}

/// Share of the way to its target that a first-order lag of `lag_s` covers in `dt_s`.
pub fn toward(dt_s: f64, lag_s: f64) -> f64 {
    1.0 - (-dt_s / lag_s).exp()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::simulator::spec::OvenKind;

    const BAKING: [OvenKind; 4] = [OvenKind::Deck, OvenKind::Rack, OvenKind::Combi, OvenKind::Tunnel];

    fn hold(setpoint_celsius: f64) -> Demand {
        Demand { setpoint_celsius: Some(setpoint_celsius), ..Demand::default() }
    }

    fn run(chamber: &mut Chamber, seconds: u32, demand: &Demand) {
        for _ in 0..seconds {
            chamber.step(1.0, demand);
        }
    }

    #[test]
    fn a_cold_oven_reaches_its_setpoint_with_a_small_overshoot() {
        for kind in BAKING {
            for setpoint in [180.0, 240.0] {
                let mut oven = Chamber::at(Build::of(kind), AMBIENT_CELSIUS, 1);
                let mut highest = f64::MIN;
                let mut reached_s = None;
                for second in 0..7200 {
                    oven.step(1.0, &hold(setpoint));
                    highest = highest.max(oven.temperature_celsius());
                    if reached_s.is_none() && oven.temperature_celsius() >= setpoint {
                        reached_s = Some(second);
                    }
                }
                let minutes = f64::from(reached_s.expect("the setpoint is reached")) / 60.0;
                let overshoot = highest - setpoint;
                assert!((3.0..60.0).contains(&minutes), "{kind:?} to {setpoint}: {minutes} min");
                assert!((0.5..15.0).contains(&overshoot), "{kind:?} to {setpoint}: overshoot {overshoot} K");
            }
        }
    }

    #[test]
    fn a_warm_oven_stays_near_its_setpoint() {
        for kind in BAKING {
            let mut oven = Chamber::at(Build::of(kind), 230.0, 2);
            run(&mut oven, 7200, &hold(230.0));
            for _ in 0..3600 {
                oven.step(1.0, &hold(230.0));
                let error = oven.temperature_celsius() - 230.0;
                assert!(error.abs() < 7.0, "{kind:?} is off by {error} K");
            }
        }
    }

    #[test]
    fn opening_the_door_drops_the_temperature() {
        for kind in BAKING {
            let mut oven = Chamber::at(Build::of(kind), 230.0, 3);
            run(&mut oven, 3600, &hold(230.0));
            let before = oven.temperature_celsius();
            run(&mut oven, 60, &Demand { door_open: true, ..hold(230.0) });
            let drop = before - oven.temperature_celsius();
            // A tunnel has only a hatch, and a great mass behind it.
            let least = if kind == OvenKind::Tunnel { 0.1 } else { 3.0 };
            assert!((least..60.0).contains(&drop), "{kind:?}: {drop} K");
        }
    }

    #[test]
    fn dough_cools_the_oven_and_is_baked_in_its_time() {
        for (kind, setpoint, mass_kg, minutes) in
            [(OvenKind::Deck, 240.0, 24.0, 22), (OvenKind::Rack, 200.0, 70.0, 35), (OvenKind::Combi, 180.0, 12.0, 18)]
        {
            let mut oven = Chamber::at(Build::of(kind), setpoint, 4);
            run(&mut oven, 3600, &hold(setpoint));
            let empty_power = oven.power_kw();
            let bake_s = minutes * 60;
            let load = Load { mass_kg, bake_s: f64::from(bake_s) };
            let baking = Demand { load: Some(load), ..hold(setpoint) };
            run(&mut oven, bake_s / 2, &baking);
            let half = oven.core_celsius().expect("there is dough");
            assert!(half > 56.0, "{kind:?}: core {half} °C at half time");
            assert!(oven.power_kw() > empty_power || matches!(Build::of(kind).regulator, Regulator::OnOff { .. }));
            run(&mut oven, bake_s / 2, &baking);
            let done = oven.core_celsius().expect("there is dough");
            assert!((90.0..98.5).contains(&done), "{kind:?}: core {done} °C at the end");
            assert!((oven.temperature_celsius() - setpoint).abs() < 12.0, "{kind:?} at {}", oven.temperature_celsius());
            run(&mut oven, 1, &hold(setpoint));
            assert_eq!(oven.core_celsius(), None);
        }
    }

    #[test]
    fn steam_raises_the_humidity_and_the_open_door_lets_it_out() {
        let mut oven = Chamber::at(Build::of(OvenKind::Combi), 180.0, 5);
        run(&mut oven, 900, &hold(180.0));
        let dry = oven.humidity_percent();
        run(&mut oven, 90, &Demand { steam_percent: 100.0, ..hold(180.0) });
        let steamed = oven.humidity_percent();
        run(&mut oven, 60, &Demand { door_open: true, ..hold(180.0) });
        assert!(dry < 20.0 && steamed > 85.0 && oven.humidity_percent() < 30.0, "{dry} {steamed}");
    }

    #[test]
    fn the_same_seed_gives_the_same_oven() {
        let states = |seed| {
            let mut oven = Chamber::at(Build::of(OvenKind::Rack), 150.0, seed);
            run(&mut oven, 1000, &hold(200.0));
            (oven.temperature_celsius().to_bits(), oven.humidity_percent().to_bits())
        };
        assert_eq!(states(7), states(7));
        assert_ne!(states(7), states(8));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn energy_never_decreases_and_agrees_with_power(
            seed in 0_u64..1000,
            steps in prop::collection::vec((0.1_f64..MAX_STEP_S, any::<bool>(), any::<bool>(), 0.0_f64..300.0), 1..200),
        ) {
            let mut oven = Chamber::at(Build::of(OvenKind::Combi), 200.0, seed);
            let load = Some(Load { mass_kg: 20.0, bake_s: 1200.0 });
            for (dt_s, door_open, loaded, setpoint) in steps {
                let before = oven.energy_wh();
                oven.step(dt_s, &Demand { door_open, load: load.filter(|_| loaded), ..hold(setpoint) });
                let used_wh = oven.energy_wh() - before;
                prop_assert!(used_wh >= 0.0);
                prop_assert!((used_wh - oven.power_kw() * 1000.0 * dt_s / 3600.0).abs() < 1e-6);
                prop_assert!((0.0..400.0).contains(&oven.temperature_celsius()));
                prop_assert!((0.0..=100.0).contains(&oven.humidity_percent()));
            }
        }
    }
}
