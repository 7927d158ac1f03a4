//! What a gateway publishes over MQTT: nested, in English, °C, Wh and W, seconds, a time with a zone.

use serde_json::{Value, json};

use super::round;
use crate::simulator::oven::Snapshot;

pub fn values(now: &Snapshot) -> Value {
    let zones: serde_json::Map<String, Value> =
        now.zones_celsius.iter().map(|(name, celsius)| (name.clone(), round(*celsius, 1).into())).collect();
    json!({
        "time": now.time.to_string(),
        "state": now.stage.as_str(),
        "door": if now.door_open { "open" } else { "closed" },
        "chamber": {"actual": round(now.temperature_celsius, 1), "set": round(now.setpoint_celsius, 1)},
        "zones": zones,
        "humidity": round(now.humidity_percent, 0),
        "steam": round(now.steam_percent, 0),
        "fan_rpm": now.fan_rpm.map(|rpm| round(rpm, 0)),
        "program": {
            "name": now.program,
            "progress": now.progress_percent.map(|percent| round(percent, 1)),
            "remaining_s": now.remaining_s.map(f64::ceil),
        },
        "energy": {"total_wh": round(now.energy_wh, 0), "power_w": round(now.power_kw * 1000.0, 0)},
    })
}
