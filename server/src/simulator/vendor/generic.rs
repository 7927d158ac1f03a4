//! The friendly vendor: flat, named in English, °C, kWh, minutes, a time with a zone.

use serde_json::{Value, json};

use super::round;
use crate::simulator::oven::Snapshot;
use crate::simulator::program::Stage;
use crate::simulator::spec::OvenSpec;

pub fn values(now: &Snapshot) -> Value {
    let zones: serde_json::Map<String, Value> =
        now.zones_celsius.iter().map(|(name, celsius)| (name.clone(), round(*celsius, 1).into())).collect();
    json!({
        "timestamp": now.time.to_string(),
        "temperature": round(now.temperature_celsius, 1),
        "setpoint": round(now.setpoint_celsius, 1),
        "zones": zones,
        "core_temperature": now.core_celsius.map(|celsius| round(celsius, 1)),
        "humidity": round(now.humidity_percent, 1),
        "humidity_setpoint": now.humidity_target_percent.map(|percent| round(percent, 1)),
        "energy_kwh": round(now.energy_wh / 1000.0, 3),
        "power_kw": round(now.power_kw, 2),
        "status": now.status.as_str(),
        "stage": stage(now),
        "program": now.program,
        "progress": now.progress_percent.map(|percent| round(percent, 1)),
        "remaining_min": now.remaining_s.map(|seconds| round(seconds / 60.0, 1)),
        "door": door(now),
        "steam_level": round(now.steam_percent, 0),
        "fan_rpm": now.fan_rpm.map(|rpm| round(rpm, 0)),
        "weight_kg": now.load_kg.map(|kg| round(kg, 1)),
    })
}

pub fn state(spec: &OvenSpec, now: &Snapshot) -> Value {
    json!({
        "id": spec.id,
        "name": spec.name,
        "manufacturer": spec.manufacturer,
        "model": spec.model,
        "firmware": "1.0.0",
        "timestamp": now.time.to_string(),
        "status": now.status.as_str(),
        "stage": stage(now),
        "door": door(now),
    })
}

/// An idle oven is in no stage of anything.
fn stage(now: &Snapshot) -> Option<&'static str> {
    (now.stage != Stage::Idle).then(|| now.stage.as_str())
}

fn door(now: &Snapshot) -> &'static str {
    if now.door_open { "open" } else { "closed" }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulator::vendor::tests::snapshot;

    #[test]
    fn values_are_flat_and_rounded() {
        let value = values(&snapshot(Stage::Baking));
        assert_eq!(value["timestamp"], "2018-02-04T23:17:01.25Z");
        assert_eq!(value["temperature"], 231.4);
        assert_eq!(value["zones"]["deck_1_bottom"], 229.3);
        assert_eq!(value["energy_kwh"], 12345.679);
        assert_eq!(value["stage"], "baking");
        assert_eq!(value["remaining_min"], 12.4);
    }

    #[test]
    fn an_idle_oven_has_no_stage_and_no_progress() {
        let value = values(&snapshot(Stage::Idle));
        assert_eq!(value["status"], "idle");
        assert!(value["stage"].is_null() && value["progress"].is_null() && value["remaining_min"].is_null());
    }
}
