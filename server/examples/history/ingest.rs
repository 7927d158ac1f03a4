//! Readings into the database: by SQLite alone, and by the writer with its rollups.

use std::{path::Path, time::Instant};

use app::model::{
    equipment::{EquipmentDraft, EquipmentId},
    retention::Retention,
};
use server::store::{Store, WriteOp, WriterConfig};
use sqlx::{Arguments as _, sqlite::SqliteArguments};
use tokio_util::sync::CancellationToken;

use crate::{Options, oven};

/// Rows of a transaction.
const BATCH: i64 = 1_000;
/// Enough to see the speed.
const RAW_ROWS: i64 = 400_000;

/// The same row as the writer stores, its texts ready made.
async fn raw(folder: &Path, interval: i64, rows_of_statement: usize) -> anyhow::Result<f64> {
    let store = Store::open(&folder.join(format!("raw-{rows_of_statement}.db"))).await?;
    let id = EquipmentId(uuid::Uuid::new_v4());
    store.create_equipment(id, &EquipmentDraft { name: "raw".to_owned(), ..EquipmentDraft::default() }, None).await?;
    let row = format!("({})", ["?"; 23].join(","));
    let sql =
        format!("INSERT INTO equipment_sensor_readings VALUES {}", vec![row.as_str(); rows_of_statement].join(","));
    let readings: Vec<_> = (0..BATCH).map(|index| oven::reading(index * interval)).collect();
    let texts: Vec<_> = readings
        .iter()
        .map(|reading| {
            let text = |value: &dyn erased::Json| value.json();
            (text(&reading.values.temperature_zones), text(&reading.values.additional_sensors))
        })
        .collect();
    let mut connection = store.pool().acquire().await?;
    let started = Instant::now();
    for batch in 0..RAW_ROWS / BATCH {
        sqlx::query("BEGIN IMMEDIATE").execute(&mut *connection).await?;
        for (chunk, texts) in readings.chunks(rows_of_statement).zip(texts.chunks(rows_of_statement)) {
            let mut row = SqliteArguments::default();
            for (reading, (zones, extras)) in chunk.iter().zip(texts) {
                let values = &reading.values;
                let time = reading.reading_time.as_microsecond() + batch * BATCH * interval * 1_000_000;
                let mut add = || -> Result<(), sqlx::error::BoxDynError> {
                    row.add(1_i64)?;
                    row.add(time)?;
                    row.add(time)?;
                    row.add(values.temperature)?;
                    row.add(values.target_temperature)?;
                    row.add(zones.as_str())?;
                    row.add(values.humidity)?;
                    row.add(values.target_humidity)?;
                    row.add(values.energy_consumption_kwh)?;
                    row.add(values.power_kw)?;
                    row.add(values.operational_status.map(app::model::reading::OperationalStatus::as_str))?;
                    row.add(values.cycle_stage.map(app::model::reading::CycleStage::as_str))?;
                    row.add(values.cycle_progress_percentage)?;
                    row.add(values.time_remaining_minutes)?;
                    row.add(values.motor_speed_rpm)?;
                    row.add(values.door_status.map(app::model::reading::DoorStatus::as_str))?;
                    row.add(values.steam_level)?;
                    row.add(values.product_weight_kg)?;
                    row.add(values.moisture_content)?;
                    row.add(None::<&[u8]>)?;
                    row.add(extras.as_str())?;
                    row.add(0_i64)?;
                    row.add(None::<&str>)
                };
                add().map_err(sqlx::Error::Encode)?;
            }
            sqlx::query_with(&sql, row).execute(&mut *connection).await?;
        }
        sqlx::query("COMMIT").execute(&mut *connection).await?;
    }
    let speed = RAW_ROWS as f64 / started.elapsed().as_secs_f64();
    drop(connection);
    store.close().await;
    Ok(speed)
}

mod erased {
    pub trait Json {
        fn json(&self) -> String;
    }
    impl<T: serde::Serialize> Json for T {
        fn json(&self) -> String {
            serde_json::to_string(self).unwrap_or_default()
        }
    }
}

/// Makes the history, unless it is there, and says whose it is.
pub async fn measure(options: &Options, folder: &Path) -> anyhow::Result<EquipmentId> {
    let store = Store::open(&folder.join("hornero.db")).await?;
    if let Some(oven) = store.equipment_list().await?.first() {
        return Ok(oven.id);
    }
    let single = raw(folder, options.interval, 1).await?;
    let fastest = raw(folder, options.interval, 50).await?;
    let id = EquipmentId(uuid::Uuid::new_v4());
    let draft = EquipmentDraft {
        name: "Horno de un año".to_owned(),
        iot_enabled: false,
        iot_protocol: None,
        poll_interval_seconds: u32::try_from(options.interval)?,
        ..EquipmentDraft::default()
    };
    store.create_equipment(id, &draft, None).await?;
    // Or the server would find it too old, and delete it.
    let for_good = Retention { readings_days: None, minutes_days: None, hours_days: None, days_days: None };
    store.set_retention(id, Some(for_good)).await?;
    let (handle, writer) = store.writer(WriterConfig::default()).await?;
    let stop = CancellationToken::new();
    let writing = tokio::spawn(writer.run(stop.clone()));
    let rows = options.days * 86_400 / options.interval;
    let started = Instant::now();
    for index in 0..rows {
        let reading = oven::reading(index * options.interval).into();
        handle.submit(WriteOp::Reading { equipment: id, reading, done: None }).await?;
    }
    handle.flush().await?;
    let speed = rows as f64 / started.elapsed().as_secs_f64();
    stop.cancel();
    writing.await?;
    let stats = handle.stats();
    anyhow::ensure!(stats.committed == rows as u64 && stats.lost == 0, "{stats:?}");
    let rollups: i64 =
        sqlx::query_scalar("SELECT sum(length(data) + 20) FROM reading_rollups").fetch_one(store.pool()).await?;
    store.close().await;
    let size = std::fs::metadata(folder.join("hornero.db"))?.len() as f64;
    println!("history of {} days, a reading every {} s: {rows} readings", options.days, options.interval);
    println!(
        "  SQLite alone                 {single:.0} rows a second in batches of {BATCH}, a statement for each row"
    );
    println!("                               {fastest:.0} rows a second in batches of {BATCH}, 50 rows a statement");
    println!(
        "  with rollups                 {speed:.0} readings a second: {:.0} % of the first, {:.0} % of the second",
        100.0 * speed / single,
        100.0 * speed / fastest
    );
    println!(
        "  stored                       {:.0} bytes a reading, of which rollups {:.0}",
        size / rows as f64,
        rollups as f64 / rows as f64
    );
    anyhow::ensure!(speed >= 0.6 * single, "less than 60 % of what SQLite does");
    Ok(id)
}
