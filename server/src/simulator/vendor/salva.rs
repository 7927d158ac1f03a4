//! Ovens with a touch panel that answers in Spanish, behind an API key.
//!
//! Field names are those that the SALVA profile expects by default. No public document confirms them, and this is no
//! copy of the maker's service.

use serde_json::{Value, json};

use super::round;
use crate::simulator::oven::Snapshot;
use crate::simulator::program::Stage;
use crate::simulator::spec::OvenSpec;

pub fn values(spec: &OvenSpec, now: &Snapshot) -> Value {
    json!({
        "oven_id": spec.id,
        "timestamp": now.time.to_string(),
        "temperature": round(now.temperature_celsius, 1),
        "target_temperature": round(now.setpoint_celsius, 1),
        "humidity": round(now.humidity_percent, 0),
        "steam_level": round(now.steam_percent, 0),
        "status": status(now.stage),
        "program": now.program,
        "progress": now.progress_percent.map(|percent| round(percent, 1)),
        "time_remaining": now.remaining_s.map(|seconds| round(seconds / 60.0, 1)),
        "door": if now.door_open { "open" } else { "closed" },
        "energy_kwh": round(now.energy_wh / 1000.0, 2),
        "power_kw": round(now.power_kw, 2),
    })
}

fn status(stage: Stage) -> &'static str {
    match stage {
        Stage::Idle => "idle",
        Stage::Preheating => "preheating",
        Stage::Loading => "loading",
        Stage::Steaming => "steaming",
        Stage::Baking => "baking",
        Stage::Proofing => "proofing",
        Stage::Cooling => "cooling",
    }
}
