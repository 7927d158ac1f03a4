//! Keeps the rollups of every oven up to date with its readings, in the transactions that write those.
//!
//! The newest minute of each oven grows in memory. When the next one begins it is written as it is, provided that it saw
//! every reading of its time in order; otherwise it is made from the readings a moment later, by [`Rolling::step`]. A
//! reading for a minute that was rolled up before makes that minute due. How far the rollups go and what is due is
//! committed together with the readings, so that a crash at any time leaves rollups that can be told from those that have
//! to be made anew.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use app::model::{history::Resolution, reading::Reading};
use rusqlite::{Connection, TransactionBehavior, params};

use crate::{
    rollup::{Rollup, Wanted},
    store::{
        reader::Unread,
        rollups::{Joining, MICROS, Rollups, finer, floor, of_readings, stored},
    },
};

pub(super) const MINUTE: i64 = Resolution::Minute.seconds() * MICROS;
/// Of an oven that has no readings.
const UNKNOWN: i64 = i64::MAX;
/// Readings that a step goes through at most; a step holds up the readings that come meanwhile.
const STEP_READINGS: u32 = 2_000;
/// Due minutes of one step.
const STEP_DUE: i64 = 60;

#[derive(Default)]
pub(super) struct Rolling {
    lanes: HashMap<i64, Lane>,
    /// Lanes whose rollups end before the newest minute.
    behind: BTreeSet<i64>,
    /// Lanes that go no further, because a stored value cannot be read. They are left alone, so that the others go on.
    stuck: BTreeSet<i64>,
    /// The same of their due minutes.
    stuck_due: BTreeSet<i64>,
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
        !self.is_complete || self.is_due || self.next_behind().is_some()
    }

    fn next_behind(&self) -> Option<i64> {
        self.behind.difference(&self.stuck).next().copied()
    }

    /// Whether steps still bring an oven further.
    pub(super) fn is_moving(&self, key: i64) -> bool {
        self.behind.contains(&key) && !self.stuck.contains(&key)
    }

    /// Whether an oven's due minutes stay so.
    pub(super) fn is_stuck_due(&self, key: i64) -> bool {
        self.stuck_due.contains(&key)
    }

    /// After a failed transaction nothing in memory is sure: everything is read again.
    pub(super) fn forget(&mut self) {
        *self = Self { is_due: true, ..Self::default() };
    }

    /// Looks up where an oven stands, before its readings are written.
    pub(super) fn know(&mut self, tx: &Connection, key: i64) -> Result<(), Unread> {
        if self.lanes.contains_key(&key) {
            return Ok(());
        }
        let (state, kept_from, oldest, newest): (Option<i64>, Option<i64>, Option<i64>, Option<i64>) = tx
            .prepare_cached(
                "SELECT (SELECT rolled_until FROM reading_rollup_state WHERE equipment = ?1), \
                 (SELECT kept_from FROM reading_rollup_state WHERE equipment = ?1), \
                 (SELECT min(reading_time) FROM equipment_sensor_readings WHERE equipment = ?1), \
                 (SELECT max(reading_time) FROM equipment_sensor_readings WHERE equipment = ?1)",
            )?
            .query_row([key], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))?;
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

    /// The time before which every minute is rolled up, not counting what these changes have still to write.
    pub(super) fn settled_until(&self, key: i64, changes: &Changes) -> i64 {
        let written = changes.moved.get(&key).copied();
        let until = written.or(self.lanes.get(&key).map(|lane| lane.until)).unwrap_or(i64::MIN);
        let due = changes.due.range((key, i64::MIN)..=(key, i64::MAX)).next().map_or(i64::MAX, |(_, minute)| *minute);
        until.min(due).min(i64::MAX / 2)
    }

    /// Rolls up the newest minute too where it is before `than`: an oven that is silent for good ends it with no reading.
    pub(super) fn close(&mut self, tx: &Connection, key: i64, than: i64, changes: &Changes) -> Result<(), Unread> {
        let Some(lane) = self.lanes.get_mut(&key).filter(|_| !changes.moved.contains_key(&key)) else { return Ok(()) };
        let Some(newest) = lane.newest.filter(|newest| lane.until == *newest && newest + MINUTE <= than) else {
            return Ok(());
        };
        let (minutes, _) = of_readings(tx, key, MINUTE, newest..newest + MINUTE, u32::MAX)?;
        lane.extend(tx, key, minutes, than)?;
        lane.open = None;
        Ok(())
    }

    pub(super) fn kept_from(&self, key: i64) -> i64 {
        self.lanes.get(&key).map_or(i64::MIN, |lane| lane.kept_from)
    }

    /// Takes no reading any more that is older than this.
    pub(super) fn keep_from(&mut self, tx: &Connection, key: i64, at: i64) -> Result<(), Unread> {
        let Some(lane) = self.lanes.get_mut(&key).filter(|lane| lane.kept_from < at && lane.until != UNKNOWN) else {
            return Ok(());
        };
        lane.kept_from = at;
        tx.prepare_cached(
            "INSERT INTO reading_rollup_state (equipment, rolled_until, kept_from) VALUES (?, ?, ?) \
             ON CONFLICT (equipment) DO UPDATE SET kept_from = excluded.kept_from",
        )?
        .execute([key, lane.until, at])?;
        Ok(())
    }

    /// Writes what readings changed, in their transaction.
    pub(super) fn write(&mut self, tx: &Connection, changes: Changes) -> Result<(), Unread> {
        self.is_due |= !changes.due.is_empty();
        let mut due =
            tx.prepare_cached("INSERT OR IGNORE INTO reading_rollups_due (equipment, begins_at) VALUES (?, ?)")?;
        for (key, minute) in &changes.due {
            due.execute([key, minute])?;
        }
        let mut begun: BTreeMap<i64, Vec<i64>> = BTreeMap::new();
        for (key, begin, _) in &changes.minutes {
            begun.entry(*key).or_default().push(*begin);
        }
        upsert(tx, Resolution::Minute, changes.minutes)?;
        for (key, before) in changes.moved {
            let Some(lane) = self.lanes.get_mut(&key) else { continue };
            match advance(tx, key, before, lane.until, begun.remove(&key).unwrap_or_default()) {
                // Readings do not wait for what is broken in the history: a step tries again, and says so.
                Err(Unread::Stored(_)) => {
                    lane.until = before;
                    self.behind.insert(key);
                }
                advanced => advanced?,
            }
        }
        Ok(())
    }

    /// Does a little of what is left to do, in a transaction of its own. An oven whose stored values cannot be read is left
    /// alone after that.
    pub(super) fn step(&mut self, connection: &mut Connection) -> Result<(), Unread> {
        let tx = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        if !self.is_complete {
            let keys: Vec<i64> = {
                let mut statement = tx.prepare_cached("SELECT key FROM equipment")?;
                let keys = statement.query_map([], |row| row.get(0))?;
                keys.collect::<Result<_, _>>()?
            };
            for key in keys {
                self.know(&tx, key)?;
            }
            (self.is_complete, self.is_due) = (true, true);
        } else if let Some(key) = self.next_behind() {
            self.catch_up(&tx, key).inspect_err(|error| leave(&mut self.stuck, key, error))?;
        } else {
            self.is_due = self.settle(&tx)?;
        }
        Ok(tx.commit()?)
    }

    /// Rolls up readings that no open minute saw.
    fn catch_up(&mut self, tx: &Connection, key: i64) -> Result<(), Unread> {
        let exists = tx.prepare_cached("SELECT 1 FROM equipment WHERE key = ?")?.exists([key])?;
        let lane = self.lanes.get_mut(&key).filter(|_| exists);
        let Some((lane, newest)) = lane.and_then(|lane| lane.newest.map(|newest| (lane, newest))) else {
            self.lanes.remove(&key);
            self.behind.remove(&key);
            return Ok(());
        };
        let start = lane.until;
        let (mut minutes, cut_at) = of_readings(tx, key, MINUTE, start..newest, STEP_READINGS)?;
        let mut until = newest;
        if let Some(cut_at) = cut_at {
            // The last minute may have more readings: it is the next step's, or all of this one's.
            until = floor(cut_at, MINUTE);
            if until == start {
                until += MINUTE;
                minutes = of_readings(tx, key, MINUTE, start..until, u32::MAX)?.0;
            } else {
                minutes.retain(|(begin, _)| *begin < until);
            }
        }
        lane.extend(tx, key, minutes, until)?;
        if until >= newest {
            self.behind.remove(&key);
        }
        Ok(())
    }

    /// Makes due minutes anew, oven by oven; says whether there may be more.
    fn settle(&mut self, tx: &Connection) -> Result<bool, Unread> {
        let (mut left, mut after) = (STEP_DUE, i64::MIN);
        while left > 0 {
            let Some(key) = self.next_due(tx, after)? else { return Ok(false) };
            let done = self.settle_one(tx, key, left);
            left -= done.inspect_err(|error| leave(&mut self.stuck_due, key, error))?;
            after = key;
        }
        Ok(true)
    }

    /// At most `limit` minutes of one oven; says how many.
    fn settle_one(&mut self, tx: &Connection, key: i64, limit: i64) -> Result<i64, Unread> {
        let due: Vec<i64> = {
            let mut statement = tx.prepare_cached(
                "SELECT begins_at FROM reading_rollups_due WHERE equipment = ? ORDER BY begins_at LIMIT ?",
            )?;
            let due = statement.query_map([key, limit], |row| row.get(0))?;
            due.collect::<Result<_, _>>()?
        };
        let mut settled = tx.prepare_cached("DELETE FROM reading_rollups_due WHERE equipment = ? AND begins_at = ?")?;
        for minute in &due {
            let (made, _) = of_readings(tx, key, MINUTE, *minute..minute + MINUTE, u32::MAX)?;
            replace(tx, key, Resolution::Minute, *minute, made)?;
            settled.execute([&key, minute])?;
        }
        self.know(tx, key)?;
        let until = self.lanes.get(&key).map_or(i64::MIN, |lane| lane.until);
        for resolution in [Resolution::Hour, Resolution::Day] {
            refold(tx, key, resolution, &due, floor(until, resolution.seconds() * MICROS))?;
        }
        Ok(due.len() as i64)
    }

    /// The next oven with due minutes that nothing is in the way of.
    fn next_due(&self, tx: &Connection, mut after: i64) -> rusqlite::Result<Option<i64>> {
        let mut next = tx.prepare_cached("SELECT min(equipment) FROM reading_rollups_due WHERE equipment > ?")?;
        loop {
            let found: Option<i64> = next.query_row([after], |row| row.get(0))?;
            match found {
                Some(key) if self.is_stuck_due(key) => after = key,
                found => return Ok(found),
            }
        }
    }
}

/// Notes that an oven is to be left alone, if it is its own values that cannot be read.
fn leave(stuck: &mut BTreeSet<i64>, key: i64, error: &Unread) {
    if let Unread::Stored(error) = error {
        tracing::error!(%error, key, "the history of an oven is not rolled up until the next start; charts of it are slow");
        stuck.insert(key);
    }
}

impl Lane {
    /// Writes minutes after those that are there, up to a time by which all have ended.
    fn extend(&mut self, tx: &Connection, key: i64, minutes: Rollups, until: i64) -> Result<(), Unread> {
        let begun = minutes.iter().map(|(begin, _)| *begin).collect();
        let minutes = minutes.into_iter().map(|(begin, rollup)| (key, begin, rollup)).collect();
        upsert(tx, Resolution::Minute, minutes)?;
        advance(tx, key, self.until, until, begun)?;
        self.until = until;
        Ok(())
    }
}

/// Notes how far an oven's rollups go, and makes the hours and days that ended by it, from minutes that begin at `begun`
/// and those before.
fn advance(tx: &Connection, key: i64, before: i64, until: i64, mut begun: Vec<i64>) -> Result<(), Unread> {
    begun.push(before);
    for resolution in [Resolution::Hour, Resolution::Day] {
        let length = resolution.seconds() * MICROS;
        let settled = floor(until, length);
        if floor(before, length) < settled {
            refold(tx, key, resolution, &begun, settled)?;
        }
    }
    tx.prepare_cached(
        "INSERT INTO reading_rollup_state (equipment, rolled_until) VALUES (?, ?) \
         ON CONFLICT (equipment) DO UPDATE SET rolled_until = excluded.rolled_until",
    )?
    .execute([key, until])?;
    Ok(())
}

/// Makes those stretches anew that these times are in, as far as they ended by `settled`.
fn refold(tx: &Connection, key: i64, resolution: Resolution, times: &[i64], settled: i64) -> Result<(), Unread> {
    let length = resolution.seconds() * MICROS;
    let begins: BTreeSet<i64> = times.iter().map(|at| floor(*at, length)).filter(|begin| *begin < settled).collect();
    for begin in begins {
        let (mut made, mut joining) = (Rollups::new(), Joining::new(length));
        let mut each = |begin, rollup: &Rollup| made.push((begin, rollup.clone()));
        if let Some(finer) = finer(resolution) {
            let mut join = |begin, part: &Rollup| joining.push(begin, part, &mut each);
            stored(tx, key, finer, begin..begin + length, &Wanted::default(), &mut join)?;
        }
        joining.end(&mut each);
        replace(tx, key, resolution, begin, made)?;
    }
    Ok(())
}

/// Puts one stretch, or none, in the place of what was there.
fn replace(tx: &Connection, key: i64, resolution: Resolution, begin: i64, made: Rollups) -> Result<(), Unread> {
    if made.is_empty() {
        tx.prepare_cached("DELETE FROM reading_rollups WHERE equipment = ? AND seconds = ? AND begins_at = ?")?
            .execute([key, resolution.seconds(), begin])?;
        return Ok(());
    }
    upsert(tx, resolution, made.into_iter().map(|(begin, rollup)| (key, begin, rollup)).collect())
}

fn upsert(tx: &Connection, resolution: Resolution, rollups: Vec<(i64, i64, Rollup)>) -> Result<(), Unread> {
    let mut statement = tx.prepare_cached(
        "INSERT INTO reading_rollups (equipment, seconds, begins_at, data) VALUES (?, ?, ?, ?) \
         ON CONFLICT (equipment, seconds, begins_at) DO UPDATE SET data = excluded.data",
    )?;
    for (key, begin, rollup) in rollups {
        statement.execute(params![key, resolution.seconds(), begin, rollup.encode()])?;
    }
    Ok(())
}
