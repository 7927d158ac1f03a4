//! A device that was recorded: `{"unit": 1, "holding": {"1": 2315, "20": [17255, 32768]}, "input": {}, "coil": {"1": 1},
//! "discrete": {}, "illegal": ["holding 900"], "exception": 6}`.
//!
//! Registers are whole numbers from 0 to 65535 as on the wire, several in a row as a list; bits may be true and false,
//! too. What was not recorded is refused as a register that the device does not have, and so is what `illegal` names,
//! even where it was recorded. A device with an `exception` answers every question with it. Questions go through the
//! same plan, decoding and mapping as those to a real device.

use std::{collections::BTreeMap, time::Duration};

use app::model::{
    failure::FailureKind,
    wire::{ByteOrder, Table},
};
use serde::Deserialize;
use tokio_modbus::ExceptionCode;

use super::{exception, mapping, options::Options, plan::Plan, poll::Poll, reference::Reference, sample};
use crate::connectors::{ConnectorError, Sample, Settings};

pub fn replay(settings: Settings, payload: &[u8]) -> Result<Sample, ConnectorError> {
    let options = Options::parse(&settings).map_err(|errors| ConnectorError::settings(&errors))?;
    let mapping = mapping(&options, settings.timezone).map_err(|errors| ConnectorError::settings(&errors))?;
    let device = Device::parse(payload)?;
    if device.unit != options.line.unit {
        return Err(exception::error(ExceptionCode::GatewayTargetDevice, options.line.unit));
    }
    let mut plan = Plan::new(&options);
    let mut poll = Poll::of(&mut plan, options.line.unit);
    while let Some((table, start, length)) = poll.question() {
        poll.answer(device.read(table, start, length))?;
    }
    sample(&mapping, poll.found()?, Duration::ZERO)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Recording {
    #[serde(default = "first")]
    unit: u8,
    #[serde(default)]
    holding: BTreeMap<u16, Words>,
    #[serde(default)]
    input: BTreeMap<u16, Words>,
    #[serde(default)]
    coil: BTreeMap<u16, Words>,
    #[serde(default)]
    discrete: BTreeMap<u16, Words>,
    #[serde(default)]
    illegal: Vec<String>,
    exception: Option<u8>,
}

const fn first() -> u8 {
    1
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Words {
    Flag(bool),
    One(u16),
    Many(Vec<u16>),
}

struct Device {
    unit: u8,
    words: BTreeMap<(Table, u16), u16>,
    exception: Option<ExceptionCode>,
}

impl Device {
    fn parse(payload: &[u8]) -> Result<Self, ConnectorError> {
        let wrong = |detail: String| ConnectorError::new(FailureKind::Protocol, format!("not a recording: {detail}"));
        let recording: Recording = serde_json::from_slice(payload).map_err(|error| wrong(error.to_string()))?;
        let mut words = BTreeMap::new();
        for (table, recorded) in [
            (Table::Holding, recording.holding),
            (Table::Input, recording.input),
            (Table::Coil, recording.coil),
            (Table::Discrete, recording.discrete),
        ] {
            for (start, values) in recorded {
                let values = match values {
                    Words::Flag(bit) => vec![u16::from(bit)],
                    Words::One(word) => vec![word],
                    Words::Many(words) => words,
                };
                for (address, word) in (u32::from(start)..).zip(values) {
                    let address = u16::try_from(address).map_err(|_| wrong(format!("{table} {start} is too long")))?;
                    words.insert((table, address), word);
                }
            }
        }
        for text in &recording.illegal {
            let gone = Reference::parse(text, ByteOrder::Abcd).map_err(|error| wrong(format!("{text}: {error}")))?;
            for offset in 0..gone.length() {
                words.remove(&(gone.table, gone.address + offset));
            }
        }
        Ok(Self { unit: recording.unit, words, exception: recording.exception.map(ExceptionCode::new) })
    }

    fn read(&self, table: Table, start: u16, length: u16) -> Result<Vec<u16>, ExceptionCode> {
        if let Some(code) = self.exception {
            return Err(code);
        }
        let addresses = u32::from(start)..u32::from(start) + u32::from(length);
        let words = addresses.map(|address| self.words.get(&(table, u16::try_from(address).ok()?)).copied());
        words.collect::<Option<_>>().ok_or(ExceptionCode::IllegalDataAddress)
    }
}
