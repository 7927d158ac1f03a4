//! Minutes, hours and days of the readings. They are written by [`writer`](super::writer) alone.
//!
//! What is read here always agrees with the readings: what the writer has not rolled up yet, or has to roll up anew,
//! is made from them on the way, in the same snapshot of the database.

use std::ops::Range;

use app::model::{equipment::EquipmentId, history::Resolution, reading::Reading};
use futures::TryStreamExt as _;
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _};
use sqlx::{Row as _, SqliteConnection, sqlite::SqliteRow};

use super::{
    Store,
    cells::{Cells, Columns as _, RawCells},
    error::{Doing as _, StoreError},
    reader::Unread,
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
        let length = i64::from(seconds) * MICROS;
        let (start, end) = (ceiling(start.as_microsecond(), length), ceiling(end.as_microsecond(), length));
        self.reader
            .read("reading the history of an oven", move |connection| {
                // What is not rolled up yet and what is belong to the same moment.
                let snapshot = connection.unchecked_transaction()?;
                if resolution == Resolution::Raw {
                    return folded(&snapshot, key, length, start..end);
                }
                let rolled = Rolled::read(&snapshot, key, start, end)?;
                let parts = rolled.rollups(&snapshot, resolution, start, end)?;
                Ok(if resolution.seconds() * MICROS == length { parts } else { joined(&parts, length) })
            })
            .await
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

impl Rolled {
    /// As it concerns `start..end`.
    fn read(snapshot: &Connection, key: i64, start: i64, end: i64) -> Result<Self, Unread> {
        let until = snapshot
            .prepare_cached("SELECT rolled_until FROM reading_rollup_state WHERE equipment = ?")?
            .query_row([key], |row| row.get(0))
            .optional()?;
        let mut statement = snapshot.prepare_cached(
            "SELECT begins_at FROM reading_rollups_due WHERE equipment = ? AND begins_at >= ? AND begins_at < ? \
             ORDER BY begins_at",
        )?;
        let due = statement.query_map([key, start, end], |row| row.get(0))?.collect::<Result<_, _>>()?;
        Ok(Self { key, until: until.unwrap_or(start), due })
    }

    /// `start` and `end` are whole multiples of the resolution.
    fn rollups(&self, snapshot: &Connection, resolution: Resolution, start: i64, end: i64) -> Result<Rollups, Unread> {
        let length = resolution.seconds() * MICROS;
        let settled = floor(self.until, length).clamp(start, end.max(start));
        let mut found = kept(snapshot, self.key, resolution, start, settled)?;
        let mut dirty: Vec<i64> = self.due.iter().map(|minute| floor(*minute, length)).collect();
        dirty.dedup();
        dirty.retain(|begin| (start..settled).contains(begin));
        if !dirty.is_empty() {
            found.retain(|(begin, _)| dirty.binary_search(begin).is_err());
            for begin in dirty {
                found.extend(self.made(snapshot, resolution, begin, begin + length)?);
            }
            found.sort_unstable_by_key(|(begin, _)| *begin);
        }
        if settled < end {
            found.extend(self.made(snapshot, resolution, settled, end)?);
        }
        Ok(found)
    }

    /// Made from what is finer.
    fn made(&self, snapshot: &Connection, resolution: Resolution, start: i64, end: i64) -> Result<Rollups, Unread> {
        match finer(resolution) {
            None => folded(snapshot, self.key, Resolution::Minute.seconds() * MICROS, start..end),
            Some(finer) => Ok(joined(&self.rollups(snapshot, finer, start, end)?, resolution.seconds() * MICROS)),
        }
    }
}

/// The rows with `start <= begins_at < end`, whether or not they can be believed.
fn kept(snapshot: &Connection, key: i64, resolution: Resolution, start: i64, end: i64) -> Result<Rollups, Unread> {
    if start >= end {
        return Ok(Vec::new());
    }
    let mut statement = snapshot.prepare_cached(STORED)?;
    let mut rows = statement.query([key, resolution.seconds(), start, end])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let mut cells = RawCells::new(row, "reading_rollups");
        let begin = cells.int()?.unwrap_or_default();
        let data = cells.bytes()?.unwrap_or_default();
        found.push((begin, Rollup::decode(data).map_err(|error| cells.bad(&error))?));
    }
    Ok(found)
}

/// Stretches of this length from the readings of a range.
fn folded(snapshot: &Connection, key: i64, length: i64, range: Range<i64>) -> Result<Rollups, Unread> {
    let mut statement = snapshot.prepare_cached(&readings_sql())?;
    let mut rows = statement.query([key, range.start, range.end, i64::MAX])?;
    let mut folding = Folding::new(length);
    while let Some(row) = rows.next()? {
        folding.push(&reading_row::decode(&mut RawCells::new(row, "equipment_sensor_readings"))?);
    }
    Ok(folding.rollups)
}

/// Puts readings in order of time together.
pub(super) struct Folding {
    length: i64,
    pub(super) rollups: Rollups,
}

impl Folding {
    pub(super) const fn new(length: i64) -> Self {
        Self { length, rollups: Vec::new() }
    }

    pub(super) fn push(&mut self, reading: &Reading) {
        let begin = floor(reading.reading_time.as_microsecond(), self.length);
        if self.rollups.last().is_none_or(|(last, _)| *last != begin) {
            self.rollups.push((begin, Rollup::default()));
        }
        if let Some((_, rollup)) = self.rollups.last_mut() {
            rollup.push(reading);
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

const STORED: &str = "SELECT begins_at, data FROM reading_rollups WHERE equipment = ? AND seconds = ? AND begins_at >= ? \
                      AND begins_at < ? ORDER BY begins_at";

fn readings_sql() -> String {
    format!(
        "SELECT {} FROM equipment_sensor_readings WHERE equipment = ? AND reading_time >= ? AND reading_time < ? \
         ORDER BY reading_time LIMIT ?",
        reading_row::COLUMNS
    )
}

/// [`kept`], in the writer's transaction.
pub(super) async fn stored(
    connection: &mut SqliteConnection,
    key: i64,
    resolution: Resolution,
    start: i64,
    end: i64,
) -> Result<Rollups, sqlx::Error> {
    let range = sqlx::query(STORED).bind(key).bind(resolution.seconds()).bind(start).bind(end);
    let rows = range.fetch_all(connection).await?;
    let decode = |row: &SqliteRow| {
        let data: &[u8] = row.try_get(1)?;
        Ok((row.try_get(0)?, Rollup::decode(data).map_err(|error| sqlx::Error::Decode(error.into()))?))
    };
    rows.iter().map(decode).collect()
}

/// [`folded`], in the writer's transaction: of the oldest `limit` readings, with the time of the last of them where there may be
/// more.
pub(super) async fn of_readings(
    connection: &mut SqliteConnection,
    key: i64,
    length: i64,
    range: Range<i64>,
    limit: u32,
) -> Result<(Rollups, Option<i64>), sqlx::Error> {
    let sql = readings_sql();
    let query = sqlx::query(&sql).bind(key).bind(range.start).bind(range.end).bind(limit);
    let mut rows = query.fetch(connection);
    let (mut folding, mut count, mut last) = (Folding::new(length), 0, None);
    while let Some(row) = rows.try_next().await? {
        let reading = reading_row::decode(&mut Cells::new(&row, "equipment_sensor_readings"));
        let reading = reading.map_err(|error| sqlx::Error::Decode(error.into()))?;
        folding.push(&reading);
        (count, last) = (count + 1, Some(reading.reading_time.as_microsecond()));
    }
    Ok((folding.rollups, last.filter(|_| count == limit)))
}
