//! Ovens, how they are connected, and their sealed credentials.

use app::model::equipment::{ConnectionStatus, Equipment, EquipmentDraft, EquipmentId, EquipmentKind};
use jiff::Timestamp;
use serde_json::{Map, Value};
use sqlx::{
    Sqlite, SqliteConnection, SqliteExecutor,
    query::Query,
    sqlite::{SqliteArguments, SqliteRow},
};

use super::{
    Store,
    cells::{Cells, micros, to_json},
    changing::Changing,
    error::{Doing as _, StoreError},
};

/// What `POST /equipment/{id}/iot-config` changes.
#[derive(Clone, Debug)]
pub struct IotSettings {
    pub protocol: String,
    pub endpoint: String,
    pub port: Option<u16>,
    pub config: Map<String, Value>,
    pub supports_realtime: bool,
    pub poll_interval_seconds: u32,
}

/// An oven to be made. The caller makes the id, because credentials are sealed for it.
pub struct NewEquipment<'a> {
    pub id: EquipmentId,
    pub draft: &'a EquipmentDraft,
    pub sealed_credentials: Option<&'a [u8]>,
}

/// What becomes of stored credentials. Changed in the same statement as the address, so that an old password is
/// never sent to a new address in between.
#[derive(Clone, Copy)]
pub enum CredentialChange<'a> {
    Keep,
    Remove,
    /// Sealed bytes.
    Replace(&'a [u8]),
}

impl<'a> CredentialChange<'a> {
    pub const fn parts(self) -> (bool, Option<&'a [u8]>) {
        match self {
            Self::Keep => (false, None),
            Self::Remove => (true, None),
            Self::Replace(sealed) => (true, Some(sealed)),
        }
    }
}

const COLUMNS: &str = "id, name, location, kind, serial_number, manufacturer, model, firmware_version, iot_enabled, \
    iot_protocol, iot_endpoint, iot_port, iot_connection_status, iot_last_connected, iot_config, supports_realtime, \
    poll_interval_seconds, temperature_zones, supports_humidity, supports_energy_monitoring, \
    supports_remote_control, iot_credentials IS NOT NULL, created_at, updated_at";

/// Readings of a deleted oven that are removed in one statement; the writer gets its turn in between.
const DELETED_AT_ONCE: i64 = 20_000;

impl Store {
    /// All ovens, in the order of their creation.
    pub async fn equipment_list(&self) -> Result<Vec<Equipment>, StoreError> {
        sqlx::query(&format!("SELECT {COLUMNS} FROM equipment ORDER BY key"))
            .fetch_all(&self.pool)
            .await
            .doing("reading the ovens")?
            .iter()
            .map(decode)
            .collect()
    }

    pub async fn equipment(&self, id: EquipmentId) -> Result<Option<Equipment>, StoreError> {
        let row = sqlx::query(&format!("SELECT {COLUMNS} FROM equipment WHERE id = ?"))
            .bind(id.to_string())
            .fetch_optional(&self.pool)
            .await
            .doing("reading an oven")?;
        row.as_ref().map(decode).transpose()
    }

    pub async fn create_equipment(
        &self,
        id: EquipmentId,
        draft: &EquipmentDraft,
        sealed_credentials: Option<&[u8]>,
    ) -> Result<Equipment, StoreError> {
        self.create_equipments(&[NewEquipment { id, draft, sealed_credentials }]).await?;
        self.equipment(id).await?.ok_or(StoreError::NotFound("equipment"))
    }

    /// All of them, or none where one cannot be made.
    pub async fn create_equipments(&self, ovens: &[NewEquipment<'_>]) -> Result<(), StoreError> {
        let mut tx = self.pool.begin_with("BEGIN IMMEDIATE").await.doing(CREATING)?;
        for oven in ovens {
            insert(&mut tx, oven).await?;
        }
        tx.commit().await.doing(CREATING)
    }

    pub async fn update_equipment(
        &self,
        id: EquipmentId,
        draft: &EquipmentDraft,
        credentials: CredentialChange<'_>,
    ) -> Result<Equipment, StoreError> {
        let rows = update(&self.pool, id, draft, credentials).await?;
        self.changed(id, rows).await
    }

    /// Sets what connects the oven and leaves everything else.
    pub async fn set_iot_config(
        &self,
        id: EquipmentId,
        settings: &IotSettings,
        credentials: CredentialChange<'_>,
    ) -> Result<Equipment, StoreError> {
        let (change, sealed) = credentials.parts();
        let done = sqlx::query(
            "UPDATE equipment SET iot_enabled = 1, iot_protocol = ?2, iot_endpoint = ?3, iot_port = ?4, \
             iot_config = ?5, supports_realtime = ?6, poll_interval_seconds = ?7, \
             iot_credentials = CASE WHEN ?8 THEN ?9 ELSE iot_credentials END, updated_at = ?10 WHERE id = ?1",
        )
        .bind(id.to_string())
        .bind(&settings.protocol)
        .bind(&settings.endpoint)
        .bind(settings.port)
        .bind(to_json(&settings.config)?)
        .bind(settings.supports_realtime)
        .bind(settings.poll_interval_seconds)
        .bind(change)
        .bind(sealed)
        .bind(Timestamp::now().as_microsecond())
        .execute(&self.pool)
        .await
        .doing("changing the connection of an oven")?;
        self.changed(id, done.rows_affected()).await
    }

    pub async fn set_equipment_enabled(&self, id: EquipmentId, enabled: bool) -> Result<Equipment, StoreError> {
        let rows = switch(&self.pool, id, enabled).await?;
        self.changed(id, rows).await
    }

    /// Deletes the oven with its readings, logs and alerts. The writer drops what still comes for it.
    ///
    /// A long history goes in steps, because one statement would keep the writer waiting for all of it. When that
    /// fails half way, the oven is still there, with what is left of its history.
    pub async fn delete_equipment(&self, id: EquipmentId) -> Result<(), StoreError> {
        let key = self.key(id).await?;
        loop {
            let done = sqlx::query(
                "DELETE FROM equipment_sensor_readings WHERE equipment = ?1 AND reading_time IN \
                 (SELECT reading_time FROM equipment_sensor_readings WHERE equipment = ?1 ORDER BY reading_time \
                 LIMIT ?2)",
            )
            .bind(key)
            .bind(DELETED_AT_ONCE)
            .execute(&self.pool)
            .await
            .doing("deleting the readings of an oven")?;
            if done.rows_affected() < DELETED_AT_ONCE as u64 {
                break;
            }
        }
        loop {
            let done = sqlx::query(
                "DELETE FROM reading_rollups WHERE equipment = ?1 AND (seconds, begins_at) IN \
                 (SELECT seconds, begins_at FROM reading_rollups WHERE equipment = ?1 LIMIT ?2)",
            )
            .bind(key)
            .bind(DELETED_AT_ONCE)
            .execute(&self.pool)
            .await
            .doing("deleting the history of an oven")?;
            if done.rows_affected() < DELETED_AT_ONCE as u64 {
                break;
            }
        }
        let done = sqlx::query("DELETE FROM equipment WHERE key = ?")
            .bind(key)
            .execute(&self.pool)
            .await
            .doing("deleting an oven")?;
        self.keys.remove(id);
        if done.rows_affected() == 0 {
            return Err(StoreError::NotFound("equipment"));
        }
        Ok(())
    }

    /// The sealed credentials, if any are stored.
    pub async fn credentials(&self, id: EquipmentId) -> Result<Option<Vec<u8>>, StoreError> {
        sqlx::query_scalar("SELECT iot_credentials FROM equipment WHERE id = ?")
            .bind(id.to_string())
            .fetch_optional(&self.pool)
            .await
            .doing("reading the credentials of an oven")?
            .ok_or(StoreError::NotFound("equipment"))
    }

    /// Replaces the sealed credentials alone, for example when they are sealed under a new key.
    pub async fn set_credentials(&self, id: EquipmentId, sealed: Option<&[u8]>) -> Result<(), StoreError> {
        let done = sqlx::query("UPDATE equipment SET iot_credentials = ?2, updated_at = ?3 WHERE id = ?1")
            .bind(id.to_string())
            .bind(sealed)
            .bind(Timestamp::now().as_microsecond())
            .execute(&self.pool)
            .await
            .doing("storing the credentials of an oven")?;
        if done.rows_affected() == 0 {
            return Err(StoreError::NotFound("equipment"));
        }
        Ok(())
    }

    /// Not a change of the settings, so that `updated_at` stays. The poller goes through the writer instead.
    pub async fn update_connection_status(
        &self,
        id: EquipmentId,
        status: ConnectionStatus,
        last_connected: Option<Timestamp>,
    ) -> Result<(), StoreError> {
        let done = sqlx::query(UPDATE_STATUS)
            .bind(self.key(id).await?)
            .bind(status.as_str())
            .bind(micros(last_connected))
            .execute(&self.pool)
            .await
            .doing("storing a connection status")?;
        if done.rows_affected() == 0 {
            return Err(StoreError::NotFound("equipment"));
        }
        Ok(())
    }

    /// At start nothing is connected yet, whatever the last run left behind.
    pub async fn reset_connection_statuses(&self) -> Result<(), StoreError> {
        sqlx::query("UPDATE equipment SET iot_connection_status = 'unknown' WHERE iot_connection_status <> 'unknown'")
            .execute(&self.pool)
            .await
            .doing("resetting the connection statuses")?;
        Ok(())
    }

    pub(super) async fn key(&self, id: EquipmentId) -> Result<i64, StoreError> {
        if let Some(key) = self.keys.get(id) {
            return Ok(key);
        }
        let key = sqlx::query_scalar(SELECT_KEY)
            .bind(id.to_string())
            .fetch_optional(&self.pool)
            .await
            .doing("looking up an oven")?
            .ok_or(StoreError::NotFound("equipment"))?;
        self.keys.insert(id, key);
        Ok(key)
    }

    async fn changed(&self, id: EquipmentId, rows: u64) -> Result<Equipment, StoreError> {
        if rows == 0 {
            return Err(StoreError::NotFound("equipment"));
        }
        self.equipment(id).await?.ok_or(StoreError::NotFound("equipment"))
    }
}

impl Changing {
    pub async fn create_equipment(&mut self, oven: &NewEquipment<'_>) -> Result<(), StoreError> {
        insert(self.connection(), oven).await
    }

    pub async fn update_equipment(
        &mut self,
        id: EquipmentId,
        draft: &EquipmentDraft,
        credentials: CredentialChange<'_>,
    ) -> Result<(), StoreError> {
        found(update(self.connection(), id, draft, credentials).await?)
    }

    pub async fn set_equipment_enabled(&mut self, id: EquipmentId, enabled: bool) -> Result<(), StoreError> {
        found(switch(self.connection(), id, enabled).await?)
    }
}

const fn found(rows: u64) -> Result<(), StoreError> {
    if rows == 0 { Err(StoreError::NotFound("equipment")) } else { Ok(()) }
}

pub(super) const SELECT_KEY: &str = "SELECT key FROM equipment WHERE id = ?";

/// The time of the last connection stays where no new one is given.
pub(super) const UPDATE_STATUS: &str = "UPDATE equipment SET iot_connection_status = ?2, \
    iot_last_connected = coalesce(?3, iot_last_connected) WHERE key = ?1";

const CREATING: &str = "creating an oven";

/// The first nineteen parameters of a statement that writes an oven.
fn bind_draft<'q>(
    statement: Query<'q, Sqlite, SqliteArguments<'q>>,
    id: EquipmentId,
    draft: &'q EquipmentDraft,
) -> Result<Query<'q, Sqlite, SqliteArguments<'q>>, StoreError> {
    Ok(statement
        .bind(id.to_string())
        .bind(&draft.name)
        .bind(&draft.location)
        .bind(draft.kind.as_str())
        .bind(&draft.serial_number)
        .bind(&draft.manufacturer)
        .bind(&draft.model)
        .bind(&draft.firmware_version)
        .bind(draft.iot_enabled)
        .bind(&draft.iot_protocol)
        .bind(&draft.iot_endpoint)
        .bind(draft.iot_port)
        .bind(to_json(&draft.iot_config)?)
        .bind(draft.supports_realtime)
        .bind(draft.poll_interval_seconds)
        .bind(draft.temperature_zones)
        .bind(draft.supports_humidity)
        .bind(draft.supports_energy_monitoring)
        .bind(draft.supports_remote_control))
}

async fn update(
    at: impl SqliteExecutor<'_>,
    id: EquipmentId,
    draft: &EquipmentDraft,
    credentials: CredentialChange<'_>,
) -> Result<u64, StoreError> {
    let (change, sealed) = credentials.parts();
    let update = sqlx::query(
        "UPDATE equipment SET name = ?2, location = ?3, kind = ?4, serial_number = ?5, manufacturer = ?6, \
         model = ?7, firmware_version = ?8, iot_enabled = ?9, iot_protocol = ?10, iot_endpoint = ?11, \
         iot_port = ?12, iot_config = ?13, supports_realtime = ?14, poll_interval_seconds = ?15, \
         temperature_zones = ?16, supports_humidity = ?17, supports_energy_monitoring = ?18, \
         supports_remote_control = ?19, \
         iot_credentials = CASE WHEN ?20 THEN ?21 ELSE iot_credentials END, updated_at = ?22 WHERE id = ?1",
    );
    let done = bind_draft(update, id, draft)?
        .bind(change)
        .bind(sealed)
        .bind(Timestamp::now().as_microsecond())
        .execute(at)
        .await
        .doing("changing an oven")?;
    Ok(done.rows_affected())
}

async fn switch(at: impl SqliteExecutor<'_>, id: EquipmentId, enabled: bool) -> Result<u64, StoreError> {
    let done = sqlx::query("UPDATE equipment SET iot_enabled = ?2, updated_at = ?3 WHERE id = ?1")
        .bind(id.to_string())
        .bind(enabled)
        .bind(Timestamp::now().as_microsecond())
        .execute(at)
        .await
        .doing("switching an oven")?;
    Ok(done.rows_affected())
}

async fn insert(tx: &mut SqliteConnection, oven: &NewEquipment<'_>) -> Result<(), StoreError> {
    let insert = sqlx::query(
        "INSERT INTO equipment (id, name, location, kind, serial_number, manufacturer, model, firmware_version, \
             iot_enabled, iot_protocol, iot_endpoint, iot_port, iot_config, supports_realtime, \
             poll_interval_seconds, temperature_zones, supports_humidity, supports_energy_monitoring, \
             supports_remote_control, iot_credentials, created_at, updated_at) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, \
             ?21)",
    );
    let done = bind_draft(insert, oven.id, oven.draft)?
        .bind(oven.sealed_credentials)
        .bind(Timestamp::now().as_microsecond())
        .execute(tx)
        .await;
    if let Err(sqlx::Error::Database(error)) = &done
        && error.is_unique_violation()
    {
        return Err(StoreError::Conflict("id"));
    }
    done.doing(CREATING)?;
    Ok(())
}

fn decode(row: &SqliteRow) -> Result<Equipment, StoreError> {
    let mut cells = Cells::new(row, "equipment");
    Ok(Equipment {
        id: cells.equipment_id()?,
        name: cells.take()?,
        location: cells.take()?,
        kind: cells.word(EquipmentKind::parse)?,
        serial_number: cells.take()?,
        manufacturer: cells.take()?,
        model: cells.take()?,
        firmware_version: cells.take()?,
        iot_enabled: cells.take()?,
        iot_protocol: cells.take()?,
        iot_endpoint: cells.take()?,
        iot_port: cells.number_opt()?,
        iot_connection_status: cells.word(ConnectionStatus::parse)?,
        iot_last_connected: cells.time_opt()?,
        iot_config: cells.json()?,
        supports_realtime: cells.take()?,
        poll_interval_seconds: cells.number()?,
        temperature_zones: cells.number()?,
        supports_humidity: cells.take()?,
        supports_energy_monitoring: cells.take()?,
        supports_remote_control: cells.take()?,
        has_credentials: cells.take()?,
        created_at: cells.time()?,
        updated_at: cells.time()?,
    })
}
