//! Deck ovens with remote monitoring: top and bottom heat of each deck, energy, hours of operation, maintenance.
//!
//! Field names are those that the Wachtel profile expects by default. No public document confirms them, and this is no
//! copy of the maker's service.

use serde_json::{Value, json};

use super::round;
use crate::simulator::oven::Snapshot;
use crate::simulator::program::Stage;
use crate::simulator::spec::OvenSpec;

/// What the meter of hours is taken to stand at, per kWh that the oven has used.
const HOURS_PER_KWH: f64 = 0.08;
/// Hours between two services.
const SERVICE_HOURS: f64 = 2_000.0;

pub fn values(spec: &OvenSpec, now: &Snapshot) -> Value {
    let zone = |deck: usize, place: &str| {
        now.zones_celsius.get(&format!("deck_{deck}_{place}")).map(|celsius| round(*celsius, 1))
    };
    let deck = |number: usize| {
        let top = zone(number, "top")?;
        Some(json!({"deck": number, "temperature_top": top, "temperature_bottom": zone(number, "bottom")}))
    };
    json!({
        "oven_id": spec.id,
        "timestamp": now.time.to_string(),
        "status": status(now.stage),
        "temperature": round(now.temperature_celsius, 1),
        "target_temperature": round(now.setpoint_celsius, 1),
        "humidity": round(now.humidity_percent, 0),
        "decks": (1..=4).filter_map(deck).collect::<Vec<_>>(),
        "program": now.program,
        "cycle_progress_percentage": now.progress_percent.map(|percent| round(percent, 1)),
        "time_remaining_minutes": now.remaining_s.map(|seconds| round(seconds / 60.0, 1)),
        "door_status": if now.door_open { "offen" } else { "geschlossen" },
        "energy_consumption_kwh": round(now.energy_wh / 1000.0, 2),
        "power_kw": round(now.power_kw, 2),
    })
}

pub fn maintenance(spec: &OvenSpec, now: &Snapshot) -> Value {
    let hours = round(now.energy_wh / 1000.0 * HOURS_PER_KWH, 1);
    json!({
        "oven_id": spec.id,
        "operation_hours": hours,
        "hours_to_service": round(SERVICE_HOURS - hours.rem_euclid(SERVICE_HOURS), 0),
        "alerts": [],
    })
}

fn status(stage: Stage) -> &'static str {
    match stage {
        Stage::Idle | Stage::Cooling => "Bereit",
        Stage::Preheating => "Aufheizen",
        Stage::Loading | Stage::Steaming | Stage::Baking | Stage::Proofing => "Backen",
    }
}
