//! What a value seems to be, by the names that lead to it and by its size. A proposal that an admin looks at, no more.

use app::model::{
    mapping::{MappingRule, Target},
    metric::Metric,
    unit::Unit,
};
use jiff::tz::TimeZone;
use serde_json::Value;

use crate::connectors::mapping;

/// Words in names, in Spanish, English and German.
mod words {
    pub const TEMPERATURE: &[&str] = &[
        "temp",
        "temperature",
        "temperatura",
        "temperatur",
        "celsius",
        "fahrenheit",
        "isttemperatur",
        "solltemperatur",
    ];
    pub const TARGET: &[&str] = &[
        "set",
        "setpoint",
        "sp",
        "target",
        "soll",
        "sollwert",
        "solltemperatur",
        "consigna",
        "objetivo",
        "setting",
        "desired",
        "preset",
    ];
    pub const HUMIDITY: &[&str] = &["humidity", "humedad", "feuchte", "feuchtigkeit", "luftfeuchte", "rh", "hum"];
    pub const ENERGY: &[&str] =
        &["energy", "energia", "energía", "energie", "kwh", "wh", "consumption", "consumo", "verbrauch"];
    pub const POWER: &[&str] = &["power", "potencia", "leistung", "kw", "watt", "watts"];
    pub const DOOR: &[&str] = &["door", "puerta", "tür", "tuer", "tuere"];
    pub const STATUS: &[&str] =
        &["status", "state", "estado", "zustand", "betriebszustand", "mode", "modo", "modus", "betriebsart"];
    pub const STAGE: &[&str] = &["stage", "phase", "fase", "etapa", "schritt"];
    pub const PROGRESS: &[&str] = &["progress", "progreso", "avance", "fortschritt"];
    pub const REMAINING: &[&str] = &["remaining", "restante", "rest", "restzeit", "verbleibend", "left", "countdown"];
    pub const SPEED: &[&str] = &["rpm", "drehzahl", "revoluciones"];
    pub const STEAM: &[&str] = &["steam", "vapor", "dampf", "schwaden"];
    pub const WEIGHT: &[&str] = &["weight", "peso", "gewicht"];
    pub const MOISTURE: &[&str] = &["moisture", "produktfeuchte"];
    pub const TIME: &[&str] = &[
        "timestamp",
        "time",
        "datetime",
        "zeit",
        "zeitpunkt",
        "zeitstempel",
        "hora",
        "fecha",
        "datum",
        "ts",
        "updated",
        "measured",
    ];
    pub const ZONE: &[&str] = &[
        "zone",
        "zona",
        "deck",
        "piso",
        "etage",
        "herd",
        "top",
        "bottom",
        "upper",
        "lower",
        "oben",
        "unten",
        "oberhitze",
        "unterhitze",
        "arriba",
        "abajo",
        "techo",
        "suelo",
        "core",
        "kern",
        "kerntemperatur",
        "nucleo",
        "núcleo",
        "sonda",
        "probe",
        "left",
        "right",
        "front",
        "back",
        "inlet",
        "outlet",
    ];
}

/// A rule with an empty path, or nothing where the value says nothing.
pub fn suggest(names: &[String], value: &Value) -> Option<MappingRule> {
    let last = tokens(names.iter().rfind(|name| name.parse::<u32>().is_err())?);
    let all: Vec<String> = names.iter().flat_map(|name| tokens(name)).collect();
    // The name itself says more than those that lead to it.
    let here = |list: &[&str]| last.iter().any(|token| list.contains(&token.as_str()));
    let anywhere = |list: &[&str]| all.iter().any(|token| list.contains(&token.as_str()));
    let metric = |metric| Some(MappingRule::new(Target::Metric(metric), ""));

    if here(words::DOOR) && !value.is_null() {
        return metric(Metric::DoorStatus);
    }
    if here(words::TIME) && !here(words::REMAINING) && is_time(value) {
        return metric(Metric::ReadingTime);
    }
    let Some(number) = number(value) else {
        let text = value.as_str()?;
        return match () {
            () if text.parse::<f64>().is_ok() => None,
            () if here(words::STAGE) => metric(Metric::CycleStage),
            () if here(words::STATUS) => metric(Metric::OperationalStatus),
            () => None,
        };
    };
    let target = here(words::TARGET) || (anywhere(words::TARGET) && !here(&["actual", "ist", "current", "actuales"]));
    let rule = if here(words::HUMIDITY) || (anywhere(words::HUMIDITY) && !here(words::TEMPERATURE)) {
        let metric = if target { Metric::TargetHumidity } else { Metric::Humidity };
        with_unit(metric, (0.0..=1.0).contains(&number).then_some(Unit::Fraction).filter(|_| number > 0.0))
    } else if here(words::PROGRESS) {
        with_unit(Metric::CycleProgress, None)
    } else if here(words::REMAINING) {
        remaining(&last)
    } else if here(words::MOISTURE) {
        with_unit(Metric::MoistureContent, None)
    } else if here(words::ENERGY) {
        let unit = if has(&last, "wh") { Some(Unit::WattHour) } else { None };
        with_unit(Metric::EnergyConsumption, unit)
    } else if here(words::POWER) || has(&last, "w") {
        // An oven of 400 kW is a factory's; one of 400 W is a proofer.
        let watts =
            has(&last, "w") || has(&last, "watt") || has(&last, "watts") || (number > 400.0 && !has(&last, "kw"));
        with_unit(Metric::Power, watts.then_some(Unit::Watt))
    } else if here(words::SPEED) {
        with_unit(Metric::MotorSpeed, None)
    } else if here(words::WEIGHT) {
        with_unit(Metric::ProductWeight, has(&last, "g").then_some(Unit::Gram))
    } else if here(words::STEAM) && !here(words::TEMPERATURE) {
        with_unit(Metric::SteamLevel, None)
    } else if here(words::STATUS) {
        with_unit(Metric::OperationalStatus, None)
    } else if anywhere(words::TEMPERATURE) || here(words::TARGET) || here(words::ZONE) {
        temperature(names, &all, target, number)
    } else {
        return None;
    };
    Some(rule)
}

fn with_unit(metric: Metric, unit: Option<Unit>) -> MappingRule {
    MappingRule { unit, ..MappingRule::new(Target::Metric(metric), "") }
}

fn remaining(name: &[String]) -> MappingRule {
    let rule = |unit, scale| MappingRule { scale, ..with_unit(Metric::TimeRemaining, unit) };
    match () {
        () if has(name, "ms") || has(name, "millis") => rule(Some(Unit::Second), 0.001),
        () if ["s", "sec", "secs", "seconds", "segundos", "sekunden"].iter().any(|s| has(name, s)) => {
            rule(Some(Unit::Second), 1.0)
        }
        () if ["h", "hours", "horas", "stunden"].iter().any(|h| has(name, h)) => rule(Some(Unit::Hour), 1.0),
        () => rule(None, 1.0),
    }
}

fn temperature(names: &[String], all: &[String], target: bool, number: f64) -> MappingRule {
    let zone = all.iter().any(|token| words::ZONE.contains(&token.as_str()));
    let place = if target {
        Target::Metric(Metric::TargetTemperature)
    } else if zone {
        Target::parse(&format!("temperature_zones.{}", zone_name(names))).unwrap_or(Target::Metric(Metric::Temperature))
    } else {
        Target::Metric(Metric::Temperature)
    };
    let fahrenheit = has(all, "f") || has(all, "fahrenheit");
    let scale = match number.abs() {
        _ if has(all, "x10") => 0.1,
        _ if has(all, "x100") => 0.01,
        // No oven is this hot: tenths up to 500 °C, hundredths beyond.
        n if n > 5_000.0 => 0.01,
        n if n > 1_000.0 => 0.1,
        _ => 1.0,
    };
    let scaled = scale < 1.0;
    MappingRule {
        scale,
        unit: fahrenheit.then_some(Unit::Fahrenheit),
        // What 16 bit controllers send for a sensor that is not there.
        null_values: if scaled { vec!["-32768".to_owned()] } else { Vec::new() },
        ..MappingRule::new(place, "")
    }
}

/// `deck 1 top` for `/decks/0/top_temperature`.
fn zone_name(names: &[String]) -> String {
    let mut parts: Vec<String> = Vec::new();
    for name in names {
        if let Ok(index) = name.parse::<u32>() {
            parts.push((u64::from(index) + 1).to_string());
            continue;
        }
        for token in tokens(name) {
            let singular = token.strip_suffix('s').unwrap_or(&token).to_owned();
            let word = if words::ZONE.contains(&singular.as_str()) { singular } else { token };
            if words::ZONE.contains(&word.as_str()) || word.parse::<u32>().is_ok() {
                parts.push(word);
            }
        }
    }
    parts.join(" ").chars().take(40).collect()
}

fn has(tokens: &[String], word: &str) -> bool {
    tokens.iter().any(|token| token == word)
}

fn number(value: &Value) -> Option<f64> {
    let number = match value {
        Value::Number(number) => number.as_f64()?,
        Value::String(text) => text.trim().replacen(',', ".", 1).parse().ok()?,
        _ => return None,
    };
    number.is_finite().then_some(number)
}

/// A point in time of this century, so that a duration is not taken for one.
fn is_time(value: &Value) -> bool {
    mapping::time_of(value, &TimeZone::UTC).is_some_and(|at| at.as_second() > 946_684_800)
}

/// `chamberTemp_x10` as `chamber`, `temp`, `x10`; a plural of a zone counts as the zone.
fn tokens(name: &str) -> Vec<String> {
    let mut tokens = vec![String::new()];
    let mut before_lower = false;
    for c in name.chars() {
        if !c.is_alphanumeric() || (c.is_uppercase() && before_lower) {
            tokens.push(String::new());
        }
        if c.is_alphanumeric()
            && let Some(last) = tokens.last_mut()
        {
            last.extend(c.to_lowercase());
        }
        before_lower = c.is_lowercase() || c.is_ascii_digit();
    }
    tokens.retain(|token| !token.is_empty());
    for token in &mut tokens {
        if let Some(one) = token.strip_suffix('s').filter(|one| words::ZONE.contains(one)) {
            *token = one.to_owned();
        }
    }
    tokens
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn of(path: &str, value: Value) -> Option<String> {
        let names: Vec<String> = path.split('/').map(str::to_owned).collect();
        let rule = suggest(&names, &value)?;
        let unit = rule.unit.map_or_else(String::new, |unit| format!(" {unit}"));
        let scale = if rule.scale < 1.0 { format!(" x{}", rule.scale) } else { String::new() };
        Some(format!("{}{scale}{unit}", rule.target))
    }

    #[test]
    fn names_in_three_languages_say_what_a_value_is() {
        for (path, value, says) in [
            ("chamber/temperature", json!(231.5), "temperature"),
            ("cámara/temperatura", json!("231,5"), "temperature"),
            ("Solltemperatur", json!(240), "target_temperature"),
            ("temperature/setpoint", json!(240), "target_temperature"),
            ("temperature/actual", json!(240), "temperature"),
            ("consigna", json!(240), "target_temperature"),
            ("chamberTempF", json!(482), "temperature °F"),
            ("temp_x10", json!(2315), "temperature x0.1"),
            ("celsius", json!(23150), "temperature x0.01"),
            ("decks/0/top_temperature", json!(250), "temperature_zones.deck 1 top"),
            ("kerntemperatur", json!(72), "temperature_zones.kerntemperatur"),
            ("humedad", json!(65), "humidity"),
            ("Feuchte", json!(0.65), "humidity fraction"),
            ("energy_wh", json!(12500), "energy_consumption_kwh Wh"),
            ("energyKwh", json!(12.5), "energy_consumption_kwh"),
            ("power_w", json!(9000), "power_kw W"),
            ("Leistung", json!(9), "power_kw"),
            ("remaining_ms", json!(90_000), "time_remaining_minutes x0.001 s"),
            ("restzeit_s", json!(90), "time_remaining_minutes s"),
            ("puerta", json!("abierta"), "door_status"),
            ("Betriebsart", json!("Backen"), "operational_status"),
            ("fase", json!("cocción"), "cycle_stage"),
            ("timestamp", json!(1_700_000_000_000_i64), "reading_time"),
            ("zeit", json!("2018.02.04 23:17:01"), "reading_time"),
        ] {
            assert_eq!(of(path, value).as_deref(), Some(says), "{path}");
        }
        for (path, value) in
            [("name", json!("Deck 1")), ("id", json!(7)), ("time", json!(90)), ("temperature", json!(null))]
        {
            assert_eq!(of(path, value), None, "{path}");
        }
    }
}
