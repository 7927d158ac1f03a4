//! Ovens with a touch panel that answers in Spanish, behind a login with a token.
//!
//! Field names are those that the SALVA profile expects by default. No public document confirms them, and this is no
//! copy of the maker's service.

use serde_json::{Value, json};

use super::round;
use crate::simulator::oven::Snapshot;
use crate::simulator::program::Stage;
use crate::simulator::spec::OvenSpec;

pub fn values(spec: &OvenSpec, now: &Snapshot) -> Value {
    let (top, bottom) = (now.zones_celsius.get("upper"), now.zones_celsius.get("lower"));
    json!({
        "equipment_id": spec.id,
        "timestamp": now.time.to_string(),
        "temperature": round(now.temperature_celsius, 1),
        "target_temperature": round(now.setpoint_celsius, 1),
        "temperature_zones": {
            "top": top.map(|celsius| round(*celsius, 1)),
            "bottom": bottom.map(|celsius| round(*celsius, 1)),
            "core": now.core_celsius.map(|celsius| round(celsius, 1)),
        },
        "humidity": round(now.humidity_percent, 0),
        "steam_level": round(now.steam_percent, 0),
        "energy_consumption_kwh": round(now.energy_wh / 1000.0, 2),
        "power_kw": round(now.power_kw, 2),
    })
}

pub fn state(spec: &OvenSpec, now: &Snapshot) -> Value {
    json!({
        "equipment_id": spec.id,
        "operational_status": status(now.stage),
        "cycle_stage": stage(now.stage),
        "program": now.program,
        "cycle_progress_percentage": now.progress_percent.map(|percent| round(percent, 1)),
        "time_remaining_minutes": now.remaining_s.map(|seconds| round(seconds / 60.0, 1)),
        "door_status": if now.door_open { "abierta" } else { "cerrada" },
        "alarms": [],
    })
}

fn status(stage: Stage) -> &'static str {
    match stage {
        Stage::Idle => "espera",
        Stage::Preheating => "calentando",
        Stage::Loading | Stage::Steaming | Stage::Baking | Stage::Proofing => "horneando",
        Stage::Cooling => "enfriando",
    }
}

fn stage(stage: Stage) -> Option<&'static str> {
    match stage {
        Stage::Idle => None,
        Stage::Preheating => Some("calentamiento"),
        Stage::Loading => Some("carga"),
        Stage::Steaming => Some("vapor"),
        Stage::Baking | Stage::Proofing => Some("horneado"),
        Stage::Cooling => Some("enfriamiento"),
    }
}
