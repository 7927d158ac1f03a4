//! Connection tests, and looking at what there is.

use std::time::Duration;

use app::model::{
    api::{ConnectionTestResult, IotConfigRequest, StageResult, TestStage},
    connection_log::{ConnectionEvent, ConnectionLogEntry},
    discovery::{DiscoveryResult, Search},
    equipment::{EquipmentDraft, EquipmentId},
    failure::FailureKind,
};
use jiff::Timestamp;
use tokio::time::timeout;

use super::{
    Service, ServiceError,
    configure::{SecretChange, merged, relevant, with_iot_config},
};
use crate::{connectors::ConnectorError, ingest, secrets::Credentials, store::writer::WriteOp};

/// A peer that sends back what it was sent must not make a secret visible.
fn hide(result: &mut ConnectionTestResult, secrets: &[String]) {
    let stages = result.stages.iter_mut().map(|stage| &mut stage.detail);
    hide_in(stages.chain(result.sample.iter_mut()).chain(result.error_details.iter_mut()), secrets);
}

fn hide_in<'a>(texts: impl Iterator<Item = &'a mut String>, secrets: &[String]) {
    for text in texts {
        for secret in secrets.iter().filter(|secret| secret.len() >= SHORTEST_HIDDEN) {
            *text = text.replace(secret.as_str(), "•••");
        }
    }
}

/// Longest that a search may take, with what an admin lets it listen for.
const DISCOVERY_LIMIT: Duration = Duration::from_secs(90);

/// Shorter values would blot out ordinary parts of an answer.
const SHORTEST_HIDDEN: usize = 4;

impl Service {
    /// Looks at what there is at an address. Nothing needs to be mapped, or saved.
    pub async fn discover_draft(
        &self,
        saved: Option<EquipmentId>,
        mut draft: EquipmentDraft,
        secrets: SecretChange,
        search: &Search,
    ) -> Result<DiscoveryResult, ServiceError> {
        let stored = match saved {
            Some(id) => self.reusable_credentials(&self.equipment(id).await?, &draft, &secrets).await?,
            None => Credentials::default(),
        };
        let credentials = relevant(&draft, merged(stored, secrets));
        let secret_values: Vec<String> =
            credentials.names().filter_map(|name| credentials.get(name).map(str::to_owned)).collect();
        // Half a mapping is what the search is for.
        draft.iot_config.remove("mapping");
        let id = saved.unwrap_or(EquipmentId(uuid::Uuid::nil()));
        let mut connection = self.build_for(id, &draft, credentials, true).map_err(ServiceError::Invalid)?;
        let found = timeout(DISCOVERY_LIMIT, connection.discover(search)).await.unwrap_or_else(|_| {
            let detail = format!("the search took longer than {} s", DISCOVERY_LIMIT.as_secs());
            Err(ConnectorError::new(FailureKind::Timeout, detail))
        });
        let mut result = match found {
            Ok(found) => DiscoveryResult { success: true, found, ..DiscoveryResult::default() },
            Err(error) => DiscoveryResult {
                error_kind: Some(error.kind),
                error_details: Some(error.detail),
                ..DiscoveryResult::default()
            },
        };
        let samples = result.found.values.iter_mut().filter_map(|value| value.sample.as_mut());
        hide_in(samples.chain(result.error_details.iter_mut()), &secret_values);
        Ok(result)
    }

    /// Tests settings that need not be saved. `saved` is the oven whose stored credentials fill what is left out.
    pub async fn test_draft(
        &self,
        saved: Option<EquipmentId>,
        draft: &EquipmentDraft,
        secrets: SecretChange,
    ) -> Result<ConnectionTestResult, ServiceError> {
        let stored = match saved {
            Some(id) => self.reusable_credentials(&self.equipment(id).await?, draft, &secrets).await?,
            None => Credentials::default(),
        };
        let id = saved.unwrap_or(EquipmentId(uuid::Uuid::nil()));
        let credentials = relevant(draft, merged(stored, secrets));
        let secret_values: Vec<String> =
            credentials.names().filter_map(|name| credentials.get(name).map(str::to_owned)).collect();
        let mut connection = self.build(id, draft, credentials).map_err(ServiceError::Invalid)?;
        let outcome = connection.test().await;
        let mut result = outcome.result;
        hide(&mut result, &secret_values);
        let settings =
            StageResult { stage: TestStage::Settings, success: true, duration_ms: 0.0, detail: String::new() };
        result.stages.insert(0, settings);
        let held = self.ingest.plausibility.held(id);
        result.reading = outcome.sample.map(|mut sample| {
            let now = Timestamp::now();
            held.calibrations.correct(&mut sample.values, sample.measured_at.unwrap_or(now));
            ingest::validate(sample, &held, draft.kind, now, draft.poll_interval_seconds)
        });
        if let Some(id) = saved {
            self.log_test(id, &result).await;
        }
        Ok(result)
    }

    /// Tests a saved oven, with the settings that a request gives, or else with the saved ones.
    pub async fn test_saved(
        &self,
        id: EquipmentId,
        request: Option<IotConfigRequest>,
    ) -> Result<ConnectionTestResult, ServiceError> {
        let equipment = self.equipment(id).await?;
        let (draft, secrets) = match request {
            Some(request) => with_iot_config(&equipment, request),
            None if equipment.iot_protocol.is_none() => return Err(ServiceError::NotConfigured),
            None => (EquipmentDraft::from(&equipment), SecretChange::Keep),
        };
        self.test_draft(Some(id), &draft, secrets).await
    }

    async fn log_test(&self, id: EquipmentId, result: &ConnectionTestResult) {
        let points = result.reading.as_ref().map(|reading| reading.values.numbers().len() as u32);
        let entry = ConnectionLogEntry {
            event_type: ConnectionEvent::Test,
            event_time: Timestamp::now(),
            connection_status: result.status,
            error_message: result.error_details.clone(),
            error_code: result.error_kind.map(|kind| kind.to_string()),
            response_time_ms: result.response_time_ms.map(|ms| ms as f64),
            data_points_received: points,
        };
        self.write(WriteOp::Log { equipment: id, entry }).await;
    }
}
