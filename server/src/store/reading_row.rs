//! One row of `equipment_sensor_readings`: its columns, and both directions of the conversion.

use std::collections::BTreeMap;

use app::model::reading::{CycleStage, DoorStatus, OperationalStatus, Quality, Reading, Values};
use sqlx::{Arguments as _, error::BoxDynError, sqlite::SqliteArguments};
use uuid::Uuid;

use super::{cells::Columns, error::StoreError};

/// In the order in which [`bind`] and [`decode`] go through them, after `equipment`.
pub(super) const COLUMNS: &str = "reading_time, received_at, temperature, target_temperature, temperature_zones, \
    humidity, target_humidity, energy_consumption_kwh, power_kw, operational_status, cycle_stage, \
    cycle_progress_percentage, time_remaining_minutes, motor_speed_rpm, door_status, steam_level, product_weight_kg, \
    moisture_content, active_batch_id, additional_sensors, quality, quality_issues";

/// Of `equipment` and [`COLUMNS`].
pub(super) const WIDTH: usize = 23;

/// Inserts `rows` readings. One that is there already stays as it is; anything else that is wrong with a row is an
/// error, which `INSERT OR IGNORE` would hide.
pub(super) fn insert_sql(rows: usize) -> String {
    let row = format!("({})", vec!["?"; WIDTH].join(","));
    format!(
        "INSERT INTO equipment_sensor_readings (equipment, {COLUMNS}) VALUES {} \
         ON CONFLICT (equipment, reading_time) DO NOTHING",
        vec![row; rows].join(",")
    )
}

/// JSON has no NaN and no infinity, and SQLite turns NaN into null: such a value is stored as missing. Its quality
/// issue tells what it was.
pub(super) fn bind<'q>(row: &mut SqliteArguments<'q>, key: i64, reading: &'q Reading) -> Result<(), BoxDynError> {
    let values = &reading.values;
    let real = |value: Option<f64>| value.filter(|value| value.is_finite());
    let zones: BTreeMap<_, _> = values.temperature_zones.iter().filter(|(_, celsius)| celsius.is_finite()).collect();
    row.add(key)?;
    row.add(reading.reading_time.as_microsecond())?;
    row.add(reading.received_at.as_microsecond())?;
    row.add(real(values.temperature))?;
    row.add(real(values.target_temperature))?;
    row.add(filled(zones.is_empty(), &zones)?)?;
    row.add(real(values.humidity))?;
    row.add(real(values.target_humidity))?;
    row.add(real(values.energy_consumption_kwh))?;
    row.add(real(values.power_kw))?;
    row.add(values.operational_status.map(OperationalStatus::as_str))?;
    row.add(values.cycle_stage.map(CycleStage::as_str))?;
    row.add(real(values.cycle_progress_percentage))?;
    row.add(real(values.time_remaining_minutes))?;
    row.add(real(values.motor_speed_rpm))?;
    row.add(values.door_status.map(DoorStatus::as_str))?;
    row.add(real(values.steam_level))?;
    row.add(real(values.product_weight_kg))?;
    row.add(real(values.moisture_content))?;
    row.add(reading.active_batch_id.as_ref().map(|id| id.as_bytes().as_slice()))?;
    row.add(filled(values.additional_sensors.is_empty(), &values.additional_sensors)?)?;
    row.add(quality_number(reading.quality))?;
    row.add(filled(reading.quality_issues.is_empty(), &reading.quality_issues)?)?;
    Ok(())
}

fn filled(empty: bool, value: &impl serde::Serialize) -> Result<Option<String>, BoxDynError> {
    Ok(if empty { None } else { Some(serde_json::to_string(value)?) })
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
        assert_eq!(insert_sql(3).matches('?').count(), 3 * WIDTH);
    }
}
