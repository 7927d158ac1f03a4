//! Recorded cases: messages as a broker gave them, without the broker.
//!
//! The payload is one JSON object a line: `{"topic": "bakery/oven1/state", "payload": "231.5"}`, with `"hex"` instead of
//! `"payload"` for bytes that are no text, and `"retained": true` for messages that the broker kept. The sample is the one
//! after the last message.

use app::model::failure::FailureKind;
use bytes::Bytes;
use serde::Deserialize;

use super::{Reader, client::Message, options::Options, state::State};
use crate::connectors::{ConnectorError, Sample, Settings, hex};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Recorded {
    topic: String,
    payload: Option<String>,
    hex: Option<String>,
    #[serde(default)]
    retained: bool,
}

pub fn replay(settings: Settings, payload: &[u8]) -> Result<Sample, ConnectorError> {
    let wrong = |detail: String| ConnectorError::new(FailureKind::Protocol, detail);
    let options = Options::parse(&settings).map_err(|errors| ConnectorError::settings(&errors))?;
    let state = State::new(&options).map_err(|errors| ConnectorError::settings(&errors))?;
    let mut reader = Reader::new(&options, state);
    let text = std::str::from_utf8(payload).map_err(|error| wrong(format!("not a recording: {error}")))?;
    let mut last = None;
    for line in text.lines().filter(|line| !line.trim().is_empty()) {
        let recorded: Recorded =
            serde_json::from_str(line).map_err(|error| wrong(format!("not a recording: {error}")))?;
        let bytes = match (recorded.payload, recorded.hex) {
            (Some(text), None) => text.into_bytes(),
            (None, Some(hex)) => hex::bytes(&hex).ok_or_else(|| wrong("not hexadecimal".to_owned()))?,
            _ => return Err(wrong("a message has either a payload or its hex".to_owned())),
        };
        let message =
            Message { topic: recorded.topic, payload: Bytes::from(bytes), retained: recorded.retained, ack: None };
        match reader.read(&message) {
            Ok(Some(sample)) => last = Some(Ok(sample)),
            Ok(None) => {}
            Err(error) => last = Some(Err(error)),
        }
    }
    last.unwrap_or_else(|| Err(State::nothing(&[])))
}
