//! Create, change, enable, delete. Order: validate, encrypt, save, apply, record.
//!
//! A change runs in a task of its own: a browser that goes away in the middle drops the request, and must not leave
//! an oven saved but not running, or stopped for good.

use std::{collections::BTreeMap, sync::Arc};

use app::model::{
    api::IotConfigRequest,
    connection_log::{ConnectionEvent, ConnectionLogEntry},
    equipment::{Equipment, EquipmentDraft, EquipmentId, POLL_INTERVAL_SECONDS},
    form::{FieldError, Problem},
};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::{Actor, Limits, Service, ServiceError, error::refused, peer::is_same_peer};
use crate::{
    connectors::{self, Driver},
    secrets::Credentials,
    store::{
        equipment::{CredentialChange, NewEquipment},
        writer::WriteOp,
    },
};

const MAX_TEXT: usize = 100;
const MAX_ZONES: u32 = 64;

/// What to do with stored credentials. No `Debug`: it holds secrets.
pub enum SecretChange {
    Keep,
    /// Keeps the stored ones and replaces those that are given: a form never shows what is stored.
    Merge(BTreeMap<String, String>),
    Replace(BTreeMap<String, String>),
}

/// An oven that was checked and can be saved.
struct Prepared {
    id: EquipmentId,
    draft: EquipmentDraft,
    sealed: Option<Vec<u8>>,
}

impl Prepared {
    fn row(&self) -> NewEquipment<'_> {
        NewEquipment { id: self.id, draft: &self.draft, sealed_credentials: self.sealed.as_deref() }
    }
}

impl Service {
    pub async fn create(
        self: &Arc<Self>,
        actor: &Actor,
        draft: EquipmentDraft,
        secrets: SecretChange,
    ) -> Result<Equipment, ServiceError> {
        self.create_as(actor, EquipmentId(uuid::Uuid::new_v4()), draft, secrets).await
    }

    /// Like [`create`](Self::create) with a given id.
    pub async fn create_as(
        self: &Arc<Self>,
        actor: &Actor,
        id: EquipmentId,
        draft: EquipmentDraft,
        secrets: SecretChange,
    ) -> Result<Equipment, ServiceError> {
        let (this, actor) = (Arc::clone(self), actor.clone());
        to_the_end(async move {
            let oven = this.prepared(id, draft, secrets)?;
            this.store.create_equipment(oven.id, &oven.draft, oven.sealed.as_deref()).await?;
            this.begin(&actor, oven).await
        })
        .await
    }

    /// Several ovens with the same credentials: all of them, or none where one cannot be made. Then each error says
    /// which oven it is about.
    pub async fn create_all(
        self: &Arc<Self>,
        actor: &Actor,
        drafts: Vec<EquipmentDraft>,
        secrets: BTreeMap<String, String>,
    ) -> Result<(), ServiceError> {
        let (this, actor) = (Arc::clone(self), actor.clone());
        to_the_end(async move {
            let mut ovens = Vec::with_capacity(drafts.len());
            for draft in drafts {
                let (id, name) = (EquipmentId(uuid::Uuid::new_v4()), draft.name.clone());
                let prepared = this.prepared(id, draft, SecretChange::Merge(secrets.clone()));
                ovens.push(prepared.map_err(|error| of_oven(&name, error))?);
            }
            let rows: Vec<_> = ovens.iter().map(Prepared::row).collect();
            this.store.create_equipments(&rows).await?;
            let mut outcome = Ok(());
            for oven in ovens {
                // They are saved now: one that cannot be started keeps none of the others from it.
                outcome = outcome.and(this.begin(&actor, oven).await.map(drop));
            }
            outcome
        })
        .await
    }

    fn prepared(
        &self,
        id: EquipmentId,
        draft: EquipmentDraft,
        secrets: SecretChange,
    ) -> Result<Prepared, ServiceError> {
        let credentials = relevant(&draft, merged(Credentials::default(), secrets));
        let (draft, credentials) = checked(&self.limits, id, draft, credentials)?;
        Ok(Prepared { id, sealed: self.sealed(id, &credentials), draft })
    }

    /// What follows once an oven was saved.
    async fn begin(&self, actor: &Actor, Prepared { id, draft, .. }: Prepared) -> Result<Equipment, ServiceError> {
        self.log_config_change(id).await;
        let equipment = self.apply(id).await?;
        let after = Some(json!(draft));
        self.record(actor, "equipment.create", ("equipment", Some(id.to_string())), None, after).await;
        Ok(equipment)
    }

    pub async fn update(
        self: &Arc<Self>,
        actor: &Actor,
        id: EquipmentId,
        draft: EquipmentDraft,
        secrets: SecretChange,
    ) -> Result<Equipment, ServiceError> {
        let (this, actor) = (Arc::clone(self), actor.clone());
        to_the_end(async move {
            let before = this.equipment(id).await?;
            let secrets_changed = !matches!(&secrets, SecretChange::Keep)
                && !matches!(&secrets, SecretChange::Merge(given) if given.is_empty());
            let stored = this.reusable_credentials(&before, &draft, &secrets).await?;
            let credentials = relevant(&draft, merged(stored, secrets));
            let (draft, credentials) = checked(&this.limits, id, draft, credentials)?;
            let sealed = this.sealed(id, &credentials);
            let change = sealed.as_deref().map_or(CredentialChange::Remove, CredentialChange::Replace);
            this.store.update_equipment(id, &draft, change).await?;
            this.log_config_change(id).await;
            let equipment = this.apply(id).await?;
            let mut after = json!(draft);
            // The log says that credentials changed, never to what.
            after["credentials_changed"] = secrets_changed.into();
            let before = Some(json!(EquipmentDraft::from(&before)));
            this.record(&actor, "equipment.update", ("equipment", Some(id.to_string())), before, Some(after)).await;
            Ok(equipment)
        })
        .await
    }

    /// Only the connection, as the API's `iot-config` gives it.
    pub async fn configure_iot(
        self: &Arc<Self>,
        actor: &Actor,
        id: EquipmentId,
        request: IotConfigRequest,
    ) -> Result<Equipment, ServiceError> {
        let current = self.equipment(id).await?;
        let (draft, secrets) = with_iot_config(&current, request);
        self.update(actor, id, draft, secrets).await
    }

    pub async fn set_enabled(
        self: &Arc<Self>,
        actor: &Actor,
        id: EquipmentId,
        enabled: bool,
    ) -> Result<(), ServiceError> {
        let (this, actor) = (Arc::clone(self), actor.clone());
        to_the_end(async move {
            this.store.set_equipment_enabled(id, enabled).await?;
            this.apply(id).await?;
            let action = if enabled { "equipment.enable" } else { "equipment.disable" };
            this.record(&actor, action, ("equipment", Some(id.to_string())), None, None).await;
            Ok(())
        })
        .await
    }

    /// Deletes an oven with its history.
    pub async fn delete(self: &Arc<Self>, actor: &Actor, id: EquipmentId) -> Result<(), ServiceError> {
        let (this, actor) = (Arc::clone(self), actor.clone());
        to_the_end(async move {
            let before = this.equipment(id).await?;
            // Off first, so that an interrupted deletion leaves no oven that should run and does not. The history of
            // years takes a while, and other ovens can be changed meanwhile.
            this.store.set_equipment_enabled(id, false).await?;
            this.apply(id).await?;
            this.store.delete_equipment(id).await?;
            this.forget(id);
            let before = Some(json!(EquipmentDraft::from(&before)));
            this.record(&actor, "equipment.delete", ("equipment", Some(id.to_string())), before, None).await;
            Ok(())
        })
        .await
    }

    /// A deleted oven.
    pub(super) fn forget(&self, id: EquipmentId) {
        self.live.remove(id);
        self.ingest.baking.forget(id);
        self.ingest.plausibility.forget(id);
    }

    /// The stored credentials, as far as they may be used with these settings: never at another address or without
    /// the check of its certificate, or a form would be a way to read them.
    pub(super) async fn reusable_credentials(
        &self,
        saved: &Equipment,
        draft: &EquipmentDraft,
        secrets: &SecretChange,
    ) -> Result<Credentials, ServiceError> {
        if matches!(secrets, SecretChange::Replace(_)) || !is_same_peer(&EquipmentDraft::from(saved), draft) {
            return Ok(Credentials::default());
        }
        match self.stored_credentials(saved.id).await {
            // Sealed under a key that is gone: whatever is needed has to be entered again, and a field error says so.
            Err(ServiceError::Secret(error)) => {
                tracing::warn!(oven = %saved.name, "{error}");
                Ok(Credentials::default())
            }
            other => other,
        }
    }

    /// Seals every oven's credentials under the current key; at start, so that an old key can be removed then.
    pub(super) async fn reseal_all(&self, ovens: &[Equipment]) -> Result<(), ServiceError> {
        let mut resealed = 0;
        for oven in ovens.iter().filter(|oven| oven.has_credentials) {
            let Some(blob) = self.store.credentials(oven.id).await? else { continue };
            if !self.keyring.needs_rotation(&blob) {
                continue;
            }
            match self.keyring.open(oven.id.0, &blob) {
                Ok(credentials) => {
                    self.store.set_credentials(oven.id, Some(&self.keyring.seal(oven.id.0, &credentials))).await?;
                    resealed += 1;
                }
                Err(error) => tracing::warn!(oven = %oven.name, "{error}"),
            }
        }
        if resealed > 0 {
            tracing::info!(ovens = resealed, key = %self.keyring.current_id(), "credentials sealed under the new key");
        }
        Ok(())
    }

    pub async fn equipment(&self, id: EquipmentId) -> Result<Equipment, ServiceError> {
        self.store.equipment(id).await?.ok_or(ServiceError::NotFound("equipment"))
    }

    /// Names of the stored secrets.
    pub async fn stored_secret_names(&self, id: EquipmentId) -> Result<Vec<String>, ServiceError> {
        Ok(self.stored_credentials(id).await?.names().map(str::to_owned).collect())
    }

    pub(super) async fn stored_credentials(&self, id: EquipmentId) -> Result<Credentials, ServiceError> {
        match self.store.credentials(id).await? {
            Some(blob) => Ok(self.keyring.open(id.0, &blob)?),
            None => Ok(Credentials::default()),
        }
    }

    fn sealed(&self, id: EquipmentId, credentials: &Credentials) -> Option<Vec<u8>> {
        (!credentials.is_empty()).then(|| self.keyring.seal(id.0, credentials))
    }

    pub(super) async fn log_config_change(&self, id: EquipmentId) {
        self.write_log(id, ConnectionEvent::ConfigChanged, None).await;
    }

    pub(super) async fn log_config_failure(&self, id: EquipmentId, error: &ServiceError) {
        let detail = match error {
            ServiceError::Invalid(errors) => {
                let fields: Vec<_> = errors.iter().map(|error| error.field.as_str()).collect();
                format!("these settings cannot be used: {}", fields.join(", "))
            }
            other => other.to_string(),
        };
        self.write_log(id, ConnectionEvent::ConfigInvalid, Some(detail)).await;
    }

    async fn write_log(&self, id: EquipmentId, event: ConnectionEvent, message: Option<String>) {
        let status = self.live.oven(id).map_or(app::model::equipment::ConnectionStatus::Unknown, |oven| oven.status);
        let entry = ConnectionLogEntry {
            event_type: event,
            event_time: Timestamp::now(),
            connection_status: status,
            error_message: message,
            error_code: None,
            response_time_ms: None,
            data_points_received: None,
        };
        self.write(WriteOp::Log { equipment: id, entry }).await;
    }

    pub(super) async fn write(&self, op: WriteOp) {
        if self.ingest.write(op).await.is_err() {
            tracing::warn!("a connection log entry was not written: the server is stopping");
        }
    }
}

/// The draft with the protocol's own name and tidy texts, or everything that is wrong with it.
fn checked(
    limits: &Limits,
    id: EquipmentId,
    draft: EquipmentDraft,
    credentials: Credentials,
) -> Result<(EquipmentDraft, Credentials), ServiceError> {
    let draft = tidy(draft);
    let errors = errors_in(limits, id, &draft, &credentials);
    refused(errors)?;
    Ok((draft, credentials))
}

/// With the protocol's own name, and no spaces around what people typed.
pub(super) fn tidy(mut draft: EquipmentDraft) -> EquipmentDraft {
    draft.name = draft.name.trim().into();
    draft.location = draft.location.trim().into();
    if let Some(driver) = draft.iot_protocol.as_deref().and_then(connectors::find) {
        draft.iot_protocol = Some(driver.manifest.id.to_owned());
    }
    draft
}

/// Everything that is wrong with a tidy draft.
pub(super) fn errors_in(
    limits: &Limits,
    id: EquipmentId,
    draft: &EquipmentDraft,
    credentials: &Credentials,
) -> Vec<FieldError> {
    let mut errors = check(draft);
    let Some(protocol) = draft.iot_protocol.as_deref() else { return errors };
    if let Some(driver) = connectors::find(protocol) {
        errors.extend(unknown_secrets(driver, credentials));
    }
    // Building needs the credentials for good; the copy is wiped with the connection.
    let copy = credentials.pairs().collect();
    errors.extend(limits.build(id, draft, copy, None, false).err().unwrap_or_default());
    errors
}

/// The error with the name of the oven, where several are made of one form.
fn of_oven(name: &str, error: ServiceError) -> ServiceError {
    let ServiceError::Invalid(errors) = error else { return error };
    let named = errors.into_iter().map(|FieldError { field, problem }| {
        FieldError::new(field, Problem::OfOven { name: name.to_owned(), problem: Box::new(problem) })
    });
    ServiceError::Invalid(named.collect())
}

/// Runs a change to its end, whether or not somebody waits for it.
pub(super) async fn to_the_end<T: Send + 'static>(change: impl Future<Output = T> + Send + 'static) -> T {
    tokio::spawn(change).await.unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic()))
}

/// A saved oven with the connection that the API gives.
pub fn with_iot_config(current: &Equipment, request: IotConfigRequest) -> (EquipmentDraft, SecretChange) {
    let draft = EquipmentDraft {
        iot_enabled: true,
        iot_protocol: Some(request.protocol),
        iot_endpoint: Some(request.endpoint),
        iot_port: request.port,
        iot_config: request.additional_config,
        supports_realtime: request.supports_realtime,
        poll_interval_seconds: request.poll_interval_seconds,
        ..EquipmentDraft::from(current)
    };
    (draft, request.credentials.map_or(SecretChange::Keep, SecretChange::Replace))
}

pub(super) fn merged(stored: Credentials, change: SecretChange) -> Credentials {
    let (mut credentials, given) = match change {
        SecretChange::Keep => return stored,
        SecretChange::Merge(given) => (stored, given),
        SecretChange::Replace(given) => (Credentials::default(), given),
    };
    for (name, value) in given {
        credentials.insert(name, value);
    }
    credentials
}

/// Credentials without those of another login method than the chosen one: a password that is no longer used
/// should not lie around.
pub(super) fn relevant(draft: &EquipmentDraft, credentials: Credentials) -> Credentials {
    let Some(driver) = draft.iot_protocol.as_deref().and_then(connectors::find) else { return credentials };
    let unused: Vec<&str> = driver
        .manifest
        .secrets()
        .filter(|field| {
            field.only_when.is_some_and(|(setting, values)| {
                let chosen = draft.iot_config.get(setting).and_then(Value::as_str).filter(|value| !value.is_empty());
                chosen.is_some_and(|chosen| !values.contains(&chosen))
            })
        })
        .map(|field| field.key)
        .collect();
    credentials.pairs().filter(|(name, _)| !unused.contains(&name.as_str())).collect()
}

fn unknown_secrets(driver: &Driver, credentials: &Credentials) -> Vec<FieldError> {
    let known: Vec<_> = driver.manifest.secrets().map(|field| field.key).collect();
    let unknown = credentials.names().filter(|name| !known.contains(name));
    let detail = format!("unknown credential; known are {}", known.join(", "));
    unknown.map(|name| FieldError::new(format!("secret.{name}"), Problem::Other { detail: detail.clone() })).collect()
}

/// What does not depend on the protocol.
fn check(draft: &EquipmentDraft) -> Vec<FieldError> {
    let mut errors = Vec::new();
    if draft.name.is_empty() {
        errors.push(FieldError::new("name", Problem::Required));
    }
    let texts = [
        ("name", Some(&draft.name)),
        ("location", Some(&draft.location)),
        ("manufacturer", draft.manufacturer.as_ref()),
        ("model", draft.model.as_ref()),
        ("serial_number", draft.serial_number.as_ref()),
        ("firmware_version", draft.firmware_version.as_ref()),
    ];
    for (field, text) in texts {
        if text.is_some_and(|text| text.chars().count() > MAX_TEXT) {
            errors.push(FieldError::new(field, Problem::TooLong { max: MAX_TEXT }));
        }
    }
    let range = |field: &str, value: u32, min: u32, max: u32| {
        let problem = Problem::OutOfRange { min: f64::from(min), max: f64::from(max) };
        (!(min..=max).contains(&value)).then(|| FieldError::new(field, problem))
    };
    let (min, max) = (*POLL_INTERVAL_SECONDS.start(), *POLL_INTERVAL_SECONDS.end());
    errors.extend(range("poll_interval_seconds", draft.poll_interval_seconds, min, max));
    errors.extend(range("temperature_zones", draft.temperature_zones, 1, MAX_ZONES));
    errors.extend(draft.iot_port.and_then(|port| range("iot_port", u32::from(port), 1, 65_535)));
    errors
}
