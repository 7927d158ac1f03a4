//! Energy by day, and ovens that are hot for nothing; both from the rollups.

use app::model::{
    energy::{EnergyDay, EnergyReport, EnergySource, IdleHot, is_idle},
    equipment::{Equipment, EquipmentId},
    form::{FieldError, Problem},
    history::Resolution,
    metric::Metric,
    reading::OperationalStatus,
};
use jiff::{SignedDuration, Timestamp, ToSpan as _, civil::Date, tz::TimeZone};

use super::{Service, ServiceError};
use crate::{
    rollup::{Rollup, cell::climb},
    store::rollups::Rollups,
};

/// Days of a report.
const MOST_DAYS: usize = 400;
/// Up to so many days are told by the minute.
const DAYS_BY_MINUTE: usize = 31;
/// How far back a hot and empty oven is followed.
const LOOK_BACK: SignedDuration = SignedDuration::from_hours(24);
/// An oven that was silent for longer is not known to be hot any more.
const SILENCE: SignedDuration = SignedDuration::from_mins(10);

impl Service {
    /// Every local day from `first` to `last`, both included.
    pub async fn energy(
        &self,
        id: EquipmentId,
        first: Date,
        last: Date,
        hot_celsius: f64,
    ) -> Result<EnergyReport, ServiceError> {
        let equipment = self.equipment(id).await?;
        let zone = &self.limits.timezone;
        let days = days(first, last, zone)?;
        let (Some((_, start, _)), Some((_, _, end))) = (days.first(), days.last()) else {
            return Err(out_of_range());
        };
        let by_minute =
            days.len() <= DAYS_BY_MINUTE || !days.iter().all(|(_, start, _)| start.as_second() % 3_600 == 0);
        let resolution = if by_minute { Resolution::Minute } else { Resolution::Hour };
        let seconds = resolution.seconds() as u32;
        let found = self.store.rollups(id, resolution, seconds, *start, *end).await?;
        let mut before = None;
        let reports: Vec<_> = days
            .into_iter()
            .map(|(date, start, end)| {
                let of_day = |(at, _): &&(i64, Rollup)| (start.as_microsecond()..end.as_microsecond()).contains(at);
                let stretches: Vec<_> = found.iter().filter(of_day).map(|(_, rollup)| rollup).collect();
                let sum = Sum::of(&stretches, &equipment, f64::from(seconds), hot_celsius, &mut before);
                EnergyDay {
                    date: date.to_string(),
                    start_time: start,
                    end_time: end,
                    energy_kwh: sum.energy().map(|(kwh, _)| rounded(kwh)),
                    source: sum.energy().map_or(EnergySource::None, |(_, source)| source),
                    idle_hot_minutes: rounded(sum.idle_hot / 60.0),
                    covered_minutes: rounded(sum.covered / 60.0),
                }
            })
            .collect();
        Ok(EnergyReport {
            equipment_id: id,
            equipment_name: equipment.name,
            timezone: zone.iana_name().unwrap_or("UTC").to_owned(),
            resolution,
            hot_celsius,
            total_kwh: rounded(reports.iter().filter_map(|day| day.energy_kwh).sum()),
            idle_hot_minutes: rounded(reports.iter().map(|day| day.idle_hot_minutes).sum()),
            days: reports,
        })
    }

    /// Ovens that are hot and empty now, the longest first.
    pub async fn idle_hot(&self, now: Timestamp, hot_celsius: f64) -> Result<Vec<IdleHot>, ServiceError> {
        let mut found = Vec::new();
        // What the last reading already rules out needs no look at the minutes before.
        let may_be = |oven: &Equipment| {
            let last = self.live.last_reading(oven.id)?;
            let good = last.good();
            Some(is_idle(good.operational_status?) && good.temperature? >= hot_celsius)
        };
        let ovens = self.store.equipment_list().await?.into_iter();
        for oven in ovens.filter(|oven| oven.iot_enabled && may_be(oven).unwrap_or_default()) {
            let start = now.checked_sub(LOOK_BACK).unwrap_or(Timestamp::MIN);
            let end = now.checked_add(SignedDuration::from_mins(1)).unwrap_or(now);
            let minutes = self.store.rollups(oven.id, Resolution::Minute, 60, start, end).await?;
            found.extend(idle_hot(&oven, &minutes, now, hot_celsius));
        }
        found.sort_by(|a, b| b.minutes.total_cmp(&a.minutes));
        Ok(found)
    }
}

fn out_of_range() -> ServiceError {
    let problem = Problem::OutOfRange { min: 1.0, max: MOST_DAYS as f64 };
    ServiceError::Invalid(vec![FieldError::new("days", problem)])
}

/// Local days with where they begin and end: 23, 24 or 25 hours.
fn days(first: Date, last: Date, zone: &TimeZone) -> Result<Vec<(Date, Timestamp, Timestamp)>, ServiceError> {
    let mut days = Vec::new();
    let mut date = first;
    while date <= last {
        if days.len() == MOST_DAYS {
            return Err(out_of_range());
        }
        let begin = |date: Date| zone.to_timestamp(date.at(0, 0, 0, 0)).ok();
        let next = date.checked_add(1.day()).ok();
        let (Some(next), Some(start)) = (next, begin(date)) else { return Err(out_of_range()) };
        days.push((date, start, begin(next).ok_or_else(out_of_range)?));
        date = next;
    }
    Ok(days)
}

#[derive(Default)]
struct Sum {
    counted: Option<f64>,
    from_power: Option<f64>,
    /// Seconds.
    idle_hot: f64,
    covered: f64,
}

impl Sum {
    /// `before` is the last value of the counter before these stretches, and then of them.
    fn of(stretches: &[&Rollup], oven: &Equipment, seconds: f64, hot_celsius: f64, before: &mut Option<f64>) -> Self {
        let mut sum = Self::default();
        for rollup in stretches {
            // Each reading stands for the time to the next.
            let covered = |count: u32| (f64::from(count) * f64::from(oven.poll_interval_seconds)).min(seconds);
            sum.covered += covered(rollup.readings);
            if let Some(counter) = rollup.metric(Metric::EnergyConsumption).filter(|cell| cell.count > 0) {
                let from_before = before.map_or(0.0, |before| climb(before, counter.first));
                *sum.counted.get_or_insert_default() += from_before + counter.rise;
                *before = Some(counter.last);
            }
            if let Some(power) = rollup.metric(Metric::Power)
                && let Some(mean) = power.mean()
            {
                *sum.from_power.get_or_insert_default() += mean * covered(power.count) / 3_600.0;
            }
            if hot(rollup, hot_celsius).is_some() {
                sum.idle_hot += idle_share(rollup) * covered(rollup.readings);
            }
        }
        sum
    }

    fn energy(&self) -> Option<(f64, EnergySource)> {
        let counted = self.counted.map(|kwh| (kwh, EnergySource::Counter));
        counted.or(self.from_power.map(|kwh| (kwh, EnergySource::Power)))
    }
}

fn idle_share(rollup: &Rollup) -> f64 {
    OperationalStatus::ALL.iter().filter(|status| is_idle(**status)).map(|status| rollup.status_share(*status)).sum()
}

/// The mean temperature where it is hot.
fn hot(rollup: &Rollup, hot_celsius: f64) -> Option<f64> {
    rollup.metric(Metric::Temperature)?.mean().filter(|mean| *mean >= hot_celsius)
}

/// Goes back from the newest minute as long as the oven was hot and did nothing.
fn idle_hot(oven: &Equipment, minutes: &Rollups, now: Timestamp, hot_celsius: f64) -> Option<IdleHot> {
    let at = |micros: i64| Timestamp::from_microsecond(micros).unwrap_or(now);
    let is_idle_hot = |rollup: &Rollup| hot(rollup, hot_celsius).filter(|_| idle_share(rollup) > 0.5);
    let (newest, last) = minutes.last()?;
    let temperature = is_idle_hot(last)?;
    let silence = SILENCE.max(SignedDuration::from_secs(3 * i64::from(oven.poll_interval_seconds)));
    if now.duration_since(at(*newest)) > silence {
        return None;
    }
    let mut since = minutes.len() - 1;
    while since > 0 {
        let ((before, rollup), (after, _)) = (&minutes[since - 1], &minutes[since]);
        if is_idle_hot(rollup).is_none() || at(*after).duration_since(at(*before)) > silence {
            break;
        }
        since -= 1;
    }
    let stretches: Vec<_> = minutes[since..].iter().map(|(_, rollup)| rollup).collect();
    let begun = at(minutes[since].0);
    Some(IdleHot {
        equipment_id: oven.id,
        equipment_name: oven.name.clone(),
        since: begun,
        minutes: rounded(now.duration_since(begun).as_secs_f64() / 60.0),
        temperature: rounded(temperature),
        energy_kwh: Sum::of(&stretches, oven, 60.0, hot_celsius, &mut None).energy().map(|(kwh, _)| rounded(kwh)),
    })
}

fn rounded(value: f64) -> f64 {
    (value * 1_000.0).round() / 1_000.0
}

#[cfg(test)]
mod tests {
    use app::model::reading::{Quality, Reading, Values};
    use jiff::civil::date;

    use super::*;

    fn oven() -> Equipment {
        serde_json::from_value(serde_json::json!({
            "id": uuid::Uuid::nil(), "name": "Horno 3", "location": "", "kind": "deck", "iot_enabled": true,
            "iot_connection_status": "connected", "iot_config": {}, "supports_realtime": true,
            "poll_interval_seconds": 10, "temperature_zones": 1, "supports_humidity": false,
            "supports_energy_monitoring": true, "supports_remote_control": false, "has_credentials": false,
            "created_at": "2026-03-01T00:00:00Z", "updated_at": "2026-03-01T00:00:00Z"
        }))
        .unwrap()
    }

    /// A minute of six readings.
    fn minute(status: OperationalStatus, celsius: f64, counter: Option<f64>, power: Option<f64>) -> Rollup {
        let mut rollup = Rollup::default();
        for index in 0..6 {
            rollup.push(&Reading {
                reading_time: Timestamp::UNIX_EPOCH,
                received_at: Timestamp::UNIX_EPOCH,
                values: Values {
                    temperature: Some(celsius),
                    energy_consumption_kwh: counter.map(|kwh| kwh + f64::from(index) * 0.1),
                    power_kw: power,
                    operational_status: Some(status),
                    ..Values::default()
                },
                active_batch_id: None,
                quality: Quality::Good,
                quality_issues: Vec::new(),
            });
        }
        rollup
    }

    fn sum(minutes: &[Rollup], before: &mut Option<f64>) -> Sum {
        Sum::of(&minutes.iter().collect::<Vec<_>>(), &oven(), 60.0, 100.0, before)
    }

    #[test]
    fn a_counter_is_followed_from_minute_to_minute_and_across_a_reset() {
        let running = |counter| minute(OperationalStatus::Running, 230.0, Some(counter), Some(60.0));
        let mut before = Some(99.0);
        let energy = sum(&[running(100.0), running(101.0), running(0.0)], &mut before).energy().unwrap();
        // 1 from before, three times 0.5 within, 0.5 between the first two, and 0 after the reset.
        assert_eq!((rounded(energy.0), energy.1), (3.0, EnergySource::Counter));
        assert_eq!(before.map(rounded), Some(0.5));
    }

    #[test]
    fn without_a_counter_power_counts_for_the_time_of_its_readings() {
        let minutes = vec![minute(OperationalStatus::Running, 230.0, None, Some(60.0)); 3];
        let energy = sum(&minutes, &mut None).energy().unwrap();
        assert_eq!((rounded(energy.0), energy.1), (3.0, EnergySource::Power));
        assert_eq!(sum(&[minute(OperationalStatus::Running, 230.0, None, None)], &mut None).energy(), None);
    }

    #[test]
    fn hot_and_empty_is_followed_back_to_its_begin() {
        let now = Timestamp::from_second(100 * 60).unwrap();
        let at = |index: i64| index * 60_000_000;
        let idle = || minute(OperationalStatus::Idle, 240.0, None, Some(6.0));
        let mut minutes: Rollups = vec![(at(40), minute(OperationalStatus::Running, 240.0, None, None))];
        minutes.extend((53..100).map(|index| (at(index), idle())));
        let found = idle_hot(&oven(), &minutes, now, 100.0).unwrap();
        assert_eq!((found.minutes, found.temperature), (47.0, 240.0));
        assert_eq!(found.energy_kwh, Some(4.7));
        assert_eq!(idle_hot(&oven(), &minutes, now, 250.0), None, "not hot enough");
        minutes.push((at(100), minute(OperationalStatus::Running, 240.0, None, None)));
        assert_eq!(idle_hot(&oven(), &minutes, now, 100.0), None, "in use again");
        let later = now + SignedDuration::from_mins(30);
        assert_eq!(idle_hot(&oven(), &minutes[..40].to_vec(), later, 100.0), None, "silent for too long");
    }

    #[test]
    fn a_day_is_as_long_as_the_clock_makes_it() {
        let madrid = TimeZone::get("Europe/Madrid").unwrap();
        let hours = |first, last| -> Vec<i64> {
            let days = days(first, last, &madrid).unwrap();
            days.iter().map(|(_, start, end)| end.duration_since(*start).as_hours()).collect()
        };
        assert_eq!(hours(date(2026, 3, 28), date(2026, 3, 30)), [24, 23, 24]);
        assert_eq!(hours(date(2026, 10, 25), date(2026, 10, 25)), [25]);
        assert!(days(date(2020, 1, 1), date(2026, 1, 1), &madrid).is_err());
        assert!(days(date(2026, 1, 2), date(2026, 1, 1), &madrid).unwrap().is_empty());
    }
}
