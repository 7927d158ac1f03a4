//! One row of `equipment_sensor_readings`: its columns, and both directions of the conversion.

use std::{collections::BTreeMap, ops::Range, sync::LazyLock};

use app::model::reading::{CycleStage, DoorStatus, OperationalStatus, Quality, Reading, Values};
use rusqlite::{
    CachedStatement, Connection, ToSql,
    types::{ToSqlOutput, ValueRef},
};
use serde::{Serialize, Serializer};
use uuid::Uuid;

use super::{cells::Columns, error::StoreError};

/// In the order in which [`Insert`] and [`decode`] go through them, after `equipment`.
pub(super) const COLUMNS: &str = "reading_time, received_at, temperature, target_temperature, temperature_zones, \
    humidity, target_humidity, energy_consumption_kwh, power_kw, operational_status, cycle_stage, \
    cycle_progress_percentage, time_remaining_minutes, motor_speed_rpm, door_status, steam_level, product_weight_kg, \
    moisture_content, active_batch_id, additional_sensors, quality, quality_issues";

/// Of `equipment` and [`COLUMNS`].
const WIDTH: usize = 23;

/// Inserts a reading. One that is there already stays as it is; anything else that is wrong with it is an error, which
/// `INSERT OR IGNORE` would hide.
fn insert_sql() -> String {
    let row = vec!["?"; WIDTH].join(",");
    format!(
        "INSERT INTO equipment_sensor_readings (equipment, {COLUMNS}) VALUES ({row}) \
         ON CONFLICT (equipment, reading_time) DO NOTHING"
    )
}

/// The columns of readings that are JSON, made before it is their turn, by the place of what they are of. JSON has no NaN
/// and no infinity: such a value is stored as missing.
#[derive(Default)]
pub(super) struct Texts {
    bytes: Vec<u8>,
    /// In the order of the columns: zones, additional sensors, flaws. None where there is nothing.
    of: Vec<[Option<Range<usize>>; 3]>,
}

impl Texts {
    pub(super) fn clear(&mut self) {
        self.bytes.clear();
        self.of.clear();
    }

    /// Adds those of the next reading, or keeps the place of what is none.
    pub(super) fn push(&mut self, reading: Option<&Reading>) -> Result<(), serde_json::Error> {
        let mut columns = <[Option<Range<usize>>; 3]>::default();
        let made = reading.map_or(Ok(()), |reading| self.make(reading, &mut columns));
        self.of.push(columns);
        made
    }

    fn make(&mut self, reading: &Reading, columns: &mut [Option<Range<usize>>; 3]) -> Result<(), serde_json::Error> {
        let Reading { values, quality_issues, .. } = reading;
        let (zones, bytes) = (Finite(&values.temperature_zones), &mut self.bytes);
        columns[0] = text(bytes, zones.is_empty(), &zones)?;
        columns[1] = text(bytes, values.additional_sensors.is_empty(), &values.additional_sensors)?;
        columns[2] = text(bytes, quality_issues.is_empty(), quality_issues)?;
        Ok(())
    }

    fn column(&self, index: usize, column: usize) -> ToSqlOutput<'_> {
        let range = self.of.get(index).and_then(|of| of[column].clone());
        // JSON is UTF-8.
        ToSqlOutput::Borrowed(range.map_or(ValueRef::Null, |range| ValueRef::Text(&self.bytes[range])))
    }
}

fn text(
    bytes: &mut Vec<u8>,
    is_empty: bool,
    value: &impl Serialize,
) -> Result<Option<Range<usize>>, serde_json::Error> {
    if is_empty {
        return Ok(None);
    }
    let start = bytes.len();
    serde_json::to_writer(&mut *bytes, value)?;
    Ok(Some(start..bytes.len()))
}

/// Inserts reading after reading.
pub(super) struct Insert<'c>(CachedStatement<'c>);

impl<'c> Insert<'c> {
    pub(super) fn new(connection: &'c Connection) -> rusqlite::Result<Self> {
        Ok(Self(connection.prepare_cached(&INSERT)?))
    }

    /// Says whether it was not there before; `index` is its place among the texts. SQLite turns NaN into null: the quality
    /// issue of such a value tells what it was.
    pub(super) fn insert(
        &mut self,
        key: i64,
        reading: &Reading,
        texts: &Texts,
        index: usize,
    ) -> rusqlite::Result<bool> {
        let values = &reading.values;
        let real = |value: Option<f64>| value.filter(|value| value.is_finite());
        let batch = reading.active_batch_id.as_ref().map(|id| id.as_bytes().as_slice());
        let mut row = Row { statement: &mut self.0, next: 1 };
        row.bind(key)?;
        row.bind(reading.reading_time.as_microsecond())?;
        row.bind(reading.received_at.as_microsecond())?;
        row.bind(real(values.temperature))?;
        row.bind(real(values.target_temperature))?;
        row.bind(texts.column(index, 0))?;
        row.bind(real(values.humidity))?;
        row.bind(real(values.target_humidity))?;
        row.bind(real(values.energy_consumption_kwh))?;
        row.bind(real(values.power_kw))?;
        row.bind(values.operational_status.map(OperationalStatus::as_str))?;
        row.bind(values.cycle_stage.map(CycleStage::as_str))?;
        row.bind(real(values.cycle_progress_percentage))?;
        row.bind(real(values.time_remaining_minutes))?;
        row.bind(real(values.motor_speed_rpm))?;
        row.bind(values.door_status.map(DoorStatus::as_str))?;
        row.bind(real(values.steam_level))?;
        row.bind(real(values.product_weight_kg))?;
        row.bind(real(values.moisture_content))?;
        row.bind(batch)?;
        row.bind(texts.column(index, 1))?;
        row.bind(quality_number(reading.quality))?;
        row.bind(texts.column(index, 2))?;
        Ok(self.0.raw_execute()? == 1)
    }
}

static INSERT: LazyLock<String> = LazyLock::new(insert_sql);

/// Takes the columns of a row one after the other.
struct Row<'a, 'c> {
    statement: &'a mut CachedStatement<'c>,
    next: usize,
}

impl Row<'_, '_> {
    fn bind(&mut self, value: impl ToSql) -> rusqlite::Result<()> {
        self.statement.raw_bind_parameter(self.next, value)?;
        self.next += 1;
        Ok(())
    }
}

/// Only what JSON has.
struct Finite<'a>(&'a BTreeMap<String, f64>);

impl<'a> Finite<'a> {
    fn each(&self) -> impl Iterator<Item = (&'a String, &'a f64)> + use<'a> {
        self.0.iter().filter(|(_, value)| value.is_finite())
    }

    fn is_empty(&self) -> bool {
        self.each().next().is_none()
    }
}

impl Serialize for Finite<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.each())
    }
}

pub(super) const fn quality_number(quality: Quality) -> i64 {
    match quality {
        Quality::Good => 0,
        Quality::Uncertain => 1,
        Quality::Bad => 2,
    }
}

/// `row` stands before the first of [`COLUMNS`].
pub(super) fn decode<'r>(row: &mut impl Columns<'r>) -> Result<Reading, StoreError> {
    let (reading_time, received_at) = (row.instant()?, row.instant()?);
    let mut values = Values {
        temperature: row.real()?,
        target_temperature: row.real()?,
        temperature_zones: row.object()?.unwrap_or_default(),
        humidity: row.real()?,
        target_humidity: row.real()?,
        energy_consumption_kwh: row.real()?,
        power_kw: row.real()?,
        operational_status: row.name(OperationalStatus::parse)?,
        cycle_stage: row.name(CycleStage::parse)?,
        cycle_progress_percentage: row.real()?,
        time_remaining_minutes: row.real()?,
        motor_speed_rpm: row.real()?,
        door_status: row.name(DoorStatus::parse)?,
        steam_level: row.real()?,
        product_weight_kg: row.real()?,
        moisture_content: row.real()?,
        additional_sensors: BTreeMap::new(),
    };
    let batch = row.bytes()?;
    let active_batch_id = batch.map(|bytes| Uuid::from_slice(bytes).map_err(|error| row.bad(&error))).transpose()?;
    values.additional_sensors = row.object()?.unwrap_or_default();
    let quality = match row.int()? {
        Some(0) => Quality::Good,
        Some(1) => Quality::Uncertain,
        Some(2) => Quality::Bad,
        other => return Err(row.bad(&format!("{other:?}"))),
    };
    let quality_issues = row.object()?.unwrap_or_default();
    Ok(Reading { reading_time, received_at, values, active_batch_id, quality, quality_issues })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_width_counts_the_columns() {
        assert_eq!(COLUMNS.split(',').count() + 1, WIDTH);
        assert_eq!(insert_sql().matches('?').count(), WIDTH);
    }
}
