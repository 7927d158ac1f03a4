//! Changes the flaws of readings that are stored.

use app::model::reading::{Quality, QualityIssue, QualityReason};
use rusqlite::{Connection, Row, params};

use super::rolling::{Changes, MINUTE, Rolling};
use crate::store::{cells::to_json, reader::Unread, reading_row::quality_number, rollups::floor};

/// One reason of one field becomes another in the readings with `start <= reading_time < end`, in µs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reflag {
    pub field: String,
    pub from: QualityReason,
    pub to: QualityReason,
    pub start: i64,
    pub end: i64,
}

/// Says how many readings changed. Their rollups are made anew. One whose flaws cannot be read stays as it is: an error
/// would come again with every attempt, and keep what is written with it from the database.
pub(super) fn reflag(
    tx: &Connection,
    rolling: &mut Rolling,
    changes: &mut Changes,
    key: i64,
    what: &Reflag,
) -> Result<u64, Unread> {
    rolling.know(tx, key)?;
    let mut select = tx.prepare_cached(
        "SELECT reading_time, quality_issues FROM equipment_sensor_readings WHERE equipment = ? \
         AND reading_time >= ? AND reading_time < ? AND quality_issues IS NOT NULL",
    )?;
    let mut update = tx.prepare_cached(
        "UPDATE equipment_sensor_readings SET quality = ?, quality_issues = ? WHERE equipment = ? AND reading_time = ?",
    )?;
    let flaws = |row: &Row<'_>| Ok((row.get(0)?, row.get_ref(1)?.as_bytes().map(<[u8]>::to_vec).unwrap_or_default()));
    let rows: Vec<(i64, Vec<u8>)> = select.query_map([key, what.start, what.end], flaws)?.collect::<Result<_, _>>()?;
    let (mut count, mut unreadable) = (0, 0);
    for (time, text) in rows {
        let Ok(mut issues) = serde_json::from_slice::<Vec<QualityIssue>>(&text) else {
            unreadable += 1;
            continue;
        };
        let mut concerned = issues.iter_mut().filter(|issue| issue.field == what.field && issue.reason == what.from);
        let Some(first) = concerned.next() else { continue };
        first.reason = what.to;
        concerned.for_each(|issue| issue.reason = what.to);
        let quality = issues.iter().map(|issue| issue.reason.quality()).max().unwrap_or(Quality::Good);
        update.execute(params![quality_number(quality), to_json(&issues)?, key, time])?;
        rolling.spoil(key, floor(time, MINUTE), changes);
        count += 1;
    }
    if unreadable > 0 {
        tracing::error!(key, "the flaws of {unreadable} readings cannot be read and stay as they are");
    }
    Ok(count)
}
