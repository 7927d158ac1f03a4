//! A workshop's own panel: Spanish names, decimal commas as text, a local clock, behind a login form with a cookie.

use serde_json::{Value, json};

use crate::simulator::oven::Snapshot;
use crate::simulator::program::Stage;
use crate::simulator::spec::OvenSpec;

pub fn values(spec: &OvenSpec, now: &Snapshot) -> Value {
    let zones: Vec<Value> =
        now.zones_celsius.iter().map(|(name, value)| json!({"sonda": name, "valor": comma(*value)})).collect();
    json!({
        "horno": spec.name,
        "camara": {"real": comma(now.temperature_celsius), "consigna": comma(now.setpoint_celsius)},
        "sondas": zones,
        "humedad": comma(now.humidity_percent),
        "vapor": now.steam_percent > 0.0,
        "estado": state(now.stage),
        "programa": now.program,
        "avance": now.progress_percent.map(comma),
        "faltan_s": now.remaining_s.map_or(-1, |seconds| seconds.ceil() as i64),
        "puerta": if now.door_open { "abierta" } else { "cerrada" },
        "contador_wh": now.energy_wh.round() as i64,
        "potencia_w": (now.power_kw * 1000.0).round() as i64,
    })
}

fn state(stage: Stage) -> &'static str {
    match stage {
        Stage::Idle => "EN ESPERA",
        Stage::Preheating => "CALENTANDO",
        Stage::Loading => "CARGANDO",
        Stage::Steaming => "VAPOR",
        Stage::Baking => "COCIENDO",
        Stage::Proofing => "FERMENTANDO",
        Stage::Cooling => "ENFRIANDO",
    }
}

fn comma(value: f64) -> String {
    format!("{value:.1}").replace('.', ",")
}
