//! Readings into the database: by SQLite alone, and by the writer with its rollups.

use std::{
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use app::model::{
    equipment::{EquipmentDraft, EquipmentId},
    reading::{CycleStage, DoorStatus, OperationalStatus, Reading},
    retention::Retention,
};
use rusqlite::{Connection, ToSql, types::Null};
use server::store::{Store, WriteOp, WriterConfig};
use tokio_util::sync::CancellationToken;

use crate::{Options, oven};

/// Rows of a transaction.
const BATCH: usize = 1_000;
/// Readings that are made before they are written.
const READY: i64 = 100_000;
/// Readings that SQLite alone inserts too.
const COMPARED: i64 = 2_000_000;

/// The same rows as the writer stores, ready made, by SQLite's own interface: one prepared statement, one thread, the same
/// schema and settings, and nothing else to do.
struct Raw {
    connection: Connection,
    rows: usize,
    took: Duration,
}

impl Raw {
    async fn new(folder: &Path) -> anyhow::Result<Self> {
        let path = folder.join("raw.db");
        let store = Store::open(&path).await?;
        let id = EquipmentId(uuid::Uuid::new_v4());
        let draft = EquipmentDraft { name: "raw".to_owned(), ..EquipmentDraft::default() };
        store.create_equipment(id, &draft, None).await?;
        store.close().await;
        let connection = Connection::open(&path)?;
        connection.execute_batch(
            "PRAGMA synchronous = NORMAL; PRAGMA foreign_keys = ON; PRAGMA cache_size = -32768; PRAGMA temp_store = MEMORY; \
             PRAGMA wal_autocheckpoint = 4000",
        )?;
        Ok(Self { connection, rows: 0, took: Duration::ZERO })
    }

    fn speed(&self) -> f64 {
        self.rows as f64 / self.took.as_secs_f64()
    }

    /// Inserts these readings, whose texts are made before. They are not in the processor's cache, as those that the writer
    /// gets are not.
    fn insert(&mut self, readings: &[Arc<Reading>]) -> anyhow::Result<()> {
        let connection = &self.connection;
        let texts: Vec<_> = readings
            .iter()
            .map(|reading| {
                let Reading { values, .. } = &**reading;
                Ok((
                    serde_json::to_string(&values.temperature_zones)?,
                    serde_json::to_string(&values.additional_sensors)?,
                ))
            })
            .collect::<anyhow::Result<_>>()?;
        let sql = format!("INSERT INTO equipment_sensor_readings VALUES ({})", ["?"; 23].join(","));
        let mut statement = connection.prepare(&sql)?;
        let started = Instant::now();
        for (readings, texts) in readings.chunks(BATCH).zip(texts.chunks(BATCH)) {
            connection.execute_batch("BEGIN IMMEDIATE")?;
            for (reading, (zones, extras)) in readings.iter().zip(texts) {
                let values = &reading.values;
                let time = reading.reading_time.as_microsecond();
                statement.execute([
                    &1_i64 as &dyn ToSql,
                    &time,
                    &time,
                    &values.temperature,
                    &values.target_temperature,
                    zones,
                    &values.humidity,
                    &values.target_humidity,
                    &values.energy_consumption_kwh,
                    &values.power_kw,
                    &values.operational_status.map(OperationalStatus::as_str),
                    &values.cycle_stage.map(CycleStage::as_str),
                    &values.cycle_progress_percentage,
                    &values.time_remaining_minutes,
                    &values.motor_speed_rpm,
                    &values.door_status.map(DoorStatus::as_str),
                    &values.steam_level,
                    &values.product_weight_kg,
                    &values.moisture_content,
                    &Null,
                    extras,
                    &0_i64,
                    &Null,
                ])?;
            }
            connection.execute_batch("COMMIT")?;
        }
        self.took += started.elapsed();
        self.rows += readings.len();
        Ok(())
    }
}

/// Makes the history, unless it is there, and says whose it is and whether that was fast enough.
pub async fn measure(options: &Options, folder: &Path) -> anyhow::Result<(EquipmentId, anyhow::Result<()>)> {
    let store = Store::open(&folder.join("hornero.db")).await?;
    if let Some(oven) = store.equipment_list().await?.first() {
        return Ok((oven.id, Ok(())));
    }
    let mut raw = Raw::new(folder).await?;
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
    let (handle, writer) = store.writer(WriterConfig::default())?;
    let stop = CancellationToken::new();
    let writing = tokio::spawn(writer.run(stop.clone()));
    let rows = options.days * 86_400 / options.interval;
    let (mut took, mut made) = (Duration::ZERO, 0);
    let (mut compared, mut compared_rows) = (Duration::ZERO, 0);
    while made < rows {
        // Making them up takes as long as storing them.
        let until = rows.min(made + READY);
        let ready: Vec<_> = (made..until).map(|index| Arc::new(oven::reading(index * options.interval))).collect();
        let same = if made < COMPARED { ready.clone() } else { Vec::new() };
        let started = Instant::now();
        for reading in ready {
            handle.submit(WriteOp::Reading { equipment: id, reading, done: None }).await?;
        }
        handle.flush().await?;
        let spent = started.elapsed();
        took += spent;
        if made < COMPARED {
            // In turns, because no machine is as fast all the time.
            (compared, compared_rows) = (compared + spent, until);
            tokio::task::block_in_place(|| raw.insert(&same))?;
        }
        made = until;
    }
    let speed = rows as f64 / took.as_secs_f64();
    stop.cancel();
    writing.await?;
    let stats = handle.stats();
    anyhow::ensure!(stats.committed == rows as u64 && stats.lost == 0, "{stats:?}");
    let rollups: i64 =
        sqlx::query_scalar("SELECT sum(length(data) + 20) FROM reading_rollups").fetch_one(store.pool()).await?;
    store.close().await;
    let size = std::fs::metadata(folder.join("hornero.db"))?.len() as f64;
    println!("history of {} days, a reading every {} s: {rows} readings", options.days, options.interval);
    let (raw, beside) = (raw.speed(), compared_rows as f64 / compared.as_secs_f64());
    println!("  SQLite alone                 {raw:.0} rows a second in transactions of {BATCH}");
    println!("  with rollups                 {beside:.0} readings a second beside it: {:.0} %", 100.0 * beside / raw);
    println!("                               {speed:.0} readings a second over all");
    println!(
        "  stored                       {:.0} bytes a reading, of which rollups {:.0}",
        size / rows as f64,
        rollups as f64 / rows as f64
    );
    let is_fast =
        if beside >= 0.6 * raw { Ok(()) } else { Err(anyhow::anyhow!("less than 60 % of what SQLite does alone")) };
    Ok((id, is_fast))
}
