//! Alerts of the ovens.

use app::model::{
    alert::{AlertSeverity, AlertStatus, AlertType},
    equipment::EquipmentId,
};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Map, Value};
use sqlx::sqlite::SqliteRow;
use uuid::Uuid;

use super::{
    Store,
    cells::{Cells, micros, to_json},
    error::{Doing as _, StoreError},
};

/// One alert with everything that is kept of it. Users are named by their ids.
#[derive(Clone, Debug, PartialEq, Serialize, utoipa::ToSchema)]
pub struct Alert {
    pub id: Uuid,
    pub equipment_id: EquipmentId,
    pub alert_type: AlertType,
    pub severity: AlertSeverity,
    pub status: AlertStatus,
    pub title: String,
    pub message: String,
    /// What else the texts are made from, to say them in any language.
    pub data: Map<String, Value>,
    pub value: Option<f64>,
    pub threshold: Option<f64>,
    pub zone: Option<String>,
    pub raised_at: Timestamp,
    pub acknowledged_at: Option<Timestamp>,
    pub acknowledged_by: Option<i64>,
    pub resolved_at: Option<Timestamp>,
    pub resolved_by: Option<i64>,
    pub notes: Option<String>,
    pub shelved_at: Option<Timestamp>,
    pub shelved_by: Option<i64>,
    /// Shelved as long as this is in the future.
    pub shelved_until: Option<Timestamp>,
    pub shelve_reason: Option<String>,
    /// What the system did by itself, when, and what came of it.
    pub auto_response: Option<String>,
    pub auto_response_at: Option<Timestamp>,
    pub auto_response_result: Option<String>,
}

impl Alert {
    /// An alert that nobody has seen yet.
    pub fn new(
        equipment_id: EquipmentId,
        alert_type: AlertType,
        severity: AlertSeverity,
        raised_at: Timestamp,
    ) -> Self {
        Self {
            id: Uuid::new_v4(),
            equipment_id,
            alert_type,
            severity,
            status: AlertStatus::Active,
            title: String::new(),
            message: String::new(),
            data: Map::new(),
            value: None,
            threshold: None,
            zone: None,
            raised_at,
            acknowledged_at: None,
            acknowledged_by: None,
            resolved_at: None,
            resolved_by: None,
            notes: None,
            shelved_at: None,
            shelved_by: None,
            shelved_until: None,
            shelve_reason: None,
            auto_response: None,
            auto_response_at: None,
            auto_response_result: None,
        }
    }
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
    let mut cells = Cells::new(row, "equipment_iot_alerts");
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
