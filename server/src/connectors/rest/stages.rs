//! The connection test: address, port, TLS, login, values.

use std::sync::Arc;

use app::model::{api::TestStage, failure::FailureKind};
use jiff::Timestamp;
use serde_json::{Map, Value};
use tokio::{
    net::TcpStream,
    time::{Instant, timeout_at},
};
use tokio_rustls::TlsConnector;

use super::RestOven;
use crate::connectors::{Connection, ConnectorError, Sample, TestOutcome, progress::Progress, tls};

/// Longest part of one answer that is shown, in characters.
const SAMPLE_LENGTH: usize = 4_000;

pub async fn run(oven: &mut RestOven) -> TestOutcome {
    let mut progress = Progress::start();
    let mut raw = None;
    let outcome = steps(oven, &mut progress, &mut raw).await;
    progress.outcome(outcome, raw)
}

async fn steps(
    oven: &mut RestOven,
    progress: &mut Progress,
    raw: &mut Option<String>,
) -> Result<Sample, (TestStage, ConnectorError)> {
    let url = oven.plan.endpoints[0].url(Timestamp::now()).map_err(|error| (TestStage::Address, error))?;
    let limit = oven.timeout();
    let deadline = Instant::now() + limit;
    let late = |what: &str| ConnectorError::new(FailureKind::Timeout, format!("{what} took longer than {limit:?}"));
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']).to_owned();
    let port = url.port_or_known_default().unwrap_or(80);

    let addresses = timeout_at(deadline, progress.look_up(&host, port))
        .await
        .map_err(|_| (TestStage::Address, late("looking up the name")))??;

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

    if oven.plan.login.is_some() {
        let at = TestStage::Login;
        timeout_at(deadline, oven.log_in()).await.map_err(|_| (at, late("the login")))?.map_err(|error| (at, error))?;
        progress.done(at, "");
    }

    let round = timeout_at(deadline, oven.ask(true)).await.unwrap_or_else(|_| Err(late("the answer")));
    let round = round.map_err(|error| {
        let is_login = error.kind == FailureKind::Auth && oven.plan.login.is_none();
        (if is_login { TestStage::Login } else { TestStage::Values }, error)
    })?;
    if oven.plan.login.is_none() {
        progress.done(TestStage::Login, "");
    }
    *raw = Some(readable(oven, &round.failed));
    let sample = oven.sample(round.response_time).map_err(|error| (TestStage::Values, error))?;
    progress.done(TestStage::Values, sample.data_points().to_string());
    Ok(sample)
}

async fn handshake(oven: &RestOven, stream: TcpStream, host: String) -> Result<String, ConnectorError> {
    let tls_error = |detail: String| ConnectorError::new(FailureKind::Tls, detail);
    let config = tls::client_config(&oven.plan.trust).map_err(tls_error)?;
    let name = host.clone().try_into().map_err(|_| tls_error(format!("{host} is no name for a certificate")))?;
    let stream = TlsConnector::from(Arc::clone(&config))
        .connect(name, stream)
        .await
        .map_err(|error| tls_error(format!("{host}: {error}")))?;
    Ok(stream.get_ref().1.protocol_version().map_or_else(String::new, |version| format!("{version:?}")))
}

/// The answers as an admin reads them, cut where they get long.
fn readable(oven: &RestOven, failed: &[(String, ConnectorError)]) -> String {
    let only = oven.plan.endpoints.len() == 1;
    let mut parts = Vec::new();
    for endpoint in &oven.plan.endpoints {
        let name = &endpoint.name;
        let text = match (oven.kept.get(name), failed.iter().find(|(failed, _)| failed == name)) {
            (Some(answer), _) => serde_json::to_string_pretty(&without_secrets(answer)).unwrap_or_default(),
            (None, Some((_, error))) => format!("! {error}"),
            (None, None) => continue,
        };
        let text = cut(&oven.http.hide(&text, oven.token.as_ref()));
        parts.push(if only { text } else { format!("{name}:\n{text}") });
    }
    parts.join("\n\n")
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(SAMPLE_LENGTH) {
        Some((end, _)) => format!("{}\n…", &text[..end]),
        None => text.to_owned(),
    }
}

/// The answer without what its names call a secret.
pub fn without_secrets(value: &Value) -> Value {
    match value {
        Value::Object(object) => {
            let hidden = |name: &str, value: &Value| {
                let name = name.to_lowercase();
                let secret = ["token", "password", "passwort", "secret", "contraseña", "api_key", "apikey"];
                if value.is_string() && secret.iter().any(|word| name.contains(word)) {
                    Value::from("•••")
                } else {
                    without_secrets(value)
                }
            };
            Value::Object(object.iter().map(|(name, value)| (name.clone(), hidden(name, value))).collect::<Map<_, _>>())
        }
        Value::Array(list) => list.iter().map(without_secrets).collect(),
        other => other.clone(),
    }
}
