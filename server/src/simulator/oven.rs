//! One simulated oven: chamber and cycle together, advanced to the time at which somebody asks.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use serde::Serialize;

use super::build::Build;
use super::cycle::Cycle;
use super::program::{Stage, Status};
use super::spec::OvenSpec;
use super::thermal::{AMBIENT_CELSIUS, Chamber, Demand, MAX_STEP_S};

/// Step of the model, s of baking.
const STEP_S: f64 = 1.0;
/// Step while warming up, which nobody watches and which a fleet of hundreds goes through before it starts, s.
const WARM_UP_STEP_S: f64 = MAX_STEP_S;
/// Most steps taken at one request. An oven nobody asked for longer than that has simply paused in the meantime, which
/// nobody can have seen, and no request ever waits for a day of physics.
const CATCH_UP_S: f64 = 3600.0;
/// Spreads the seeds 1, 2, 3 … evenly over a round: the fractional part of the golden ratio.
const GOLDEN: f64 = 0.618_033_988_749_895;

/// Everything a simulated oven can be asked, at one moment. Times and energy are in wall time.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Snapshot {
    pub time: Timestamp,
    /// The product in the oven, or the next one.
    pub program: String,
    pub status: Status,
    pub stage: Stage,
    /// What the chamber's sensor shows, °C.
    pub temperature_celsius: f64,
    pub setpoint_celsius: f64,
    /// °C by zone, see `build` for the names.
    pub zones_celsius: BTreeMap<String, f64>,
    /// °C in the middle of the product, where the oven has a probe and the probe is in a product.
    pub core_celsius: Option<f64>,
    pub core_target_celsius: f64,
    /// Relative humidity, 0 to 100 %.
    pub humidity_percent: f64,
    pub humidity_target_percent: Option<f64>,
    /// Reading of the meter, Wh; never decreases while the simulator runs.
    pub energy_wh: f64,
    pub power_kw: f64,
    /// Share of the bake that is done, 0 to 100 %, while there is one.
    pub progress_percent: Option<f64>,
    /// Left of the bake, s, while there is one.
    pub remaining_s: Option<f64>,
    pub door_open: bool,
    /// Steam injection, 0 to 100 %.
    pub steam_percent: f64,
    pub fan_rpm: Option<f64>,
    pub load_kg: Option<f64>,
}

/// A simulated oven.
pub struct Oven {
    build: &'static Build,
    chamber: Chamber,
    cycle: Cycle,
    rng: StdRng,
    time_scale: f64,
    /// Where the meter stood at the start, Wh.
    meter_wh: f64,
    held_door: Option<bool>,
    asked: Instant,
    /// Passed but not stepped yet, s of baking.
    owed_s: f64,
}

impl Oven {
    /// An oven that has been at work for a while: warm, and somewhere in its programs.
    pub fn warm(spec: &OvenSpec, now: Instant) -> Self {
        let mut oven = Self::cold(spec, now);
        let standby_celsius = oven.cycle.setpoint_celsius();
        oven.chamber = Chamber::at(oven.build, standby_celsius, spec.seed);
        let phase = (spec.seed as f64 * GOLDEN).fract();
        // The first minutes after setting all masses to one temperature are not believable, so they are always skipped.
        let steps = (600.0 + phase * oven.cycle.round_s()) / WARM_UP_STEP_S;
        for _ in 0..steps as u32 {
            oven.step(WARM_UP_STEP_S);
        }
        oven.meter_wh -= oven.used_wh();
        oven
    }

    /// Like [`warm`](Self::warm), after `span` more of work, of which it tells every `every`: how long before `now` it was,
    /// and how the oven was then.
    pub fn with_past(
        spec: &OvenSpec,
        now: Instant,
        span: Duration,
        every: Duration,
        mut tell: impl FnMut(&Self, Duration),
    ) -> Self {
        let mut oven = Self::warm(spec, now);
        let mut ago = span;
        while ago > every {
            tell(&oven, ago);
            let mut left_s = every.as_secs_f64() * oven.time_scale;
            while left_s > 0.0 {
                oven.step(left_s.min(WARM_UP_STEP_S));
                left_s -= WARM_UP_STEP_S;
            }
            ago -= every;
        }
        oven
    }

    /// An oven that is switched on after a long rest.
    pub fn cold(spec: &OvenSpec, now: Instant) -> Self {
        let build = Build::of(spec.kind);
        let mut rng = StdRng::seed_from_u64(spec.seed ^ 0x40E4_0000);
        let cycle = Cycle::new(spec.programs.clone(), &mut rng);
        Self {
            build,
            chamber: Chamber::at(build, AMBIENT_CELSIUS, spec.seed),
            cycle,
            time_scale: spec.time_scale,
            // Nobody buys an oven on the day of the demo; its meter has run.
            meter_wh: rng.random_range(4.0e6_f64..60.0e6).round(),
            rng,
            held_door: None,
            asked: now,
            owed_s: 0.0,
        }
    }

    /// Lets the time up to `now` pass.
    pub fn advance_to(&mut self, now: Instant) {
        let passed_s = now.saturating_duration_since(self.asked).as_secs_f64();
        self.asked = self.asked.max(now);
        self.owed_s = (self.owed_s + passed_s * self.time_scale).min(CATCH_UP_S);
        while self.owed_s >= STEP_S {
            self.owed_s -= STEP_S;
            self.step(STEP_S);
        }
    }

    /// Holds the door open or shut, or lets the program decide.
    pub fn hold_door(&mut self, held: Option<bool>) {
        self.held_door = held;
    }

    /// The state as of the last call of [`Self::advance_to`], stamped with `time`.
    pub fn snapshot(&self, time: Timestamp) -> Snapshot {
        let demand = self.demand();
        Snapshot {
            // Controllers count milliseconds at best.
            time: Timestamp::from_millisecond(time.as_millisecond()).unwrap_or(time),
            program: self.cycle.program().name.clone(),
            status: self.cycle.status(),
            stage: self.cycle.stage(),
            temperature_celsius: self.chamber.temperature_celsius(),
            setpoint_celsius: self.cycle.setpoint_celsius(),
            zones_celsius: self.chamber.zones().map(|(name, celsius)| (name.to_owned(), celsius)).collect(),
            core_celsius: self.chamber.core_celsius().filter(|_| self.build.core_probe),
            core_target_celsius: self.cycle.program().core_target_celsius,
            humidity_percent: self.chamber.humidity_percent(),
            humidity_target_percent: demand.humidity_percent,
            energy_wh: self.meter_wh + self.used_wh(),
            power_kw: self.chamber.power_kw(),
            progress_percent: self.cycle.progress_percent(),
            remaining_s: self.cycle.remaining_s().map(|seconds| seconds / self.time_scale),
            door_open: demand.door_open,
            steam_percent: demand.steam_percent,
            fan_rpm: self.chamber.fan_rpm(),
            load_kg: self.cycle.load_kg(),
        }
    }

    fn step(&mut self, dt_s: f64) {
        let demand = self.demand();
        self.chamber.step(dt_s, &demand);
        self.cycle.advance(dt_s, self.chamber.temperature_celsius(), &mut self.rng);
    }

    fn demand(&self) -> Demand {
        let demand = self.cycle.demand();
        Demand { door_open: self.held_door.unwrap_or(demand.door_open), ..demand }
    }

    /// Energy used so far in wall time, Wh: an oven that bakes six times as fast has run for a sixth of the time.
    fn used_wh(&self) -> f64 {
        self.chamber.energy_wh() / self.time_scale
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulator::bakery::demo_ovens;

    const NOW: Timestamp = Timestamp::UNIX_EPOCH;

    #[test]
    fn the_demo_always_has_an_oven_baking_and_starts_in_different_phases() {
        let start = Instant::now();
        let mut ovens: Vec<Oven> = demo_ovens().iter().map(|spec| Oven::warm(spec, start)).collect();
        let first: Vec<Snapshot> = ovens.iter().map(|oven| oven.snapshot(NOW)).collect();
        let coolest = first.iter().map(|snapshot| snapshot.temperature_celsius).fold(f64::MAX, f64::min);
        assert!(coolest > 100.0, "an oven starts at {coolest} °C");
        let stages: std::collections::HashSet<_> = first.iter().map(|snapshot| snapshot.stage.as_str()).collect();
        assert!(stages.len() >= 3, "all ovens start in {stages:?}");
        let mut changes = 0;
        let mut before: Vec<Stage> = first.iter().map(|snapshot| snapshot.stage).collect();
        for minute in 0..240 {
            let now = start + Duration::from_secs(minute * 60);
            let stages: Vec<Stage> = ovens
                .iter_mut()
                .map(|oven| {
                    oven.advance_to(now);
                    oven.cycle.stage()
                })
                .collect();
            assert!(stages.iter().any(|stage| stage.is_bake()), "nothing bakes in minute {minute}: {stages:?}");
            if minute < 10 {
                changes += stages.iter().zip(&before).filter(|(now, before)| now != before).count();
            }
            before = stages;
        }
        assert!(changes >= 6, "only {changes} stages changed in ten minutes");
    }

    #[test]
    fn what_an_oven_says_is_believable_at_any_time() {
        for spec in demo_ovens() {
            let start = Instant::now();
            let mut oven = Oven::warm(&spec, start);
            let hottest = spec.programs.iter().map(|program| program.setpoint_celsius).fold(0.0, f64::max);
            let mut energy_wh = 0.0;
            for second in 0..3600 {
                oven.advance_to(start + Duration::from_secs(second));
                let now = oven.snapshot(NOW);
                assert!((90.0..hottest + 15.0).contains(&now.temperature_celsius), "{}: {now:?}", spec.id);
                assert!(now.core_celsius.is_none_or(|core| (20.0..99.0).contains(&core)), "{}: {now:?}", spec.id);
                assert!(now.energy_wh >= energy_wh, "{}: {now:?}", spec.id);
                if now.stage == Stage::Baking && now.progress_percent > Some(60.0) && !now.door_open {
                    let error = now.temperature_celsius - now.setpoint_celsius;
                    assert!(error.abs() < 20.0, "{} bakes {error} K off: {now:?}", spec.id);
                }
                energy_wh = now.energy_wh;
            }
        }
    }

    #[test]
    fn a_held_door_overrides_the_program() {
        let start = Instant::now();
        let mut oven = Oven::warm(&demo_ovens()[1], start);
        let before = oven.snapshot(NOW).temperature_celsius;
        oven.hold_door(Some(true));
        oven.advance_to(start + Duration::from_secs(60));
        let aired = oven.snapshot(NOW);
        assert!(aired.door_open && aired.temperature_celsius < before - 20.0, "{before} °C before, then {aired:?}");
        oven.hold_door(Some(false));
        assert!(!oven.snapshot(NOW).door_open);
    }

    #[test]
    fn a_long_silence_costs_a_bounded_number_of_steps() {
        let start = Instant::now();
        let spec = &demo_ovens()[0];
        let after = |seconds| {
            let mut oven = Oven::warm(spec, start);
            oven.advance_to(start + Duration::from_secs(seconds));
            oven.snapshot(NOW)
        };
        assert_eq!(after(3600), after(360_000));
    }

    #[test]
    fn remaining_time_runs_in_wall_time() {
        let start = Instant::now();
        let mut oven = Oven::warm(&demo_ovens()[0], start);
        let mut second = 0;
        while oven.cycle.stage() != Stage::Baking {
            second += 1;
            oven.advance_to(start + Duration::from_secs(second));
        }
        let before = oven.snapshot(NOW).remaining_s.expect("a bake has an end");
        oven.advance_to(start + Duration::from_secs(second + 10));
        let after = oven.snapshot(NOW).remaining_s.expect("a bake has an end");
        assert!((before - after - 10.0).abs() < 0.5, "{before} s, then {after} s");
    }
}
