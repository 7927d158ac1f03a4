//! The connection test: address, port, TLS, login, values.

use std::{collections::BTreeMap, sync::Arc};

use app::model::{api::TestStage, failure::FailureKind, mapping::Source};
use serde_json::Value;
use tokio::{
    net::{TcpStream, lookup_host},
    time::{Instant, timeout_at},
};
use tokio_rustls::TlsConnector;

use super::RestApi;
use crate::connectors::{Connection, ConnectorError, Sample, TestOutcome, progress::Progress, tls};

/// Longest part of the answer that is shown, in characters.
const SAMPLE_LENGTH: usize = 4_000;

pub async fn run(oven: &mut RestApi) -> TestOutcome {
    let mut progress = Progress::start();
    let mut raw = None;
    let outcome = steps(oven, &mut progress, &mut raw).await;
    progress.outcome(outcome, raw)
}

async fn steps(
    oven: &mut RestApi,
    progress: &mut Progress,
    raw: &mut Option<String>,
) -> Result<Sample, (TestStage, ConnectorError)> {
    let url = oven.data_url.clone();
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
    let config = tls::client_config(&oven.trust).map_err(tls_error)?;
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
