//! Alerts of the ovens.

use app::model::{
    alert::{Alert, AlertChange, AlertSeverity, AlertStatus, AlertType},
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

/// Which alerts are asked for; all that stand where nothing is set.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AlertFilter {
    pub status: Option<AlertStatus>,
    pub severity: Option<AlertSeverity>,
    pub alert_type: Option<AlertType>,
    pub equipment_id: Option<EquipmentId>,
}

const COLUMNS: &str = "a.id, e.id, a.alert_type, a.severity, a.status, a.title, a.message, a.data, a.value, \
    a.threshold, a.zone, a.raised_at, a.acknowledged_at, a.acknowledged_by, a.resolved_at, a.resolved_by, a.notes, \
    a.shelved_at, a.shelved_by, a.shelved_until, a.shelve_reason, a.auto_response, a.auto_response_at, \
    a.auto_response_result";

impl Store {
    /// Alerts that are not resolved, newest first, of one oven or of all.
    pub async fn standing_alerts(&self, equipment: Option<EquipmentId>) -> Result<Vec<Alert>, StoreError> {
        let only = if equipment.is_some() { "AND e.id = ?" } else { "" };
        let sql = format!(
            "SELECT {COLUMNS} FROM equipment_iot_alerts a JOIN equipment e ON e.key = a.equipment \
             WHERE a.status <> 'resolved' {only} ORDER BY a.raised_at DESC, a.key DESC"
        );
        let mut query = sqlx::query(&sql);
        if let Some(id) = equipment {
            query = query.bind(id.to_string());
        }
        query.fetch_all(&self.pool).await.doing("reading the alerts")?.iter().map(decode).collect()
    }

    /// Newest first; `before` is the key of the last alert of the page above. Each comes with its key.
    pub async fn find_alerts(
        &self,
        filter: &AlertFilter,
        limit: u32,
        before: Option<i64>,
    ) -> Result<Vec<(i64, Alert)>, StoreError> {
        let mut query = QueryBuilder::<Sqlite>::new(format!(
            "SELECT {COLUMNS}, a.key FROM equipment_iot_alerts a JOIN equipment e ON e.key = a.equipment WHERE "
        ));
        match filter.status {
            Some(status) => query.push("a.status = ").push_bind(status.as_str()),
            None => query.push("a.status <> 'resolved'"),
        };
        if let Some(id) = filter.equipment_id {
            query.push(" AND a.equipment = ").push_bind(self.key(id).await?);
        }
        if let Some(severity) = filter.severity {
            query.push(" AND a.severity = ").push_bind(severity.as_str());
        }
        if let Some(kind) = filter.alert_type {
            query.push(" AND a.alert_type = ").push_bind(kind.as_str());
        }
        if let Some(before) = before {
            query.push(" AND a.key < ").push_bind(before);
        }
        query.push(" ORDER BY a.key DESC LIMIT ").push_bind(limit);
        let rows = query.build().fetch_all(&self.pool).await.doing("reading the alerts")?;
        rows.iter()
            .map(|row| {
                let mut cells = Cells::new(row, "equipment_iot_alerts");
                let alert = decode_cells(&mut cells)?;
                Ok((cells.take()?, alert))
            })
            .collect()
    }

    pub async fn alert(&self, id: Uuid) -> Result<Option<Alert>, StoreError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM equipment_iot_alerts a JOIN equipment e ON e.key = a.equipment WHERE a.id = ?"
        );
        let row = sqlx::query(&sql).bind(id.to_string()).fetch_optional(&self.pool).await.doing("reading an alert")?;
        row.as_ref().map(decode).transpose()
    }

    /// Does to an alert what a user asked for, if its status still allows that; says whether.
    pub async fn change_alert(
        &self,
        id: Uuid,
        change: &AlertChange,
        user: Option<i64>,
        at: Timestamp,
    ) -> Result<bool, StoreError> {
        const NOTED: &str = "notes = CASE WHEN ?4 IS NULL THEN notes WHEN notes IS NULL THEN ?4 \
            ELSE notes || char(10) || ?4 END";
        let (set, text, until) = match change {
            AlertChange::Acknowledge { note } => {
                let set = format!("status = 'acknowledged', acknowledged_at = ?2, acknowledged_by = ?3, {NOTED}");
                (format!("{set} WHERE status = 'active'"), note.as_deref(), None)
            }
            AlertChange::Resolve { note } => {
                let set = format!("status = 'resolved', resolved_at = ?2, resolved_by = ?3, {NOTED}");
                (format!("{set} WHERE status <> 'resolved'"), note.as_deref(), None)
            }
            AlertChange::Shelve { until, reason } => {
                let set = "shelved_at = ?2, shelved_by = ?3, shelve_reason = ?4, shelved_until = ?5";
                (format!("{set} WHERE status <> 'resolved'"), Some(reason.as_str()), Some(*until))
            }
        };
        let done = sqlx::query(&format!("UPDATE equipment_iot_alerts SET updated_at = ?2, {set} AND id = ?1"))
            .bind(id.to_string())
            .bind(at.as_microsecond())
            .bind(user)
            .bind(text)
            .bind(micros(until))
            .execute(&self.pool)
            .await
            .doing("changing an alert")?;
        Ok(done.rows_affected() > 0)
    }

    /// The cause is gone. What a user did meanwhile stays.
    pub async fn end_alert(&self, id: Uuid, at: Timestamp) -> Result<(), StoreError> {
        sqlx::query(
            "UPDATE equipment_iot_alerts SET status = 'resolved', resolved_at = ?2, updated_at = ?2 \
             WHERE id = ?1 AND status <> 'resolved'",
        )
        .bind(id.to_string())
        .bind(at.as_microsecond())
        .execute(&self.pool)
        .await
        .doing("resolving an alert")?;
        Ok(())
    }

    /// The same fault in other words. What a user did meanwhile stays.
    pub async fn reword_alert(&self, id: Uuid, message: &str, severity: AlertSeverity) -> Result<(), StoreError> {
        sqlx::query(
            "UPDATE equipment_iot_alerts SET message = ?2, severity = ?3, updated_at = ?4 \
             WHERE id = ?1 AND status <> 'resolved'",
        )
        .bind(id.to_string())
        .bind(message)
        .bind(severity.as_str())
        .bind(Timestamp::now().as_microsecond())
        .execute(&self.pool)
        .await
        .doing("changing an alert")?;
        Ok(())
    }

    /// Stores a new alert, or all of its present state when it is known.
    pub async fn save_alert(&self, alert: &Alert) -> Result<(), StoreError> {
        let key = self.key(alert.equipment_id).await?;
        sqlx::query(
            "INSERT INTO equipment_iot_alerts (id, equipment, alert_type, severity, status, title, message, data, \
             value, threshold, zone, raised_at, acknowledged_at, acknowledged_by, resolved_at, resolved_by, notes, \
             shelved_at, shelved_by, shelved_until, shelve_reason, auto_response, auto_response_at, \
             auto_response_result, updated_at) \
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) \
             ON CONFLICT (id) DO UPDATE SET severity = excluded.severity, status = excluded.status, \
             title = excluded.title, message = excluded.message, data = excluded.data, value = excluded.value, \
             threshold = excluded.threshold, zone = excluded.zone, acknowledged_at = excluded.acknowledged_at, \
             acknowledged_by = excluded.acknowledged_by, resolved_at = excluded.resolved_at, \
             resolved_by = excluded.resolved_by, notes = excluded.notes, shelved_at = excluded.shelved_at, \
             shelved_by = excluded.shelved_by, shelved_until = excluded.shelved_until, \
             shelve_reason = excluded.shelve_reason, auto_response = excluded.auto_response, \
             auto_response_at = excluded.auto_response_at, auto_response_result = excluded.auto_response_result, \
             updated_at = excluded.updated_at",
        )
        .bind(alert.id.to_string())
        .bind(key)
        .bind(alert.alert_type.as_str())
        .bind(alert.severity.as_str())
        .bind(alert.status.as_str())
        .bind(&alert.title)
        .bind(&alert.message)
        .bind(to_json(&alert.data)?)
        .bind(alert.value)
        .bind(alert.threshold)
        .bind(&alert.zone)
        .bind(alert.raised_at.as_microsecond())
        .bind(micros(alert.acknowledged_at))
        .bind(alert.acknowledged_by)
        .bind(micros(alert.resolved_at))
        .bind(alert.resolved_by)
        .bind(&alert.notes)
        .bind(micros(alert.shelved_at))
        .bind(alert.shelved_by)
        .bind(micros(alert.shelved_until))
        .bind(&alert.shelve_reason)
        .bind(&alert.auto_response)
        .bind(micros(alert.auto_response_at))
        .bind(&alert.auto_response_result)
        .bind(Timestamp::now().as_microsecond())
        .execute(&self.pool)
        .await
        .doing("storing an alert")?;
        Ok(())
    }
}

fn decode(row: &SqliteRow) -> Result<Alert, StoreError> {
    decode_cells(&mut Cells::new(row, "equipment_iot_alerts"))
}

fn decode_cells(cells: &mut Cells<'_>) -> Result<Alert, StoreError> {
    Ok(Alert {
        id: cells.equipment_id()?.0,
        equipment_id: cells.equipment_id()?,
        alert_type: cells.word(AlertType::parse)?,
        severity: cells.word(AlertSeverity::parse)?,
        status: cells.word(AlertStatus::parse)?,
        title: cells.take()?,
        message: cells.take()?,
        data: cells.json()?,
        value: cells.take()?,
        threshold: cells.take()?,
        zone: cells.take()?,
        raised_at: cells.time()?,
        acknowledged_at: cells.time_opt()?,
        acknowledged_by: cells.take()?,
        resolved_at: cells.time_opt()?,
        resolved_by: cells.take()?,
        notes: cells.take()?,
        shelved_at: cells.time_opt()?,
        shelved_by: cells.take()?,
        shelved_until: cells.time_opt()?,
        shelve_reason: cells.take()?,
        auto_response: cells.take()?,
        auto_response_at: cells.time_opt()?,
        auto_response_result: cells.take()?,
    })
}
