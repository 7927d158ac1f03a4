//! The connection test: address or device, port, values.

use std::{path::Path, sync::Arc};

use app::model::{api::TestStage, failure::FailureKind};
use serde_json::Value;
use tokio::time::{Instant, timeout};

use super::{
    Modbus,
    line::{Place, Turn},
    plan::Plan,
    reference::Reference,
};
use crate::connectors::{ConnectorError, Sample, TestOutcome, progress::Progress};

pub async fn run(oven: &mut Modbus) -> TestOutcome {
    let mut progress = Progress::start();
    let mut raw = None;
    let (line, mine) = (Arc::clone(&oven.line), Arc::clone(&oven.options.line));
    let limit = mine.timeout;
    let stages = [TestStage::Address, TestStage::Port, TestStage::Values];
    let outcome = async {
        let found = timeout(limit, address(&mine.place, &mut progress)).await;
        found.unwrap_or_else(|_| Err((TestStage::Address, ConnectorError::late(limit))))?;
        // Running ovens on the line may have to finish first; the limit counts from the turn on, as it does for them.
        let patience = line.patience();
        let turn = timeout(patience, line.turn(&mine)).await.map_err(|_| progress.late(&stages, patience))?;
        let asked = timeout(limit, steps(oven, turn, &mut progress, &mut raw)).await;
        asked.unwrap_or_else(|_| Err(progress.late(&stages, limit)))
    }
    .await;
    progress.outcome(outcome, raw)
}

async fn address(place: &Place, progress: &mut Progress) -> Result<(), (TestStage, ConnectorError)> {
    match place {
        Place::Net { host, port, .. } => progress.look_up(host, *port).await.map(drop),
        Place::Serial { device, .. } if Path::new(device).exists() => {
            progress.done(TestStage::Address, device.clone());
            Ok(())
        }
        Place::Serial { device, .. } => {
            let detail = format!("this machine has no {device}");
            Err((TestStage::Address, ConnectorError::new(FailureKind::Unreachable, detail)))
        }
    }
}

async fn steps(
    oven: &mut Modbus,
    turn: Turn<'_>,
    progress: &mut Progress,
    raw: &mut Option<String>,
) -> Result<Sample, (TestStage, ConnectorError)> {
    let mut session = turn.open().await.map_err(|error| (TestStage::Port, error))?;
    let port = match &oven.options.line.place {
        Place::Net { port, .. } => port.to_string(),
        Place::Serial { wire, .. } => format!("{} Bd", wire.baud),
    };
    progress.done(TestStage::Port, port);

    let at = TestStage::Values;
    let asked = Instant::now();
    oven.plan = Plan::new(&oven.options);
    let found = oven.read(&mut session).await.map_err(|error| (at, error))?;
    *raw = Some(readable(&oven.options.references, &found));
    let sample = oven.sample(found, asked.elapsed()).map_err(|error| (at, error))?;
    progress.done(at, sample.data_points().to_string());
    Ok(sample)
}

fn readable(references: &[Reference], found: &[Value]) -> String {
    let read = references.iter().zip(found).filter(|(_, value)| !value.is_null());
    read.map(|(reference, value)| format!("{} = {value}", reference.text)).collect::<Vec<_>>().join("\n")
}
