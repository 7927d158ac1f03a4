//! Modbus over TCP, and RTU frames over TCP: `modbus`.
//!
//! # Layout
//! - `mod.rs` the connection: reads the planned blocks and maps what they hold
//! - [`manifest`] fields, labels and defaults; [`options`] settings to typed options
//! - [`reference`] `holding 1 i16`: where a value is and how it is written
//! - [`decode`] registers to numbers and texts; [`plan`] neighbouring registers in one request
//! - [`poll`] questions and answers of one poll; [`replay`] the same against a recorded device
//! - [`line`] one queue per TCP connection, shared by the ovens behind one gateway
//! - [`exception`] exception codes in words; [`stages`] the connection test
//!
//! Only the reading functions 1 to 4 are ever sent.

mod decode;
mod exception;
mod line;
mod manifest;
mod options;
mod plan;
mod poll;
mod reference;
mod replay;
mod stages;

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use app::model::mapping::Source;
use async_trait::async_trait;
use serde_json::{Map, Value};
use tokio::time::Instant;

use super::{Built, Connection, ConnectorError, Driver, Sample, Settings, TestOutcome, mapping::Mapping};
use line::{Line, Session};
use options::Options;
use plan::Plan;
use poll::Poll;

pub static DRIVER: Driver = Driver { manifest: manifest::MANIFEST, build, replay: Some(replay::replay) };

fn build(settings: Settings) -> Built {
    let options = Options::parse(&settings)?;
    let mapping = Mapping::compile_keys(options.rules.clone(), settings.timezone)?;
    let line = Line::shared(&options);
    Ok(Box::new(Modbus { plan: Plan::new(&options), options, mapping, line }))
}

struct Modbus {
    options: Options,
    mapping: Mapping,
    line: Arc<Line>,
    plan: Plan,
}

#[async_trait]
impl Connection for Modbus {
    fn timeout(&self) -> Duration {
        self.options.timeout
    }

    /// The line connects when it is first used; registers that were refused are tried again.
    async fn connect(&mut self) -> Result<(), ConnectorError> {
        self.plan = Plan::new(&self.options);
        Ok(())
    }

    async fn next(&mut self) -> Result<Sample, ConnectorError> {
        let line = Arc::clone(&self.line);
        let mut session = line.session(self.options.unit).await?;
        let started = Instant::now();
        let found = self.read(&mut session).await?;
        session.keep();
        self.sample(found, started.elapsed())
    }

    async fn test(&mut self) -> TestOutcome {
        stages::run(self).await
    }
}

impl Modbus {
    /// The values of all blocks by their references.
    async fn read(&mut self, session: &mut Session<'_>) -> Result<Map<String, Value>, ConnectorError> {
        let mut poll = Poll::of(&mut self.plan, self.options.unit);
        while let Some((table, start, length)) = poll.question() {
            poll.answer(session.read(table, start, length).await?)?;
        }
        poll.found()
    }

    fn sample(&self, found: Map<String, Value>, response_time: Duration) -> Result<Sample, ConnectorError> {
        sample(&self.mapping, found, response_time)
    }
}

fn sample(mapping: &Mapping, found: Map<String, Value>, response_time: Duration) -> Result<Sample, ConnectorError> {
    let answers = BTreeMap::from([(Source::Data, Value::Object(found))]);
    Ok(mapping.apply(&answers)?.into_sample(response_time))
}
