//! Modbus over TCP, and RTU frames over TCP: `modbus`.
//!
//! # Layout
//! - `mod.rs` the connection: reads the planned blocks and maps what they hold
//! - [`manifest`] fields, labels and defaults; [`options`] settings to typed options
//! - [`reference`] `holding 1 i16`: where a value is and how it is written
//! - [`decode`] registers to numbers and texts; [`plan`] neighbouring registers in one request
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
mod reference;
mod stages;

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use app::model::{failure::FailureKind, mapping::Source};
use async_trait::async_trait;
use serde_json::{Map, Value};
use tokio::time::Instant;

use super::{Built, Connection, ConnectorError, Driver, Sample, Settings, TestOutcome, mapping::Mapping};
use line::{Line, Session};
use options::Options;
use plan::{Block, Plan};

pub static DRIVER: Driver = Driver { manifest: manifest::MANIFEST, build, replay: None };

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
        let mut found = Map::new();
        let mut index = 0;
        while let Some(block) = self.plan.blocks().get(index).cloned() {
            match session.read(block.table, block.start, block.length).await? {
                Ok(words) => {
                    take(&block, &words, &mut found);
                    index += 1;
                }
                // The plan asks for less at once, or gives a value up; the other values are not affected.
                Err(code) if exception::is_about_the_address(code) => self.plan.refused(index),
                Err(code) => return Err(exception::error(code, self.options.unit)),
            }
        }
        if found.is_empty() {
            let detail = format!("unit {} has none of the registers in the mapping", self.options.unit);
            return Err(ConnectorError::new(FailureKind::Mapping, detail));
        }
        Ok(found)
    }

    fn sample(&self, found: Map<String, Value>, response_time: Duration) -> Result<Sample, ConnectorError> {
        let answers = BTreeMap::from([(Source::Data, Value::Object(found))]);
        let found = self.mapping.apply(&answers)?;
        Ok(found.into_sample(response_time))
    }
}

fn take(block: &Block, words: &[u16], found: &mut Map<String, Value>) {
    for reference in &block.references {
        let from = usize::from(reference.address - block.start);
        let Some(words) = words.get(from..from + usize::from(reference.length())) else { continue };
        found.insert(reference.text.clone(), decode::value(reference, words));
    }
}
