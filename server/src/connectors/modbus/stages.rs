//! The connection test: address or device, port, values.

use std::path::Path;

use app::model::{api::TestStage, failure::FailureKind};
use serde_json::Value;
use tokio::time::{Instant, timeout};

use super::{Modbus, line::Place, plan::Plan, reference::Reference};
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
    let port = match &oven.options.place {
        Place::Net { host, port, .. } => {
            progress.look_up(host, *port).await?;
            port.to_string()
        }
        Place::Serial { device, wire } => {
            if !Path::new(device).exists() {
                let detail = format!("this machine has no {device}");
                return Err((TestStage::Address, ConnectorError::new(FailureKind::Unreachable, detail)));
            }
            progress.done(TestStage::Address, device.clone());
            format!("{} Bd", wire.baud)
        }
    };

    let line = std::sync::Arc::clone(&oven.line);
    let turn = line.turn().await;
    let opened = turn.open(oven.options.unit, oven.options.frame_delay).await;
    let mut session = opened.map_err(|error| (TestStage::Port, error))?;
    progress.done(TestStage::Port, port);

    let at = TestStage::Values;
    let asked = Instant::now();
    oven.plan = Plan::new(&oven.options);
    let found = oven.read(&mut session).await.map_err(|error| (at, error))?;
    session.keep();
    *raw = Some(readable(&oven.options.references, &found));
    let sample = oven.sample(found, asked.elapsed()).map_err(|error| (at, error))?;
    progress.done(at, sample.data_points().to_string());
    Ok(sample)
}

fn readable(references: &[Reference], found: &[Value]) -> String {
    let read = references.iter().zip(found).filter(|(_, value)| !value.is_null());
    read.map(|(reference, value)| format!("{} = {value}", reference.text)).collect::<Vec<_>>().join("\n")
}
