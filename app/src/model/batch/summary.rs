//! What became of a batch, from the readings between its begin and its end.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::{Stage, tracking};
use crate::model::{
    energy::{EnergySource, climb},
    reading::{Quality, Reading, Values},
};

/// A reading stands for the time to the next one, but for no longer than this or three poll intervals.
const LONGEST: SignedDuration = SignedDuration::from_secs(60);

/// The result of a batch. Bad values count for nothing but `good_share`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct BatchSummary {
    pub duration_minutes: f64,
    /// Minutes that readings stand for.
    pub covered_minutes: f64,
    pub readings: u32,
    /// Readings without any flaw among all, from 0 to 1; null without readings.
    pub good_share: Option<f64>,
    /// °C; of the deck where the batch has one. The mean is over time.
    pub temperature_min: Option<f64>,
    pub temperature_mean: Option<f64>,
    pub temperature_max: Option<f64>,
    /// Minutes with the temperature above, within and below what the profile allows; 0 without a profile.
    pub minutes_above: f64,
    pub minutes_within: f64,
    pub minutes_below: f64,
    pub stages: Vec<StageSummary>,
    /// The highest core temperature.
    pub core_peak: Option<CorePeak>,
    /// kWh; of the whole oven.
    pub energy_kwh: Option<f64>,
    pub energy_source: Option<EnergySource>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct StageSummary {
    pub name: String,
    /// Minutes that readings stand for.
    pub covered_minutes: f64,
    /// Target, in °C.
    pub temperature: Option<f64>,
    pub temperature_mean: Option<f64>,
    /// The furthest from the target, in K, with its sign.
    pub largest_deviation: Option<f64>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct CorePeak {
    /// The zone or additional sensor.
    pub sensor: String,
    /// °C
    pub temperature: f64,
    pub at: Timestamp,
}

/// Puts readings together one after the other, so that a long batch needs no more memory than a short one.
pub struct Summing<'a> {
    profile: &'a [Stage],
    deck: Option<&'a str>,
    started_at: Timestamp,
    ended_at: Timestamp,
    longest: SignedDuration,
    pending: Option<Reading>,
    summary: BatchSummary,
    good: u32,
    /// °C × minutes, and the minutes.
    mean: Weighed,
    stages: Vec<Weighed>,
    counter: Option<f64>,
    counted_kwh: Option<f64>,
    power_kwh: Option<f64>,
}

#[derive(Clone, Copy, Default)]
struct Weighed {
    sum: f64,
    minutes: f64,
}

impl Weighed {
    fn add(&mut self, value: f64, minutes: f64) {
        self.sum += value * minutes;
        self.minutes += minutes;
    }

    fn mean(self) -> Option<f64> {
        (self.minutes > 0.0).then(|| rounded(self.sum / self.minutes))
    }
}

impl<'a> Summing<'a> {
    pub fn new(
        profile: &'a [Stage],
        deck: Option<&'a str>,
        started_at: Timestamp,
        ended_at: Timestamp,
        poll_interval_seconds: u32,
    ) -> Self {
        let stages = profile.iter().map(|stage| StageSummary {
            name: stage.name.clone(),
            temperature: stage.temperature,
            ..StageSummary::default()
        });
        let duration = ended_at.duration_since(started_at);
        let summary = BatchSummary {
            duration_minutes: in_minutes(duration),
            stages: stages.collect(),
            ..BatchSummary::default()
        };
        Self {
            profile,
            deck,
            started_at,
            ended_at,
            longest: LONGEST.max(SignedDuration::from_secs(3 * i64::from(poll_interval_seconds))),
            pending: None,
            summary,
            good: 0,
            mean: Weighed::default(),
            stages: vec![Weighed::default(); profile.len()],
            counter: None,
            counted_kwh: None,
            power_kwh: None,
        }
    }

    /// The next reading in order of time; those outside the batch are left out.
    pub fn push(&mut self, reading: Reading) {
        if !(self.started_at..self.ended_at).contains(&reading.reading_time) {
            return;
        }
        let next = reading.reading_time;
        if let Some(before) = self.pending.replace(reading) {
            self.count(&before, next);
        }
    }

    pub fn finish(mut self) -> BatchSummary {
        if let Some(last) = self.pending.take() {
            self.count(&last, self.ended_at);
        }
        let mut summary = self.summary;
        summary.good_share =
            (summary.readings > 0).then(|| rounded(f64::from(self.good) / f64::from(summary.readings)));
        summary.temperature_mean = self.mean.mean();
        for (stage, weighed) in summary.stages.iter_mut().zip(&self.stages) {
            (stage.temperature_mean, stage.covered_minutes) = (weighed.mean(), rounded(weighed.minutes));
        }
        for minutes in [
            &mut summary.covered_minutes,
            &mut summary.minutes_above,
            &mut summary.minutes_within,
            &mut summary.minutes_below,
            &mut summary.duration_minutes,
        ] {
            *minutes = rounded(*minutes);
        }
        let counted = self.counted_kwh.map(|kwh| (kwh, EnergySource::Counter));
        let energy = counted.or(self.power_kwh.map(|kwh| (kwh, EnergySource::Power)));
        (summary.energy_kwh, summary.energy_source) = energy.map(|(kwh, source)| (rounded(kwh), source)).unzip();
        summary
    }

    fn count(&mut self, reading: &Reading, until: Timestamp) {
        let minutes = in_minutes(until.duration_since(reading.reading_time).min(self.longest));
        let values = reading.good();
        self.summary.readings += 1;
        self.summary.covered_minutes += minutes;
        self.good += u32::from(reading.quality == Quality::Good);
        if let Some(celsius) = tracking::temperature(reading, &values, self.deck) {
            self.mean.add(celsius, minutes);
            let lowest = self.summary.temperature_min.get_or_insert(celsius);
            *lowest = lowest.min(celsius);
            let highest = self.summary.temperature_max.get_or_insert(celsius);
            *highest = highest.max(celsius);
            self.compare(reading.reading_time, celsius, minutes);
        }
        self.note_core(&values, reading.reading_time);
        self.note_energy(&values, minutes);
    }

    fn compare(&mut self, at: Timestamp, celsius: f64, minutes: f64) {
        let elapsed = in_minutes(at.duration_since(self.started_at));
        let Some((stage, now)) = tracking::stage_at(self.profile, elapsed) else { return };
        self.stages[now.index].add(celsius, minutes);
        let Some(target) = stage.temperature else { return };
        let deviation = celsius - target;
        let sum = if deviation.abs() <= stage.temperature_tolerance {
            &mut self.summary.minutes_within
        } else if deviation > 0.0 {
            &mut self.summary.minutes_above
        } else {
            &mut self.summary.minutes_below
        };
        *sum += minutes;
        let largest = &mut self.summary.stages[now.index].largest_deviation;
        if largest.is_none_or(|largest| deviation.abs() > f64::abs(largest)) {
            *largest = Some(rounded(deviation));
        }
    }

    fn note_core(&mut self, values: &Values, at: Timestamp) {
        let zones = values.temperature_zones.iter().map(|(name, celsius)| (name, *celsius));
        let extras = values.additional_sensors.iter().filter_map(|(name, value)| Some((name, value.as_f64()?)));
        for (sensor, temperature) in zones.chain(extras).filter(|(name, _)| is_core(name)) {
            if self.summary.core_peak.as_ref().is_none_or(|peak| temperature > peak.temperature) {
                self.summary.core_peak = Some(CorePeak { sensor: sensor.clone(), temperature, at });
            }
        }
    }

    fn note_energy(&mut self, values: &Values, minutes: f64) {
        if let Some(counter) = values.energy_consumption_kwh {
            // One value alone tells nothing.
            if let Some(before) = self.counter.replace(counter) {
                *self.counted_kwh.get_or_insert_default() += climb(before, counter);
            }
        }
        if let Some(power) = values.power_kw {
            *self.power_kwh.get_or_insert_default() += power * minutes / 60.0;
        }
    }
}

/// Whether a sensor is in the product: `core`, `core_2`, `external core`, `Kerntemperatur`, `corazón`; what is only wanted
/// of it, `core target`, is none.
fn is_core(name: &str) -> bool {
    let name = name.to_lowercase();
    let mut words = name.split(|char: char| !char.is_alphanumeric());
    let is_wanted = |word: &str| ["target", "set", "soll", "consigna"].iter().any(|start| word.starts_with(start));
    let is_of_core = |word: &str| ["core", "kern", "corazon", "corazón"].iter().any(|start| word.starts_with(start));
    !words.clone().any(is_wanted) && words.any(is_of_core)
}

fn in_minutes(duration: SignedDuration) -> f64 {
    (duration.as_secs_f64() / 60.0).max(0.0)
}

fn rounded(value: f64) -> f64 {
    (value * 1_000.0).round() / 1_000.0
}

#[cfg(test)]
mod tests {
    use super::{super::profile, *};
    use crate::model::reading::{QualityIssue, QualityReason};

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn reading(second: i64, celsius: f64, core: f64, counter: Option<f64>) -> Reading {
        Reading {
            reading_time: at(second),
            received_at: at(second),
            values: Values {
                temperature: Some(celsius),
                temperature_zones: [("core".to_owned(), core)].into(),
                energy_consumption_kwh: counter,
                power_kw: Some(6.0),
                ..Values::default()
            },
            active_batch_id: None,
            quality: Quality::Good,
            quality_issues: Vec::new(),
        }
    }

    fn summary(readings: Vec<Reading>, stages: &[Stage], end: i64) -> BatchSummary {
        let mut summing = Summing::new(stages, None, at(0), at(end), 10);
        for reading in readings {
            summing.push(reading);
        }
        summing.finish()
    }

    #[test]
    fn time_is_told_apart_by_what_the_profile_allows() {
        let stages = profile(&[("steam", 1.0, 250.0), ("bake", 2.0, 230.0)]);
        // One reading every 10 s: a minute 20 K too low, a minute right, a minute 10 K too high.
        let celsius = |second: i64| [230.0, 230.0, 240.0][(second / 60) as usize];
        let readings =
            (0..18).map(|index| reading(index * 10, celsius(index * 10), 20.0 + index as f64, None)).collect();
        let found = summary(readings, &stages, 180);
        assert_eq!((found.minutes_below, found.minutes_within, found.minutes_above), (1.0, 1.0, 1.0));
        assert_eq!((found.covered_minutes, found.duration_minutes, found.readings), (3.0, 3.0, 18));
        assert_eq!((found.temperature_min, found.temperature_max), (Some(230.0), Some(240.0)));
        assert_eq!(found.temperature_mean, Some(233.333));
        assert_eq!(found.stages[0].largest_deviation, Some(-20.0));
        assert_eq!((found.stages[1].temperature_mean, found.stages[1].covered_minutes), (Some(235.0), 2.0));
        assert_eq!(found.core_peak, Some(CorePeak { sensor: "core".to_owned(), temperature: 37.0, at: at(170) }));
        assert_eq!((found.energy_kwh, found.energy_source), (Some(0.3), Some(EnergySource::Power)));
    }

    #[test]
    fn a_core_is_told_from_what_is_wanted_of_it() {
        for name in ["core", "core_2", "external core", "Kerntemperatur", "Corazón"] {
            assert!(is_core(name), "{name}");
        }
        for name in ["core target", "Kern-Solltemperatur", "consigna corazón", "score", "top"] {
            assert!(!is_core(name), "{name}");
        }
    }

    #[test]
    fn energy_follows_the_counter_across_a_reset() {
        let counter = [99.0, 100.0, 0.0, 0.5];
        let readings =
            counter.iter().zip(0..).map(|(kwh, index)| reading(index * 10, 230.0, 90.0, Some(*kwh))).collect();
        let found = summary(readings, &[], 40);
        assert_eq!((found.energy_kwh, found.energy_source), (Some(1.5), Some(EnergySource::Counter)));
    }

    #[test]
    fn silence_and_bad_values_count_for_nothing() {
        let mut bad = reading(10, 9_999.0, 9_999.0, None);
        bad.quality = Quality::Bad;
        bad.quality_issues = ["temperature", "temperature_zones.core"]
            .map(|field| QualityIssue { field: field.to_owned(), reason: QualityReason::OutOfRange })
            .into();
        let found = summary(vec![reading(0, 200.0, 50.0, None), bad, reading(3_000, 210.0, 60.0, None)], &[], 3_600);
        assert_eq!(found.temperature_max, Some(210.0));
        assert_eq!(found.core_peak.map(|peak| peak.temperature), Some(60.0));
        assert_eq!(found.good_share, Some(0.667));
        // 10 s, and twice the longest that a reading stands for.
        assert_eq!((found.covered_minutes, found.duration_minutes), (2.167, 60.0));
    }

    #[test]
    fn a_batch_without_readings_says_so() {
        let found = summary(vec![reading(-10, 200.0, 50.0, None), reading(60, 200.0, 50.0, None)], &[], 60);
        assert_eq!((found.readings, found.good_share, found.temperature_mean, found.energy_kwh), (0, None, None, None));
    }
}
