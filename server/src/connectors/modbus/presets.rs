//! Register maps of controllers that are common in ovens, from `presets/*.toml`: each is a file that names its source.

use std::{ops::RangeInclusive, sync::LazyLock};

use app::model::{
    discovery::FoundMachine,
    equipment::EquipmentKind,
    mapping::{MappingRule, Target},
    wire::ByteOrder,
};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::reference::Reference;

/// The files, in the order in which an admin sees them.
const FILES: &[&str] = &[include_str!("presets/eurotherm_3200.toml"), include_str!("presets/omron_e5c.toml")];

/// What an oven's controller can show, in °C: another device may keep anything in the same registers.
const OVEN_CELSIUS: RangeInclusive<f64> = -30.0..=600.0;

pub static ALL: LazyLock<Vec<Preset>> =
    LazyLock::new(|| FILES.iter().filter_map(|text| toml::from_str(text).ok()).collect());

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Preset {
    name: String,
    manufacturer: String,
    model: String,
    /// The manufacturer's document, and where in it.
    source: String,
    kind: EquipmentKind,
    mapping: Vec<MappingRule>,
}

impl Preset {
    /// Where its values are, in the order of its rules.
    pub fn references(&self, order: ByteOrder) -> Vec<Reference> {
        self.mapping.iter().filter_map(|rule| Reference::parse(&rule.path, order).ok()).collect()
    }

    /// The machine that is offered to the admin when the device has every value and its temperatures could be an oven's.
    pub fn offer(&self, found: &[Value]) -> Option<FoundMachine> {
        let mut seen = Vec::new();
        for (index, rule) in self.mapping.iter().enumerate() {
            let value = found.get(index)?.as_f64()? * rule.scale + rule.offset;
            if matches!(rule.target, Target::Metric(_)) {
                if !OVEN_CELSIUS.contains(&value) {
                    return None;
                }
                seen.push(format!("{} = {value:.1} °C", rule.path));
            }
        }
        Some(FoundMachine {
            name: self.name.clone(),
            kind: self.kind,
            manufacturer: Some(self.manufacturer.clone()),
            model: Some(self.model.clone()),
            serial_number: None,
            profile: format!("{}: {}", self.source, seen.join(", ")),
            config: Map::from_iter([("mapping".to_owned(), json!(self.mapping))]),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_is_a_map_with_a_source_and_a_temperature() {
        assert_eq!(ALL.len(), FILES.len(), "each file parses");
        for preset in &*ALL {
            assert_eq!(preset.references(ByteOrder::Abcd).len(), preset.mapping.len(), "{}", preset.name);
            assert!(!preset.source.is_empty());
            assert!(preset.mapping.iter().any(|rule| rule.target.to_string() == "temperature" && rule.required));
        }
    }

    #[test]
    fn a_device_with_other_things_in_the_same_registers_is_not_offered() {
        let eurotherm = &ALL[0];
        let found = |words: [i64; 3]| words.map(Value::from);
        let offer = eurotherm.offer(&found([2_315, 2_400, 550])).unwrap();
        assert_eq!(offer.profile, "HA028651, 15.5: holding 1 i16 = 231.5 °C, holding 5 i16 = 240.0 °C");
        assert!(eurotherm.offer(&found([20_000, 2_400, 550])).is_none());
        let mut part = found([2_315, 2_400, 550]);
        part[1] = Value::Null;
        assert!(eurotherm.offer(&part).is_none());
    }
}
