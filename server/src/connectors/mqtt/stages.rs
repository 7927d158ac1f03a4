//! The connection test: address, port, certificates, login, values.

use app::model::{api::TestStage, failure::FailureKind};
use tokio::{
    net::TcpStream,
    time::{Instant, timeout, timeout_at},
};

use super::{Mqtt, Reader, client::Broker, state::State};
use crate::connectors::{ConnectorError, Sample, TestOutcome, progress::Progress};

/// Topics that are named when none of them was mapped.
const NAMED: usize = 20;

pub async fn run(oven: &mut Mqtt) -> TestOutcome {
    let mut progress = Progress::start();
    let mut raw = None;
    // Another client than the one that is running: the broker would throw that one out.
    let limit = oven.options.timeout;
    let deadline = Instant::now() + limit;
    let outcome = match timeout(limit + limit / 2, steps(oven, &mut progress, &mut raw, deadline)).await {
        Ok(outcome) => outcome,
        Err(_) => {
            Err(progress.late(&[TestStage::Address, TestStage::Port, TestStage::Login, TestStage::Values], limit))
        }
    };
    progress.outcome(outcome, raw)
}

async fn steps(
    oven: &mut Mqtt,
    progress: &mut Progress,
    raw: &mut Option<String>,
    deadline: Instant,
) -> Result<Sample, (TestStage, ConnectorError)> {
    let options = &oven.options;
    let address = progress.look_up(&options.host, options.port).await?[0];

    let reached = TcpStream::connect(address).await.map(drop);
    reached.map_err(|error| (TestStage::Port, ConnectorError::from_io(&error, &address.to_string())))?;
    progress.done(TestStage::Port, options.port.to_string());

    let mut broker = Broker::look(options, "test").await.map_err(|error| {
        let at = if error.kind == FailureKind::Tls { TestStage::Tls } else { TestStage::Login };
        (at, error)
    })?;
    if options.tls.is_some() {
        progress.done(TestStage::Tls, "");
    }
    let filters = options.filters();
    // Nothing is taken from what the running session has to acknowledge: this one has its own.
    broker.subscribe(&filters, 0).await.map_err(|error| (TestStage::Login, error))?;
    progress.done(TestStage::Login, filters.join(", "));

    let at = TestStage::Values;
    let state = State::new(options)
        .map_err(|_| (at, ConnectorError::new(FailureKind::Config, "the mapping cannot be used")))?;
    let mut reader = Reader::new(options, state);
    reader.begin_anew();
    let mut seen: Vec<String> = Vec::new();
    let found = loop {
        if let Some(rebirth) = reader.rebirth() {
            broker.publish(&rebirth.topic, rebirth.payload).await.map_err(|error| (at, error))?;
        }
        let message = match timeout_at(deadline, broker.next()).await {
            Ok(message) => message.map_err(|error| (at, error))?,
            Err(_) => break None,
        };
        if !seen.contains(&message.topic) && seen.len() < NAMED {
            seen.push(message.topic.clone());
        }
        match reader.read(&message) {
            Ok(Some(sample)) => break Some(Ok(sample)),
            Ok(None) => {}
            Err(error) if error.kind == FailureKind::Mapping => {}
            Err(error) => break Some(Err(error)),
        }
    };
    broker.close().await;
    *raw = Some(reader.state.readable());
    let sample = found.unwrap_or_else(|| Err(State::nothing(&seen))).map_err(|error| (at, error))?;
    progress.done(at, sample.data_points().to_string());
    Ok(sample)
}
