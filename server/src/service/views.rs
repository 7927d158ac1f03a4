//! What is known of ovens: live, past, and how their connections do.

use app::{
    model::{
        api::RealtimeData,
        connection_log::ConnectionLogEntry,
        equipment::{Equipment, EquipmentId},
        health::EquipmentHealth,
        history::Resolution,
        live::{Freshness, LiveOven},
        reading::Reading,
    },
    pages::{AdminOvens, Board, OvenDetail, TrendPoint},
};
use jiff::{SignedDuration, Timestamp};

use super::{Service, ServiceError};
use crate::store::connection_logs::LogRecord;

/// Over which the quality of values is told.
const LAST_HOUR: SignedDuration = SignedDuration::from_hours(1);
/// Span of the trend on an oven's page.
const TREND: SignedDuration = SignedDuration::from_mins(30);
/// Points of a trend: more cannot be told apart at its width.
const TREND_POINTS: usize = 360;
/// Log entries on an oven's page.
const LOG_ENTRIES: u32 = 25;

impl Service {
    pub fn board(&self) -> Board {
        let (seq, ovens) = self.live.all();
        Board { ovens, seq, build: self.live.build().to_owned() }
    }

    pub fn live_oven(&self, equipment: &Equipment) -> LiveOven {
        self.live.oven(equipment.id).unwrap_or_else(|| LiveOven::new(equipment))
    }

    pub async fn admin_ovens(&self) -> Result<AdminOvens, ServiceError> {
        let ovens = self.store.equipment_list().await?;
        let ovens = ovens.into_iter().map(|equipment| {
            let live = self.live_oven(&equipment);
            (equipment, live)
        });
        Ok(AdminOvens { ovens: ovens.collect() })
    }

    pub async fn oven_detail(&self, id: EquipmentId) -> Result<OvenDetail, ServiceError> {
        let equipment = self.equipment(id).await?;
        let now = Timestamp::now();
        let readings = self.store.readings(id, now - TREND, now + SignedDuration::from_secs(60), u32::MAX).await?;
        Ok(OvenDetail {
            live: self.live_oven(&equipment),
            equipment,
            build: self.live.build().to_owned(),
            trend: trend(&readings),
            log: self.connection_log(id, LOG_ENTRIES).await?,
            health: self.poller.health(id),
        })
    }

    pub async fn connection_log(&self, id: EquipmentId, limit: u32) -> Result<Vec<ConnectionLogEntry>, ServiceError> {
        self.equipment(id).await?;
        let records = self.store.connection_logs(id, limit, None).await?;
        Ok(records.into_iter().map(|record| record.entry).collect())
    }

    /// How well an oven's connection does, and how good what comes over it is.
    pub async fn equipment_health(&self, id: EquipmentId, now: Timestamp) -> Result<EquipmentHealth, ServiceError> {
        let equipment = self.equipment(id).await?;
        let live = self.live_oven(&equipment);
        let minutes = self.store.rollups(id, Resolution::Minute, 60, now - LAST_HOUR, now).await?;
        let cells = minutes.iter().flat_map(|(_, rollup)| rollup.cells());
        let (good, all) = cells
            .fold((0_u64, 0_u64), |(good, all), (_, cell)| (good + u64::from(cell.good), all + u64::from(cell.total)));
        Ok(EquipmentHealth {
            equipment_id: id,
            equipment_name: equipment.name,
            connection_status: live.status,
            last_reading_at: self.live.last_reading(id).map(|reading| reading.reading_time),
            age_seconds: live.age_ms(now.as_millisecond()).map(|age| age as f64 / 1_000.0),
            good_share_last_hour: (all > 0).then(|| (good as f64 / all as f64 * 10_000.0).round() / 10_000.0),
            connection: self.poller.health(id),
        })
    }

    /// Newest first, before the entry with this id.
    pub async fn connection_log_page(
        &self,
        id: EquipmentId,
        limit: u32,
        before: Option<i64>,
    ) -> Result<Vec<LogRecord>, ServiceError> {
        self.equipment(id).await?;
        Ok(self.store.connection_logs(id, limit, before).await?)
    }

    /// The current values. An oven without a connection, and one that does not answer, are errors of their own:
    /// old values must not pass for current ones.
    pub async fn realtime(&self, id: EquipmentId) -> Result<RealtimeData, ServiceError> {
        let equipment = self.equipment(id).await?;
        let live = self.live_oven(&equipment);
        let reading = self.live.last_reading(id);
        let now = Timestamp::now();
        let now_ms = now.as_millisecond();
        match live.freshness(now_ms) {
            Freshness::Disabled => return Err(ServiceError::NotConfigured),
            Freshness::Live | Freshness::Stale => {}
            Freshness::Offline | Freshness::Waiting => {
                let last_reading = reading.as_ref().map(|reading| reading.reading_time);
                return Err(ServiceError::Offline { status: live.status, failure: live.failure, last_reading });
            }
        }
        let reading =
            reading.ok_or(ServiceError::Offline { status: live.status, failure: live.failure, last_reading: None })?;
        let good = reading.good();
        let running = self.ingest.baking.running(id);
        Ok(RealtimeData {
            equipment_id: id,
            equipment_name: equipment.name,
            timestamp: reading.reading_time,
            connection_status: live.status,
            temperature: good.temperature,
            temperature_zones: good.temperature_zones.clone(),
            humidity: good.humidity,
            operational_status: good.operational_status,
            cycle_stage: good.cycle_stage,
            cycle_progress_percentage: good.cycle_progress_percentage,
            time_remaining_minutes: good.time_remaining_minutes,
            energy_consumption_kwh: good.energy_consumption_kwh,
            active_batch_id: running.as_ref().map(|running| running.id),
            active_batch_name: running.map(|running| running.name),
            target_temperature: good.target_temperature,
            received_at: reading.received_at,
            age_seconds: live.age_ms(now_ms).unwrap_or_default() as f64 / 1_000.0,
            quality: reading.quality,
            quality_issues: reading.quality_issues.clone(),
        })
    }
}

/// At most [`TREND_POINTS`] points; the last reading of each stretch stands for it, so that what is drawn was
/// really measured.
fn trend(readings: &[Reading]) -> Vec<TrendPoint> {
    let step = readings.len().div_ceil(TREND_POINTS).max(1);
    readings
        .chunks(step)
        .filter_map(<[Reading]>::last)
        .map(|reading| {
            let good = reading.good();
            TrendPoint {
                at_ms: reading.reading_time.as_millisecond(),
                temperature: good.temperature,
                target: good.target_temperature,
                zones: good.temperature_zones.clone(),
            }
        })
        .collect()
}
