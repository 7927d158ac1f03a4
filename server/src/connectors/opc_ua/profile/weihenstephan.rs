//! OPC 40600, WSMachineType: states, mode, program, counters, measured values under names that the maker chooses.

use app::model::{
    alert::{AlertSeverity, DeviceAlarm},
    unit::Unit,
};
use serde_json::{Map, Value, json};

use super::{super::guess, Key, Rules, words::WS_STATES};
use crate::connectors::text;

const STATE: &str = "OperatingStates/WS_Cur_State";
const MODE: &str = "OperatingModes/WS_Cur_Mode";
const PROGRAM: &str = "Programs/WS_Cur_Prog";

pub fn rules(rules: &mut Rules) {
    let measured: Vec<Key> = rules.keys.iter().filter(|key| key.name.starts_with("MeasuredValues/")).cloned().collect();
    for key in &measured {
        let name = key.name.rsplit('/').next().unwrap_or_default();
        rules.add(&target(name, key.unit, rules.keys), &key.name);
    }
    let counters: Vec<String> =
        rules.keys.iter().filter(|key| key.name.starts_with("Counters/")).map(|key| key.name.clone()).collect();
    for key in counters {
        let name = key.rsplit('/').next().unwrap_or_default();
        rules.add(&format!("additional_sensors.{name}"), &key);
    }
    if rules.keys.iter().any(|key| key.name.starts_with(STATE)) {
        rules.words("operational_status", "=status", &[]).words("cycle_stage", "=stage", &[]);
    }
    if rules.has(MODE) {
        rules.made("additional_sensors.mode", "=mode", None);
    }
    if rules.has(PROGRAM) {
        rules.made("additional_sensors.program", "=program", None);
    }
}

/// Whether a value takes part in the machine's state or its alarms.
pub fn is_read(key: &str) -> bool {
    key == MODE
        || key == PROGRAM
        || key == STATE
        || key.starts_with(STATE) && key.ends_with("/CurrentState")
        || key.starts_with("Alarms/") && (key.ends_with("/WSAlarmCode") || key.ends_with("/WSAlarmMessage"))
}

/// What a measured value is; the first of several temperatures is the oven's own.
fn target(name: &str, unit: Option<Unit>, keys: &[Key]) -> String {
    if let Some(target) = guess::target(name, unit) {
        return target.to_owned();
    }
    if !guess::is_temperature(unit) {
        return format!("additional_sensors.{name}");
    }
    let actual = keys.iter().filter(|key| {
        key.name.starts_with("MeasuredValues/") && guess::is_temperature(key.unit) && !guess::is_setpoint(&key.name)
    });
    let first = actual.map(|key| key.name.rsplit('/').next().unwrap_or_default()).min();
    if first == Some(name) { "temperature".to_owned() } else { format!("temperature_zones.{name}") }
}

pub fn derive(values: &mut Map<String, Value>) {
    if let Some((status, stage)) = state(values) {
        // A machine that runs its cleaning program bakes nothing.
        let (status, stage) = match (status, number(values, PROGRAM)) {
            ("running", Some(8)) => ("cleaning", "cleaning"),
            ("running", Some(32)) => ("maintenance", "other"),
            ("running", Some(2)) => ("preheating", "preheating"),
            other => (other.0, stage),
        };
        values.insert("=status".to_owned(), json!(status));
        values.insert("=stage".to_owned(), json!(stage));
    }
    let name = |table: &[(i64, &str)], value: Option<i64>| {
        let value = value?;
        Some(
            table
                .iter()
                .find(|(number, _)| *number == value)
                .map_or_else(|| json!(value.to_string()), |(_, name)| json!(name)),
        )
    };
    let modes = [(0, "undefined"), (1, "off"), (2, "manual"), (4, "semi-automatic"), (8, "automatic")];
    if let Some(mode) = name(&modes, number(values, MODE)) {
        values.insert("=mode".to_owned(), mode);
    }
    let programs = [
        (0, "none"),
        (1, "production"),
        (2, "start up"),
        (4, "run down"),
        (8, "clean"),
        (16, "changeover"),
        (32, "maintenance"),
        (64, "break"),
    ];
    if let Some(program) = name(&programs, number(values, PROGRAM)) {
        values.insert("=program".to_owned(), program);
    }
}

/// The innermost state that is active, as status and stage.
fn state(values: &Map<String, Value>) -> Option<(&'static str, &'static str)> {
    let text = |value: &Value| match value {
        Value::String(text) if !text.trim().is_empty() => Some(text.trim().to_owned()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    };
    let mut found: Vec<(usize, String)> = values
        .iter()
        .filter(|(key, _)| key.as_str() == STATE || key.starts_with(STATE) && key.ends_with("/CurrentState"))
        .filter_map(|(key, value)| Some((key.matches('/').count(), text(value)?)))
        .collect();
    found.sort();
    let known = |text: &str| {
        let name: String = text.to_lowercase().chars().filter(char::is_ascii_alphanumeric).collect();
        WS_STATES.iter().find(|(state, ..)| *state == name).map(|(_, status, stage)| (*status, *stage))
    };
    // A maker may add states of its own; the state around it is known then.
    found.iter().rev().find_map(|(_, text)| known(text)).or_else(|| (!found.is_empty()).then_some(("unknown", "other")))
}

fn number(values: &Map<String, Value>, key: &str) -> Option<i64> {
    values.get(key)?.as_i64()
}

/// Every alarm object that has a code other than 0.
pub fn alarms(values: &Map<String, Value>) -> Vec<DeviceAlarm> {
    let codes = values.iter().filter(|(key, _)| key.starts_with("Alarms/") && key.ends_with("/WSAlarmCode"));
    codes
        .filter_map(|(key, code)| {
            let code = code.as_i64().filter(|code| *code != 0)?;
            let object = key.strip_suffix("/WSAlarmCode")?;
            let message = values.get(&format!("{object}/WSAlarmMessage")).and_then(Value::as_str).unwrap_or_default();
            // Two units of a machine may have alarms of the same name.
            let name = object.strip_prefix("Alarms/").unwrap_or(object);
            let code = text::shown(&format!("{name} {code}"))?;
            Some(DeviceAlarm {
                message: text::shown(message).or_else(|| text::shown(name)).unwrap_or_else(|| code.clone()),
                code,
                severity: AlertSeverity::Warning,
                since: None,
            })
        })
        .collect()
}
