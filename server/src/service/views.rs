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

use super::{
    Service, ServiceError,
    history::{floor, silence},
    rounded,
};
use crate::{
    rollup::Rollup,
    store::{connection_logs::LogRecord, rollups::Sink},
};

/// Over which the quality of values is told.
const LAST_HOUR: SignedDuration = SignedDuration::from_hours(1);
/// Over which availability is told.
const LAST_DAY: SignedDuration = SignedDuration::from_hours(24);
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
        // The first minute of an oven is the one that it was made in.
        let begin = (now - LAST_DAY).max(equipment.created_at);
        let day = LastDay { hour: (now - LAST_HOUR).as_microsecond(), ..LastDay::default() };
        let day = self.store.rollups_into(id, Resolution::Minute, 60, floor(begin, 60)..now, day).await?;
        let silence = silence(equipment.poll_interval_seconds);
        Ok(EquipmentHealth {
            equipment_id: id,
            equipment_name: equipment.name,
            connection_status: live.status,
            last_reading_at: self.live.last_reading(id).map(|reading| reading.reading_time),
            age_seconds: live.age_ms(now.as_millisecond()).map(|age| age as f64 / 1_000.0),
            good_share_last_hour: (day.all > 0).then(|| rounded(day.good as f64 / day.all as f64, 4)),
            availability_last_day: covered(&day.minutes, silence, begin, now).map(|share| rounded(share, 4)),
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

/// What a day of minutes says of an oven.
#[derive(Default)]
struct LastDay {
    /// When the last hour began, in µs.
    hour: i64,
    /// Of the last hour: values without any flaw, and all.
    good: u64,
    all: u64,
    /// When each minute with readings began, in µs, ascending.
    minutes: Vec<i64>,
}

impl Sink for LastDay {
    fn push(&mut self, begin: i64, rollup: &Rollup) {
        self.minutes.push(begin);
        if begin >= self.hour {
            for (_, cell) in rollup.cells() {
                self.good += u64::from(cell.good);
                self.all += u64::from(cell.total);
            }
        }
    }
}

/// The share of a stretch that minutes with readings cover, each until the next, but no longer than `silence` after its end.
fn covered(minutes: &[i64], silence: SignedDuration, begin: Timestamp, end: Timestamp) -> Option<f64> {
    let (begin, end) = (begin.as_microsecond(), end.as_microsecond());
    if begin >= end {
        return None;
    }
    let reach = (SignedDuration::from_mins(1) + silence).as_micros() as i64;
    let nexts = minutes.iter().skip(1).copied().chain([i64::MAX]);
    let each = minutes.iter().zip(nexts).map(|(minute, next)| {
        let until = next.min(minute.saturating_add(reach)).min(end);
        (until - (*minute).max(begin)).max(0)
    });
    Some(each.sum::<i64>() as f64 / (end - begin) as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn availability_is_the_time_that_readings_cover() {
        let at = |minute: i64| Timestamp::from_second(minute * 60).unwrap();
        let minutes = |list: &[i64]| list.iter().map(|minute| minute * 60_000_000).collect::<Vec<_>>();
        let silence = SignedDuration::from_mins(1);
        let all: Vec<i64> = (0..10).collect();
        assert_eq!(covered(&minutes(&all), silence, at(0), at(10)), Some(1.0));
        assert_eq!(covered(&minutes(&[0, 1, 2]), silence, at(0), at(10)), Some(0.4), "and a minute more");
        assert_eq!(covered(&minutes(&[5]), SignedDuration::from_mins(30), at(0), at(10)), Some(0.5));
        assert_eq!(covered(&[], silence, at(0), at(10)), Some(0.0));
        assert_eq!(covered(&[], silence, at(10), at(10)), None);
    }
}
