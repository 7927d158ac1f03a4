//! Which ovens the board shows. It is kept in the address, so that it works without WASM and survives a reload.

use serde::{Deserialize, Serialize};

use super::condition::{is_running, is_silent, needs_attention};
use crate::model::{live::LiveOven, wire_enum};

wire_enum! {
    StateFilter {
        All = "all",
        Running = "running",
        Alerts = "alerts",
        Silent = "silent",
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Filter {
    pub state: StateFilter,
    pub area: Option<String>,
}

impl Default for Filter {
    fn default() -> Self {
        Self { state: StateFilter::All, area: None }
    }
}

impl Filter {
    /// The filter in a path with a query: `/?state=running&area=Obrador`.
    pub fn from_path(path: &str) -> Self {
        let mut filter = Self::default();
        let query = path.split_once('?').map_or("", |(_, query)| query);
        for (name, value) in query.split('&').filter_map(|pair| pair.split_once('=')) {
            match name {
                "state" => filter.state = StateFilter::parse(value).unwrap_or(StateFilter::All),
                "area" => filter.area = Some(decode(value)),
                _ => {}
            }
        }
        filter
    }

    /// The board's address with this filter.
    pub fn path(&self) -> String {
        let mut parts = Vec::new();
        if self.state != StateFilter::All {
            parts.push(format!("state={}", self.state));
        }
        if let Some(area) = &self.area {
            parts.push(format!("area={}", encode(area)));
        }
        if parts.is_empty() { "/".to_owned() } else { format!("/?{}", parts.join("&")) }
    }

    pub fn shows(&self, oven: &LiveOven, now_ms: i64) -> bool {
        if self.area.as_ref().is_some_and(|area| *area != oven.location) {
            return false;
        }
        match self.state {
            StateFilter::All => true,
            StateFilter::Running => is_running(oven, now_ms),
            StateFilter::Alerts => needs_attention(oven, now_ms),
            StateFilter::Silent => is_silent(oven, now_ms),
        }
    }
}

/// Percent-encodes all but unreserved characters (RFC 3986 §2.3).
pub fn encode(text: &str) -> String {
    use std::fmt::Write;
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

fn decode(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        rest = tail;
        let hex = (*first == b'%').then(|| text_byte(tail)).flatten();
        if let Some(byte) = hex {
            bytes.push(byte);
            rest = &tail[2..];
        } else {
            bytes.push(if *first == b'+' { b' ' } else { *first });
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn text_byte(hex: &[u8]) -> Option<u8> {
    u8::from_str_radix(std::str::from_utf8(hex.get(..2)?).ok()?, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_keeps_the_filter() {
        for area in [None, Some("Obrador norte & café".to_owned()), Some(String::new())] {
            for state in StateFilter::ALL {
                let filter = Filter { state: *state, area: area.clone() };
                assert_eq!(Filter::from_path(&filter.path()), filter, "{}", filter.path());
            }
        }
        assert_eq!(Filter::from_path("/?state=nonsense&x=1"), Filter::default());
        assert_eq!(Filter::from_path("/?area=a+b%C3%A9%zz").area.as_deref(), Some("a bé%zz"));
    }
}
