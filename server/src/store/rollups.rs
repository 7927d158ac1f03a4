//! Minutes, hours and days of the readings. They are written by [`writer`](super::writer) alone.
//!
//! What is read here always agrees with the readings: what the writer has not rolled up yet, or has to roll up anew,
//! is made from them on the way, in the same snapshot of the database.

use std::ops::Range;

use app::model::{equipment::EquipmentId, history::Resolution, reading::Reading};
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _};

use super::{
    Store,
    cells::{Cells, Columns as _, RawCells},
    error::{Doing as _, StoreError},
    reader::Unread,
    reading_row,
};
use crate::rollup::{Rollup, Wanted};

pub const MICROS: i64 = 1_000_000;
pub(super) const DAY: i64 = Resolution::Day.seconds() * MICROS;

/// Rollups by the time in µs at which they begin.
pub type Rollups = Vec<(i64, Rollup)>;

/// What takes rollups one after the other, oldest first.
pub trait Sink: Send + 'static {
    /// The fields that it looks at: what is stored of others need not be read.
    fn wanted(&self) -> Wanted {
        Wanted::default()
    }

    fn push(&mut self, begin: i64, rollup: &Rollup);
}

impl Sink for Rollups {
    fn push(&mut self, begin: i64, rollup: &Rollup) {
        Self::push(self, (begin, rollup.clone()));
    }
}

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
        self.rollups_into(id, resolution, seconds, start..end, Rollups::new()).await
    }

    /// [`rollups`](Self::rollups) for those who need not have all of them in memory.
    pub async fn rollups_into<S: Sink>(
        &self,
        id: EquipmentId,
        resolution: Resolution,
        seconds: u32,
        range: Range<Timestamp>,
        mut sink: S,
    ) -> Result<S, StoreError> {
        let key = self.key(id).await?;
        let length = i64::from(seconds) * MICROS;
        let [start, end] = [range.start, range.end].map(|at| ceiling(at.as_microsecond(), length));
        self.reader
            .read("reading the history of an oven", move |connection| {
                // What is not rolled up yet and what is belong to the same moment.
                let snapshot = connection.unchecked_transaction()?;
                let wanted = sink.wanted();
                let mut each = |begin, rollup: &Rollup| sink.push(begin, rollup);
                if resolution == Resolution::Raw {
                    folded(&snapshot, key, length, start..end, &mut each)?;
                } else {
                    let rolled = Rolled::read(&snapshot, key, wanted, start, end)?;
                    if resolution.seconds() * MICROS == length {
                        rolled.each(&snapshot, resolution, start..end, &mut each)?;
                    } else {
                        rolled.joined(&snapshot, resolution, length, start..end, &mut each)?;
                    }
                }
                Ok(sink)
            })
            .await
    }

    /// Nothing where nothing is kept of an oven.
    pub async fn history_span(&self, id: EquipmentId) -> Result<Option<Span>, StoreError> {
        let row = sqlx::query(
            "SELECT (SELECT min(reading_time) FROM equipment_sensor_readings WHERE equipment = ?1), \
             (SELECT max(reading_time) FROM equipment_sensor_readings WHERE equipment = ?1), \
             (SELECT min(begins_at) FROM reading_rollups WHERE equipment = ?1 AND seconds = 86400), \
             (SELECT max(begins_at) FROM reading_rollups WHERE equipment = ?1 AND seconds = 86400), \
             (SELECT min(begins_at) FROM reading_rollups WHERE equipment = ?1 AND seconds = 60), \
             (SELECT min(begins_at) FROM reading_rollups WHERE equipment = ?1 AND seconds = 3600), \
             (SELECT kept_from FROM reading_rollup_state WHERE equipment = ?1)",
        )
        .bind(self.key(id).await?)
        .fetch_one(&self.pool)
        .await
        .doing("reading the span of an oven's history")?;
        let mut cells = Cells::new(&row, "equipment_sensor_readings");
        let [first, last, first_day, last_day, first_minute, first_hour, kept_from] = [
            cells.time_opt()?,
            cells.time_opt()?,
            cells.time_opt()?,
            cells.time_opt()?,
            cells.time_opt()?,
            cells.time_opt()?,
            cells.time_opt()?,
        ];
        let span = first.into_iter().chain(first_day).min().zip(last.into_iter().chain(last_day).max());
        Ok(span.map(|(first, last)| Span { first, last, kept_from, first_minute, first_hour }))
    }
}

/// What is kept of an oven.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// When the oldest and the newest of it begin: readings, or the rollups that are left of them.
    pub first: Timestamp,
    pub last: Timestamp,
    /// Readings before went for their age, if any did.
    kept_from: Option<Timestamp>,
    first_minute: Option<Timestamp>,
    first_hour: Option<Timestamp>,
}

impl Span {
    /// When what is left of a resolution begins. Where the readings are, everything else is made from them.
    pub fn begin_of(&self, resolution: Resolution) -> Timestamp {
        let Some(kept_from) = self.kept_from else { return self.first };
        let first = match resolution {
            Resolution::Raw => None,
            Resolution::Minute => self.first_minute,
            Resolution::Hour => self.first_hour,
            Resolution::Day => Some(self.first),
        };
        first.map_or(kept_from, |first| first.min(kept_from)).max(self.first)
    }

    /// Whether a resolution has everything from here on that is left at all.
    pub fn has(&self, resolution: Resolution, start: Timestamp) -> bool {
        // Whole days go. An oven may have begun within one.
        let day = |at: Timestamp| floor(at.as_microsecond(), DAY);
        day(self.begin_of(resolution)) <= day(start.max(self.first))
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
pub(super) struct Rolled {
    key: i64,
    until: i64,
    /// Minutes that have to be made anew, ascending.
    due: Vec<i64>,
    wanted: Wanted,
}

impl Rolled {
    /// As it concerns `start..end`.
    pub(super) fn read(snapshot: &Connection, key: i64, wanted: Wanted, start: i64, end: i64) -> Result<Self, Unread> {
        let until = snapshot
            .prepare_cached("SELECT rolled_until FROM reading_rollup_state WHERE equipment = ?")?
            .query_row([key], |row| row.get(0))
            .optional()?;
        let mut statement = snapshot.prepare_cached(
            "SELECT begins_at FROM reading_rollups_due WHERE equipment = ? AND begins_at >= ? AND begins_at < ? \
             ORDER BY begins_at",
        )?;
        let due = statement.query_map([key, start, end], |row| row.get(0))?.collect::<Result<_, _>>()?;
        Ok(Self { key, until: until.unwrap_or(start), due, wanted })
    }

    /// The range is of whole stretches of the resolution.
    pub(super) fn each(
        &self,
        snapshot: &Connection,
        resolution: Resolution,
        range: Range<i64>,
        each: &mut Each<'_>,
    ) -> Result<(), Unread> {
        let length = resolution.seconds() * MICROS;
        let settled = floor(self.until, length).clamp(range.start, range.end.max(range.start));
        let mut dirty: Vec<i64> = self.due.iter().map(|minute| floor(*minute, length)).collect();
        dirty.dedup();
        dirty.retain(|begin| (range.start..settled).contains(begin));
        let mut from = range.start;
        for begin in dirty {
            stored(snapshot, self.key, resolution, from..begin, &self.wanted, each)?;
            from = begin + length;
            self.made(snapshot, resolution, begin..from, each)?;
        }
        stored(snapshot, self.key, resolution, from..settled, &self.wanted, each)?;
        self.made(snapshot, resolution, settled..range.end, each)
    }

    /// Made from what is finer.
    fn made(
        &self,
        snapshot: &Connection,
        resolution: Resolution,
        range: Range<i64>,
        each: &mut Each<'_>,
    ) -> Result<(), Unread> {
        let length = resolution.seconds() * MICROS;
        match finer(resolution) {
            _ if range.is_empty() => Ok(()),
            None => folded(snapshot, self.key, length, range, each),
            Some(finer) => self.joined(snapshot, finer, length, range, each),
        }
    }

    /// Stretches of this length from those of a resolution.
    fn joined(
        &self,
        snapshot: &Connection,
        resolution: Resolution,
        length: i64,
        range: Range<i64>,
        each: &mut Each<'_>,
    ) -> Result<(), Unread> {
        let mut joining = Joining::new(length);
        self.each(snapshot, resolution, range, &mut |begin, part| joining.push(begin, part, each))?;
        joining.end(each);
        Ok(())
    }
}

pub(super) type Each<'a> = dyn FnMut(i64, &Rollup) + 'a;

/// Stretches of this length from the readings of a range.
fn folded(snapshot: &Connection, key: i64, length: i64, range: Range<i64>, each: &mut Each<'_>) -> Result<(), Unread> {
    let (rollups, _) = of_readings(snapshot, key, length, range, u32::MAX)?;
    for (begin, rollup) in &rollups {
        each(*begin, rollup);
    }
    Ok(())
}

/// Puts readings in order of time together.
struct Folding {
    length: i64,
    rollups: Rollups,
}

impl Folding {
    const fn new(length: i64) -> Self {
        Self { length, rollups: Vec::new() }
    }

    fn push(&mut self, reading: &Reading) {
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

/// Puts shorter stretches in order of time together.
pub(super) struct Joining {
    length: i64,
    open: Option<(i64, Rollup)>,
}

impl Joining {
    pub(super) const fn new(length: i64) -> Self {
        Self { length, open: None }
    }

    pub(super) fn push(&mut self, begin: i64, part: &Rollup, each: &mut Each<'_>) {
        let begin = floor(begin, self.length);
        match &mut self.open {
            Some((open, whole)) if *open == begin => whole.append(part),
            _ => {
                self.end(each);
                self.open = Some((begin, part.clone()));
            }
        }
    }

    pub(super) fn end(&mut self, each: &mut Each<'_>) {
        if let Some((begin, whole)) = self.open.take() {
            each(begin, &whole);
        }
    }
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

/// The rows of a range, whether or not they can be believed.
pub(super) fn stored(
    connection: &Connection,
    key: i64,
    resolution: Resolution,
    range: Range<i64>,
    wanted: &Wanted,
    each: &mut Each<'_>,
) -> Result<(), Unread> {
    if range.is_empty() {
        return Ok(());
    }
    let mut statement = connection.prepare_cached(STORED)?;
    let mut rows = statement.query([key, resolution.seconds(), range.start, range.end])?;
    let mut rollup = Rollup::default();
    while let Some(row) = rows.next()? {
        let mut cells = RawCells::new(row, "reading_rollups");
        let begin = cells.int()?.unwrap_or_default();
        let data = cells.bytes()?.unwrap_or_default();
        rollup.read(data, wanted).map_err(|error| cells.bad(&error))?;
        each(begin, &rollup);
    }
    Ok(())
}

/// Stretches from the oldest `limit` readings of a range, in the writer's transaction, with the time of the last of them where
/// there may be more.
pub(super) fn of_readings(
    tx: &Connection,
    key: i64,
    length: i64,
    range: Range<i64>,
    limit: u32,
) -> Result<(Rollups, Option<i64>), Unread> {
    let mut statement = tx.prepare_cached(&readings_sql())?;
    let mut rows = statement.query([key, range.start, range.end, i64::from(limit)])?;
    let (mut folding, mut count, mut last) = (Folding::new(length), 0, None);
    while let Some(row) = rows.next()? {
        let reading = reading_row::decode(&mut RawCells::new(row, "equipment_sensor_readings"))?;
        folding.push(&reading);
        (count, last) = (count + 1, Some(reading.reading_time.as_microsecond()));
    }
    Ok((folding.rollups, last.filter(|_| count == limit)))
}
