//! The connection test: address, port, values.

use app::model::api::TestStage;
use serde_json::{Map, Value};
use tokio::time::{Instant, timeout};

use super::Modbus;
use crate::connectors::{Connection, ConnectorError, Sample, TestOutcome, progress::Progress};

pub async fn run(oven: &mut Modbus) -> TestOutcome {
    let mut progress = Progress::start();
    let mut raw = None;
    let limit = oven.timeout();
    let outcome = match timeout(limit, steps(oven, &mut progress, &mut raw)).await {
        Ok(outcome) => outcome,
        Err(_) => Err(progress.late(&[TestStage::Address, TestStage::Port, TestStage::Values], limit)),
    };
    progress.outcome(outcome, raw)
}

async fn steps(
    oven: &mut Modbus,
    progress: &mut Progress,
    raw: &mut Option<String>,
) -> Result<Sample, (TestStage, ConnectorError)> {
    let (host, port, unit) = (oven.options.host.clone(), oven.options.port, oven.options.unit);
    progress.look_up(&host, port).await?;

    let line = std::sync::Arc::clone(&oven.line);
    let mut session = line.session(unit).await.map_err(|error| (TestStage::Port, error))?;
    progress.done(TestStage::Port, port.to_string());

    let at = TestStage::Values;
    let asked = Instant::now();
    oven.connect().await.map_err(|error| (at, error))?;
    let found = oven.read(&mut session).await.map_err(|error| (at, error))?;
    session.keep();
    *raw = Some(readable(&found));
    let sample = oven.sample(found, asked.elapsed()).map_err(|error| (at, error))?;
    progress.done(at, sample.data_points().to_string());
    Ok(sample)
}

fn readable(found: &Map<String, Value>) -> String {
    found.iter().map(|(reference, value)| format!("{reference} = {value}")).collect::<Vec<_>>().join("\n")
}
