//! Modbus over TCP, RTU frames over TCP, and serial RTU: `modbus`.
//!
//! # Layout
//! - `mod.rs` the connection: reads the planned blocks and maps what they hold
//! - [`manifest`] fields, labels and defaults; [`options`] settings to typed options
//! - [`reference`] `holding 1 i16`: where a value is and how it is written
//! - [`decode`] registers to numbers and texts; [`plan`] neighbouring registers in one request
//! - [`poll`] questions and answers of one poll; [`replay`] the same against a recorded device
//! - [`line`] one queue per connection, shared by the ovens behind one gateway; [`serial`] an adapter of this machine
//! - [`discover`] a scan for an admin, with [`decodings`] of what it finds and [`presets`] of known controllers
//! - [`exception`] exception codes in words; [`stages`] the connection test
//!
//! Only the reading functions 1 to 4 are ever sent.

mod decode;
mod decodings;
mod discover;
mod exception;
mod line;
mod manifest;
mod options;
mod plan;
mod poll;
mod presets;
mod reference;
mod replay;
mod serial;
mod stages;

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use app::model::{
    discovery::{Discovery, Search},
    form::FieldError,
    mapping::Source,
};
use async_trait::async_trait;
use jiff::tz::TimeZone;
use serde_json::Value;
use tokio::time::Instant;

use super::{Built, Connection, ConnectorError, Driver, Sample, Settings, TestOutcome, mapping::Mapping, within};
use line::{Line, Session};
use options::Options;
use plan::Plan;
use poll::Poll;

pub static DRIVER: Driver = Driver { manifest: manifest::MANIFEST, build, replay: Some(replay::replay) };

fn build(settings: Settings) -> Built {
    let options = Options::parse(&settings)?;
    let mapping = mapping(&options, settings.timezone)?;
    let line = Line::shared(&options.line);
    Ok(Box::new(Modbus { plan: Plan::new(&options), options, mapping, line }))
}

fn mapping(options: &Options, timezone: TimeZone) -> Result<Mapping, Vec<FieldError>> {
    let place = |path: &str| options.references.iter().position(|reference| reference.text == path);
    Mapping::compile_places(options.rules.clone(), timezone, place)
}

struct Modbus {
    options: Options,
    mapping: Mapping,
    line: Arc<Line>,
    plan: Plan,
}

#[async_trait]
impl Connection for Modbus {
    /// The others on the line may take their whole time first; an oven's own time counts from its turn on.
    fn timeout(&self) -> Duration {
        self.line.patience()
    }

    /// The line connects when it is first used.
    async fn connect(&mut self) -> Result<(), ConnectorError> {
        Ok(())
    }

    async fn next(&mut self) -> Result<Sample, ConnectorError> {
        if self.plan.is_stale(Instant::now()) {
            self.plan = Plan::new(&self.options);
        }
        let (line, mine) = (Arc::clone(&self.line), Arc::clone(&self.options.line));
        let turn = line.turn(&mine).await;
        let asking = async {
            let mut session = turn.open().await?;
            let started = Instant::now();
            let found = self.read(&mut session).await?;
            self.sample(found, started.elapsed())
        };
        within(mine.timeout, asking).await
    }

    async fn test(&mut self) -> TestOutcome {
        stages::run(self).await
    }

    async fn discover(&mut self, search: &Search) -> Result<Discovery, ConnectorError> {
        discover::run(&self.options, &self.line, search).await
    }
}

impl Modbus {
    /// The values in the order of their references.
    async fn read(&mut self, session: &mut Session<'_>) -> Result<Vec<Value>, ConnectorError> {
        let found = ask(&mut self.plan, self.options.line.unit, session).await;
        if found.is_err() && self.plan.blocks().is_empty() {
            // All was refused: rather another device than one without any of the values.
            self.plan = Plan::new(&self.options);
        }
        found
    }

    fn sample(&self, found: Vec<Value>, response_time: Duration) -> Result<Sample, ConnectorError> {
        sample(&self.mapping, found, response_time)
    }
}

/// Asks for all blocks of a plan; null for what the device refuses.
async fn ask(plan: &mut Plan, unit: u8, session: &mut Session<'_>) -> Result<Vec<Value>, ConnectorError> {
    let mut poll = Poll::of(plan, unit);
    while let Some((table, start, length)) = poll.question() {
        poll.answer(session.read(table, start, length).await?)?;
    }
    poll.found()
}

fn sample(mapping: &Mapping, found: Vec<Value>, response_time: Duration) -> Result<Sample, ConnectorError> {
    let answers = BTreeMap::from([(Source::Data, Value::Array(found))]);
    Ok(mapping.apply(&answers)?.into_sample(response_time))
}
