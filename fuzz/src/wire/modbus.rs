//! A byte, then the registers of the recorded device in the order of the recording, two bytes each.
//!
//! The device answers with the exception of the first byte's lower half where its upper half is 15.

use serde_json::{Value, json};

use super::{Bytes, Wire};
use crate::cases::Case;

pub const WIRE: Wire = Wire { recording, seed, takes_recordings: true };

/// Tables of a recording.
const TABLES: [&str; 4] = ["holding", "input", "coil", "discrete"];

fn recording(case: &Case, bytes: &[u8]) -> Option<Vec<u8>> {
    let mut device: Value = serde_json::from_slice(&case.input).ok()?;
    let mut bytes = Bytes(bytes);
    let first = bytes.byte();
    let put = |register: &mut Value| *register = bytes.word().into();
    each(&mut device, put);
    if first >> 4 == 15 {
        device["exception"] = json!(first & 15);
    }
    Some(device.to_string().into_bytes())
}

fn seed(case: &Case) -> Option<Vec<u8>> {
    let mut device: Value = serde_json::from_slice(&case.input).ok()?;
    let exception = device["exception"].as_u64();
    let mut bytes = vec![exception.map_or(0, |code| 0xF0 | code as u8)];
    each(&mut device, |register| {
        let word = register.as_bool().map_or_else(|| register.as_u64().unwrap_or_default(), u64::from);
        bytes.extend((word as u16).to_be_bytes());
    });
    Some(bytes)
}

fn each(device: &mut Value, mut act: impl FnMut(&mut Value)) {
    for table in TABLES {
        let Some(Value::Object(registers)) = device.get_mut(table) else { continue };
        for recorded in registers.values_mut() {
            match recorded {
                Value::Array(several) => several.iter_mut().for_each(&mut act),
                one => act(one),
            }
        }
    }
}
