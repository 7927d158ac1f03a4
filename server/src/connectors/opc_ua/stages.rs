//! The connection test: address, port, certificates, login, values.

use app::model::{api::TestStage, failure::FailureKind};
use tokio::time::{Instant, timeout};

use super::{
    OpcUa, security,
    session::{Session, knock},
};
use crate::connectors::{ConnectorError, Sample, TestOutcome, progress::Progress};

const STAGES: [TestStage; 5] =
    [TestStage::Address, TestStage::Port, TestStage::Tls, TestStage::Login, TestStage::Values];

pub async fn run(oven: &mut OpcUa) -> TestOutcome {
    let mut progress = Progress::start();
    let mut raw = None;
    let limit = oven.options.timeout;
    let outcome = match timeout(limit, steps(oven, &mut progress, &mut raw)).await {
        Ok(outcome) => outcome,
        Err(_) => Err(progress.late(&STAGES, limit)),
    };
    progress.outcome(outcome, raw)
}

async fn steps(
    driver: &OpcUa,
    progress: &mut Progress,
    raw: &mut Option<String>,
) -> Result<Sample, (TestStage, ConnectorError)> {
    let options = &driver.options;
    progress.look_up(&options.host, options.port).await?;

    knock(options).await.map_err(|error| (TestStage::Port, error))?;
    progress.done(TestStage::Port, options.port.to_string());

    let way = security::choose(options).await.map_err(|error| {
        // A server that accepts no such login has no certificate that could be at fault.
        let at = if error.kind == FailureKind::Auth { TestStage::Login } else { TestStage::Tls };
        (at, error)
    })?;
    progress.done(TestStage::Tls, way.describe());

    let session = Session::activate(options, way).await.map_err(|error| (TestStage::Login, error))?;
    progress.done(TestStage::Login, session.client.server_session_id().to_string());

    let at = TestStage::Values;
    let asked = Instant::now();
    let mut open = driver.prepare(session).await.map_err(|error| (at, error))?;
    let values = open.session.read(open.state.nodes()).await.map_err(|error| (at, error))?;
    for (index, value) in values.into_iter().enumerate() {
        open.state.take(index, value);
    }
    *raw = Some(open.state.readable());
    let sample = open.state.sample(asked.elapsed()).map_err(|error| (at, error))?;
    progress.done(at, sample.data_points().to_string());
    Ok(sample)
}
