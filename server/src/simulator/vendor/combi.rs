//! The vendor of combi steamers: °F as text, modes as numbers, local time without a zone, seconds, and a core probe that
//! shows 0 °F while it is not plugged in.

use serde_json::{Value, json};

use crate::simulator::oven::Snapshot;
use crate::simulator::program::Stage;
use crate::simulator::spec::OvenSpec;

pub fn values(spec: &OvenSpec, now: &Snapshot) -> Value {
    let [cabinet, outlet] = ["cabinet", "outlet"].map(|zone| now.zones_celsius.get(zone).copied().map(fahrenheit));
    json!({
        "unit": spec.id,
        "model": spec.model,
        // The clock of the unit stands on UTC, but nothing in the text says so.
        "time": now.time.strftime("%Y.%m.%d %H:%M:%S").to_string(),
        "mode": mode(now),
        "program": {"name": now.program},
        "cabinet": {
            "actual": fahrenheit(now.temperature_celsius),
            "set": fahrenheit(now.setpoint_celsius),
            "sensors": [cabinet, outlet],
        },
        "core": {
            "actual": now.core_celsius.map_or_else(|| "0.0".to_owned(), fahrenheit),
            "set": fahrenheit(now.core_target_celsius),
        },
        "humidity": format!("{:.0}", now.humidity_percent),
        "steam": format!("{:.0}", now.steam_percent),
        "fan": now.fan_rpm.map(|rpm| format!("{rpm:.0}")),
        "energy": {"total_kwh": format!("{:.2}", now.energy_wh / 1000.0), "power_kw": format!("{:.2}", now.power_kw)},
        "progress": now.progress_percent.map(|percent| format!("{percent:.0}")),
        "remaining_s": now.remaining_s.map_or(0, |seconds| seconds.ceil() as i64),
        "door": u8::from(now.door_open),
    })
}

/// The enumeration CombiSteamerMode of OPC 30200, with 11 Loading of its version 1.1. It has no cooling between bakes.
fn mode(now: &Snapshot) -> u8 {
    match now.stage {
        Stage::Preheating => 2,
        Stage::Idle | Stage::Cooling => 3,
        Stage::Steaming => 4,
        Stage::Baking | Stage::Proofing if now.humidity_target_percent.is_some() => 5,
        Stage::Baking | Stage::Proofing => 6,
        Stage::Loading => 11,
    }
}

fn fahrenheit(celsius: f64) -> String {
    format!("{:.1}", celsius * 1.8 + 32.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulator::bakery::demo_ovens;
    use crate::simulator::vendor::tests::snapshot;

    #[test]
    fn numbers_are_fahrenheit_text_and_time_has_no_zone() {
        let spec = &demo_ovens()[2];
        let value = values(spec, &snapshot(Stage::Baking));
        assert_eq!(value["time"], "2018.02.04 23:17:01");
        assert_eq!(value["cabinet"]["actual"], "448.6");
        assert_eq!(value["core"]["actual"], "142.7");
        assert_eq!((&value["mode"], &value["remaining_s"]), (&json!(6), &json!(744)));
        let idle = values(spec, &snapshot(Stage::Idle));
        assert_eq!((&idle["mode"], &idle["core"]["actual"]), (&json!(3), &json!("0.0")));
    }
}
