//! Rollups field by field, as a chart draws them.

use std::collections::BTreeMap;

use app::model::{
    api::Series,
    reading::{Field, FieldName},
};
use jiff::Timestamp;

use crate::{
    rollup::{Cell, Rollup, Wanted},
    service::rounded,
    store::rollups::Sink,
};

/// Takes rollups one after the other.
#[derive(Default)]
pub struct Columns {
    /// When each bucket begins.
    pub buckets: Vec<Timestamp>,
    /// Readings in all of them.
    pub readings: usize,
    /// Buckets that there will be at most.
    most: usize,
    /// The series that are kept.
    wanted: Wanted,
    /// In the order in which the fields came first, which is nearly always that of every rollup.
    fields: Vec<Column>,
}

struct Column {
    name: FieldName,
    /// None of a field that is not wanted.
    series: Option<Series>,
}

impl Columns {
    /// Of the series with these names, or of all.
    pub fn new(wanted: &[String], most: usize) -> Self {
        Self {
            wanted: Wanted::of(wanted.iter().map(String::as_str)),
            most,
            buckets: Vec::with_capacity(most),
            ..Self::default()
        }
    }

    /// The buckets, and the series by their names, each as long as there are buckets.
    pub fn finish(self) -> (Vec<Timestamp>, BTreeMap<String, Series>) {
        let length = self.buckets.len();
        let named = self.fields.into_iter().filter_map(|column| {
            let mut series = column.series?;
            pad(&mut series, length);
            Some((column.name.field().to_string(), series))
        });
        (self.buckets, named.collect())
    }

    fn place(&mut self, hint: usize, field: Field<'_>) -> usize {
        if self.fields.get(hint).is_some_and(|column| column.name.field() == field) {
            return hint;
        }
        let known = self.fields.iter().position(|column| column.name.field() == field);
        known.unwrap_or_else(|| {
            let series = self.wanted.has(field).then(|| with_room(self.most));
            self.fields.push(Column { name: FieldName::of(field), series });
            self.fields.len() - 1
        })
    }
}

impl Sink for Columns {
    fn wanted(&self) -> Wanted {
        self.wanted.clone()
    }

    fn push(&mut self, begin: i64, rollup: &Rollup) {
        let Ok(begin) = Timestamp::from_microsecond(begin) else { return };
        let (index, mut hint) = (self.buckets.len(), 0);
        for (field, cell) in rollup.cells() {
            let place = self.place(hint, field);
            hint = place + 1;
            if let Some(series) = &mut self.fields[place].series {
                if series.count.len() != index {
                    pad(series, index);
                }
                add(series, cell);
            }
        }
        self.buckets.push(begin);
        self.readings += rollup.readings as usize;
    }
}

/// Lists that need not grow: moving them takes longer than filling them.
fn with_room(most: usize) -> Series {
    let numbers = || Vec::with_capacity(most);
    Series {
        min: numbers(),
        max: numbers(),
        mean: numbers(),
        last: numbers(),
        count: Vec::with_capacity(most),
        good_share: numbers(),
    }
}

fn pad(series: &mut Series, length: usize) {
    for list in [&mut series.min, &mut series.max, &mut series.mean, &mut series.last, &mut series.good_share] {
        list.resize(length, None);
    }
    series.count.resize(length, 0);
}

fn add(series: &mut Series, cell: &Cell) {
    // More digits than any sensor has would only make the answer longer.
    let rounded = |value| rounded(value, 4);
    let of_usable = |value: f64| (cell.count > 0).then_some(value);
    series.min.push(of_usable(cell.min));
    series.max.push(of_usable(cell.max));
    series.mean.push(cell.mean().map(rounded));
    series.last.push(of_usable(cell.last));
    series.count.push(cell.count);
    series.good_share.push(cell.good_share().map(rounded));
}

#[cfg(test)]
mod tests {
    use app::model::reading::{Quality, Reading, Values};

    use super::*;

    #[test]
    fn lists_are_as_long_as_the_buckets_whatever_is_in_them() {
        let rollup = |temperature: Option<f64>, zone: &str| {
            let mut rollup = Rollup::default();
            rollup.push(&Reading {
                reading_time: Timestamp::UNIX_EPOCH,
                received_at: Timestamp::UNIX_EPOCH,
                values: Values { temperature, temperature_zones: [(zone.to_owned(), 1.0)].into(), ..Values::default() },
                active_batch_id: None,
                quality: Quality::Good,
                quality_issues: Vec::new(),
            });
            rollup
        };
        let rollups = [(0, rollup(None, "b")), (60, rollup(Some(2.0), "a")), (120, rollup(None, "b"))];
        let series = |wanted: &[String]| {
            let mut columns = Columns::new(wanted, 3);
            for (begin, rollup) in &rollups {
                columns.push(*begin, rollup);
            }
            assert_eq!((columns.buckets.len(), columns.readings), (3, 3));
            columns.finish().1
        };
        let all = series(&[]);
        assert_eq!(all.keys().collect::<Vec<_>>(), ["temperature", "temperature_zones.a", "temperature_zones.b"]);
        assert_eq!(all["temperature"].mean, [None, Some(2.0), None]);
        assert_eq!(all["temperature_zones.b"].count, [1, 0, 1]);
        assert!(all.values().all(|series| series.min.len() == 3 && series.good_share.len() == 3));
        assert_eq!(series(&["temperature".to_owned()]).len(), 1);
    }
}
