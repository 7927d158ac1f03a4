//! Deletes readings and rollups, a few at a time, so that new readings never wait long.

use std::collections::BTreeSet;

use app::model::history::Resolution;
use rusqlite::{Connection, OptionalExtension as _};

use super::rolling::{Changes, MINUTE, Rolling};
use crate::store::{
    plausibility::forget_outliers,
    reader::Unread,
    rollups::{DAY, floor},
};

/// What goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Erasure {
    /// Readings with `start <= reading_time < end`, in µs, as if they had never been: their rollups are made anew.
    Readings { start: i64, end: i64 },
    /// What is older than this, in µs, of one resolution. Coarser rollups of it stay. Whole days go: of readings
    /// those that are rolled up, of rollups those whose readings went before.
    Older { resolution: Resolution, than: i64 },
}

/// What went in one piece.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Erased {
    pub rows: u64,
    /// There may be more: the piece was full, or what comes next is being rolled up.
    pub more: bool,
}

pub(super) fn erase(
    tx: &Connection,
    rolling: &mut Rolling,
    changes: &mut Changes,
    key: i64,
    what: Erasure,
    limit: u32,
) -> Result<Erased, Unread> {
    rolling.know(tx, key)?;
    match what {
        Erasure::Readings { start, end } => {
            let end = cut(tx, READINGS, key, start, end, limit)?;
            let mut statement = tx.prepare_cached(
                "SELECT reading_time FROM equipment_sensor_readings WHERE equipment = ? AND reading_time >= ? \
                 AND reading_time < ?",
            )?;
            let times = statement.query_map([key, start, end.at], |row| row.get(0))?;
            // SQL divides towards zero, which is another minute before 1970.
            let minutes: BTreeSet<i64> = times.map(|at| at.map(|at| floor(at, MINUTE))).collect::<Result<_, _>>()?;
            let erased = delete(tx, READINGS, key, start, end)?;
            for minute in minutes {
                rolling.spoil(key, minute, changes);
            }
            Ok(erased)
        }
        Erasure::Older { resolution: Resolution::Raw, than } => {
            let than = floor(than, DAY);
            match rolling.close(tx, key, than, changes) {
                // Its last day stays.
                Err(Unread::Stored(error)) => tracing::error!(%error, "the end of a silent oven cannot be rolled up"),
                closed => closed?,
            }
            let asked = than;
            let than = floor(than.min(rolling.settled_until(key, changes)), DAY);
            if is_due(tx, key, than)? {
                // Its minutes are made from these readings yet.
                return Ok(Erased { rows: 0, more: !rolling.is_stuck_due(key) });
            }
            rolling.keep_from(tx, key, than)?;
            forget_outliers(tx, key, than)?;
            let end = cut(tx, READINGS, key, i64::MIN, than, limit)?;
            let erased = delete(tx, READINGS, key, i64::MIN, end)?;
            Ok(Erased { more: erased.more || (than < asked && rolling.is_moving(key)), ..erased })
        }
        Erasure::Older { resolution, than } => {
            // Only what no reading can change any more.
            let than = floor(than.min(rolling.kept_from(key)), DAY);
            let table = Table { condition: seconds_condition(resolution), ..ROLLUPS };
            let end = cut(tx, table, key, i64::MIN, than, limit)?;
            delete(tx, table, key, i64::MIN, end)
        }
    }
}

#[derive(Clone, Copy)]
struct Table {
    name: &'static str,
    time: &'static str,
    condition: &'static str,
}

const READINGS: Table = Table { name: "equipment_sensor_readings", time: "reading_time", condition: "" };
const ROLLUPS: Table = Table { name: "reading_rollups", time: "begins_at", condition: "" };

const fn seconds_condition(resolution: Resolution) -> &'static str {
    match resolution {
        Resolution::Raw => "AND 0",
        Resolution::Minute => "AND seconds = 60",
        Resolution::Hour => "AND seconds = 3600",
        Resolution::Day => "AND seconds = 86400",
    }
}

/// Where a piece ends.
#[derive(Clone, Copy)]
struct Cut {
    at: i64,
    more: bool,
}

fn cut(
    tx: &Connection,
    Table { name, time, condition }: Table,
    key: i64,
    start: i64,
    end: i64,
    limit: u32,
) -> rusqlite::Result<Cut> {
    let sql = format!(
        "SELECT {time} FROM {name} WHERE equipment = ? {condition} AND {time} >= ? AND {time} < ? ORDER BY {time} \
         LIMIT 1 OFFSET ?"
    );
    let mut statement = tx.prepare_cached(&sql)?;
    let at: Option<i64> = statement.query_row([key, start, end, i64::from(limit)], |row| row.get(0)).optional()?;
    Ok(Cut { at: at.unwrap_or(end), more: at.is_some() })
}

fn delete(
    tx: &Connection,
    Table { name, time, condition }: Table,
    key: i64,
    start: i64,
    end: Cut,
) -> Result<Erased, Unread> {
    let sql = format!("DELETE FROM {name} WHERE equipment = ? {condition} AND {time} >= ? AND {time} < ?");
    let rows = tx.prepare_cached(&sql)?.execute([key, start, end.at])?;
    Ok(Erased { rows: rows as u64, more: end.more })
}

fn is_due(tx: &Connection, key: i64, before: i64) -> rusqlite::Result<bool> {
    tx.prepare_cached("SELECT EXISTS (SELECT 1 FROM reading_rollups_due WHERE equipment = ? AND begins_at < ?)")?
        .query_row([key, before], |row| row.get(0))
}
