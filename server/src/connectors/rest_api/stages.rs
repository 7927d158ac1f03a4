//! The connection test: address, port, TLS, login, values.

use std::{collections::BTreeMap, sync::Arc};

use app::model::{
    api::{ConnectionTestResult, StageResult, TestStage},
    equipment::ConnectionStatus,
    failure::FailureKind,
    mapping::Source,
};
use serde_json::Value;
use tokio::{
    net::{TcpStream, lookup_host},
    time::{Instant, timeout_at},
};
use tokio_rustls::TlsConnector;

use super::RestApi;
use crate::connectors::{Connection, ConnectorError, Sample, TestOutcome, tls};

/// Longest part of the answer that is shown, in characters.
const SAMPLE_LENGTH: usize = 4_000;

struct Progress {
    stages: Vec<StageResult>,
    began: Instant,
}

impl Progress {
    fn done(&mut self, stage: TestStage, detail: impl Into<String>) {
        self.push(stage, true, detail.into());
    }

    fn push(&mut self, stage: TestStage, success: bool, detail: String) {
        let duration_ms = (self.began.elapsed().as_secs_f64() * 1e5).round() / 100.0;
        self.stages.push(StageResult { stage, success, duration_ms, detail });
        self.began = Instant::now();
    }
}

pub async fn run(oven: &mut RestApi) -> TestOutcome {
    let started = Instant::now();
    let mut progress = Progress { stages: Vec::new(), began: started };
    let mut sample = None;
    let outcome = steps(oven, &mut progress, &mut sample).await;
    let mut result = ConnectionTestResult {
        success: outcome.is_ok(),
        status: ConnectionStatus::Connected,
        response_time_ms: Some(started.elapsed().as_millis() as u64),
        supported_features: Vec::new(),
        error_kind: None,
        error_details: None,
        stages: Vec::new(),
        reading: None,
        sample,
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
            progress.push(stage, false, error.detail);
            None
        }
    };
    result.stages = progress.stages;
    TestOutcome { result, sample }
}

async fn steps(
    oven: &mut RestApi,
    progress: &mut Progress,
    raw: &mut Option<String>,
) -> Result<Sample, (TestStage, ConnectorError)> {
    let url = oven.options.data_url.clone();
    let limit = oven.timeout();
    let deadline = Instant::now() + limit;
    let late = |what: &str| ConnectorError::new(FailureKind::Timeout, format!("{what} took longer than {limit:?}"));
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']).to_owned();
    let port = url.port_or_known_default().unwrap_or(80);

    let at = TestStage::Address;
    let addresses = timeout_at(deadline, lookup_host((host.as_str(), port)))
        .await
        .map_err(|_| (at, late("looking up the name")))?
        .map_err(|error| {
            (at, ConnectorError::new(FailureKind::Unreachable, format!("the name {host} is not known: {error}")))
        })?;
    let addresses: Vec<_> = addresses.collect();
    let Some(address) = addresses.first() else {
        return Err((at, ConnectorError::new(FailureKind::Unreachable, format!("{host} has no address"))));
    };
    progress.done(at, address.ip().to_string());

    let at = TestStage::Port;
    let stream = timeout_at(deadline, TcpStream::connect(&addresses[..]))
        .await
        .map_err(|_| (at, late("connecting")))?
        .map_err(|error| (at, ConnectorError::from_io(&error, &format!("{host}:{port}"))))?;
    progress.done(at, format!("{port}"));

    if url.scheme() == "https" {
        let at = TestStage::Tls;
        let detail = timeout_at(deadline, handshake(oven, stream, host.clone()))
            .await
            .map_err(|_| (at, late("the TLS handshake")))?
            .map_err(|error| (at, error))?;
        progress.done(at, detail);
    } else {
        // Some devices serve one connection at a time and would wait for this one to say something.
        drop(stream);
    }

    let asked = Instant::now();
    let mut answers = BTreeMap::new();
    for (source, url) in oven.urls() {
        let answer = timeout_at(deadline, oven.http.get_json(url)).await.unwrap_or_else(|_| Err(late("the answer")));
        let answer = answer.map_err(|error| {
            let at = if error.kind == FailureKind::Auth { TestStage::Login } else { TestStage::Values };
            (at, error)
        })?;
        answers.insert(source, answer);
    }
    progress.done(TestStage::Login, "");
    let response_time = asked.elapsed();
    *raw = Some(readable(&answers));
    let sample = oven.sample(&answers, response_time).map_err(|error| (TestStage::Values, error))?;
    progress.done(TestStage::Values, sample.data_points().to_string());
    Ok(sample)
}

async fn handshake(oven: &RestApi, stream: TcpStream, host: String) -> Result<String, ConnectorError> {
    let tls_error = |detail: String| ConnectorError::new(FailureKind::Tls, detail);
    let config = tls::client_config(&oven.options.trust).map_err(tls_error)?;
    let name = host.clone().try_into().map_err(|_| tls_error(format!("{host} is no name for a certificate")))?;
    let stream = TlsConnector::from(Arc::clone(&config))
        .connect(name, stream)
        .await
        .map_err(|error| tls_error(format!("{host}: {error}")))?;
    Ok(stream.get_ref().1.protocol_version().map_or_else(String::new, |version| format!("{version:?}")))
}

/// The answers as an admin reads them, cut where they get long.
fn readable(answers: &BTreeMap<Source, Value>) -> String {
    let text = match answers.get(&Source::Data) {
        Some(only) if answers.len() == 1 => serde_json::to_string_pretty(only),
        _ => serde_json::to_string_pretty(answers),
    }
    .unwrap_or_default();
    match text.char_indices().nth(SAMPLE_LENGTH) {
        Some((end, _)) => format!("{}\n…", &text[..end]),
        None => text,
    }
}

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
