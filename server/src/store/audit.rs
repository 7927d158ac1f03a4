//! Who changed what. Entries are added and read; the schema refuses to change or delete any.

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;
use sqlx::{QueryBuilder, Sqlite, SqliteExecutor, sqlite::SqliteRow};

use super::{
    Store,
    cells::{Cells, to_json},
    changing::Changing,
    error::{Doing as _, StoreError},
};

#[derive(Clone, Debug, PartialEq, Serialize, utoipa::ToSchema)]
pub struct AuditEntry {
    pub at: Timestamp,
    /// None for the system itself, or a user who is not signed in.
    pub actor_id: Option<i64>,
    /// Kept beside the id, so that an entry can be read by itself.
    pub actor_name: String,
    /// The id of the token that acted for the actor.
    pub actor_token: Option<String>,
    /// For example `equipment.update`.
    pub action: String,
    pub object_type: String,
    pub object_id: Option<String>,
    /// The object before and after, without secrets.
    pub before: Option<Value>,
    pub after: Option<Value>,
    pub client_ip: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize, utoipa::ToSchema)]
pub struct AuditRecord {
    pub id: i64,
    #[serde(flatten)]
    pub entry: AuditEntry,
}

/// Which entries are asked for; all of them where nothing is set.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuditFilter {
    /// A user's name as it was.
    pub actor: Option<String>,
    pub action: Option<String>,
    pub object_type: Option<String>,
    pub object_id: Option<String>,
    pub from: Option<Timestamp>,
    /// Exclusive.
    pub to: Option<Timestamp>,
}

impl Store {
    /// Returns the entry's id.
    pub async fn append_audit(&self, entry: &AuditEntry) -> Result<i64, StoreError> {
        append(&self.pool, entry).await
    }

    /// Newest first; `before` is the id of the last entry of the page above.
    pub async fn audit_log(&self, limit: u32, before: Option<i64>) -> Result<Vec<AuditRecord>, StoreError> {
        self.find_audit(&AuditFilter::default(), false, limit, before).await
    }

    /// Newest first, or oldest first; `after` is the id of the last entry of the page before.
    pub async fn find_audit(
        &self,
        filter: &AuditFilter,
        oldest_first: bool,
        limit: u32,
        after: Option<i64>,
    ) -> Result<Vec<AuditRecord>, StoreError> {
        let mut query = QueryBuilder::<Sqlite>::new(
            "SELECT id, at, actor_id, actor_name, actor_token, action, object_type, object_id, before, after, client_ip \
             FROM audit_log WHERE 1 = 1",
        );
        let texts = [
            (" AND actor_name = ", &filter.actor),
            (" AND action = ", &filter.action),
            (" AND object_type = ", &filter.object_type),
            (" AND object_id = ", &filter.object_id),
        ];
        for (condition, text) in texts {
            if let Some(text) = text {
                query.push(condition).push_bind(text);
            }
        }
        if let Some(from) = filter.from {
            query.push(" AND at >= ").push_bind(from.as_microsecond());
        }
        if let Some(to) = filter.to {
            query.push(" AND at < ").push_bind(to.as_microsecond());
        }
        if let Some(after) = after {
            query.push(if oldest_first { " AND id > " } else { " AND id < " }).push_bind(after);
        }
        query.push(if oldest_first { " ORDER BY id LIMIT " } else { " ORDER BY id DESC LIMIT " }).push_bind(limit);
        query.build().fetch_all(&self.pool).await.doing("reading the audit log")?.iter().map(decode).collect()
    }
}

impl Changing {
    /// Returns the entry's id.
    pub async fn append_audit(&mut self, entry: &AuditEntry) -> Result<i64, StoreError> {
        append(self.connection(), entry).await
    }
}

async fn append(at: impl SqliteExecutor<'_>, entry: &AuditEntry) -> Result<i64, StoreError> {
    let done = sqlx::query(
        "INSERT INTO audit_log (at, actor_id, actor_name, actor_token, action, object_type, object_id, before, \
         after, client_ip) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(entry.at.as_microsecond())
    .bind(entry.actor_id)
    .bind(&entry.actor_name)
    .bind(&entry.actor_token)
    .bind(&entry.action)
    .bind(&entry.object_type)
    .bind(&entry.object_id)
    .bind(entry.before.as_ref().map(to_json).transpose()?)
    .bind(entry.after.as_ref().map(to_json).transpose()?)
    .bind(&entry.client_ip)
    .execute(at)
    .await
    .doing("adding to the audit log")?;
    Ok(done.last_insert_rowid())
}

fn decode(row: &SqliteRow) -> Result<AuditRecord, StoreError> {
    let mut cells = Cells::new(row, "audit_log");
    Ok(AuditRecord {
        id: cells.take()?,
        entry: AuditEntry {
            at: cells.time()?,
            actor_id: cells.take()?,
            actor_name: cells.take()?,
            actor_token: cells.take()?,
            action: cells.take()?,
            object_type: cells.take()?,
            object_id: cells.take()?,
            before: cells.json_opt()?,
            after: cells.json_opt()?,
            client_ip: cells.take()?,
        },
    })
}
