//! Bytes in the place of what a device sends.
//!
//! # Layout
//! - [`modbus`] registers; [`mqtt`] messages; [`opc_ua`] DataValues
//! - here: an answer as it is, and settings

pub mod modbus;
pub mod mqtt;
pub mod opc_ua;

use crate::cases::Case;

/// How the bytes of a target become a recording of a case.
pub struct Wire {
    /// Nothing where the recorded payload is itself no recording.
    pub recording: fn(&Case, &[u8]) -> Option<Vec<u8>>,
    /// Bytes that become what was recorded.
    pub seed: fn(&Case) -> Option<Vec<u8>>,
    /// Recordings are worth fuzzing too: names in them come from the device.
    pub takes_recordings: bool,
}

/// An HTTP answer, which is recorded byte for byte.
pub const ANSWER: Wire =
    Wire { recording: |_, bytes| Some(bytes.to_vec()), seed: |case| Some(case.input.clone()), takes_recordings: false };

/// Settings in the place of a payload.
pub const SETTINGS: Wire = Wire { recording: |_, _| None, seed: |case| Some(case.config()), takes_recordings: false };

/// Takes bytes from the front; zeros where there are no more.
struct Bytes<'a>(&'a [u8]);

impl<'a> Bytes<'a> {
    fn word(&mut self) -> u16 {
        let mut next = || self.0.split_off_first().copied().unwrap_or_default();
        u16::from_be_bytes([next(), next()])
    }

    fn byte(&mut self) -> u8 {
        self.0.split_off_first().copied().unwrap_or_default()
    }

    /// So many bytes, or as many as there are.
    fn several(&mut self, length: u16) -> &'a [u8] {
        let (taken, rest) = self.0.split_at(usize::from(length).min(self.0.len()));
        self.0 = rest;
        taken
    }
}

/// Bytes with their length before them.
fn with_length(bytes: &[u8]) -> Vec<u8> {
    let bytes = &bytes[..bytes.len().min(usize::from(u16::MAX))];
    [&(bytes.len() as u16).to_be_bytes(), bytes].concat()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
