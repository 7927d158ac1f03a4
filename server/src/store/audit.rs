//! Who changed what. Entries are added and read; the schema refuses to change or delete any.

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;
use sqlx::sqlite::SqliteRow;

use super::{
    Store,
    cells::{Cells, to_json},
    error::{Doing as _, StoreError},
};

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct AuditEntry {
    pub at: Timestamp,
    /// None for the system itself, or a user who is not signed in.
    pub actor_id: Option<i64>,
    /// Kept beside the id, so that an entry can be read by itself.
    pub actor_name: String,
    /// For example `equipment.update`.
    pub action: String,
    pub object_type: String,
    pub object_id: Option<String>,
    /// The object before and after, without secrets.
    pub before: Option<Value>,
    pub after: Option<Value>,
    pub client_ip: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct AuditRecord {
    pub id: i64,
    #[serde(flatten)]
    pub entry: AuditEntry,
}

impl Store {
    /// Returns the entry's id.
    pub async fn append_audit(&self, entry: &AuditEntry) -> Result<i64, StoreError> {
        let done = sqlx::query(
            "INSERT INTO audit_log (at, actor_id, actor_name, action, object_type, object_id, before, after, \
             client_ip) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(entry.at.as_microsecond())
        .bind(entry.actor_id)
        .bind(&entry.actor_name)
        .bind(&entry.action)
        .bind(&entry.object_type)
        .bind(&entry.object_id)
        .bind(entry.before.as_ref().map(to_json).transpose()?)
        .bind(entry.after.as_ref().map(to_json).transpose()?)
        .bind(&entry.client_ip)
        .execute(&self.pool)
        .await
        .doing("adding to the audit log")?;
        Ok(done.last_insert_rowid())
    }

    /// Newest first; `before` is the id of the last entry of the page above.
    pub async fn audit_log(&self, limit: u32, before: Option<i64>) -> Result<Vec<AuditRecord>, StoreError> {
        sqlx::query(
            "SELECT id, at, actor_id, actor_name, action, object_type, object_id, before, after, client_ip \
             FROM audit_log WHERE id < ? ORDER BY id DESC LIMIT ?",
        )
        .bind(before.unwrap_or(i64::MAX))
        .bind(limit)
        .fetch_all(&self.pool)
        .await
        .doing("reading the audit log")?
        .iter()
        .map(decode)
        .collect()
    }
}

fn decode(row: &SqliteRow) -> Result<AuditRecord, StoreError> {
    let mut cells = Cells::new(row, "audit_log");
    Ok(AuditRecord {
        id: cells.take()?,
        entry: AuditEntry {
            at: cells.time()?,
            actor_id: cells.take()?,
            actor_name: cells.take()?,
            action: cells.take()?,
            object_type: cells.take()?,
            object_id: cells.take()?,
            before: cells.json_opt()?,
            after: cells.json_opt()?,
            client_ip: cells.take()?,
        },
    })
}
