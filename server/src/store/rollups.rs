//! Minutes, hours and days of the readings. They are written by [`writer`](super::writer) alone.
//!
//! What is read here always agrees with the readings: what the writer has not rolled up yet, or has to roll up anew,
//! is made from them on the way, in the same snapshot of the database.

use std::{ops::Range, pin::Pin};

use app::model::{equipment::EquipmentId, history::Resolution};
use futures::TryStreamExt as _;
use jiff::Timestamp;
use sqlx::{Row as _, SqliteConnection};

use super::{
    Store,
    cells::Cells,
    error::{Doing as _, StoreError},
    reading_row,
};
use crate::rollup::Rollup;

pub(super) const MICROS: i64 = 1_000_000;

/// Rollups by the time in µs at which they begin.
pub type Rollups = Vec<(i64, Rollup)>;

impl Store {
    /// Stretches of `seconds`, a whole number of the resolution's, that begin in `start <= t < end`, oldest first; those
    /// without a reading are left out. Of single readings they may have any length.
    pub async fn rollups(
        &self,
        id: EquipmentId,
        resolution: Resolution,
        seconds: u32,
        start: Timestamp,
        end: Timestamp,
    ) -> Result<Rollups, StoreError> {
        let key = self.key(id).await?;
        let mut snapshot = self.pool.begin().await.doing("reading the history of an oven")?;
        let length = i64::from(seconds) * MICROS;
        let (start, end) = (ceiling(start.as_microsecond(), length), ceiling(end.as_microsecond(), length));
        let found = async {
            if resolution == Resolution::Raw {
                return Ok(of_readings(&mut snapshot, key, length, start..end, u32::MAX).await?.0);
            }
            let rolled = Rolled::read(&mut snapshot, key, start, end).await?;
            let parts = rolled.rollups(&mut snapshot, resolution, start, end).await?;
            Ok(if resolution.seconds() * MICROS == length { parts } else { joined(&parts, length) })
        };
        found.await.doing("reading the history of an oven")
    }

    /// When the oldest and the newest of what is kept of an oven begin: readings, or the rollups that are left of them.
    pub async fn history_span(&self, id: EquipmentId) -> Result<Option<(Timestamp, Timestamp)>, StoreError> {
        let row = sqlx::query(
            "SELECT (SELECT min(reading_time) FROM equipment_sensor_readings WHERE equipment = ?1), \
             (SELECT max(reading_time) FROM equipment_sensor_readings WHERE equipment = ?1), \
             (SELECT min(begins_at) FROM reading_rollups WHERE equipment = ?1 AND seconds = 86400), \
             (SELECT max(begins_at) FROM reading_rollups WHERE equipment = ?1 AND seconds = 86400)",
        )
        .bind(self.key(id).await?)
        .fetch_one(&self.pool)
        .await
        .doing("reading the span of an oven's history")?;
        let mut cells = Cells::new(&row, "equipment_sensor_readings");
        let [first, last, first_day, last_day] =
            [cells.time_opt()?, cells.time_opt()?, cells.time_opt()?, cells.time_opt()?];
        Ok(first.into_iter().chain(first_day).min().zip(last.into_iter().chain(last_day).max()))
    }
}

/// The begin of the stretch of this length that a time is in.
pub(super) const fn floor(at: i64, length: i64) -> i64 {
    at.saturating_sub(at.rem_euclid(length))
}

const fn ceiling(at: i64, length: i64) -> i64 {
    floor(at.saturating_add(length - 1), length)
}

/// How far the rollups of an oven can be believed.
struct Rolled {
    key: i64,
    until: i64,
    /// Minutes that have to be made anew, ascending.
    due: Vec<i64>,
}

type Reading<'a> = Pin<Box<dyn Future<Output = Result<Rollups, sqlx::Error>> + Send + 'a>>;

impl Rolled {
    /// As it concerns `start..end`.
    async fn read(snapshot: &mut SqliteConnection, key: i64, start: i64, end: i64) -> Result<Self, sqlx::Error> {
        let until: Option<i64> =
            sqlx::query_scalar("SELECT rolled_until FROM reading_rollup_state WHERE equipment = ?")
                .bind(key)
                .fetch_optional(&mut *snapshot)
                .await?;
        let due = sqlx::query_scalar(
            "SELECT begins_at FROM reading_rollups_due WHERE equipment = ? AND begins_at >= ? AND begins_at < ? \
             ORDER BY begins_at",
        )
        .bind(key)
        .bind(start)
        .bind(end)
        .fetch_all(snapshot)
        .await?;
        Ok(Self { key, until: until.unwrap_or(start), due })
    }

    /// `start` and `end` are whole multiples of the resolution.
    fn rollups<'a>(
        &'a self,
        snapshot: &'a mut SqliteConnection,
        resolution: Resolution,
        start: i64,
        end: i64,
    ) -> Reading<'a> {
        Box::pin(async move {
            let length = resolution.seconds() * MICROS;
            let settled = floor(self.until, length).clamp(start, end.max(start));
            let mut found = stored(snapshot, self.key, resolution, start, settled).await?;
            let mut dirty: Vec<i64> = self.due.iter().map(|minute| floor(*minute, length)).collect();
            dirty.dedup();
            dirty.retain(|begin| (start..settled).contains(begin));
            if !dirty.is_empty() {
                found.retain(|(begin, _)| dirty.binary_search(begin).is_err());
                for begin in dirty {
                    found.extend(self.made(snapshot, resolution, begin, begin + length).await?);
                }
                found.sort_unstable_by_key(|(begin, _)| *begin);
            }
            if settled < end {
                found.extend(self.made(snapshot, resolution, settled, end).await?);
            }
            Ok(found)
        })
    }

    /// Made from what is finer.
    async fn made(
        &self,
        snapshot: &mut SqliteConnection,
        resolution: Resolution,
        start: i64,
        end: i64,
    ) -> Result<Rollups, sqlx::Error> {
        match finer(resolution) {
            None => {
                let length = Resolution::Minute.seconds() * MICROS;
                of_readings(snapshot, self.key, length, start..end, u32::MAX).await.map(|(rollups, _)| rollups)
            }
            Some(finer) => Ok(joined(&self.rollups(snapshot, finer, start, end).await?, resolution.seconds() * MICROS)),
        }
    }
}

/// What a rollup is made from; nothing where that is single readings.
pub(super) const fn finer(resolution: Resolution) -> Option<Resolution> {
    match resolution {
        Resolution::Raw | Resolution::Minute => None,
        Resolution::Hour => Some(Resolution::Minute),
        Resolution::Day => Some(Resolution::Hour),
    }
}

/// Stretches of this length from shorter ones in order of time.
pub fn joined(parts: &[(i64, Rollup)], length: i64) -> Rollups {
    let mut whole: Rollups = Vec::new();
    for (begin, part) in parts {
        let begin = floor(*begin, length);
        match whole.last_mut() {
            Some((last, rollup)) if *last == begin => rollup.append(part),
            _ => whole.push((begin, part.clone())),
        }
    }
    whole
}

/// The rows with `start <= begins_at < end`, whether or not they can be believed.
pub(super) async fn stored(
    connection: &mut SqliteConnection,
    key: i64,
    resolution: Resolution,
    start: i64,
    end: i64,
) -> Result<Rollups, sqlx::Error> {
    if start >= end {
        return Ok(Vec::new());
    }
    sqlx::query(
        "SELECT begins_at, data FROM reading_rollups WHERE equipment = ? AND seconds = ? AND begins_at >= ? \
         AND begins_at < ? ORDER BY begins_at",
    )
    .bind(key)
    .bind(resolution.seconds())
    .bind(start)
    .bind(end)
    .fetch_all(connection)
    .await?
    .iter()
    .map(|row| {
        let data: &[u8] = row.try_get(1)?;
        Ok((row.try_get(0)?, Rollup::decode(data).map_err(|error| sqlx::Error::Decode(error.into()))?))
    })
    .collect()
}

/// Stretches of this length from the oldest `limit` readings of a range, and the time of the last of them where there may
/// be more.
pub(super) async fn of_readings(
    connection: &mut SqliteConnection,
    key: i64,
    length: i64,
    range: Range<i64>,
    limit: u32,
) -> Result<(Rollups, Option<i64>), sqlx::Error> {
    let sql = format!(
        "SELECT {} FROM equipment_sensor_readings WHERE equipment = ? AND reading_time >= ? AND reading_time < ? \
         ORDER BY reading_time LIMIT ?",
        reading_row::COLUMNS
    );
    let query = sqlx::query(&sql).bind(key).bind(range.start).bind(range.end).bind(limit);
    let mut rows = query.fetch(connection);
    let (mut rollups, mut count, mut last): (Rollups, u32, _) = (Vec::new(), 0, None);
    while let Some(row) = rows.try_next().await? {
        let reading = reading_row::decode(&mut Cells::new(&row, "equipment_sensor_readings"));
        let reading = reading.map_err(|error| sqlx::Error::Decode(error.into()))?;
        let at = reading.reading_time.as_microsecond();
        let begin = floor(at, length);
        if rollups.last().is_none_or(|(last, _)| *last != begin) {
            rollups.push((begin, Rollup::default()));
        }
        if let Some((_, rollup)) = rollups.last_mut() {
            rollup.push(&reading);
        }
        (count, last) = (count + 1, Some(at));
    }
    Ok((rollups, last.filter(|_| count == limit)))
}
