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
        "temperature": round(now.temperature_celsius, 1),
        "target_temperature": round(now.setpoint_celsius, 1),
        "temperature_zones": {
            "cabinet": now.zones_celsius.get("cabinet").map(|celsius| round(*celsius, 1)),
            "core": now.core_celsius.map(|celsius| round(celsius, 1)),
        },
        "humidity": round(now.humidity_percent, 0),
        "operational_status": status(now.stage),
        "cycle_stage": stage(now.stage),
        "cycle_progress_percentage": now.progress_percent.map(|percent| round(percent, 1)),
        "time_remaining_minutes": now.remaining_s.map(|seconds| round(seconds / 60.0, 1)),
        "door_status": if now.door_open { "open" } else { "closed" },
        "energy_consumption_kwh": round(now.energy_wh / 1000.0, 3),
    })
}

/// The page of records for food safety: the bake that is going on, if there is one.
pub fn records(spec: &OvenSpec, now: &Snapshot) -> Value {
    let record = now.stage.is_bake().then(|| {
        json!({
            "id": format!("{}-{}", spec.id, now.program.to_lowercase().replace(' ', "-")),
            "unitId": spec.id,
            "programName": now.program,
            "progress": now.progress_percent.map(|percent| round(percent, 1)),
            "unit": "C",
            "cabinetTemperature": round(now.temperature_celsius, 1),
            "coreTemperature": now.core_celsius.map(|celsius| round(celsius, 1)),
            "finished": false,
        })
    });
    let content: Vec<Value> = record.into_iter().collect();
    json!({"totalElements": content.len(), "content": content, "page": 0, "size": 20})
}

fn status(stage: Stage) -> &'static str {
    match stage {
        Stage::Idle => "ready",
        Stage::Preheating => "preheat",
        Stage::Loading | Stage::Steaming | Stage::Baking | Stage::Proofing => "cooking",
        Stage::Cooling => "cooldown",
    }
}

fn stage(stage: Stage) -> Option<&'static str> {
    match stage {
        Stage::Idle => None,
        Stage::Preheating => Some("preheat"),
        Stage::Loading => Some("loading"),
        Stage::Steaming => Some("steam"),
        Stage::Baking | Stage::Proofing => Some("hot air"),
        Stage::Cooling => Some("cooling"),
    }
}
