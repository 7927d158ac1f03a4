//! One row of `equipment_sensor_readings`: its columns, and both directions of the conversion.

use std::{collections::BTreeMap, sync::LazyLock};

use app::model::reading::{CycleStage, DoorStatus, OperationalStatus, Quality, Reading, Values};
use rusqlite::{
    CachedStatement, Connection, ToSql,
    types::{Null, ToSqlOutput, ValueRef},
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

/// Inserts reading after reading.
pub(super) struct Insert<'c> {
    statement: CachedStatement<'c>,
    /// The JSON of one row, column by column.
    text: Vec<u8>,
}

impl<'c> Insert<'c> {
    pub(super) fn new(connection: &'c Connection) -> rusqlite::Result<Self> {
        Ok(Self { statement: connection.prepare_cached(&INSERT)?, text: Vec::new() })
    }

    /// Says whether it was not there before.
    ///
    /// JSON has no NaN and no infinity, and SQLite turns NaN into null: such a value is stored as missing. Its quality
    /// issue tells what it was.
    pub(super) fn insert(&mut self, key: i64, reading: &Reading) -> rusqlite::Result<bool> {
        let values = &reading.values;
        let real = |value: Option<f64>| value.filter(|value| value.is_finite());
        let zones = Finite(&values.temperature_zones);
        let batch = reading.active_batch_id.as_ref().map(|id| id.as_bytes().as_slice());
        let mut row = Row { statement: &mut self.statement, text: &mut self.text, next: 1 };
        row.bind(key)?;
        row.bind(reading.reading_time.as_microsecond())?;
        row.bind(reading.received_at.as_microsecond())?;
        row.bind(real(values.temperature))?;
        row.bind(real(values.target_temperature))?;
        row.json(zones.is_empty(), &zones)?;
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
        row.json(values.additional_sensors.is_empty(), &values.additional_sensors)?;
        row.bind(quality_number(reading.quality))?;
        row.json(reading.quality_issues.is_empty(), &reading.quality_issues)?;
        Ok(self.statement.raw_execute()? == 1)
    }
}

static INSERT: LazyLock<String> = LazyLock::new(insert_sql);

/// Takes the columns of a row one after the other.
struct Row<'a, 'c> {
    statement: &'a mut CachedStatement<'c>,
    text: &'a mut Vec<u8>,
    next: usize,
}

impl Row<'_, '_> {
    fn bind(&mut self, value: impl ToSql) -> rusqlite::Result<()> {
        self.statement.raw_bind_parameter(self.next, value)?;
        self.next += 1;
        Ok(())
    }

    /// Null where it is empty.
    fn json(&mut self, is_empty: bool, value: &impl Serialize) -> rusqlite::Result<()> {
        if is_empty {
            return self.bind(Null);
        }
        self.text.clear();
        let written = serde_json::to_writer(&mut *self.text, value);
        written.map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))?;
        // JSON is UTF-8.
        let text = ToSqlOutput::Borrowed(ValueRef::Text(self.text));
        self.statement.raw_bind_parameter(self.next, text)?;
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
