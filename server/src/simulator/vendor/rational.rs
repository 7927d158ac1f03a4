//! A cloud of combi steamers: a cabinet and a core, humidity, programs, behind a login with a token that runs out.
//!
//! Field names are those that the RATIONAL profile expects by default. No public document confirms them, and this is no
//! copy of the maker's service.

use serde_json::{Value, json};

use super::round;
use crate::simulator::oven::Snapshot;
use crate::simulator::program::Stage;
use crate::simulator::spec::OvenSpec;

pub fn values(spec: &OvenSpec, now: &Snapshot) -> Value {
    json!({
        "unit_id": spec.id,
        "model": spec.model,
        "timestamp": now.time.to_string(),
        "cabinet_temperature": round(now.temperature_celsius, 1),
        "cabinet_target_temperature": round(now.setpoint_celsius, 1),
        "core_temperature": now.core_celsius.map(|celsius| round(celsius, 1)),
        "core_target_temperature": round(now.core_target_celsius, 1),
        "humidity": round(now.humidity_percent, 0),
        "target_humidity": now.humidity_target_percent,
        "operation_mode": mode(now.stage),
        "program": {"name": now.program, "progress": now.progress_percent.map(|percent| round(percent, 1))},
        "remaining_time": now.remaining_s.map(f64::ceil),
        "door_open": now.door_open,
        "fan_speed": now.fan_rpm.map(|rpm| round(rpm, 0)),
        "energy_consumption": round(now.energy_wh / 1000.0, 3),
        "power": round(now.power_kw, 2),
    })
}

fn mode(stage: Stage) -> &'static str {
    match stage {
        Stage::Idle => "standby",
        Stage::Preheating => "preheat",
        Stage::Loading => "load",
        Stage::Steaming => "steam",
        Stage::Baking | Stage::Proofing => "cooking",
        Stage::Cooling => "cooldown",
    }
}
