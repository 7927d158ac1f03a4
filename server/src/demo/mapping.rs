//! What is where in the simulated vendors' answers: the rules that an admin would enter.

use std::collections::BTreeMap;

use app::model::{
    mapping::{MappingRule, Source, Target, TimeFormat},
    unit::Unit,
};

use crate::simulator::Vendor;

/// The rules for an oven of this vendor, and how many temperature zones they give. None where a profile has its own.
pub fn rules(vendor: Vendor) -> (Vec<MappingRule>, u32) {
    match vendor {
        Vendor::Generic => generic(),
        Vendor::Decks => decks(),
        Vendor::Combi => combi(),
        Vendor::Registers => registers(),
        Vendor::Mqtt => gateway(),
        Vendor::Custom => custom(),
        Vendor::Rational => (Vec::new(), 1),
        Vendor::Wachtel => (Vec::new(), 4),
        Vendor::Salva => (Vec::new(), 2),
        Vendor::OpcUa => (Vec::new(), 3),
    }
}

fn rule(target: &str, path: &str) -> MappingRule {
    MappingRule::new(Target::parse(target).expect("the demo maps to known values"), path)
}

fn words(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(raw, word)| ((*raw).to_owned(), (*word).to_owned())).collect()
}

fn registers() -> (Vec<MappingRule>, u32) {
    let tenths = |target: &str, path: &str| MappingRule {
        scale: 0.1,
        null_values: vec!["-32768".to_owned()],
        ..rule(target, path)
    };
    let modes =
        [("0", "idle"), ("1", "preheating"), ("2", "running"), ("3", "running"), ("4", "running"), ("5", "cooling")];
    let stages =
        [("0", "idle"), ("1", "preheating"), ("2", "loading"), ("3", "steaming"), ("4", "baking"), ("5", "cooling")];
    let rules = vec![
        MappingRule { required: true, ..tenths("temperature", "holding 1 i16") },
        tenths("target_temperature", "holding 5 i16"),
        tenths("temperature_zones.deck 1 top", "holding 10 i16"),
        tenths("temperature_zones.deck 1 bottom", "holding 11 i16"),
        tenths("temperature_zones.deck 2 top", "holding 12 i16"),
        tenths("temperature_zones.deck 2 bottom", "holding 13 i16"),
        tenths("temperature_zones.core", "holding 20 i16"),
        rule("humidity", "holding 30"),
        rule("steam_level", "holding 31"),
        MappingRule { words: words(&modes), ..rule("operational_status", "holding 40") },
        MappingRule { words: words(&stages), ..rule("cycle_stage", "holding 40") },
        rule("cycle_progress_percentage", "holding 41"),
        MappingRule {
            unit: Some(Unit::Second),
            null_values: vec!["65535".to_owned()],
            ..rule("time_remaining_minutes", "holding 42")
        },
        MappingRule { unit: Some(Unit::WattHour), ..rule("energy_consumption_kwh", "holding 50 u32 cdab") },
        MappingRule { unit: Some(Unit::Watt), ..rule("power_kw", "holding 52") },
        rule("door_status", "coil 0"),
    ];
    (rules, 5)
}

fn generic() -> (Vec<MappingRule>, u32) {
    let plain = [
        ("reading_time", "/timestamp"),
        ("target_temperature", "/setpoint"),
        ("temperature_zones.upper", "/zones/upper"),
        ("temperature_zones.middle", "/zones/middle"),
        ("temperature_zones.lower", "/zones/lower"),
        ("humidity", "/humidity"),
        ("energy_consumption_kwh", "/energy_kwh"),
        ("power_kw", "/power_kw"),
        ("operational_status", "/status"),
        ("cycle_stage", "/stage"),
        ("cycle_progress_percentage", "/progress"),
        ("time_remaining_minutes", "/remaining_min"),
        ("door_status", "/door"),
        ("steam_level", "/steam_level"),
        ("motor_speed_rpm", "/fan_rpm"),
        ("product_weight_kg", "/weight_kg"),
        ("additional_sensors.program", "/program"),
    ];
    let mut rules = vec![MappingRule { required: true, ..rule("temperature", "/temperature") }];
    rules.extend(plain.map(|(target, path)| rule(target, path)));
    (rules, 3)
}

fn decks() -> (Vec<MappingRule>, u32) {
    let hundredths = |target: &str, path: &str| MappingRule {
        scale: 0.01,
        null_values: vec!["-32768".to_owned()],
        ..rule(target, path)
    };
    let with_null =
        |target: &str, path: &str| MappingRule { null_values: vec!["-32768".to_owned()], ..rule(target, path) };
    let modes = words(&[
        ("Bereit", "idle"),
        ("Vorheizen", "preheating"),
        ("Beschicken", "running"),
        ("Schwaden", "running"),
        ("Backen", "running"),
        ("Gären", "running"),
        ("Abkühlen", "cooling"),
    ]);
    let stages = words(&[
        ("Bereit", "idle"),
        ("Vorheizen", "preheating"),
        ("Beschicken", "loading"),
        ("Schwaden", "steaming"),
        ("Backen", "baking"),
        ("Gären", "proofing"),
        ("Abkühlen", "cooling"),
    ]);
    let rules = vec![
        MappingRule { time_format: Some(TimeFormat::EpochMillis), ..rule("reading_time", "/ts") },
        MappingRule { required: true, ..hundredths("temperature", "/kammer/ist") },
        hundredths("target_temperature", "/kammer/soll"),
        hundredths("temperature_zones.deck 1 top", "$.decks[0]['deck:1'][0]"),
        hundredths("temperature_zones.deck 1 bottom", "$.decks[0]['deck:1'][1]"),
        hundredths("temperature_zones.deck 2 top", "$.decks[1]['deck:2'][0]"),
        hundredths("temperature_zones.deck 2 bottom", "$.decks[1]['deck:2'][1]"),
        hundredths("temperature_zones.core", "/kern/0/1"),
        hundredths("humidity", "/feuchte"),
        rule("steam_level", "/schwaden"),
        MappingRule { unit: Some(Unit::WattHour), ..rule("energy_consumption_kwh", "/energie_wh") },
        MappingRule { unit: Some(Unit::Watt), ..rule("power_kw", "/leistung_w") },
        MappingRule { scale: 0.1, ..with_null("cycle_progress_percentage", "/fortschritt_promille") },
        MappingRule { unit: Some(Unit::Second), ..with_null("time_remaining_minutes", "/restzeit_s") },
        with_null("motor_speed_rpm", "/luefter"),
        MappingRule { words: modes, source: Source::Status, ..rule("operational_status", "/betriebsart") },
        MappingRule { words: stages, ..rule("cycle_stage", "/betriebsart") },
        MappingRule { words: words(&[("offen", "open"), ("zu", "closed")]), ..rule("door_status", "/tuer") },
    ];
    (rules, 5)
}

fn combi() -> (Vec<MappingRule>, u32) {
    let fahrenheit = |target: &str, path: &str| MappingRule { unit: Some(Unit::Fahrenheit), ..rule(target, path) };
    let modes = words(&[
        ("0", "offline"),
        ("1", "idle"),
        ("2", "preheating"),
        ("3", "standby"),
        ("4", "running"),
        ("5", "running"),
        ("6", "running"),
        ("7", "running"),
        ("8", "cleaning"),
        ("9", "idle"),
        ("10", "error"),
        ("11", "running"),
    ]);
    let stages = words(&[
        ("0", "idle"),
        ("1", "idle"),
        ("2", "preheating"),
        ("3", "idle"),
        ("4", "steaming"),
        ("5", "baking"),
        ("6", "baking"),
        ("7", "baking"),
        ("8", "cleaning"),
        ("9", "idle"),
        ("10", "other"),
        ("11", "loading"),
    ]);
    let unplugged = vec!["0.0".to_owned()];
    let rules = vec![
        // The unit's clock has no zone and stands on UTC, which the bakery's zone would misread: arrival counts.
        MappingRule { required: true, ..fahrenheit("temperature", "/cabinet/actual") },
        fahrenheit("target_temperature", "/cabinet/set"),
        fahrenheit("temperature_zones.cabinet", "/cabinet/sensors/0"),
        MappingRule { null_values: unplugged, ..fahrenheit("temperature_zones.core", "/core/actual") },
        rule("humidity", "/humidity"),
        rule("steam_level", "/steam"),
        rule("motor_speed_rpm", "/fan"),
        rule("energy_consumption_kwh", "/energy/total_kwh"),
        rule("power_kw", "/energy/power_kw"),
        rule("cycle_progress_percentage", "/progress"),
        MappingRule {
            unit: Some(Unit::Second),
            null_values: vec!["0".to_owned()],
            ..rule("time_remaining_minutes", "/remaining_s")
        },
        MappingRule { words: modes, ..rule("operational_status", "/mode") },
        MappingRule { words: stages, ..rule("cycle_stage", "/mode") },
        rule("door_status", "/door"),
        rule("additional_sensors.program", "/program/name"),
    ];
    (rules, 2)
}

fn gateway() -> (Vec<MappingRule>, u32) {
    let statuses = words(&[
        ("idle", "idle"),
        ("preheating", "preheating"),
        ("loading", "running"),
        ("steaming", "running"),
        ("baking", "running"),
        ("proofing", "running"),
        ("cooling", "cooling"),
    ]);
    let rules = vec![
        rule("reading_time", "/time"),
        MappingRule { required: true, ..rule("temperature", "/chamber/actual") },
        rule("target_temperature", "/chamber/set"),
        rule("temperature_zones.upper", "/zones/upper"),
        rule("temperature_zones.middle", "/zones/middle"),
        rule("temperature_zones.lower", "/zones/lower"),
        rule("humidity", "/humidity"),
        rule("steam_level", "/steam"),
        rule("motor_speed_rpm", "/fan_rpm"),
        MappingRule { unit: Some(Unit::WattHour), ..rule("energy_consumption_kwh", "/energy/total_wh") },
        MappingRule { unit: Some(Unit::Watt), ..rule("power_kw", "/energy/power_w") },
        MappingRule { words: statuses, ..rule("operational_status", "/state") },
        rule("cycle_stage", "/state"),
        rule("cycle_progress_percentage", "/program/progress"),
        MappingRule { unit: Some(Unit::Second), ..rule("time_remaining_minutes", "/program/remaining_s") },
        rule("door_status", "/door"),
        rule("additional_sensors.program", "/program/name"),
    ];
    (rules, 3)
}

fn custom() -> (Vec<MappingRule>, u32) {
    let statuses = words(&[
        ("EN ESPERA", "idle"),
        ("CALENTANDO", "preheating"),
        ("CARGANDO", "running"),
        ("VAPOR", "running"),
        ("COCIENDO", "running"),
        ("FERMENTANDO", "running"),
        ("ENFRIANDO", "cooling"),
    ]);
    let stages = words(&[
        ("EN ESPERA", "idle"),
        ("CALENTANDO", "preheating"),
        ("CARGANDO", "loading"),
        ("VAPOR", "steaming"),
        ("COCIENDO", "baking"),
        ("FERMENTANDO", "proofing"),
        ("ENFRIANDO", "cooling"),
    ]);
    let rules = vec![
        MappingRule { required: true, ..rule("temperature", "/camara/real") },
        rule("target_temperature", "/camara/consigna"),
        rule("temperature_zones.zona *", "$.sondas[*].valor"),
        rule("humidity", "/humedad"),
        MappingRule { unit: Some(Unit::WattHour), ..rule("energy_consumption_kwh", "/contador_wh") },
        MappingRule { unit: Some(Unit::Watt), ..rule("power_kw", "/potencia_w") },
        MappingRule { words: statuses, ..rule("operational_status", "/estado") },
        MappingRule { words: stages, ..rule("cycle_stage", "/estado") },
        rule("cycle_progress_percentage", "/avance"),
        MappingRule {
            unit: Some(Unit::Second),
            null_values: vec!["-1".to_owned()],
            ..rule("time_remaining_minutes", "/faltan_s")
        },
        MappingRule { words: words(&[("abierta", "open"), ("cerrada", "closed")]), ..rule("door_status", "/puerta") },
        rule("additional_sensors.programa", "/programa"),
    ];
    (rules, 4)
}
