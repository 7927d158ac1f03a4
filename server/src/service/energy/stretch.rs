//! What a minute or an hour tells of energy, and what many of them add up to.

use app::model::{
    energy::{EnergySource, is_idle},
    metric::Metric,
    reading::OperationalStatus,
};

use crate::{
    rollup::{Rollup, Wanted, cell::climb},
    store::rollups::Sink,
};

/// A minute or an hour: of a year there are many.
#[derive(Clone, Copy)]
pub(super) struct Stretch {
    pub begin: i64,
    readings: u32,
    pub counter: Option<Counter>,
    /// Mean, and how many readings have one.
    power: Option<(f64, u32)>,
    temperature: Option<f64>,
    /// The share of readings in which the oven did nothing.
    pub idle: f64,
}

#[derive(Clone, Copy)]
pub(super) struct Counter {
    first: f64,
    pub last: f64,
    rise: f64,
}

pub(super) struct Stretches(pub Vec<Stretch>);

impl Sink for Stretches {
    fn wanted(&self) -> Wanted {
        Wanted::of([Metric::Temperature, Metric::EnergyConsumption, Metric::Power].map(Metric::as_str))
    }

    fn push(&mut self, begin: i64, rollup: &Rollup) {
        let mean = |metric| rollup.metric(metric).and_then(|cell| Some((cell.mean()?, cell.count)));
        let counter = rollup.metric(Metric::EnergyConsumption).filter(|cell| cell.count > 0);
        let idle = OperationalStatus::ALL.iter().filter(|status| is_idle(**status));
        self.0.push(Stretch {
            begin,
            readings: rollup.readings,
            counter: counter.map(|cell| Counter { first: cell.first, last: cell.last, rise: cell.rise }),
            power: mean(Metric::Power),
            temperature: mean(Metric::Temperature).map(|(celsius, _)| celsius),
            idle: idle.map(|status| rollup.status_share(*status)).sum(),
        });
    }
}

/// How stretches are counted.
#[derive(Clone, Copy)]
pub(super) struct Rate {
    /// Length of a stretch.
    pub seconds: i64,
    /// Between two readings, in seconds.
    pub interval: i64,
    pub hot_celsius: f64,
}

impl Rate {
    pub fn hot(self, stretch: &Stretch) -> Option<f64> {
        stretch.temperature.filter(|celsius| *celsius >= self.hot_celsius)
    }
}

#[derive(Default)]
pub(super) struct Sum {
    counted: Option<f64>,
    from_power: Option<f64>,
    /// Seconds.
    pub idle_hot: f64,
    pub covered: f64,
}

impl Sum {
    /// `before` is the last value of the counter before these stretches, and then of them.
    pub fn of(stretches: &[Stretch], rate: Rate, before: &mut Option<f64>) -> Self {
        let mut sum = Self::default();
        for (index, stretch) in stretches.iter().enumerate() {
            // Each reading stands for the time to the next, which may begin after some stretches without any.
            let next = stretches.get(index + 1).map_or(0, |next| (next.begin - stretch.begin) / 1_000_000);
            let longest = rate.seconds.max(next.min(rate.interval));
            let covered = |count: u32| (i64::from(count) * rate.interval).min(longest) as f64;
            sum.covered += covered(stretch.readings);
            if let Some(counter) = stretch.counter {
                let from_before = before.map_or(0.0, |before| climb(before, counter.first));
                *sum.counted.get_or_insert_default() += from_before + counter.rise;
                *before = Some(counter.last);
            }
            if let Some((mean, count)) = stretch.power {
                *sum.from_power.get_or_insert_default() += mean * covered(count) / 3_600.0;
            }
            if rate.hot(stretch).is_some() {
                sum.idle_hot += stretch.idle * covered(stretch.readings);
            }
        }
        sum
    }

    pub fn energy(&self) -> Option<(f64, EnergySource)> {
        let counted = self.counted.map(|kwh| (kwh, EnergySource::Counter));
        counted.or(self.from_power.map(|kwh| (kwh, EnergySource::Power)))
    }
}
