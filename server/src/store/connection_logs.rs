//! What happened to the connections of the ovens. Entries are written by [`writer`](super::writer).

use app::model::{
    connection_log::{ConnectionEvent, ConnectionLogEntry},
    equipment::{ConnectionStatus, EquipmentId},
};
use serde::Serialize;
use sqlx::sqlite::SqliteRow;

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

impl Store {
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
    Ok(LogRecord {
        id: cells.take()?,
        entry: ConnectionLogEntry {
            event_type: cells.word(ConnectionEvent::parse)?,
            event_time: cells.time()?,
            connection_status: cells.word(ConnectionStatus::parse)?,
            error_message: cells.take()?,
            error_code: cells.take()?,
            response_time_ms: cells.take()?,
            data_points_received: cells.number_opt()?,
        },
    })
}
