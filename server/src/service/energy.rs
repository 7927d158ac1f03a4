//! Energy by day, and ovens that are hot for nothing; both from the rollups.

use std::ops::Range;

use app::model::{
    energy::{EnergyDay, EnergyReport, EnergySource, IdleHot, is_idle},
    equipment::{Equipment, EquipmentId},
    history::Resolution,
};
use jiff::{SignedDuration, Timestamp, ToSpan as _, civil::Date, tz::TimeZone};

mod stretch;

use stretch::{Rate, Stretch, Stretches, Sum};

use super::{Service, ServiceError};

/// Days of a report.
const MOST_DAYS: usize = 400;
/// Up to so many days are told by the minute.
const DAYS_BY_MINUTE: usize = 31;
/// How far back a hot and empty oven is followed.
const LOOK_BACK: SignedDuration = SignedDuration::from_hours(24);
/// How far before the first day its counter is looked for: what it went up in a longer silence belongs to no day.
const COUNTER_BEFORE: SignedDuration = SignedDuration::from_hours(24);
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
        let before = start.checked_sub(COUNTER_BEFORE).unwrap_or(*start);
        let all = self.stretches(id, resolution, before..*end).await?;
        let rate = Rate {
            seconds: resolution.seconds(),
            interval: i64::from(equipment.poll_interval_seconds),
            hot_celsius,
            now: Timestamp::now().as_microsecond(),
        };
        let times: Vec<_> = days.iter().map(|(_, start, end)| start.as_microsecond()..end.as_microsecond()).collect();
        let reports: Vec<_> = days
            .into_iter()
            .zip(Sum::of(&all, rate, &times))
            .map(|((date, start, end), sum)| EnergyDay {
                date: date.to_string(),
                start_time: start,
                end_time: end,
                energy_kwh: sum.energy().map(|(kwh, _)| rounded(kwh)),
                source: sum.energy().map_or(EnergySource::None, |(_, source)| source),
                idle_hot_minutes: rounded(sum.idle_hot / 60.0),
                covered_minutes: rounded(sum.covered / 60.0),
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
            let minutes = self.stretches(oven.id, Resolution::Minute, start..end).await?;
            found.extend(idle_hot(&oven, &minutes, now, hot_celsius));
        }
        found.sort_by(|a, b| b.minutes.total_cmp(&a.minutes));
        Ok(found)
    }

    async fn stretches(
        &self,
        id: EquipmentId,
        resolution: Resolution,
        range: Range<Timestamp>,
    ) -> Result<Vec<Stretch>, ServiceError> {
        let found = self.store.rollups_into(id, resolution, resolution.seconds() as u32, range, Stretches(Vec::new()));
        Ok(found.await?.0)
    }
}

fn out_of_range() -> ServiceError {
    let detail = format!("a report has at most {MOST_DAYS} days");
    ServiceError::TooMuch { parameter: "last_day", detail }
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

/// Goes back from the newest minute as long as the oven was hot and did nothing.
fn idle_hot(oven: &Equipment, minutes: &[Stretch], now: Timestamp, hot_celsius: f64) -> Option<IdleHot> {
    let interval = i64::from(oven.poll_interval_seconds);
    let rate = Rate { seconds: 60, interval, hot_celsius, now: now.as_microsecond() };
    let at = |micros: i64| Timestamp::from_microsecond(micros).unwrap_or(now);
    let is_idle_hot = |stretch: &Stretch| rate.hot(stretch).filter(|_| stretch.idle > 0.5);
    let last = minutes.last()?;
    let temperature = is_idle_hot(last)?;
    let silence = SILENCE.max(SignedDuration::from_secs(3 * rate.interval));
    if now.duration_since(at(last.begin)) > silence {
        return None;
    }
    let mut since = minutes.len() - 1;
    while since > 0 {
        let (before, after) = (&minutes[since - 1], &minutes[since]);
        if is_idle_hot(before).is_none() || at(after.begin).duration_since(at(before.begin)) > silence {
            break;
        }
        since -= 1;
    }
    let begun = at(minutes[since].begin);
    Some(IdleHot {
        equipment_id: oven.id,
        equipment_name: oven.name.clone(),
        since: begun,
        minutes: rounded(now.duration_since(begun).as_secs_f64() / 60.0),
        temperature: rounded(temperature),
        energy_kwh: Sum::whole(&minutes[since..], rate).energy().map(|(kwh, _)| rounded(kwh)),
    })
}

/// Thousandths, of whatever unit.
fn rounded(value: f64) -> f64 {
    super::rounded(value, 3)
}

#[cfg(test)]
mod tests {
    use app::model::reading::{OperationalStatus, Quality, Reading, Values};
    use jiff::civil::date;

    use super::*;
    use crate::{rollup::Rollup, store::rollups::Sink as _};

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
            rollup.push(&reading(status, celsius, counter.map(|kwh| kwh + f64::from(index) * 0.1), power));
        }
        rollup
    }

    fn reading(status: OperationalStatus, celsius: f64, counter: Option<f64>, power: Option<f64>) -> Reading {
        Reading {
            reading_time: Timestamp::UNIX_EPOCH,
            received_at: Timestamp::UNIX_EPOCH,
            values: Values {
                temperature: Some(celsius),
                energy_consumption_kwh: counter,
                power_kw: power,
                operational_status: Some(status),
                ..Values::default()
            },
            active_batch_id: None,
            quality: Quality::Good,
            quality_issues: Vec::new(),
        }
    }

    const RATE: Rate = Rate { seconds: 60, interval: 10, hot_celsius: 100.0, now: i64::MAX };

    fn stretches(rollups: &[(i64, Rollup)]) -> Vec<Stretch> {
        let mut stretches = Stretches(Vec::new());
        for (begin, rollup) in rollups {
            stretches.push(*begin, rollup);
        }
        stretches.0
    }

    fn sum(minutes: &[Rollup]) -> Sum {
        let minutes: Vec<_> = (0..).step_by(60_000_000).zip(minutes.iter().cloned()).collect();
        Sum::whole(&stretches(&minutes), RATE)
    }

    #[test]
    fn a_counter_is_followed_from_minute_to_minute_and_across_a_reset() {
        let running = |counter| minute(OperationalStatus::Running, 230.0, Some(counter), Some(60.0));
        let energy = sum(&[running(99.0), running(100.0), running(101.0), running(0.0)]).energy().unwrap();
        // Four times 0.5 within, twice 0.5 between, and 0 after the reset.
        assert_eq!((rounded(energy.0), energy.1), (3.0, EnergySource::Counter));
    }

    #[test]
    fn without_a_counter_power_counts_for_the_time_of_its_readings() {
        let minutes = vec![minute(OperationalStatus::Running, 230.0, None, Some(60.0)); 3];
        let energy = sum(&minutes).energy().unwrap();
        assert_eq!((rounded(energy.0), energy.1), (3.0, EnergySource::Power));
        assert_eq!(sum(&[minute(OperationalStatus::Running, 230.0, None, None)]).energy(), None);
    }

    /// Two days of readings, one every `interval`, as stretches of so many seconds.
    fn two_days(interval: i64, seconds: i64, has_counter: bool) -> Vec<(i64, Rollup)> {
        let mut rollups: Vec<(i64, Rollup)> = Vec::new();
        for at in (0..2 * 86_400).step_by(interval as usize) {
            let begin = at / seconds * seconds * 1_000_000;
            if rollups.last().is_none_or(|(last, _)| *last != begin) {
                rollups.push((begin, Rollup::default()));
            }
            let (_, rollup) = rollups.last_mut().unwrap();
            let counter = has_counter.then_some(at as f64 / 3_600.0);
            rollup.push(&reading(OperationalStatus::Idle, 200.0, counter, Some(12.0)));
        }
        rollups
    }

    #[test]
    fn a_day_is_covered_whatever_the_rhythm_and_the_resolution() {
        let day = 86_400_000_000;
        let times = [0..day, day..2 * day];
        for interval in [5, 7, 45, 60, 90, 300, 3_600, 4 * 3_600] {
            for seconds in [60, 3_600] {
                let rate = Rate { seconds, interval, now: 2 * day, ..RATE };
                let sums = Sum::of(&stretches(&two_days(interval, seconds, false)), rate, &times);
                for (sum, name) in sums.iter().zip(["first", "second"]) {
                    let missing = 86_400.0 - sum.covered;
                    assert!(missing.abs() < 60.0, "{name} day, every {interval} s by {seconds} s: {missing} s missing");
                    assert!((sum.idle_hot - sum.covered).abs() < 1e-6);
                    let from_power = sum.from_power.unwrap();
                    assert!((from_power - 288.0).abs() < 0.3, "{from_power} kWh");
                }
                // The counter's last step of the second day ends after it.
                let sums = Sum::of(&stretches(&two_days(interval, seconds, true)), rate, &times);
                assert!(sums.iter().all(|sum| sum.from_power.is_none()), "counted once");
                let counted: f64 = sums.iter().filter_map(|sum| sum.counted).sum();
                assert!((counted - 48.0).abs() <= interval as f64 / 3_600.0 + 1e-6, "{counted} kWh");
            }
        }
    }

    #[test]
    fn a_silence_is_not_covered() {
        let mut one = Rollup::default();
        one.push(&reading(OperationalStatus::Idle, 200.0, None, None));
        let apart = stretches(&[(0, one.clone()), (3_600_000_000, one)]);
        let sum = Sum::whole(&apart, Rate { interval: 300, ..RATE });
        assert!((sum.covered - 600.0).abs() < 1e-6, "{} s", sum.covered);
    }

    #[test]
    fn hot_and_empty_is_followed_back_to_its_begin() {
        let now = Timestamp::from_second(100 * 60).unwrap();
        let at = |index: i64| index * 60_000_000;
        let idle = || minute(OperationalStatus::Idle, 240.0, None, Some(6.0));
        let mut minutes = vec![(at(40), minute(OperationalStatus::Running, 240.0, None, None))];
        minutes.extend((53..100).map(|index| (at(index), idle())));
        let look = |minutes: &[(i64, Rollup)], now, hot| idle_hot(&oven(), &stretches(minutes), now, hot);
        let found = look(&minutes, now, 100.0).unwrap();
        assert_eq!((found.minutes, found.temperature), (47.0, 240.0));
        assert_eq!(found.energy_kwh, Some(4.7));
        assert_eq!(look(&minutes, now, 250.0), None, "not hot enough");
        minutes.push((at(100), minute(OperationalStatus::Running, 240.0, None, None)));
        assert_eq!(look(&minutes, now, 100.0), None, "in use again");
        let later = now + SignedDuration::from_mins(30);
        assert_eq!(look(&minutes[..40], later, 100.0), None, "silent for too long");
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
