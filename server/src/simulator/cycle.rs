//! The stages an oven goes through with its programs: pure, deterministic for a seed.
//!
//! A cycle is idle → preheating → loading → steaming → baking → cooling → idle with the next product, forever. Preheating
//! ends when the chamber is ready, all other stages by time. All durations here are seconds of baking, before any time
//! scale.

use rand::Rng as _;
use rand::rngs::StdRng;

use super::dough::Load;
use super::program::{Program, Stage, Status};
use super::thermal::Demand;

/// Ready to load within these bounds around the setpoint, K.
const READY_BELOW_K: f64 = 3.0;
const READY_ABOVE_K: f64 = 12.0;
/// The oven must have been ready this long, so that stone and steel have caught up with the air, s.
const SOAK_S: f64 = 60.0;
/// A baker loads after this long even if the oven never became ready, s.
const PREHEATING_AT_MOST_S: f64 = 5400.0;
const LOADING_S: f64 = 75.0;
const COOLING_S: f64 = 240.0;
/// Unloading, with the door open, is the first part of cooling, s.
const UNLOADING_S: f64 = 50.0;

/// An oven's endless round through its programs.
pub struct Cycle {
    programs: Vec<Program>,
    current: usize,
    stage: Stage,
    /// In this stage, s.
    elapsed_s: f64,
    ready_s: f64,
    idle_s: f64,
    /// This load's size as a share of a full one.
    fill: f64,
    /// When in the bake the baker opens the door to look, and for how long, s.
    peek: Option<(f64, f64)>,
}

impl Cycle {
    /// Starts idle, about to preheat for the first of `programs`, of which there must be at least one.
    pub fn new(programs: Vec<Program>, rng: &mut StdRng) -> Self {
        let mut cycle = Self {
            programs,
            current: 0,
            stage: Stage::Idle,
            elapsed_s: 0.0,
            ready_s: 0.0,
            idle_s: 0.0,
            fill: 1.0,
            peek: None,
        };
        cycle.plan(rng);
        cycle
    }

    /// About how long one round through all programs takes when the oven is warm, s.
    pub fn round_s(&self) -> f64 {
        self.programs.iter().map(|program| program.bake_s + 420.0 + 400.0 + LOADING_S + COOLING_S).sum()
    }

    /// Lets `dt_s` seconds pass in an oven whose chamber is at `chamber_celsius`.
    pub fn advance(&mut self, dt_s: f64, chamber_celsius: f64, rng: &mut StdRng) {
        self.elapsed_s += dt_s;
        if self.stage == Stage::Preheating {
            let setpoint = self.program().setpoint_celsius;
            let ready = (setpoint - READY_BELOW_K..=setpoint + READY_ABOVE_K).contains(&chamber_celsius);
            self.ready_s = if ready { self.ready_s + dt_s } else { 0.0 };
        }
        while let Some(length_s) = self.length_s().filter(|length_s| self.elapsed_s >= *length_s) {
            // The rest of the step belongs to the next stage, so that the bake does not drift with the step.
            self.elapsed_s -= length_s;
            self.enter_next(rng);
        }
    }

    /// What the cycle asks of the oven now.
    pub fn demand(&self) -> Demand {
        let program = self.program();
        let bake = self.stage.is_bake();
        let loaded = match self.stage {
            Stage::Loading => self.elapsed_s >= LOADING_S / 2.0,
            Stage::Cooling => self.elapsed_s < UNLOADING_S / 2.0,
            _ => bake,
        };
        Demand {
            setpoint_celsius: (self.stage != Stage::Cooling).then(|| self.setpoint_celsius()),
            humidity_percent: program.humidity_percent.filter(|_| bake),
            steam_percent: self.steam_percent(),
            door_open: self.door_open(),
            flue_open: self.stage == Stage::Cooling,
            load: loaded.then_some(Load { mass_kg: program.load_kg * self.fill, bake_s: program.bake_s }),
        }
    }

    pub fn program(&self) -> &Program {
        &self.programs[self.current]
    }

    pub fn stage(&self) -> Stage {
        self.stage
    }

    pub fn status(&self) -> Status {
        match self.stage {
            Stage::Idle => Status::Idle,
            Stage::Preheating => Status::Preheating,
            Stage::Loading | Stage::Steaming | Stage::Baking | Stage::Proofing => Status::Running,
            Stage::Cooling => Status::Cooling,
        }
    }

    /// °C the oven is meant to have now.
    pub fn setpoint_celsius(&self) -> f64 {
        match self.stage {
            Stage::Idle | Stage::Cooling => self.program().standby_celsius(),
            _ => self.program().setpoint_celsius,
        }
    }

    /// Share of the bake that is done, 0 to 100 %, while product is in or going into the oven.
    pub fn progress_percent(&self) -> Option<f64> {
        match self.stage {
            Stage::Idle | Stage::Preheating => None,
            Stage::Cooling => Some(100.0),
            _ => Some(100.0 * self.baked_s() / self.program().bake_s),
        }
    }

    /// Left of the bake, s, while product is in or going into the oven.
    pub fn remaining_s(&self) -> Option<f64> {
        match self.stage {
            Stage::Idle | Stage::Preheating => None,
            Stage::Cooling => Some(0.0),
            Stage::Loading => Some(LOADING_S - self.elapsed_s + self.program().bake_s),
            _ => Some(self.program().bake_s - self.baked_s()),
        }
    }

    /// kg of dough that belong to the bake, if there is one.
    pub fn load_kg(&self) -> Option<f64> {
        self.stage.is_bake().then(|| self.program().load_kg * self.fill)
    }

    fn baked_s(&self) -> f64 {
        match self.stage {
            Stage::Steaming => self.elapsed_s,
            Stage::Baking | Stage::Proofing => self.program().steam_s + self.elapsed_s,
            _ => 0.0,
        }
    }

    fn steam_percent(&self) -> f64 {
        match self.stage {
            // The first burst is strong; what follows keeps the dough moist.
            Stage::Steaming if self.elapsed_s < 20.0 => 100.0,
            Stage::Steaming => 70.0,
            _ => 0.0,
        }
    }

    fn door_open(&self) -> bool {
        match self.stage {
            Stage::Loading => true,
            Stage::Cooling => self.elapsed_s < UNLOADING_S,
            _ if self.stage.is_bake() => {
                self.peek.is_some_and(|(from_s, for_s)| (from_s..from_s + for_s).contains(&self.baked_s()))
            }
            _ => false,
        }
    }

    /// How long this stage lasts, s; nothing while it is not known yet.
    fn length_s(&self) -> Option<f64> {
        let program = self.program();
        match self.stage {
            Stage::Idle => Some(self.idle_s),
            Stage::Preheating => {
                (self.ready_s >= SOAK_S || self.elapsed_s >= PREHEATING_AT_MOST_S).then_some(self.elapsed_s)
            }
            Stage::Loading => Some(LOADING_S),
            Stage::Steaming => Some(program.steam_s),
            Stage::Baking | Stage::Proofing => Some(program.bake_s - program.steam_s),
            Stage::Cooling => Some(COOLING_S),
        }
    }

    fn enter_next(&mut self, rng: &mut StdRng) {
        self.stage = match self.stage {
            Stage::Idle => {
                self.ready_s = 0.0;
                Stage::Preheating
            }
            Stage::Preheating => Stage::Loading,
            Stage::Loading => Stage::Steaming,
            Stage::Steaming if self.program().proofs => Stage::Proofing,
            Stage::Steaming => Stage::Baking,
            Stage::Baking | Stage::Proofing => Stage::Cooling,
            Stage::Cooling => {
                self.current = (self.current + 1) % self.programs.len();
                self.plan(rng);
                Stage::Idle
            }
        };
    }

    /// Decides what differs from one load to the next.
    fn plan(&mut self, rng: &mut StdRng) {
        self.idle_s = rng.random_range(300.0..540.0);
        self.fill = rng.random_range(0.85..1.0);
        let peek = (self.program().bake_s * rng.random_range(0.55..0.9), rng.random_range(10.0..20.0));
        self.peek = rng.random_bool(0.35).then_some(peek);
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng as _;

    use super::*;

    /// A cycle in an oven that is always exactly as hot as it is asked to be, with every state it passes through.
    fn walk(seed: u64, seconds: u32, mut visit: impl FnMut(&Cycle)) {
        let mut rng = StdRng::seed_from_u64(seed);
        let mut cycle = Cycle::new(vec![Program::baguettes(), Program::croissants()], &mut rng);
        for _ in 0..seconds {
            cycle.advance(1.0, cycle.setpoint_celsius(), &mut rng);
            visit(&cycle);
        }
    }

    #[test]
    fn stages_follow_one_another_and_programs_alternate() {
        let mut seen: Vec<(Stage, String)> = Vec::new();
        walk(1, 2 * 3600, |cycle| {
            let here = (cycle.stage(), cycle.program().name.clone());
            if seen.last() != Some(&here) {
                seen.push(here);
            }
        });
        let order = [Stage::Idle, Stage::Preheating, Stage::Loading, Stage::Steaming, Stage::Baking, Stage::Cooling];
        assert!(seen.len() > order.len() * 2);
        for (at, (stage, name)) in seen.iter().enumerate() {
            assert_eq!(*stage, order[at % order.len()]);
            assert_eq!(name, ["Baguettes", "Croissants"][at / order.len() % 2]);
        }
    }

    #[test]
    fn progress_rises_and_remaining_time_falls_within_a_bake() {
        let mut last: Option<(f64, f64)> = None;
        let mut bakes = 0;
        walk(2, 4 * 3600, |cycle| {
            let now = cycle.progress_percent().zip(cycle.remaining_s());
            assert_eq!(now.is_none(), matches!(cycle.stage(), Stage::Idle | Stage::Preheating));
            if let (Some((progress, remaining)), Some((before, left))) = (now, last) {
                assert!((0.0..=100.0).contains(&progress) && progress >= before, "{before} % to {progress} %");
                assert!(remaining >= 0.0 && remaining <= left, "{left} s to {remaining} s");
            }
            bakes += i32::from(last.is_some() && now.is_none());
            last = now;
        });
        assert!(bakes >= 3, "only {bakes} bakes were finished");
    }

    #[test]
    fn a_bake_takes_its_time() {
        let mut seconds = 0;
        walk(3, 3000, |cycle| seconds += u32::from(cycle.stage().is_bake() && cycle.program().name == "Baguettes"));
        assert_eq!(seconds, 22 * 60);
    }

    #[test]
    fn the_door_is_open_for_loading_and_unloading() {
        let mut open = Vec::new();
        walk(4, 2 * 3600, |cycle| {
            let demand = cycle.demand();
            assert!(demand.door_open || cycle.stage() != Stage::Loading);
            assert!(demand.load.is_some() || !cycle.stage().is_bake());
            assert!(demand.steam_percent > 0.0 || cycle.stage() != Stage::Steaming);
            if demand.door_open && open.last() != Some(&cycle.stage()) {
                open.push(cycle.stage());
            }
        });
        assert!(open.contains(&Stage::Loading) && open.contains(&Stage::Cooling), "{open:?}");
    }

    #[test]
    fn an_oven_that_never_gets_hot_is_loaded_in_the_end() {
        let mut rng = StdRng::seed_from_u64(5);
        let mut cycle = Cycle::new(vec![Program::hogaza()], &mut rng);
        let mut waited = 0;
        while cycle.stage() != Stage::Loading {
            cycle.advance(1.0, 24.0, &mut rng);
            waited += 1;
        }
        assert!((5400..6000).contains(&waited), "{waited} s");
    }
}
