//! Recorded cases: values as a server gave them, without the server.
//!
//! The payload is JSON: `{"profile": "combi_steamer", "points": [{"key": "CombiSteamer/SetTemperature", "value": 230.0,
//! "status": "Good", "at": "2026-03-01T06:00:00Z", "unit": "°C"}]}`. `profile` is `combi_steamer`, `chambers`,
//! `microwave_combi`, `weihenstephan` or absent for values that a mapping names by their `key`; `status` is the name of
//! an OPC UA status code, Good where absent; `unit` is one of the mapping's units. `"hex"` in place of value, status and
//! time is a whole DataValue as it is on the wire (OPC 10000-6, 5.2.2.17).

use std::time::Duration;

use app::model::{failure::FailureKind, unit::Unit};
use jiff::Timestamp;
use opcua::types::{BinaryDecodable as _, ContextOwned, DataValue, NodeId};
use serde::Deserialize;
use serde_json::Value;

use super::{
    options::Options,
    profile::Profile,
    state::{Plan, Point, State},
    value::Grade,
};
use crate::connectors::{ConnectorError, Sample, Settings, hex};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Recording {
    profile: Option<String>,
    points: Vec<Recorded>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Recorded {
    key: String,
    #[serde(default)]
    value: Value,
    status: Option<String>,
    at: Option<Timestamp>,
    hex: Option<String>,
    unit: Option<Unit>,
}

pub fn replay(settings: Settings, payload: &[u8]) -> Result<Sample, ConnectorError> {
    let options = Options::parse(&settings).map_err(|errors| ConnectorError::settings(&errors))?;
    let wrong = |detail: String| ConnectorError::new(FailureKind::Protocol, detail);
    let recording: Recording =
        serde_json::from_slice(payload).map_err(|error| wrong(format!("not a recording: {error}")))?;
    let profile = match &recording.profile {
        None => None,
        Some(name) => Some(
            Profile::ALL
                .into_iter()
                .find(|profile| profile.as_str() == name)
                .ok_or_else(|| wrong(format!("there is no profile {name}")))?,
        ),
    };
    let points = recording
        .points
        .iter()
        .map(|point| Point {
            key: point.key.clone(),
            node: NodeId::null(),
            unit: point.unit,
            has_history: false,
            is_measured: point.unit.is_some(),
        })
        .collect();
    let plan = Plan { profile, points, ..Plan::default() };
    let mut state = State::new(plan, options.rules, options.timezone)?;
    for (index, point) in recording.points.into_iter().enumerate() {
        if let Some(hex) = &point.hex {
            state.take(index, decoded(hex).map_err(|error| wrong(format!("{}: {error}", point.key)))?);
            continue;
        }
        let grade = match point.status.as_deref() {
            Some("BadStateNotActive") => Grade::Absent,
            Some(status) if status.starts_with("Bad") => Grade::Bad,
            Some(status) if status.starts_with("Uncertain") => Grade::Uncertain,
            _ => Grade::Good,
        };
        state.set(index, Some(point.value).filter(|value| !value.is_null()), grade, point.at);
    }
    state.sample(Duration::ZERO)
}

fn decoded(hex: &str) -> Result<DataValue, String> {
    let bytes = hex::bytes(hex).ok_or("not hexadecimal")?;
    DataValue::decode(&mut bytes.as_slice(), &ContextOwned::default().context()).map_err(|error| error.to_string())
}
