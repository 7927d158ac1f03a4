//! What the values of a recognised machine mean. Pure: from values by key to values by key, and mapping rules for them.
//!
//! Sources: OPC 30200 (Commercial Kitchen Equipment) 1.0 and 1.1 for combi steamers, ovens with chambers and microwave
//! combi ovens; OPC 40600 (Weihenstephan Standards) with PackML states. Keys are names below the machine, joined by
//! slashes; keys that begin with `=` are made here from several others.

mod chambers;
mod combi;
mod microwave;
mod weihenstephan;
mod words;

use std::collections::{BTreeMap, BTreeSet};

use app::model::{
    alert::{AlertSeverity, DeviceAlarm},
    equipment::EquipmentKind,
    mapping::{MappingRule, Target},
    metric::ValueKind,
    unit::Unit,
};
use serde_json::{Map, Value, json};

/// A kind of machine that needs no mapping.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Profile {
    CombiSteamer,
    Chambers,
    MicrowaveCombi,
    Weihenstephan,
}

/// A value of the machine: its key, and the unit where the server names one.
#[derive(Clone, Debug, PartialEq)]
pub struct Key {
    pub name: String,
    pub unit: Option<Unit>,
}

impl Profile {
    pub const ALL: [Self; 4] = [Self::CombiSteamer, Self::Chambers, Self::MicrowaveCombi, Self::Weihenstephan];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::CombiSteamer => "combi_steamer",
            Self::Chambers => "chambers",
            Self::MicrowaveCombi => "microwave_combi",
            Self::Weihenstephan => "weihenstephan",
        }
    }

    /// For an admin.
    pub const fn label(self) -> &'static str {
        match self {
            Self::CombiSteamer => "OPC 30200 combi steamer",
            Self::Chambers => "OPC 30200 oven",
            Self::MicrowaveCombi => "OPC 30200 microwave combi oven",
            Self::Weihenstephan => "OPC 40600 Weihenstephan machine",
        }
    }

    pub const fn equipment_kind(self) -> EquipmentKind {
        match self {
            Self::CombiSteamer | Self::MicrowaveCombi => EquipmentKind::Combi,
            Self::Chambers => EquipmentKind::Deck,
            Self::Weihenstephan => EquipmentKind::Other,
        }
    }

    /// The rules for those values that the machine really has.
    pub fn rules(self, keys: &[Key]) -> Vec<MappingRule> {
        let mut rules = Rules { keys, rules: BTreeMap::new() };
        match self {
            Self::CombiSteamer => combi::rules(&mut rules),
            Self::Chambers => chambers::rules(&mut rules),
            Self::MicrowaveCombi => microwave::rules(&mut rules),
            Self::Weihenstephan => weihenstephan::rules(&mut rules),
        }
        rules.rules.into_values().collect()
    }

    /// Which of a machine's values are worth reading.
    pub fn wanted(self, keys: &[Key]) -> BTreeSet<String> {
        let is_used = |name: &str| {
            name == "DeviceHealth"
                || match self {
                    Self::CombiSteamer => name == "CombiSteamer/SetProcessTimeProgram",
                    Self::MicrowaveCombi => name == "MicrowaveCombiOven/SetProcessTime",
                    Self::Chambers => chambers::is_read(name),
                    Self::Weihenstephan => weihenstephan::is_read(name),
                }
        };
        let mut wanted: BTreeSet<String> = self.rules(keys).into_iter().map(|rule| rule.path).collect();
        wanted.extend(keys.iter().map(|key| key.name.clone()).filter(|name| is_used(name)));
        wanted
    }

    /// Adds what follows from several values.
    pub fn derive(self, values: &mut Map<String, Value>) {
        match self {
            Self::CombiSteamer => combi::derive(values),
            Self::Chambers => chambers::derive(values),
            Self::MicrowaveCombi => microwave::derive(values),
            Self::Weihenstephan => weihenstephan::derive(values),
        }
    }

    /// The keys that a made value comes from; a flaw of one is a flaw of it.
    pub fn sources(key: &str) -> &'static [&'static str] {
        match key {
            "=progress" => &[
                "SetProcessTimeProgram",
                "TimeRemainingProgram",
                "TimeRemaining",
                "SetProcessTime",
                "RemainingProcessTime",
            ],
            "=temperature" => &["ActualChamberTemperature"],
            "=target" => &["SetChamberTemperature"],
            "=mode" => &["OperationMode"],
            "=remaining" => &["TimeRemaining"],
            "=humidity" => &["ActualHumidity"],
            "=target_humidity" => &["SetHumidity"],
            "=door" => &["IsDoorOpen"],
            _ => &[],
        }
    }

    /// Whether there are values that would tell a fault.
    pub fn tells_alarms(values: &Map<String, Value>) -> bool {
        values.keys().any(|key| key == "DeviceHealth" || key.starts_with("Alarms/"))
    }

    /// Faults that the values themselves tell, beside those that come as events.
    pub fn alarms(self, values: &Map<String, Value>) -> Vec<DeviceAlarm> {
        let mut alarms: Vec<_> = device_health(values).into_iter().collect();
        if self == Self::Weihenstephan {
            alarms.extend(weihenstephan::alarms(values));
        }
        alarms
    }
}

/// OPC 10000-100 (DI), 4.5.4: DeviceHealthEnumeration, after NAMUR NE 107.
fn device_health(values: &Map<String, Value>) -> Option<DeviceAlarm> {
    let (message, severity) = match values.get("DeviceHealth")?.as_i64()? {
        1 => ("Failure", AlertSeverity::Critical),
        2 => ("Function check", AlertSeverity::Info),
        3 => ("Out of specification", AlertSeverity::Warning),
        4 => ("Maintenance required", AlertSeverity::Warning),
        _ => return None,
    };
    Some(DeviceAlarm { code: "DeviceHealth".to_owned(), message: message.to_owned(), severity, since: None })
}

/// Rules for a machine's keys; the first rule for a target stays.
pub struct Rules<'a> {
    pub keys: &'a [Key],
    rules: BTreeMap<Target, MappingRule>,
}

impl Rules<'_> {
    /// Maps a value where the machine has it.
    pub fn add(&mut self, target: &str, key: &str) -> &mut Self {
        self.add_in(target, key, None)
    }

    /// Like [`add`](Self::add), with the unit that the standard gives where the server names none.
    pub fn add_in(&mut self, target: &str, key: &str, standard: Option<Unit>) -> &mut Self {
        let found = self.keys.iter().find(|known| known.name == key);
        if let Some(found) = found {
            let unit = found.unit.or(standard);
            self.insert(target, key, unit, BTreeMap::new());
        }
        self
    }

    /// Maps a value that [`Profile::derive`] makes, in the unit of the values that it is made of.
    pub fn made(&mut self, target: &str, key: &str, unit: Option<Unit>) -> &mut Self {
        self.insert(target, key, unit, BTreeMap::new());
        self
    }

    /// Maps numbers or words to ours.
    pub fn words(&mut self, target: &str, key: &str, words: &[(&str, &str)]) -> &mut Self {
        if key.starts_with('=') || self.has(key) {
            let words = words.iter().map(|(raw, word)| ((*raw).to_owned(), (*word).to_owned())).collect();
            self.insert(target, key, None, words);
        }
        self
    }

    pub fn has(&self, key: &str) -> bool {
        self.keys.iter().any(|known| known.name == key)
    }

    pub fn unit(&self, key: &str) -> Option<Unit> {
        self.keys.iter().find(|known| known.name == key)?.unit
    }

    /// The keys `stem` and `stem_<No.>`, by number.
    pub fn numbered(&self, stem: &str) -> Vec<(u32, String)> {
        let mut found: Vec<_> =
            self.keys.iter().filter_map(|key| Some((number_of(&key.name, stem)?, key.name.clone()))).collect();
        found.sort();
        found
    }

    fn insert(&mut self, target: &str, key: &str, unit: Option<Unit>, words: BTreeMap<String, String>) {
        let Some(target) = Target::parse(target) else { return };
        // A unit of another dimension is the server's mistake; the standard says what it is.
        let unit = unit.filter(|unit| match target.value_kind() {
            ValueKind::Number(dimension) => dimension == unit.dimension(),
            _ => false,
        });
        let rule = MappingRule { unit, words, ..MappingRule::new(target.clone(), key) };
        self.rules.entry(target).or_insert(rule);
    }
}

/// `stem` is number 0; `stem_3` is number 3.
fn number_of(name: &str, stem: &str) -> Option<u32> {
    match name.strip_prefix(stem)? {
        "" => Some(0),
        rest => rest.strip_prefix('_')?.parse().ok(),
    }
}

/// Share of a program that is done, in %, from its whole and its remaining time in the same unit.
fn progress(values: &Map<String, Value>, whole: &str, remaining: &str) -> Option<Value> {
    let (whole, remaining) = (values.get(whole)?.as_f64()?, values.get(remaining)?.as_f64()?);
    (whole > 0.0 && (0.0..=whole).contains(&remaining) && remaining > 0.0)
        .then(|| json!(((1.0 - remaining / whole) * 1_000.0).round() / 10.0))
}

#[cfg(test)]
mod tests;
