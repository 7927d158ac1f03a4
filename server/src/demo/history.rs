//! The two hours before a new demo was started, so that its first visitor sees curves.
//!
//! They come from the same simulated ovens, and go the way of readings that an oven kept while it was not connected: to
//! the history, and neither to the board nor to the alarms.

use std::{collections::BTreeMap, time::Duration};

use app::model::{
    equipment::EquipmentKind,
    reading::{CycleStage, DoorStatus, OperationalStatus, Values},
};
use serde_json::json;

use super::oven_id;
use crate::{
    connectors::Sample,
    ingest::Outcome,
    service::Service,
    simulator::{OvenSpec, Past, Simulator, Snapshot, Vendor},
};

/// Close enough together for a chart to join them.
pub const PAST: Past = Past { span: Duration::from_secs(2 * 3600), every: Duration::from_secs(5) };

/// Writes what the ovens did before they were started.
pub async fn write(service: &Service, simulator: &Simulator, interval_s: u32) {
    for oven in simulator.ovens() {
        let spec = &oven.spec;
        let kind = EquipmentKind::parse(spec.kind.as_str()).unwrap_or(EquipmentKind::Other);
        for snapshot in simulator.take_past(&spec.id) {
            let sample = Sample {
                measured_at: Some(snapshot.time),
                values: values(spec, &snapshot),
                backfilled: true,
                ..Sample::default()
            };
            if let Outcome::Lost = service.ingest.accept(oven_id(&spec.id), kind, interval_s, sample).await {
                return;
            }
        }
    }
}

/// The values as the oven's mapping makes them of its answers.
fn values(spec: &OvenSpec, now: &Snapshot) -> Values {
    Values {
        temperature: Some(now.temperature_celsius),
        target_temperature: Some(now.setpoint_celsius),
        temperature_zones: zones(spec, now),
        humidity: Some(now.humidity_percent),
        energy_consumption_kwh: (spec.vendor != Vendor::OpcUa).then_some(now.energy_wh / 1000.0),
        power_kw: (!matches!(spec.vendor, Vendor::OpcUa | Vendor::Rational)).then_some(now.power_kw),
        operational_status: OperationalStatus::parse(now.status.as_str()),
        cycle_stage: CycleStage::parse(now.stage.as_str()),
        cycle_progress_percentage: now.progress_percent,
        time_remaining_minutes: now.remaining_s.map(|seconds| seconds / 60.0),
        door_status: Some(if now.door_open { DoorStatus::Open } else { DoorStatus::Closed }),
        steam_level: Some(now.steam_percent),
        motor_speed_rpm: now.fan_rpm,
        additional_sensors: BTreeMap::from([("program".to_owned(), json!(now.program))]),
        ..Values::default()
    }
}

/// Zones under the names that the oven's mapping gives them.
fn zones(spec: &OvenSpec, now: &Snapshot) -> BTreeMap<String, f64> {
    let named = |(number, (zone, celsius)): (usize, (&String, &f64))| {
        let name = match spec.vendor {
            Vendor::Decks | Vendor::Registers => zone.replace('_', " "),
            Vendor::Combi | Vendor::Rational if zone != "cabinet" => return None,
            Vendor::OpcUa => format!("chamber {number}"),
            Vendor::Custom => format!("zona {}", number + 1),
            Vendor::Wachtel => {
                // `deck_1_top` is the top of the first deck.
                let (deck, place) = zone.strip_prefix("deck_")?.split_once('_')?;
                format!("deck {deck} {place}")
            }
            Vendor::Salva => match zone.as_str() {
                "upper" => "top".to_owned(),
                "lower" => "bottom".to_owned(),
                _ => return None,
            },
            _ => zone.clone(),
        };
        Some((name, *celsius))
    };
    let core = now.core_celsius.map(|celsius| ("core".to_owned(), celsius));
    now.zones_celsius.iter().enumerate().filter_map(named).chain(core).collect()
}
