//! What the values of ovens are held to, the corrections of their sensors, and what was not believed.

use app::model::{
    equipment::EquipmentId,
    outlier::{Outlier, OutlierStatus},
    plausibility::{Calibration, CalibrationDraft, Rules},
    reading::QualityReason,
};
use jiff::Timestamp;
use rusqlite::{Connection, params};
use sqlx::{QueryBuilder, Sqlite, sqlite::SqliteRow};
use uuid::Uuid;

use super::{
    Store,
    cells::Cells,
    changing::Changing,
    error::{Doing as _, StoreError},
    own::Own,
};

const RULES: Own = Own {
    name: "equipment_plausibility",
    column: "rules",
    reading: "reading the rules of an oven",
    changing: "changing the rules of an oven",
};
const CALIBRATION: &str = "c.id, e.id, c.field, c.offset_celsius, c.valid_from, c.reason, c.created_by, c.created_at";
const OUTLIER: &str = "o.id, e.id, o.field, o.reason, o.started_at, o.ended_at, o.readings, o.lowest, o.highest, \
    o.good_before, o.status, o.reviewed_at, o.reviewed_by, o.note";

/// Which outliers are asked for; all where nothing is set.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct OutlierFilter {
    pub equipment_id: Option<EquipmentId>,
    pub status: Option<OutlierStatus>,
    pub reason: Option<QualityReason>,
    pub field: Option<String>,
    /// Those that go beyond it, and those that begin before it.
    pub start: Option<Timestamp>,
    pub end: Option<Timestamp>,
}

impl Store {
    /// None where an oven has no rules of its own.
    pub async fn rules(&self, id: EquipmentId) -> Result<Option<Rules>, StoreError> {
        RULES.get(self, id).await
    }

    /// None takes back what the oven has of its own.
    pub async fn set_rules(&self, id: EquipmentId, rules: Option<&Rules>) -> Result<(), StoreError> {
        self.key(id).await?;
        RULES.set(&self.pool, id, rules).await
    }

    /// In the order of `valid_from`.
    pub async fn calibrations(&self, id: EquipmentId) -> Result<Vec<Calibration>, StoreError> {
        let sql = format!(
            "SELECT {CALIBRATION} FROM calibrations c JOIN equipment e ON e.key = c.equipment \
             WHERE c.equipment = ? ORDER BY c.valid_from, c.key"
        );
        let rows = sqlx::query(&sql).bind(self.key(id).await?).fetch_all(&self.pool).await;
        rows.doing("reading the calibrations of an oven")?.iter().map(calibration).collect()
    }

    /// A field has one calibration a time: another one is a conflict of `valid_from`.
    pub async fn create_calibration(
        &self,
        id: Uuid,
        equipment: EquipmentId,
        draft: &CalibrationDraft,
        user: Option<i64>,
    ) -> Result<(), StoreError> {
        let now = Timestamp::now();
        let done = sqlx::query(
            "INSERT INTO calibrations (id, equipment, field, offset_celsius, valid_from, reason, created_by, created_at) \
             VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(id.to_string())
        .bind(self.key(equipment).await?)
        .bind(&draft.field)
        .bind(draft.offset_celsius)
        .bind(draft.valid_from.unwrap_or(now).as_microsecond())
        .bind(&draft.reason)
        .bind(user)
        .bind(now.as_microsecond())
        .execute(&self.pool)
        .await;
        match done {
            Err(error) if error.as_database_error().is_some_and(sqlx::error::DatabaseError::is_unique_violation) => {
                Err(StoreError::Conflict("valid_from"))
            }
            done => done.map(|_| ()).doing("storing a calibration"),
        }
    }

    pub async fn calibration(&self, id: Uuid) -> Result<Option<Calibration>, StoreError> {
        let sql =
            format!("SELECT {CALIBRATION} FROM calibrations c JOIN equipment e ON e.key = c.equipment WHERE c.id = ?");
        let row = sqlx::query(&sql).bind(id.to_string()).fetch_optional(&self.pool).await;
        row.doing("reading a calibration")?.as_ref().map(calibration).transpose()
    }

    pub async fn delete_calibration(&self, id: Uuid) -> Result<(), StoreError> {
        let delete = sqlx::query("DELETE FROM calibrations WHERE id = ?").bind(id.to_string());
        delete.execute(&self.pool).await.doing("deleting a calibration")?;
        Ok(())
    }

    /// Newest first; `before` is the key of the last outlier of the page above. Each comes with its key.
    pub async fn outliers(
        &self,
        filter: &OutlierFilter,
        limit: u32,
        before: Option<i64>,
    ) -> Result<Vec<(i64, Outlier)>, StoreError> {
        let mut query = QueryBuilder::<Sqlite>::new(format!(
            "SELECT {OUTLIER}, o.key FROM outliers o JOIN equipment e ON e.key = o.equipment WHERE o.key < "
        ));
        query.push_bind(before.unwrap_or(i64::MAX));
        if let Some(id) = filter.equipment_id {
            query.push(" AND o.equipment = ").push_bind(self.key(id).await?);
        }
        if let Some(status) = filter.status {
            query.push(" AND o.status = ").push_bind(status.as_str());
        }
        if let Some(reason) = filter.reason {
            query.push(" AND o.reason = ").push_bind(reason.as_str());
        }
        if let Some(field) = &filter.field {
            query.push(" AND o.field = ").push_bind(field.clone());
        }
        if let Some(start) = filter.start {
            query.push(" AND o.ended_at >= ").push_bind(start.as_microsecond());
        }
        if let Some(end) = filter.end {
            query.push(" AND o.started_at < ").push_bind(end.as_microsecond());
        }
        query.push(" ORDER BY o.key DESC LIMIT ").push_bind(limit);
        let rows = query.build().fetch_all(&self.pool).await.doing("reading the outliers")?;
        let keyed = rows.iter().map(|row| {
            let mut cells = Cells::new(row, "outliers");
            let outlier = outlier(&mut cells)?;
            Ok((cells.take()?, outlier))
        });
        keyed.collect()
    }

    pub async fn outlier(&self, id: Uuid) -> Result<Option<Outlier>, StoreError> {
        let sql = format!("SELECT {OUTLIER} FROM outliers o JOIN equipment e ON e.key = o.equipment WHERE o.id = ?");
        let row = sqlx::query(&sql).bind(id.to_string()).fetch_optional(&self.pool).await;
        let row = row.doing("reading an outlier")?;
        row.map(|row| outlier(&mut Cells::new(&row, "outliers"))).transpose()
    }

    /// Notes what a person said of it.
    pub async fn review_outlier(
        &self,
        id: Uuid,
        status: OutlierStatus,
        user: Option<i64>,
        note: Option<&str>,
    ) -> Result<(), StoreError> {
        sqlx::query("UPDATE outliers SET status = ?2, reviewed_at = ?3, reviewed_by = ?4, note = ?5 WHERE id = ?1")
            .bind(id.to_string())
            .bind(status.as_str())
            .bind(Timestamp::now().as_microsecond())
            .bind(user)
            .bind(note)
            .execute(&self.pool)
            .await
            .doing("judging an outlier")?;
        Ok(())
    }
}

impl Changing {
    /// None takes back what the oven has of its own.
    pub async fn set_rules(&mut self, id: EquipmentId, rules: Option<&Rules>) -> Result<(), StoreError> {
        RULES.set(self.connection(), id, rules).await
    }
}

/// Keeps an outlier as far as it goes. One that was judged stays as it was then.
pub(super) fn keep_outlier(tx: &Connection, key: i64, outlier: &Outlier) -> rusqlite::Result<()> {
    let mut statement = tx.prepare_cached(
        "INSERT INTO outliers (id, equipment, field, reason, started_at, ended_at, readings, lowest, highest, good_before) \
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) \
         ON CONFLICT (id) DO UPDATE SET started_at = excluded.started_at, ended_at = excluded.ended_at, \
         readings = excluded.readings, lowest = excluded.lowest, highest = excluded.highest WHERE status = 'pending'",
    )?;
    statement.execute(params![
        outlier.id.to_string(),
        key,
        outlier.field,
        outlier.reason.as_str(),
        outlier.started_at.as_microsecond(),
        outlier.ended_at.as_microsecond(),
        i64::try_from(outlier.readings).unwrap_or(i64::MAX),
        outlier.lowest,
        outlier.highest,
        outlier.good_before,
    ])?;
    Ok(())
}

/// Of readings that are gone nobody can judge any more.
pub(super) fn forget_outliers(tx: &Connection, key: i64, before: i64) -> rusqlite::Result<()> {
    tx.prepare_cached("DELETE FROM outliers WHERE equipment = ? AND ended_at < ?")?.execute([key, before])?;
    Ok(())
}

fn calibration(row: &SqliteRow) -> Result<Calibration, StoreError> {
    let mut cells = Cells::new(row, "calibrations");
    Ok(Calibration {
        id: cells.uuid()?,
        equipment_id: cells.equipment_id()?,
        field: cells.take()?,
        offset_celsius: cells.take()?,
        valid_from: cells.time()?,
        reason: cells.take()?,
        created_by: cells.take()?,
        created_at: cells.time()?,
    })
}

fn outlier(cells: &mut Cells<'_>) -> Result<Outlier, StoreError> {
    Ok(Outlier {
        id: cells.uuid()?,
        equipment_id: cells.equipment_id()?,
        field: cells.take()?,
        reason: cells.word(QualityReason::parse)?,
        started_at: cells.time()?,
        ended_at: cells.time()?,
        readings: cells.number()?,
        lowest: cells.take()?,
        highest: cells.take()?,
        good_before: cells.take()?,
        status: cells.word(OutlierStatus::parse)?,
        reviewed_at: cells.time_opt()?,
        reviewed_by: cells.take()?,
        note: cells.take()?,
    })
}
