//! OPC 30200, OvenDeviceType: chambers `Chamber_<No.>` that bake on their own.
//!
//! An oven has one status here and several chambers there. The chamber that leads is the first one that works, or else
//! the first one that heats or cools, or else the first one; the oven's temperature, setpoint, status and times are its.
//! Every chamber's temperatures are zones. Who wants each chamber as an oven of its own chooses it in the settings.

use std::collections::BTreeSet;

use app::model::unit::Unit;
use serde_json::{Map, Value, json};

use super::{
    Rules, number_of, progress,
    words::{CHAMBER_STAGE, CHAMBER_STATUS},
};

/// A value of the leading chamber, the names that it is made of, and the unit that the standard gives.
const LED: &[(&str, &str, &str, Option<Unit>)] = &[
    ("=temperature", "ActualChamberTemperature", "temperature", None),
    ("=target", "SetChamberTemperature", "target_temperature", None),
    ("=humidity", "ActualHumidity", "humidity", None),
    ("=target_humidity", "SetHumidity", "target_humidity", None),
    ("=remaining", "TimeRemaining", "time_remaining_minutes", Some(Unit::Second)),
    ("=fan", "ActualFanSpeed", "additional_sensors.fan speed", None),
    ("=ready", "IsReadyToStart", "additional_sensors.ready to start", None),
    ("=end", "IsProgramEnd", "additional_sensors.program end", None),
    ("=program", "ProgramName", "additional_sensors.program", None),
];

const ZONES: &[(&str, &str)] = &[
    ("ActualChamberTemperature", ""),
    ("ActualTopTemperature", "top"),
    ("ActualBottomTemperature", "bottom"),
    ("ActualCoreTemperature", "core"),
];

pub fn rules(rules: &mut Rules) {
    let chambers = chambers(rules.keys.iter().map(|key| key.name.as_str()));
    let Some(first) = chambers.first() else { return };
    for (made, name, target, standard) in LED {
        if let Some((_, key)) = rules.numbered(&format!("{first}/{name}")).first() {
            let unit = rules.unit(key).or(*standard);
            rules.made(target, made, unit);
        }
    }
    if rules.has(&format!("{first}/OperationMode")) {
        rules.words("operational_status", "=mode", CHAMBER_STATUS).words("cycle_stage", "=mode", CHAMBER_STAGE);
    }
    if rules.has(&format!("{first}/IsDoorOpen")) {
        rules.words("door_status", "=door", &[]);
    }
    if rules.has(&format!("{first}/SetProcessTimeProgram")) && rules.has(&format!("{first}/TimeRemaining")) {
        rules.made("cycle_progress_percentage", "=progress", None);
    }
    for chamber in &chambers {
        zones(rules, chamber, chambers.len() > 1);
    }
    if chambers.len() > 1 {
        rules.made("additional_sensors.leading chamber", "=lead", None);
    }
    rules.add("additional_sensors.batch", "BatchInformation/BatchId");
}

/// Whether a value takes part in what the leading chamber tells.
pub fn is_read(key: &str) -> bool {
    let Some((object, name)) = key.split_once('/') else { return false };
    number_of(object, "Chamber").is_some()
        && (["OperationMode", "IsDoorOpen", "SetProcessTimeProgram"].contains(&name)
            || LED.iter().any(|(_, stem, ..)| number_of(name, stem).is_some()))
}

fn zones(rules: &mut Rules, chamber: &str, is_one_of_several: bool) {
    let number = number_of(chamber, "Chamber").unwrap_or(0);
    for (stem, place) in ZONES {
        let sensors = rules.numbered(&format!("{chamber}/{stem}"));
        for (sensor, key) in &sensors {
            let mut parts = Vec::new();
            if is_one_of_several {
                parts.push(format!("chamber {number}"));
            }
            if !place.is_empty() {
                parts.push((*place).to_owned());
            }
            if sensors.len() > 1 {
                parts.push(sensor.to_string());
            }
            // The only sensor of the only chamber is the oven's temperature itself.
            if !parts.is_empty() {
                rules.add(&format!("temperature_zones.{}", parts.join(" ")), key);
            }
        }
    }
    if let Some((_, key)) = rules.numbered(&format!("{chamber}/ActualBoilerTemperature")).first() {
        let name = if is_one_of_several { format!("boiler {number}") } else { "boiler".to_owned() };
        rules.add(&format!("additional_sensors.{name}"), key);
    }
}

/// The objects of the chambers, by number.
fn chambers<'a>(keys: impl Iterator<Item = &'a str>) -> Vec<String> {
    let found: BTreeSet<(u32, String)> = keys
        .filter_map(|key| {
            let object = key.split('/').next()?;
            Some((number_of(object, "Chamber")?, object.to_owned()))
        })
        .collect();
    found.into_iter().map(|(_, object)| object).collect()
}

pub fn derive(values: &mut Map<String, Value>) {
    let chambers = chambers(values.keys().map(String::as_str));
    let Some(lead) = leading(&chambers, values) else { return };
    for (made, name, ..) in LED {
        if let Some(value) = of_chamber(values, &lead, name) {
            values.insert((*made).to_owned(), value);
        }
    }
    if let Some(mode) = values.get(&format!("{lead}/OperationMode")).cloned() {
        values.insert("=mode".to_owned(), mode);
    }
    let done = progress(values, &format!("{lead}/SetProcessTimeProgram"), &format!("{lead}/TimeRemaining"));
    values.insert("=progress".to_owned(), done.unwrap_or(Value::Null));
    let doors: Vec<bool> =
        chambers.iter().filter_map(|chamber| values.get(&format!("{chamber}/IsDoorOpen"))?.as_bool()).collect();
    if !doors.is_empty() {
        values.insert("=door".to_owned(), json!(doors.contains(&true)));
    }
    values.insert("=lead".to_owned(), json!(number_of(&lead, "Chamber").unwrap_or(0)));
}

/// The value with this name, or the first numbered one.
fn of_chamber(values: &Map<String, Value>, chamber: &str, name: &str) -> Option<Value> {
    let stem = format!("{chamber}/{name}");
    let found = values.iter().filter_map(|(key, value)| Some((number_of(key, &stem)?, value)));
    found.min_by_key(|(number, _)| *number).map(|(_, value)| value.clone())
}

fn leading(chambers: &[String], values: &Map<String, Value>) -> Option<String> {
    let rank = |chamber: &&String| match values.get(&format!("{chamber}/OperationMode")).and_then(Value::as_i64) {
        Some(6 | 14 | 16 | 17 | 18) => 0,
        Some(4) => 1,
        Some(5 | 10 | 11 | 12 | 13) => 2,
        _ => 3,
    };
    chambers.iter().min_by_key(rank).cloned()
}
