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
        zone(number, "top").map(|top| {
            json!({
                "deck": number,
                "temperature": round(f64::midpoint(top, zone(number, "bottom").unwrap_or(top)), 1),
                "top_temperature": top,
                "bottom_temperature": zone(number, "bottom"),
                "target_temperature": round(now.setpoint_celsius, 1),
                "steam": now.steam_percent > 0.0,
            })
        })
    };
    let hours = round(now.energy_wh / 1000.0 * HOURS_PER_KWH, 1);
    json!({
        "oven_id": spec.id,
        "timestamp": now.time.to_string(),
        "status": status(now.stage),
        "temperature": round(now.temperature_celsius, 1),
        "target_temperature": round(now.setpoint_celsius, 1),
        "humidity": round(now.humidity_percent, 0),
        "decks": (1..=4).filter_map(deck).collect::<Vec<_>>(),
        "program": now.program,
        "progress": now.progress_percent.map(|percent| round(percent, 1)),
        "remaining_minutes": now.remaining_s.map(|seconds| round(seconds / 60.0, 1)),
        "door": if now.door_open { "open" } else { "closed" },
        "energy": {"total_kwh": round(now.energy_wh / 1000.0, 2), "power_kw": round(now.power_kw, 2)},
        "operation_hours": hours,
        "maintenance": {"due": false, "hours_to_service": round(SERVICE_HOURS - hours.rem_euclid(SERVICE_HOURS), 0)},
    })
}

fn status(stage: Stage) -> &'static str {
    match stage {
        Stage::Idle => "ready",
        Stage::Preheating => "heating",
        Stage::Loading => "loading",
        Stage::Steaming => "steaming",
        Stage::Baking | Stage::Proofing => "baking",
        Stage::Cooling => "cooling",
    }
}
