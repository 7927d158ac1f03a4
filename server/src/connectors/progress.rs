//! How far a connection test came, and what it found.

use std::{net::SocketAddr, time::Duration};

use app::model::{
    api::{ConnectionTestResult, StageResult, TestStage},
    equipment::ConnectionStatus,
    failure::FailureKind,
};
use tokio::{net::lookup_host, time::Instant};

use super::{ConnectorError, Sample, TestOutcome};

/// The stages so far; each takes from the end of the one before.
pub struct Progress {
    stages: Vec<StageResult>,
    started: Instant,
    began: Instant,
}

impl Progress {
    pub fn start() -> Self {
        let now = Instant::now();
        Self { stages: Vec::new(), started: now, began: now }
    }

    pub fn done(&mut self, stage: TestStage, detail: impl Into<String>) {
        self.push(stage, true, detail.into());
    }

    /// The stage [`TestStage::Address`]: the addresses of a host, at least one.
    pub async fn look_up(&mut self, host: &str, port: u16) -> Result<Vec<SocketAddr>, (TestStage, ConnectorError)> {
        let unknown = |detail| (TestStage::Address, ConnectorError::new(FailureKind::Unreachable, detail));
        let found = lookup_host((host, port)).await;
        let addresses: Vec<_> =
            found.map_err(|error| unknown(format!("the name {host} is not known: {error}")))?.collect();
        let Some(address) = addresses.first() else { return Err(unknown(format!("{host} has no address"))) };
        self.done(TestStage::Address, address.ip().to_string());
        Ok(addresses)
    }

    /// The time ran out in the first of these stages that is not done.
    pub fn late(&self, stages: &[TestStage], limit: Duration) -> (TestStage, ConnectorError) {
        (self.next_stage(stages), ConnectorError::late(limit))
    }

    /// The first of these stages that is not done.
    fn next_stage(&self, stages: &[TestStage]) -> TestStage {
        let open = stages.iter().find(|stage| !self.stages.iter().any(|done| done.stage == **stage));
        open.copied().unwrap_or(TestStage::Values)
    }

    fn push(&mut self, stage: TestStage, success: bool, detail: String) {
        let duration_ms = (self.began.elapsed().as_secs_f64() * 1e5).round() / 100.0;
        self.stages.push(StageResult { stage, success, duration_ms, detail });
        self.began = Instant::now();
    }

    /// The result of the whole test. `raw` is the peer's answer, to build a mapping from.
    pub fn outcome(mut self, outcome: Result<Sample, (TestStage, ConnectorError)>, raw: Option<String>) -> TestOutcome {
        let mut result = ConnectionTestResult {
            success: outcome.is_ok(),
            status: ConnectionStatus::Connected,
            response_time_ms: Some(self.started.elapsed().as_millis() as u64),
            supported_features: Vec::new(),
            error_kind: None,
            error_details: None,
            stages: Vec::new(),
            reading: None,
            sample: raw,
        };
        let sample = match outcome {
            Ok(found) => {
                result.supported_features = features(&found);
                result.response_time_ms = Some(found.response_time.as_millis() as u64);
                Some(found)
            }
            Err((stage, error)) => {
                result.status = error.kind.status();
                result.error_kind = Some(error.kind);
                result.error_details = Some(error.detail.clone());
                self.push(stage, false, error.detail);
                None
            }
        };
        result.stages = self.stages;
        TestOutcome { result, sample }
    }
}

/// What was really seen.
fn features(sample: &Sample) -> Vec<String> {
    let v = &sample.values;
    let energy = v.energy_consumption_kwh.is_some() || v.power_kw.is_some();
    [
        ("realtime", true),
        ("temperature_zones", !v.temperature_zones.is_empty()),
        ("humidity", v.humidity.is_some()),
        ("energy_monitoring", energy),
        ("cycle", v.cycle_stage.is_some() || v.cycle_progress_percentage.is_some()),
        ("door", v.door_status.is_some()),
    ]
    .into_iter()
    .filter(|(_, has)| *has)
    .map(|(name, _)| name.to_owned())
    .collect()
}
