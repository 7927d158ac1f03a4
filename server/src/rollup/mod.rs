//! What is kept of an oven's readings over a minute, an hour or a day.
//!
//! # Layout
//! - [`cell`] one field; `codec` the bytes that are stored; `wanted` which fields of them are looked at

pub mod cell;
mod codec;
mod wanted;

use app::model::{
    metric::Metric,
    reading::{Field, OperationalStatus, Quality, Reading},
};

pub use cell::Cell;
pub use codec::Unreadable;
pub use wanted::Wanted;

/// The fields that every oven may have, in the order in which they are stored: only ever append.
pub const METRICS: [Metric; 12] = [
    Metric::Temperature,
    Metric::TargetTemperature,
    Metric::Humidity,
    Metric::TargetHumidity,
    Metric::EnergyConsumption,
    Metric::Power,
    Metric::CycleProgress,
    Metric::TimeRemaining,
    Metric::MotorSpeed,
    Metric::SteamLevel,
    Metric::ProductWeight,
    Metric::MoistureContent,
];

/// Where the energy counter stands in [`METRICS`].
pub const ENERGY: usize = 4;

fn index_of(metric: Metric) -> Option<usize> {
    METRICS.iter().position(|known| *known == metric)
}

type Named = Vec<(Box<str>, Cell)>;

/// Every number of an oven over a stretch of time, and how often it was in which operational status.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rollup {
    pub readings: u32,
    metrics: [Option<Cell>; METRICS.len()],
    zones: Named,
    extras: Named,
    /// Readings of each operational status, by its place in [`OperationalStatus::ALL`].
    statuses: Vec<(u8, u32)>,
}

impl Rollup {
    /// Adds one reading that is later than all before it.
    pub fn push(&mut self, reading: &Reading) {
        self.readings += 1;
        let (mut zone, mut extra) = (0, 0);
        for (field, value) in reading.values.each_number() {
            // Such a value is stored as missing.
            if !value.is_finite() {
                continue;
            }
            let cell = match field {
                Field::Metric(metric) => match index_of(metric) {
                    Some(index) => self.metrics[index].get_or_insert_default(),
                    None => continue,
                },
                Field::Zone(name) => named(&mut self.zones, &mut zone, name),
                Field::Additional(name) => named(&mut self.extras, &mut extra, name),
            };
            let quality = quality_of(reading, field);
            cell.push(value, quality != Quality::Bad, quality == Quality::Good);
        }
        if let Some(status) = reading.values.operational_status {
            self.count_status(status_number(status), 1);
        }
    }

    /// Adds the stretch that follows.
    pub fn append(&mut self, later: &Self) {
        self.readings += later.readings;
        for (mine, theirs) in self.metrics.iter_mut().zip(&later.metrics) {
            if let Some(theirs) = theirs {
                mine.get_or_insert_default().append(theirs);
            }
        }
        for (mine, theirs) in [(&mut self.zones, &later.zones), (&mut self.extras, &later.extras)] {
            let mut hint = 0;
            for (name, cell) in theirs {
                named(mine, &mut hint, name).append(cell);
            }
        }
        for (status, count) in &later.statuses {
            self.count_status(*status, *count);
        }
    }

    fn count_status(&mut self, status: u8, count: u32) {
        if let Some((_, known)) = self.statuses.iter_mut().find(|(known, _)| *known == status) {
            *known += count;
        } else {
            self.statuses.push((status, count));
            self.statuses.sort_unstable();
        }
    }

    /// Every field that has a value.
    pub fn cells(&self) -> impl Iterator<Item = (Field<'_>, &Cell)> {
        let metrics = METRICS.iter().zip(&self.metrics);
        let metrics = metrics.filter_map(|(metric, cell)| Some((Field::Metric(*metric), cell.as_ref()?)));
        let zones = self.zones.iter().map(|(name, cell)| (Field::Zone(name), cell));
        let extras = self.extras.iter().map(|(name, cell)| (Field::Additional(name), cell));
        metrics.chain(zones).chain(extras)
    }

    pub fn metric(&self, metric: Metric) -> Option<&Cell> {
        self.metrics[index_of(metric)?].as_ref()
    }

    /// Equal but for what the order of additions does to the last digits.
    pub fn is_close(&self, other: &Self) -> bool {
        let close = |a: f64, b: f64| (a - b).abs() <= 1e-9 * a.abs().max(b.abs()).max(1.0);
        // Only the energy counter's rise is stored.
        let cells = |field: Field<'_>, a: &Cell, b: &Cell| {
            (a.total, a.good, a.count) == (b.total, b.good, b.count)
                && [(a.min, b.min), (a.max, b.max), (a.sum, b.sum), (a.last, b.last)].iter().all(|(a, b)| close(*a, *b))
                && (field != Field::Metric(METRICS[ENERGY]) || close(a.rise, b.rise))
        };
        self.readings == other.readings
            && self.statuses == other.statuses
            && self.cells().count() == other.cells().count()
            && self.cells().zip(other.cells()).all(|((a, x), (b, y))| a == b && cells(a, x, y))
    }

    /// The share of the readings with this status among all, from 0 to 1.
    pub fn status_share(&self, status: OperationalStatus) -> f64 {
        let number = status_number(status);
        let count = self.statuses.iter().find(|(known, _)| *known == number).map_or(0, |(_, count)| *count);
        f64::from(count) / f64::from(self.readings.max(1))
    }
}

/// The cell of this name, in order of names. Names come sorted and are the same every time, so that the one after the
/// last is nearly always the next.
fn named<'a>(cells: &'a mut Named, hint: &mut usize, name: &str) -> &'a mut Cell {
    let found = cells.get(*hint).is_some_and(|(known, _)| **known == *name);
    let index = if found {
        *hint
    } else {
        match cells.binary_search_by(|(known, _)| (**known).cmp(name)) {
            Ok(index) => index,
            Err(index) => {
                cells.insert(index, (name.into(), Cell::default()));
                index
            }
        }
    };
    *hint = index + 1;
    &mut cells[index].1
}

fn quality_of(reading: &Reading, field: Field<'_>) -> Quality {
    let is_of = |issue: &str| match field {
        Field::Metric(metric) => issue == metric.as_str(),
        Field::Zone(zone) => issue.strip_prefix("temperature_zones.") == Some(zone),
        Field::Additional(name) => issue.strip_prefix("additional_sensors.") == Some(name),
    };
    let flaws = reading.quality_issues.iter().filter(|issue| is_of(&issue.field));
    flaws.map(|issue| issue.reason.quality()).max().unwrap_or(Quality::Good)
}

fn status_number(status: OperationalStatus) -> u8 {
    OperationalStatus::ALL.iter().position(|known| *known == status).unwrap_or_default() as u8
}

#[cfg(test)]
pub(crate) mod tests {
    use app::model::reading::{QualityIssue, QualityReason, Values};
    use jiff::Timestamp;
    use proptest::prelude::*;

    use super::*;

    /// Readings as ovens send them, with zones and extras that come and go, and flaws.
    pub(crate) fn any_reading() -> impl Strategy<Value = Reading> {
        let tenth = || proptest::option::weighted(0.8, (-400..5_000_i32).prop_map(|tenths| f64::from(tenths) / 10.0));
        let zones = proptest::collection::btree_map("[a-c]", (-400..5_000_i32).prop_map(|v| f64::from(v) / 10.0), 0..3);
        let flaw = proptest::option::weighted(0.2, (0..4_usize, any::<bool>()));
        (tenth(), tenth(), tenth(), zones, proptest::option::of(0..11_usize), flaw).prop_map(
            |(temperature, energy, extra, zones, status, flaw)| {
                let fields = ["temperature", "energy_consumption_kwh", "temperature_zones.a", "additional_sensors.fan"];
                let quality_issues = flaw.map(|(field, is_bad)| QualityIssue {
                    field: fields[field].to_owned(),
                    reason: if is_bad { QualityReason::OutOfRange } else { QualityReason::DeviceUncertain },
                });
                Reading {
                    reading_time: Timestamp::UNIX_EPOCH,
                    received_at: Timestamp::UNIX_EPOCH,
                    values: Values {
                        temperature,
                        energy_consumption_kwh: energy,
                        temperature_zones: zones,
                        additional_sensors: extra.map(|value| ("fan".to_owned(), value.into())).into_iter().collect(),
                        operational_status: status.map(|index| OperationalStatus::ALL[index]),
                        ..Values::default()
                    },
                    active_batch_id: None,
                    quality: quality_issues.as_ref().map_or(Quality::Good, |issue| issue.reason.quality()),
                    quality_issues: quality_issues.into_iter().collect(),
                }
            },
        )
    }

    fn rollup(readings: &[Reading]) -> Rollup {
        let mut rollup = Rollup::default();
        for reading in readings {
            rollup.push(reading);
        }
        rollup
    }

    proptest! {
        #[test]
        fn stretches_add_up_and_survive_storage(readings in proptest::collection::vec(any_reading(), 0..40), cut in 0..40_usize) {
            let cut = cut.min(readings.len());
            let whole = rollup(&readings);
            let mut sum = rollup(&readings[..cut]);
            sum.append(&rollup(&readings[cut..]));
            prop_assert!(sum.is_close(&whole), "{sum:?}\n{whole:?}");
            let read = Rollup::decode(&whole.encode()).unwrap();
            prop_assert!(read.is_close(&whole), "{read:?}\n{whole:?}");
            sum.read(&whole.encode(), &Wanted::default()).unwrap();
            prop_assert_eq!(&sum, &read, "nothing is left of what it was");
            let mut part = rollup(&readings[cut..]);
            part.read(&whole.encode(), &Wanted::default()).unwrap();
            prop_assert_eq!(&part, &read, "nothing is left of what it was");
            for names in [&["temperature_zones.b", "energy_consumption_kwh"][..], &["additional_sensors.fan"], &["temperature"]] {
                part.read(&whole.encode(), &Wanted::of(names.iter().copied())).unwrap();
                let of_both = |rollup: &Rollup| {
                    let cells = rollup.cells().map(|(field, cell)| (field.to_string(), *cell));
                    cells.filter(|(name, _)| names.contains(&name.as_str())).collect::<Vec<_>>()
                };
                prop_assert_eq!(of_both(&part), of_both(&read));
                prop_assert_eq!(part.cells().count(), of_both(&part).len(), "and no other");
                prop_assert_eq!((part.readings, &part.statuses), (read.readings, &read.statuses));
            }
            prop_assert_eq!(Rollup::decode(&read.encode()).unwrap(), read, "stored again it stays as it is");
        }

        #[test]
        fn foreign_bytes_are_an_error_and_no_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = Rollup::decode(&bytes);
            let _ = Rollup::default().read(&bytes, &Wanted::of(["humidity"]));
        }
    }
}
