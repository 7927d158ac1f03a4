//! Messages, each a byte that picks one of the recorded topics (the highest bit: the broker kept it), two bytes of
//! length, and so many bytes.

use serde_json::{Value, json};

use super::{Bytes, Wire, hex, with_length};
use crate::cases::Case;

pub const WIRE: Wire = Wire { recording, seed, takes_recordings: true };

const RETAINED: u8 = 0x80;
/// An oven is not more talkative between two readings.
const MOST: usize = 64;

fn recording(case: &Case, bytes: &[u8]) -> Option<Vec<u8>> {
    let topics: Vec<String> = messages(case).iter().map(topic).collect();
    let mut bytes = Bytes(bytes);
    let mut lines = String::new();
    for _ in 0..MOST {
        if bytes.0.is_empty() {
            break;
        }
        let first = bytes.byte();
        let topic = topics.get(usize::from(first & !RETAINED) % topics.len().max(1))?;
        let length = bytes.word();
        let payload = bytes.several(length);
        let message = json!({"topic": topic, "hex": hex(payload), "retained": first & RETAINED != 0});
        lines.push_str(&message.to_string());
        lines.push('\n');
    }
    Some(lines.into_bytes())
}

fn seed(case: &Case) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    for (message, index) in messages(case).iter().zip(0_u8..) {
        let payload = match (message["payload"].as_str(), message["hex"].as_str()) {
            (Some(text), _) => text.as_bytes().to_vec(),
            (None, hex) => unhex(hex?)?,
        };
        bytes.push(index | if message["retained"] == true { RETAINED } else { 0 });
        bytes.extend(with_length(&payload));
    }
    Some(bytes)
}

fn messages(case: &Case) -> Vec<Value> {
    let lines = case.input.split(|byte| *byte == b'\n');
    lines.filter_map(|line| serde_json::from_slice(line).ok()).collect()
}

fn topic(message: &Value) -> String {
    message["topic"].as_str().unwrap_or_default().to_owned()
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(text.get(at..at + 2)?, 16).ok()).collect()
}
