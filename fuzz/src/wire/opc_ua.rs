//! A DataValue in OPC UA's binary encoding for each recorded point, with two bytes of length before it.

use jiff::Timestamp;
use serde_json::Value;

use super::{Bytes, Wire, hex, with_length};
use crate::cases::Case;

pub const WIRE: Wire = Wire { recording, seed, takes_recordings: true };

/// What is there of a DataValue (OPC 10000-6, 5.2.2.17).
const VALUE: u8 = 1;
const STATUS: u8 = 2;
const SOURCE_TIME: u8 = 4;

fn recording(case: &Case, bytes: &[u8]) -> Option<Vec<u8>> {
    let mut recording: Value = serde_json::from_slice(&case.input).ok()?;
    let mut bytes = Bytes(bytes);
    for point in recording["points"].as_array_mut()? {
        let length = bytes.word();
        let value = hex(bytes.several(length));
        let point = point.as_object_mut()?;
        for replaced in ["value", "status", "at"] {
            point.remove(replaced);
        }
        point.insert("hex".to_owned(), value.into());
    }
    Some(recording.to_string().into_bytes())
}

fn seed(case: &Case) -> Option<Vec<u8>> {
    let recording: Value = serde_json::from_slice(&case.input).ok()?;
    let points = recording["points"].as_array()?;
    Some(points.iter().flat_map(|point| with_length(&data_value(point))).collect())
}

fn data_value(point: &Value) -> Vec<u8> {
    if let Some(hex) = point["hex"].as_str() {
        let byte = |at| u8::from_str_radix(hex.get(at..at + 2).unwrap_or_default(), 16).unwrap_or_default();
        return (0..hex.len()).step_by(2).map(byte).collect();
    }
    let (mut mask, mut bytes) = (0, Vec::new());
    if let Some(variant) = variant(&point["value"]) {
        mask |= VALUE;
        bytes.extend(variant);
    }
    let status: u32 = match point["status"].as_str().unwrap_or_default() {
        "BadStateNotActive" => 0x80BF_0000,
        status if status.starts_with("Bad") => 0x8000_0000,
        status if status.starts_with("Uncertain") => 0x4000_0000,
        _ => 0,
    };
    if status != 0 {
        mask |= STATUS;
        bytes.extend(status.to_le_bytes());
    }
    if let Some(at) = point["at"].as_str().and_then(|at| at.parse::<Timestamp>().ok()) {
        mask |= SOURCE_TIME;
        // Counted in tenths of a microsecond since 1601.
        bytes.extend(((at.as_microsecond() + 11_644_473_600_000_000) * 10).to_le_bytes());
    }
    [vec![mask], bytes].concat()
}

/// With the numbers of the built-in types (OPC 10000-6, table 1).
fn variant(value: &Value) -> Option<Vec<u8>> {
    Some(match value {
        Value::Bool(flag) => vec![1, u8::from(*flag)],
        Value::Number(number) => match number.as_i64().and_then(|number| i32::try_from(number).ok()) {
            Some(number) => [&[6], &number.to_le_bytes()[..]].concat(),
            None => [&[11], &number.as_f64()?.to_le_bytes()[..]].concat(),
        },
        Value::String(text) => [&[12], &(text.len() as i32).to_le_bytes()[..], text.as_bytes()].concat(),
        _ => return None,
    })
}
