//! Batches. A change of status says what it was before, so that of two people who press at the same time one is told.

use app::model::{
    batch::{Batch, BatchDraft, BatchStatus, summary::BatchSummary},
    equipment::EquipmentId,
};
use jiff::Timestamp;
use sqlx::{QueryBuilder, Sqlite, sqlite::SqliteRow};
use uuid::Uuid;

use super::{
    Store,
    cells::{Cells, micros, to_json},
    error::{Doing as _, StoreError},
};

const COLUMNS: &str = "b.id, b.number, b.status, e.id, b.deck, b.product, b.quantity, b.program, b.planned_start, \
    b.planned_end, b.profile, b.operator, b.notes, b.started_at, b.ended_at, b.cancel_reason, b.summary, b.created_at, \
    b.updated_at";
const FROM: &str = "FROM batches b JOIN equipment e ON e.key = b.equipment";

/// Which batches are listed.
#[derive(Clone, Debug, Default)]
pub struct BatchFilter {
    pub equipment_id: Option<EquipmentId>,
    pub status: Option<BatchStatus>,
    /// Exactly as it is written.
    pub product: Option<String>,
    /// Running or planned at some time from here …
    pub from: Option<Timestamp>,
    /// … up to here.
    pub to: Option<Timestamp>,
}

/// What became of a change of status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Changed {
    Done,
    /// It was not what it should have been, any more.
    WrongStatus,
    /// Another one runs in the same oven or deck.
    AnotherRuns,
}

impl Store {
    pub async fn create_batch(&self, id: Uuid, draft: &BatchDraft) -> Result<Batch, StoreError> {
        let key = self.key(draft.equipment_id).await?;
        let now = Timestamp::now().as_microsecond();
        sqlx::query(
            "INSERT INTO batches (id, equipment, deck, product, quantity, program, planned_start, planned_end, profile, \
             operator, notes, created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(id.to_string())
        .bind(key)
        .bind(draft.deck.as_deref().unwrap_or_default())
        .bind(&draft.product)
        .bind(draft.quantity)
        .bind(&draft.program)
        .bind(micros(draft.planned_start))
        .bind(micros(draft.planned_end))
        .bind(to_json(&draft.profile)?)
        .bind(&draft.operator)
        .bind(&draft.notes)
        .bind(now)
        .bind(now)
        .execute(&self.pool)
        .await
        .doing("creating a batch")?;
        self.batch(id).await?.ok_or(StoreError::NotFound("batch"))
    }

    pub async fn batch(&self, id: Uuid) -> Result<Option<Batch>, StoreError> {
        let row = sqlx::query(&format!("SELECT {COLUMNS} {FROM} WHERE b.id = ?"))
            .bind(id.to_string())
            .fetch_optional(&self.pool)
            .await
            .doing("reading a batch")?;
        row.as_ref().map(decode).transpose()
    }

    /// Newest first, or oldest first; `after` is the number of the last batch of the page before.
    pub async fn batches(
        &self,
        filter: &BatchFilter,
        oldest_first: bool,
        after: Option<i64>,
        limit: u32,
    ) -> Result<Vec<Batch>, StoreError> {
        let mut sql = QueryBuilder::<Sqlite>::new(format!("SELECT {COLUMNS} {FROM} WHERE 1 = 1"));
        if let Some(after) = after {
            sql.push(if oldest_first { " AND b.number > " } else { " AND b.number < " }).push_bind(after);
        }
        if let Some(id) = filter.equipment_id {
            sql.push(" AND e.id = ").push_bind(id.to_string());
        }
        if let Some(status) = filter.status {
            sql.push(" AND b.status = ").push_bind(status.as_str());
        }
        if let Some(product) = &filter.product {
            sql.push(" AND b.product = ").push_bind(product.clone());
        }
        if let Some(from) = filter.from {
            // One that runs has no end yet.
            sql.push(" AND (b.status = 'running' OR coalesce(b.ended_at, b.planned_end, b.planned_start) >= ");
            sql.push_bind(from.as_microsecond()).push(")");
        }
        if let Some(to) = filter.to {
            sql.push(" AND coalesce(b.started_at, b.planned_start) < ").push_bind(to.as_microsecond());
        }
        sql.push(if oldest_first { " ORDER BY b.number LIMIT " } else { " ORDER BY b.number DESC LIMIT " });
        sql.push_bind(limit);
        let rows = sql.build().fetch_all(&self.pool).await.doing("reading the batches")?;
        rows.iter().map(decode).collect()
    }

    /// Those that run, in the order of their start.
    pub async fn running_batches(&self) -> Result<Vec<Batch>, StoreError> {
        let sql = format!("SELECT {COLUMNS} {FROM} WHERE b.status = 'running' ORDER BY b.started_at, b.number");
        let rows = sqlx::query(&sql).fetch_all(&self.pool).await.doing("reading the batches")?;
        rows.iter().map(decode).collect()
    }

    /// Changes what was entered, while the batch has this status.
    pub async fn update_batch(&self, id: Uuid, status: BatchStatus, draft: &BatchDraft) -> Result<Changed, StoreError> {
        let key = self.key(draft.equipment_id).await?;
        let update = sqlx::query(
            "UPDATE batches SET equipment = ?3, deck = ?4, product = ?5, quantity = ?6, program = ?7, planned_start = ?8, \
             planned_end = ?9, profile = ?10, operator = ?11, notes = ?12, updated_at = ?13 WHERE id = ?1 AND status = ?2",
        )
        .bind(id.to_string())
        .bind(status.as_str())
        .bind(key)
        .bind(draft.deck.as_deref().unwrap_or_default())
        .bind(&draft.product)
        .bind(draft.quantity)
        .bind(&draft.program)
        .bind(micros(draft.planned_start))
        .bind(micros(draft.planned_end))
        .bind(to_json(&draft.profile)?)
        .bind(&draft.operator)
        .bind(&draft.notes)
        .bind(Timestamp::now().as_microsecond());
        changed(update.execute(&self.pool).await, "changing a batch")
    }

    /// One without a deck takes the whole oven.
    pub async fn start_batch(&self, id: Uuid, at: Timestamp) -> Result<Changed, StoreError> {
        let update = sqlx::query(
            "UPDATE batches SET status = 'running', started_at = ?2, updated_at = ?3 WHERE id = ?1 AND status = 'planned' \
             AND NOT EXISTS (SELECT 1 FROM batches other WHERE other.equipment = batches.equipment \
             AND other.status = 'running' AND (other.deck = '' OR batches.deck = ''))",
        )
        .bind(id.to_string())
        .bind(at.as_microsecond())
        .bind(Timestamp::now().as_microsecond());
        let done = changed(update.execute(&self.pool).await, "starting a batch")?;
        if done != Changed::WrongStatus {
            return Ok(done);
        }
        let is_planned = self.batch(id).await?.is_some_and(|batch| batch.status == BatchStatus::Planned);
        Ok(if is_planned { Changed::AnotherRuns } else { done })
    }

    pub async fn finish_batch(&self, id: Uuid, at: Timestamp, summary: &BatchSummary) -> Result<Changed, StoreError> {
        let update = sqlx::query(
            "UPDATE batches SET status = 'finished', ended_at = ?2, summary = ?3, updated_at = ?4 \
             WHERE id = ?1 AND status = 'running'",
        )
        .bind(id.to_string())
        .bind(at.as_microsecond())
        .bind(to_json(summary)?)
        .bind(Timestamp::now().as_microsecond());
        changed(update.execute(&self.pool).await, "finishing a batch")
    }

    pub async fn cancel_batch(&self, id: Uuid, at: Timestamp, reason: Option<&str>) -> Result<Changed, StoreError> {
        let update = sqlx::query(
            "UPDATE batches SET status = 'cancelled', ended_at = max(?2, coalesce(started_at, ?2)), cancel_reason = ?3, \
             updated_at = ?4 WHERE id = ?1 AND status IN ('planned', 'running')",
        )
        .bind(id.to_string())
        .bind(at.as_microsecond())
        .bind(reason)
        .bind(Timestamp::now().as_microsecond());
        changed(update.execute(&self.pool).await, "cancelling a batch")
    }

    /// A new summary of a finished batch.
    pub async fn set_batch_summary(&self, id: Uuid, summary: &BatchSummary) -> Result<Changed, StoreError> {
        let update =
            sqlx::query("UPDATE batches SET summary = ?2, updated_at = ?3 WHERE id = ?1 AND status = 'finished'")
                .bind(id.to_string())
                .bind(to_json(summary)?)
                .bind(Timestamp::now().as_microsecond());
        changed(update.execute(&self.pool).await, "storing the summary of a batch")
    }

    /// Only a planned or cancelled one: what was baked is kept.
    pub async fn delete_batch(&self, id: Uuid) -> Result<Changed, StoreError> {
        let delete = sqlx::query("DELETE FROM batches WHERE id = ? AND status IN ('planned', 'cancelled')");
        changed(delete.bind(id.to_string()).execute(&self.pool).await, "deleting a batch")
    }

    /// Another batch of the same oven and deck, or of the whole oven, that was in it after `at`.
    pub async fn batch_after(&self, batch: &Batch, at: Timestamp) -> Result<Option<i64>, StoreError> {
        sqlx::query_scalar(
            "SELECT number FROM batches WHERE equipment = ?1 AND (deck = ?2 OR deck = '' OR ?2 = '') AND id <> ?3 \
             AND started_at IS NOT NULL AND ended_at > ?4 ORDER BY ended_at DESC LIMIT 1",
        )
        .bind(self.key(batch.equipment_id).await?)
        .bind(batch.deck.as_deref().unwrap_or_default())
        .bind(batch.id.to_string())
        .bind(at.as_microsecond())
        .fetch_optional(&self.pool)
        .await
        .doing("looking for another batch")
    }
}

fn changed(
    done: Result<sqlx::sqlite::SqliteQueryResult, sqlx::Error>,
    doing: &'static str,
) -> Result<Changed, StoreError> {
    match done {
        Ok(done) if done.rows_affected() == 0 => Ok(Changed::WrongStatus),
        Ok(_) => Ok(Changed::Done),
        Err(error) if error.as_database_error().is_some_and(sqlx::error::DatabaseError::is_unique_violation) => {
            Ok(Changed::AnotherRuns)
        }
        Err(error) => Err(error).doing(doing),
    }
}

fn decode(row: &SqliteRow) -> Result<Batch, StoreError> {
    let mut cells = Cells::new(row, "batches");
    let id = cells.uuid()?;
    let number = cells.take()?;
    let status = cells.word(BatchStatus::parse)?;
    let equipment_id = cells.equipment_id()?;
    let deck: String = cells.take()?;
    let product: String = cells.take()?;
    Ok(Batch {
        id,
        number,
        name: Batch::name_of(&product, number),
        status,
        equipment_id,
        deck: Some(deck).filter(|deck| !deck.is_empty()),
        product,
        quantity: cells.number_opt()?,
        program: cells.take()?,
        planned_start: cells.time_opt()?,
        planned_end: cells.time_opt()?,
        profile: cells.json()?,
        operator: cells.take()?,
        notes: cells.take()?,
        started_at: cells.time_opt()?,
        ended_at: cells.time_opt()?,
        cancel_reason: cells.take()?,
        summary: cells.json_opt()?,
        created_at: cells.time()?,
        updated_at: cells.time()?,
    })
}
