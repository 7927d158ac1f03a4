//! What happened to the connections of the ovens. Entries are written by [`writer`](super::writer).

use app::model::{
    connection_log::{ConnectionEvent, ConnectionLogEntry},
    equipment::{ConnectionStatus, EquipmentId},
};
use jiff::Timestamp;
use serde::Serialize;
use sqlx::{QueryBuilder, Sqlite, sqlite::SqliteRow};

use super::{
    Store,
    cells::Cells,
    error::{Doing as _, StoreError},
};

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LogRecord {
    /// Grows with the order of arrival.
    pub id: i64,
    #[serde(flatten)]
    pub entry: ConnectionLogEntry,
}

/// An entry with the oven that it is about.
#[derive(Clone, Debug, PartialEq, Serialize, utoipa::ToSchema)]
pub struct OvenLogRecord {
    pub id: i64,
    pub equipment_id: EquipmentId,
    #[serde(flatten)]
    pub entry: ConnectionLogEntry,
}

/// Which entries are asked for; those of every oven where nothing is set.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogFilter {
    pub equipment_id: Option<EquipmentId>,
    pub event_type: Option<ConnectionEvent>,
    pub from: Option<Timestamp>,
    /// Exclusive.
    pub to: Option<Timestamp>,
}

impl Store {
    /// Of all ovens, newest first, or oldest first; `after` is the id of the last entry of the page before.
    pub async fn find_connection_logs(
        &self,
        filter: &LogFilter,
        oldest_first: bool,
        limit: u32,
        after: Option<i64>,
    ) -> Result<Vec<OvenLogRecord>, StoreError> {
        let mut query = QueryBuilder::<Sqlite>::new(
            "SELECT l.key, e.id, l.event_type, l.event_time, l.connection_status, l.error_message, l.error_code, \
             l.response_time_ms, l.data_points_received \
             FROM equipment_connection_logs l JOIN equipment e ON e.key = l.equipment WHERE 1 = 1",
        );
        if let Some(id) = filter.equipment_id {
            query.push(" AND l.equipment = ").push_bind(self.key(id).await?);
        }
        if let Some(event) = filter.event_type {
            query.push(" AND l.event_type = ").push_bind(event.as_str());
        }
        if let Some(from) = filter.from {
            query.push(" AND l.event_time >= ").push_bind(from.as_microsecond());
        }
        if let Some(to) = filter.to {
            query.push(" AND l.event_time < ").push_bind(to.as_microsecond());
        }
        if let Some(after) = after {
            query.push(if oldest_first { " AND l.key > " } else { " AND l.key < " }).push_bind(after);
        }
        query.push(if oldest_first { " ORDER BY l.key LIMIT " } else { " ORDER BY l.key DESC LIMIT " });
        query.push_bind(limit);
        let rows = query.build().fetch_all(&self.pool).await.doing("reading the connection logs")?;
        let record = |row: &SqliteRow| {
            let mut cells = Cells::new(row, "equipment_connection_logs");
            Ok(OvenLogRecord {
                id: cells.take()?,
                equipment_id: cells.equipment_id()?,
                entry: decode_entry(&mut cells)?,
            })
        };
        rows.iter().map(record).collect()
    }

    /// Newest first; `before` is the id of the last entry of the page above.
    pub async fn connection_logs(
        &self,
        id: EquipmentId,
        limit: u32,
        before: Option<i64>,
    ) -> Result<Vec<LogRecord>, StoreError> {
        sqlx::query(
            "SELECT key, event_type, event_time, connection_status, error_message, error_code, response_time_ms, \
             data_points_received FROM equipment_connection_logs WHERE equipment = ? AND key < ? \
             ORDER BY key DESC LIMIT ?",
        )
        .bind(self.key(id).await?)
        .bind(before.unwrap_or(i64::MAX))
        .bind(limit)
        .fetch_all(&self.pool)
        .await
        .doing("reading the connection log")?
        .iter()
        .map(decode)
        .collect()
    }

    /// Keeps the newest `keep` entries of each oven; says how many went.
    pub async fn prune_connection_logs(&self, keep: u32) -> Result<u64, StoreError> {
        let keys: Vec<i64> =
            sqlx::query_scalar("SELECT key FROM equipment").fetch_all(&self.pool).await.doing("reading the ovens")?;
        let mut pruned = 0;
        for key in keys {
            let done = sqlx::query(
                "DELETE FROM equipment_connection_logs WHERE equipment = ?1 AND key <= \
                 (SELECT key FROM equipment_connection_logs WHERE equipment = ?1 ORDER BY key DESC LIMIT 1 OFFSET ?2)",
            )
            .bind(key)
            .bind(keep)
            .execute(&self.pool)
            .await
            .doing("pruning the connection log")?;
            pruned += done.rows_affected();
        }
        Ok(pruned)
    }
}

pub(super) const INSERT_LOG: &str = "INSERT INTO equipment_connection_logs (equipment, event_type, event_time, \
    connection_status, error_message, error_code, response_time_ms, data_points_received) \
    VALUES (?, ?, ?, ?, ?, ?, ?, ?)";

fn decode(row: &SqliteRow) -> Result<LogRecord, StoreError> {
    let mut cells = Cells::new(row, "equipment_connection_logs");
    Ok(LogRecord { id: cells.take()?, entry: decode_entry(&mut cells)? })
}

fn decode_entry(cells: &mut Cells<'_>) -> Result<ConnectionLogEntry, StoreError> {
    Ok(ConnectionLogEntry {
        event_type: cells.word(ConnectionEvent::parse)?,
        event_time: cells.time()?,
        connection_status: cells.word(ConnectionStatus::parse)?,
        error_message: cells.take()?,
        error_code: cells.take()?,
        response_time_ms: cells.take()?,
        data_points_received: cells.number_opt()?,
    })
}
