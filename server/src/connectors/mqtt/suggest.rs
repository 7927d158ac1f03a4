//! What a value on a topic most likely is, by the habits of common devices and by its name.
//!
//! Sources: tasmota.github.io/docs (MQTT, TempUnit, ENERGY), shelly-api-docs.shelly.cloud (gen 1: energy in watt-minutes;
//! gen 2: `apower` in W, `aenergy.total` in Wh), www.zigbee2mqtt.io (contact is true when closed).

use std::collections::BTreeMap;

use app::model::{
    mapping::{MAX_NAME, MappingRule, Target, TimeFormat},
    unit::Unit,
};
use serde_json::Value;

/// A leaf: its topic, the keys down to it, the value, and the whole message.
pub struct Leaf<'a> {
    pub topic: &'a str,
    pub keys: &'a [String],
    pub value: &'a Value,
    pub whole: &'a Value,
}

/// Watt-minutes are 1/60 Wh.
const WATT_MINUTE: f64 = 1.0 / 60.0;

pub fn rule(leaf: &Leaf<'_>, path: &str) -> Option<MappingRule> {
    if !(leaf.value.is_number() || leaf.value.is_boolean() || leaf.value.is_string()) {
        return None;
    }
    let rule = by_device(leaf, path).or_else(|| by_name(leaf, path))?;
    // A word cannot be a number.
    let is_text = leaf.value.as_str().is_some_and(|text| text.replace(',', ".").trim().parse::<f64>().is_err());
    (!is_text || !matches!(rule.target.value_kind(), app::model::metric::ValueKind::Number(_))).then_some(rule)
}

fn by_device(leaf: &Leaf<'_>, path: &str) -> Option<MappingRule> {
    let levels: Vec<&str> = leaf.topic.split('/').collect();
    let last = leaf.keys.last().map(String::as_str).unwrap_or_default();
    let keys: Vec<&str> = leaf.keys.iter().map(String::as_str).collect();
    match (levels.first().copied(), levels.last().copied()) {
        (Some("tele"), Some("SENSOR" | "STATE")) => match (keys.first().copied(), last) {
            (Some("Time"), "Time") => {
                Some(MappingRule { time_format: Some(TimeFormat::LocalText), ..new("reading_time", path, None)? })
            }
            (Some("ENERGY"), "Total") => new("energy_consumption_kwh", path, Some(Unit::KilowattHour)),
            (Some("ENERGY"), "Power") => new("power_kw", path, Some(Unit::Watt)),
            (Some(sensor), "Temperature") => {
                let unit = if leaf.whole.get("TempUnit").and_then(Value::as_str) == Some("F") {
                    Unit::Fahrenheit
                } else {
                    Unit::Celsius
                };
                new(&format!("temperature_zones.{}", short(sensor)), path, Some(unit))
            }
            (_, "Humidity") => new("humidity", path, Some(Unit::Percent)),
            _ => None,
        },
        (Some("shellies"), _) if keys.is_empty() => match levels.last().copied()? {
            "power" => new("power_kw", path, Some(Unit::Watt)),
            "energy" => {
                Some(MappingRule { scale: WATT_MINUTE, ..new("energy_consumption_kwh", path, Some(Unit::WattHour))? })
            }
            "temperature" => new("temperature_zones.device", path, Some(Unit::Celsius)),
            "temperature_f" => None,
            number if levels.contains(&"ext_temperature") => {
                new(&format!("temperature_zones.{}", short(number)), path, Some(Unit::Celsius))
            }
            _ => None,
        },
        _ if keys == ["apower"] => new("power_kw", path, Some(Unit::Watt)),
        _ if keys == ["aenergy", "total"] => new("energy_consumption_kwh", path, Some(Unit::WattHour)),
        _ if last == "tC" => new(&format!("temperature_zones.{}", short(zone_of(leaf))), path, Some(Unit::Celsius)),
        _ if last == "tF" => None,
        (Some("zigbee2mqtt"), _) => match last {
            "temperature" => new("temperature", path, Some(Unit::Celsius)),
            "humidity" => new("humidity", path, Some(Unit::Percent)),
            "energy" => new("energy_consumption_kwh", path, Some(Unit::KilowattHour)),
            "power" => new("power_kw", path, Some(Unit::Watt)),
            "contact" => Some(MappingRule {
                words: BTreeMap::from(
                    [("true", "closed"), ("false", "open")].map(|(a, b)| (a.to_owned(), b.to_owned())),
                ),
                ..new("door_status", path, None)?
            }),
            _ => None,
        },
        _ => None,
    }
}

fn by_name(leaf: &Leaf<'_>, path: &str) -> Option<MappingRule> {
    let name = leaf.keys.last().map_or_else(|| leaf.topic.rsplit('/').next().unwrap_or_default(), String::as_str);
    let lower = name.to_lowercase();
    let is = |words: &[&str]| words.iter().any(|word| lower.contains(word));
    let is_setpoint = is(&["set", "target", "soll", "consigna", "objetivo"]);
    let fahrenheit = lower.ends_with("_f") || lower.ends_with("fahrenheit");
    let unit = if fahrenheit { Unit::Fahrenheit } else { Unit::Celsius };
    match () {
        () if is(&["timestamp", "reading_time"]) || lower == "time" || lower == "ts" => {
            let format = match leaf.value.as_f64() {
                Some(number) if number > 1e11 => TimeFormat::EpochMillis,
                Some(_) => TimeFormat::EpochSeconds,
                None if leaf.value.as_str().is_some_and(|text| text.ends_with('Z') || text.contains('+')) => {
                    TimeFormat::Rfc3339
                }
                None => TimeFormat::LocalText,
            };
            Some(MappingRule { time_format: Some(format), ..new("reading_time", path, None)? })
        }
        () if is(&["hum", "feucht"]) => {
            new(if is_setpoint { "target_humidity" } else { "humidity" }, path, Some(Unit::Percent))
        }
        () if is(&["door", "puerta", "tür", "tuer"]) => new("door_status", path, None),
        () if is(&["core", "kern", "nucleo", "núcleo"]) && !is_setpoint => {
            new("temperature_zones.core", path, Some(unit))
        }
        () if is(&["temp", "°c"]) || lower == "pv" || lower == "sp" => {
            new(if is_setpoint || lower == "sp" { "target_temperature" } else { "temperature" }, path, Some(unit))
        }
        () if lower.ends_with("_wh") || lower == "wh" => new("energy_consumption_kwh", path, Some(Unit::WattHour)),
        () if is(&["kwh", "energy", "energia", "energía", "energie"]) => {
            new("energy_consumption_kwh", path, Some(Unit::KilowattHour))
        }
        () if lower.ends_with("_kw") => new("power_kw", path, Some(Unit::Kilowatt)),
        () if is(&["power", "potencia", "leistung"]) => new("power_kw", path, Some(Unit::Watt)),
        () if is(&["remain", "rest", "faltan"]) => {
            let unit = if lower.ends_with("_s") || is(&["sec"]) { Unit::Second } else { Unit::Minute };
            new("time_remaining_minutes", path, Some(unit))
        }
        () if is(&["progress", "avance", "fortschritt"]) => new("cycle_progress_percentage", path, Some(Unit::Percent)),
        () if is(&["mode", "status", "state", "estado", "modo", "zustand"]) => new("operational_status", path, None),
        () => new(&format!("additional_sensors.{}", short(name)), path, None),
    }
}

fn new(target: &str, path: &str, unit: Option<Unit>) -> Option<MappingRule> {
    Some(MappingRule { unit, ..MappingRule::new(Target::parse(target)?, path) })
}

fn zone_of<'a>(leaf: &'a Leaf<'_>) -> &'a str {
    match leaf.keys.len() {
        0 | 1 => leaf.topic.rsplit('/').next().unwrap_or_default(),
        count => &leaf.keys[count - 2],
    }
}

fn short(name: &str) -> String {
    name.chars().take(MAX_NAME).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn suggested(topic: &str, whole: &Value, keys: &[&str]) -> Option<(String, Option<Unit>, f64)> {
        let keys: Vec<String> = keys.iter().map(|key| (*key).to_owned()).collect();
        let value = keys.iter().fold(whole, |value, key| &value[key.as_str()]);
        let rule = rule(&Leaf { topic, keys: &keys, value, whole }, "p")?;
        Some((rule.target.to_string(), rule.unit, rule.scale))
    }

    #[test]
    fn tasmota_says_its_unit() {
        let message = json!({"Time": "2026-03-01T06:00:00", "DS18B20": {"Temperature": 446.0}, "TempUnit": "F",
            "ENERGY": {"Total": 12.5, "Power": 3200}});
        let of = |keys: &[&str]| suggested("tele/oven/SENSOR", &message, keys);
        assert_eq!(
            of(&["DS18B20", "Temperature"]),
            Some(("temperature_zones.DS18B20".to_owned(), Some(Unit::Fahrenheit), 1.0))
        );
        assert_eq!(of(&["ENERGY", "Total"]).unwrap().1, Some(Unit::KilowattHour));
        assert_eq!(of(&["ENERGY", "Power"]).unwrap().1, Some(Unit::Watt));
        assert_eq!(of(&["Time"]).unwrap().0, "reading_time");
    }

    #[test]
    fn shelly_of_both_generations() {
        let gen1 = suggested("shellies/oven/relay/0/energy", &json!(600), &[]).unwrap();
        assert_eq!(gen1, ("energy_consumption_kwh".to_owned(), Some(Unit::WattHour), WATT_MINUTE));
        let message = json!({"apower": 3200.5, "aenergy": {"total": 1500.0}, "temperature": {"tC": 51.2, "tF": 124.2}});
        let of = |keys: &[&str]| suggested("oven/status/switch:0", &message, keys);
        assert_eq!(of(&["apower"]).unwrap().1, Some(Unit::Watt));
        assert_eq!(of(&["aenergy", "total"]).unwrap().1, Some(Unit::WattHour));
        assert_eq!(of(&["temperature", "tC"]).unwrap().0, "temperature_zones.temperature");
    }

    #[test]
    fn zigbee_contacts_are_true_when_closed() {
        let message = json!({"contact": true, "temperature": 21.5});
        let keys = ["contact".to_owned()];
        let leaf = Leaf { topic: "zigbee2mqtt/door", keys: &keys, value: &message["contact"], whole: &message };
        let rule = rule(&leaf, "p").unwrap();
        assert_eq!((rule.target.to_string().as_str(), rule.words["true"].as_str()), ("door_status", "closed"));
    }

    #[test]
    fn names_in_three_languages() {
        for (name, target) in [
            ("consigna_temp", "target_temperature"),
            ("Kerntemperatur", "temperature_zones.core"),
            ("humedad", "humidity"),
            ("puerta", "door_status"),
            ("faltan_s", "time_remaining_minutes"),
            ("anything", "additional_sensors.anything"),
        ] {
            assert_eq!(suggested("x", &json!({name: 1}), &[name]).unwrap().0, target);
        }
        assert_eq!(suggested("x", &json!({"temp": "hot"}), &["temp"]), None, "a word is no temperature");
    }
}
