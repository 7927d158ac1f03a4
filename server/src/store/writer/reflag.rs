//! Changes the flaws of readings that are stored.

use app::model::reading::{Quality, QualityIssue, QualityReason};
use sqlx::SqliteConnection;

use super::rolling::{Changes, MINUTE, Rolling};
use crate::store::{reading_row::quality_number, rollups::floor};

/// One reason of one field becomes another in the readings with `start <= reading_time < end`, in µs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reflag {
    pub field: String,
    pub from: QualityReason,
    pub to: QualityReason,
    pub start: i64,
    pub end: i64,
}

/// Says how many readings changed. Their rollups are made anew.
pub(super) async fn reflag(
    tx: &mut SqliteConnection,
    rolling: &mut Rolling,
    changes: &mut Changes,
    key: i64,
    what: &Reflag,
) -> Result<u64, sqlx::Error> {
    rolling.know(tx, key).await?;
    let rows: Vec<(i64, String)> = sqlx::query_as(
        "SELECT reading_time, quality_issues FROM equipment_sensor_readings WHERE equipment = ? \
         AND reading_time >= ? AND reading_time < ? AND quality_issues IS NOT NULL",
    )
    .bind(key)
    .bind(what.start)
    .bind(what.end)
    .fetch_all(&mut *tx)
    .await?;
    let mut count = 0;
    for (time, text) in rows {
        let unreadable = |error: serde_json::Error| sqlx::Error::Decode(error.into());
        let mut issues: Vec<QualityIssue> = serde_json::from_str(&text).map_err(unreadable)?;
        let mut concerned = issues.iter_mut().filter(|issue| issue.field == what.field && issue.reason == what.from);
        let Some(first) = concerned.next() else { continue };
        first.reason = what.to;
        concerned.for_each(|issue| issue.reason = what.to);
        let quality = issues.iter().map(|issue| issue.reason.quality()).max().unwrap_or(Quality::Good);
        sqlx::query(
            "UPDATE equipment_sensor_readings SET quality = ?, quality_issues = ? WHERE equipment = ? \
             AND reading_time = ?",
        )
        .bind(quality_number(quality))
        .bind(serde_json::to_string(&issues).map_err(unreadable)?)
        .bind(key)
        .bind(time)
        .execute(&mut *tx)
        .await?;
        rolling.spoil(key, floor(time, MINUTE), changes);
        count += 1;
    }
    Ok(count)
}
