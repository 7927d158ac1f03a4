//! What a measured value is, by its unit and its name, which nobody prescribes to the maker.

use app::model::unit::{Dimension, Unit};

fn has(name: &str, words: &[&str]) -> bool {
    let lower = name.to_lowercase();
    words.iter().any(|word| lower.contains(word))
}

/// Whether it is what should be, and not what is.
pub fn is_setpoint(name: &str) -> bool {
    has(name, &["set", "soll", "target", "consigna"])
}

pub fn is_temperature(unit: Option<Unit>) -> bool {
    unit.map(Unit::dimension) == Some(Dimension::Temperature)
}

pub fn is_door(name: &str) -> bool {
    has(name, &["door", "puerta", "tuer", "tür"])
}

/// The target of everything but measured temperatures, of which there may be many.
pub fn target(name: &str, unit: Option<Unit>) -> Option<&'static str> {
    let is_humidity = || has(name, &["hum", "feucht"]);
    Some(match unit?.dimension() {
        Dimension::Temperature if is_setpoint(name) => "target_temperature",
        Dimension::Percentage if is_humidity() && is_setpoint(name) => "target_humidity",
        Dimension::Percentage if is_humidity() => "humidity",
        Dimension::Minutes if has(name, &["remain", "rest"]) => "time_remaining_minutes",
        Dimension::Energy => "energy_consumption_kwh",
        Dimension::Power => "power_kw",
        _ => return None,
    })
}
