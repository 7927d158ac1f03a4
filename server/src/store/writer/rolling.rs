//! Keeps the rollups of every oven up to date with its readings, in the transactions that write those.
//!
//! The newest minute of each oven grows in memory. When the next one begins it is written as it is, provided that it saw
//! every reading of its time in order; otherwise it is made from the readings a moment later, by [`Rolling::step`]. A
//! reading for a minute that was rolled up before makes that minute due. How far the rollups go and what is due is
//! committed together with the readings, so that a crash at any time leaves rollups that can be told from those that have
//! to be made anew.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use app::model::{history::Resolution, reading::Reading};
use sqlx::{Connection as _, SqliteConnection};

use crate::{
    rollup::Rollup,
    store::rollups::{MICROS, Rollups, finer, floor, joined, of_readings, stored},
};

pub(super) const MINUTE: i64 = Resolution::Minute.seconds() * MICROS;
/// Of an oven that has no readings.
const UNKNOWN: i64 = i64::MAX;
/// Readings that a step goes through at most; a step holds up the readings that come meanwhile.
const STEP_READINGS: u32 = 2_000;
/// Due minutes of one step.
const STEP_DUE: u32 = 60;
/// Rollups of one statement.
const UPSERT: usize = 16;

#[derive(Default)]
pub(super) struct Rolling {
    lanes: HashMap<i64, Lane>,
    /// Lanes whose rollups end before the newest minute.
    behind: BTreeSet<i64>,
    /// Whether every oven has its lane.
    is_complete: bool,
    /// Whether something may be due.
    is_due: bool,
}

/// The rollups of one oven.
struct Lane {
    /// Every minute before is rolled up, or due.
    until: i64,
    /// The newest minute that has readings; none before the first.
    newest: Option<i64>,
    /// Readings before were deleted for their age, and come back no more.
    kept_from: i64,
    open: Option<Open>,
}

/// A minute that still grows.
struct Open {
    begin: i64,
    last: i64,
    /// It saw every reading of its time, in order.
    is_whole: bool,
    rollup: Rollup,
}

/// What the readings of one group change.
#[derive(Default)]
pub(super) struct Changes {
    minutes: Vec<(i64, i64, Rollup)>,
    due: BTreeSet<(i64, i64)>,
    /// How far the rollups of an oven went before.
    moved: BTreeMap<i64, i64>,
}

impl Rolling {
    /// Whether there is something for [`step`](Self::step).
    pub(super) fn has_work(&self) -> bool {
        !self.is_complete || self.is_due || !self.behind.is_empty()
    }

    /// After a failed transaction nothing in memory is sure: everything is read again.
    pub(super) fn forget(&mut self) {
        *self = Self { is_due: true, ..Self::default() };
    }

    /// Looks up where an oven stands, before its readings are written.
    pub(super) async fn know(&mut self, tx: &mut SqliteConnection, key: i64) -> Result<(), sqlx::Error> {
        if self.lanes.contains_key(&key) {
            return Ok(());
        }
        let (state, oldest, newest): (Option<i64>, Option<i64>, Option<i64>) = sqlx::query_as(
            "SELECT (SELECT rolled_until FROM reading_rollup_state WHERE equipment = ?1), \
             (SELECT min(reading_time) FROM equipment_sensor_readings WHERE equipment = ?1), \
             (SELECT max(reading_time) FROM equipment_sensor_readings WHERE equipment = ?1)",
        )
        .bind(key)
        .fetch_one(&mut *tx)
        .await?;
        let kept_from: Option<i64> =
            sqlx::query_scalar("SELECT kept_from FROM reading_rollup_state WHERE equipment = ?")
                .bind(key)
                .fetch_optional(tx)
                .await?
                .flatten();
        let newest = newest.map(|at| floor(at, MINUTE));
        // Without a word of it nothing is rolled up, which is told where the first readings are.
        let until = state.or(oldest.map(|at| floor(at, MINUTE))).unwrap_or(UNKNOWN);
        if newest.is_some_and(|newest| until < newest) {
            self.behind.insert(key);
        }
        self.lanes.insert(key, Lane { until, newest, kept_from: kept_from.unwrap_or(i64::MIN), open: None });
        Ok(())
    }

    /// Whether a reading is older than what is kept.
    pub(super) fn is_too_old(&self, key: i64, reading: &Reading) -> bool {
        self.lanes.get(&key).is_some_and(|lane| reading.reading_time.as_microsecond() < lane.kept_from)
    }

    /// Takes note of a reading that was written; `is_new` unless it may have been there before.
    pub(super) fn note(&mut self, key: i64, reading: &Reading, is_new: bool, changes: &mut Changes) {
        let Some(lane) = self.lanes.get_mut(&key) else { return };
        let at = reading.reading_time.as_microsecond();
        let begin = floor(at, MINUTE);
        if lane.until == UNKNOWN {
            lane.until = begin;
            changes.moved.entry(key).or_insert(begin);
        }
        if begin < lane.until {
            changes.due.insert((key, begin));
            return;
        }
        match &mut lane.open {
            Some(open) if open.begin == begin => {
                if is_new && at > open.last {
                    open.rollup.push(reading);
                } else {
                    open.is_whole = false;
                }
                open.last = open.last.max(at);
                return;
            }
            // Between what is rolled up and what grows: a step makes it.
            Some(open) if begin < open.begin => return,
            _ => {}
        }
        let mut open = Open {
            begin,
            last: at,
            is_whole: is_new && lane.newest.is_none_or(|newest| begin > newest),
            rollup: Rollup::default(),
        };
        open.rollup.push(reading);
        lane.newest = Some(lane.newest.map_or(begin, |newest| newest.max(begin)));
        if let Some(before) = lane.open.replace(open) {
            if before.is_whole && before.begin == lane.until {
                changes.minutes.push((key, before.begin, before.rollup));
                changes.moved.entry(key).or_insert(lane.until);
                lane.until = begin;
            } else {
                self.behind.insert(key);
            }
        } else if lane.until < begin {
            self.behind.insert(key);
        }
    }

    /// Readings of this minute are no longer what they were.
    pub(super) fn spoil(&mut self, key: i64, minute: i64, changes: &mut Changes) {
        let Some(lane) = self.lanes.get_mut(&key) else { return };
        if let Some(open) = &mut lane.open
            && open.begin == minute
        {
            open.is_whole = false;
        }
        if minute < lane.until {
            changes.due.insert((key, minute));
        }
    }

    /// The time before which every minute is rolled up, or due.
    pub(super) fn rolled_until(&self, key: i64) -> i64 {
        self.lanes.get(&key).map_or(i64::MIN, |lane| lane.until).min(i64::MAX / 2)
    }

    pub(super) fn kept_from(&self, key: i64) -> i64 {
        self.lanes.get(&key).map_or(i64::MIN, |lane| lane.kept_from)
    }

    /// Takes no reading any more that is older than this.
    pub(super) async fn keep_from(&mut self, tx: &mut SqliteConnection, key: i64, at: i64) -> Result<(), sqlx::Error> {
        let Some(lane) = self.lanes.get_mut(&key).filter(|lane| lane.kept_from < at && lane.until != UNKNOWN) else {
            return Ok(());
        };
        lane.kept_from = at;
        sqlx::query("UPDATE reading_rollup_state SET kept_from = ? WHERE equipment = ?")
            .bind(at)
            .bind(key)
            .execute(tx)
            .await?;
        Ok(())
    }

    /// Writes what readings changed, in their transaction.
    pub(super) async fn write(&mut self, tx: &mut SqliteConnection, changes: Changes) -> Result<(), sqlx::Error> {
        self.is_due |= !changes.due.is_empty();
        for (key, minute) in &changes.due {
            sqlx::query("INSERT OR IGNORE INTO reading_rollups_due (equipment, begins_at) VALUES (?, ?)")
                .bind(key)
                .bind(minute)
                .execute(&mut *tx)
                .await?;
        }
        let mut begun: BTreeMap<i64, Vec<i64>> = BTreeMap::new();
        for (key, begin, _) in &changes.minutes {
            begun.entry(*key).or_default().push(*begin);
        }
        upsert(tx, Resolution::Minute, changes.minutes).await?;
        for (key, before) in changes.moved {
            let until = self.lanes.get(&key).map_or(i64::MIN, |lane| lane.until);
            advance(tx, key, before, until, begun.remove(&key).unwrap_or_default()).await?;
        }
        Ok(())
    }

    /// Does a little of what is left to do, in a transaction of its own.
    pub(super) async fn step(&mut self, connection: &mut SqliteConnection) -> Result<(), sqlx::Error> {
        let mut tx = connection.begin_with("BEGIN IMMEDIATE").await?;
        if !self.is_complete {
            let keys: Vec<i64> = sqlx::query_scalar("SELECT key FROM equipment").fetch_all(&mut *tx).await?;
            for key in keys {
                self.know(&mut tx, key).await?;
            }
            (self.is_complete, self.is_due) = (true, true);
        } else if let Some(key) = self.behind.first().copied() {
            self.catch_up(&mut tx, key).await?;
        } else {
            self.is_due = self.settle(&mut tx).await?;
        }
        tx.commit().await
    }

    /// Gives up what is in the way of everything else: a stored value that cannot be read.
    pub(super) fn skip(&mut self) {
        if self.behind.pop_first().is_none() {
            self.is_due = false;
        }
    }

    /// Rolls up readings that no open minute saw.
    async fn catch_up(&mut self, tx: &mut SqliteConnection, key: i64) -> Result<(), sqlx::Error> {
        let exists: Option<i64> =
            sqlx::query_scalar("SELECT key FROM equipment WHERE key = ?").bind(key).fetch_optional(&mut *tx).await?;
        let lane = self.lanes.get_mut(&key).filter(|_| exists.is_some());
        let Some((lane, newest)) = lane.and_then(|lane| lane.newest.map(|newest| (lane, newest))) else {
            self.lanes.remove(&key);
            self.behind.remove(&key);
            return Ok(());
        };
        let start = lane.until;
        let (mut minutes, cut_at) = of_readings(tx, key, MINUTE, start..newest, STEP_READINGS).await?;
        let mut until = newest;
        if let Some(cut_at) = cut_at {
            // The last minute may have more readings: it is the next step's, or all of this one's.
            until = floor(cut_at, MINUTE);
            if until == start {
                until += MINUTE;
                minutes = of_readings(tx, key, MINUTE, start..until, u32::MAX).await?.0;
            } else {
                minutes.retain(|(begin, _)| *begin < until);
            }
        }
        lane.until = until;
        if until >= newest {
            self.behind.remove(&key);
        }
        let begun = minutes.iter().map(|(begin, _)| *begin).collect();
        let minutes = minutes.into_iter().map(|(begin, rollup)| (key, begin, rollup)).collect();
        upsert(tx, Resolution::Minute, minutes).await?;
        advance(tx, key, start, until, begun).await
    }

    /// Makes due minutes anew; says whether there may be more.
    async fn settle(&mut self, tx: &mut SqliteConnection) -> Result<bool, sqlx::Error> {
        let due: Vec<(i64, i64)> =
            sqlx::query_as("SELECT equipment, begins_at FROM reading_rollups_due ORDER BY 1, 2 LIMIT ?")
                .bind(STEP_DUE)
                .fetch_all(&mut *tx)
                .await?;
        let mut dirty: BTreeMap<i64, Vec<i64>> = BTreeMap::new();
        for (key, minute) in &due {
            let (made, _) = of_readings(tx, *key, MINUTE, *minute..minute + MINUTE, u32::MAX).await?;
            replace(tx, *key, Resolution::Minute, *minute, made).await?;
            sqlx::query("DELETE FROM reading_rollups_due WHERE equipment = ? AND begins_at = ?")
                .bind(key)
                .bind(minute)
                .execute(&mut *tx)
                .await?;
            dirty.entry(*key).or_default().push(*minute);
        }
        for (key, minutes) in dirty {
            self.know(tx, key).await?;
            let until = self.lanes.get(&key).map_or(i64::MIN, |lane| lane.until);
            for resolution in [Resolution::Hour, Resolution::Day] {
                let settled = floor(until, resolution.seconds() * MICROS);
                refold(tx, key, resolution, &minutes, settled).await?;
            }
        }
        Ok(due.len() == STEP_DUE as usize)
    }
}

/// Notes how far an oven's rollups go, and makes the hours and days that ended by it, from minutes that begin at `begun`
/// and those before.
async fn advance(
    tx: &mut SqliteConnection,
    key: i64,
    before: i64,
    until: i64,
    mut begun: Vec<i64>,
) -> Result<(), sqlx::Error> {
    begun.push(before);
    for resolution in [Resolution::Hour, Resolution::Day] {
        let length = resolution.seconds() * MICROS;
        let settled = floor(until, length);
        if floor(before, length) < settled {
            refold(tx, key, resolution, &begun, settled).await?;
        }
    }
    sqlx::query(
        "INSERT INTO reading_rollup_state (equipment, rolled_until) VALUES (?, ?) \
         ON CONFLICT (equipment) DO UPDATE SET rolled_until = excluded.rolled_until",
    )
    .bind(key)
    .bind(until)
    .execute(tx)
    .await?;
    Ok(())
}

/// Makes those stretches anew that these times are in, as far as they ended by `settled`.
async fn refold(
    tx: &mut SqliteConnection,
    key: i64,
    resolution: Resolution,
    times: &[i64],
    settled: i64,
) -> Result<(), sqlx::Error> {
    let length = resolution.seconds() * MICROS;
    let begins: BTreeSet<i64> = times.iter().map(|at| floor(*at, length)).filter(|begin| *begin < settled).collect();
    for begin in begins {
        let made = match finer(resolution) {
            Some(finer) => joined(&stored(tx, key, finer, begin, begin + length).await?, length),
            None => Vec::new(),
        };
        replace(tx, key, resolution, begin, made).await?;
    }
    Ok(())
}

/// Puts one stretch, or none, in the place of what was there.
async fn replace(
    tx: &mut SqliteConnection,
    key: i64,
    resolution: Resolution,
    begin: i64,
    made: Rollups,
) -> Result<(), sqlx::Error> {
    if made.is_empty() {
        sqlx::query("DELETE FROM reading_rollups WHERE equipment = ? AND seconds = ? AND begins_at = ?")
            .bind(key)
            .bind(resolution.seconds())
            .bind(begin)
            .execute(tx)
            .await?;
        return Ok(());
    }
    upsert(tx, resolution, made.into_iter().map(|(begin, rollup)| (key, begin, rollup)).collect()).await
}

async fn upsert(
    tx: &mut SqliteConnection,
    resolution: Resolution,
    rollups: Vec<(i64, i64, Rollup)>,
) -> Result<(), sqlx::Error> {
    let mut rest = &rollups[..];
    for size in [UPSERT, 1] {
        while let Some((chunk, left)) = rest.split_at_checked(size) {
            rest = left;
            let sql = upsert_sql(size);
            let mut query = sqlx::query(&sql);
            for (key, begin, rollup) in chunk {
                query = query.bind(key).bind(resolution.seconds()).bind(begin).bind(rollup.encode());
            }
            query.execute(&mut *tx).await?;
        }
    }
    Ok(())
}

fn upsert_sql(rows: usize) -> String {
    format!(
        "INSERT INTO reading_rollups (equipment, seconds, begins_at, data) VALUES {} \
         ON CONFLICT (equipment, seconds, begins_at) DO UPDATE SET data = excluded.data",
        vec!["(?,?,?,?)"; rows].join(",")
    )
}
