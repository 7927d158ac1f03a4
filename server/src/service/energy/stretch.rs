//! What a minute or an hour tells of energy, and what many of them add up to.

use std::ops::Range;

use app::model::{
    energy::{EnergySource, is_idle},
    metric::Metric,
    reading::OperationalStatus,
};

use crate::{
    rollup::{Rollup, Wanted, cell::climb},
    store::rollups::{MICROS, Sink},
};

/// A minute or an hour: of a year there are many.
#[derive(Clone, Copy)]
pub(super) struct Stretch {
    pub begin: i64,
    readings: u32,
    counter: Option<Counter>,
    /// Mean, and how many readings have one.
    power: Option<(f64, u32)>,
    temperature: Option<f64>,
    /// The share of readings in which the oven did nothing.
    pub idle: f64,
}

#[derive(Clone, Copy)]
pub(super) struct Counter {
    first: f64,
    last: f64,
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
    /// Nothing is known of what comes after, in µs.
    pub now: i64,
}

impl Rate {
    pub fn hot(self, stretch: &Stretch) -> Option<f64> {
        stretch.temperature.filter(|celsius| *celsius >= self.hot_celsius)
    }
}

#[derive(Default)]
pub(super) struct Sum {
    pub counted: Option<f64>,
    pub from_power: Option<f64>,
    /// Seconds.
    pub idle_hot: f64,
    pub covered: f64,
}

impl Sum {
    /// Adds up what belongs to each of these times, which follow each other, in µs.
    pub fn of(stretches: &[Stretch], rate: Rate, times: &[Range<i64>]) -> Vec<Self> {
        let mut sums: Vec<_> = times.iter().map(|_| Self::default()).collect();
        let (mut counter, mut covered_to) = (None, i64::MIN);
        let (length, interval) = (rate.seconds * MICROS, rate.interval * MICROS);
        for (index, stretch) in stretches.iter().enumerate() {
            if let Some(Counter { first, last, rise }) = stretch.counter {
                let from_before = counter.replace(last).map_or(0.0, |before| climb(before, first));
                let place = times.partition_point(|time| time.end <= stretch.begin);
                if let Some(sum) = sums.get_mut(place).filter(|_| times[place].start <= stretch.begin) {
                    *sum.counted.get_or_insert_default() += from_before + rise;
                }
            }
            // Each reading stands for the time to the next, which may come some stretches later.
            let from = covered_to.max(stretch.begin);
            let next = stretches.get(index + 1).map_or(i64::MAX, |next| next.begin + length);
            let longest = (stretch.begin + length + interval).min(next).min(rate.now);
            let to = from.saturating_add(interval.saturating_mul(i64::from(stretch.readings))).min(longest).max(from);
            covered_to = to;
            for (time, sum) in times.iter().zip(&mut sums).skip(times.partition_point(|time| time.end <= from)) {
                if time.start >= to {
                    break;
                }
                sum.add(stretch, (to.min(time.end) - from.max(time.start)) as f64 / MICROS as f64, rate);
            }
        }
        sums
    }

    /// Of all of them.
    pub fn whole(stretches: &[Stretch], rate: Rate) -> Self {
        Self::of(stretches, rate, std::slice::from_ref(&(i64::MIN..i64::MAX))).pop().unwrap_or_default()
    }

    fn add(&mut self, stretch: &Stretch, seconds: f64, rate: Rate) {
        self.covered += seconds;
        // What its counter went up says it already, and until the next one, which may be on another day.
        if let Some((mean, count)) = stretch.power.filter(|_| stretch.counter.is_none()) {
            let share = f64::from(count) / f64::from(stretch.readings.max(1));
            *self.from_power.get_or_insert_default() += mean * seconds * share / 3_600.0;
        }
        if rate.hot(stretch).is_some() {
            self.idle_hot += stretch.idle * seconds;
        }
    }

    pub fn energy(&self) -> Option<(f64, EnergySource)> {
        let counted = self.counted.map(|kwh| (kwh, EnergySource::Counter));
        counted.or(self.from_power.map(|kwh| (kwh, EnergySource::Power)))
    }
}
