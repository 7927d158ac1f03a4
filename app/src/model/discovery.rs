//! What can be found at an address before anything is mapped: machines, and values with a proposal for each.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{
    equipment::EquipmentKind,
    failure::FailureKind,
    form::FormValues,
    mapping::{MAX_NAME, MappingRule, Target},
};

/// Hidden fields of the oven form: what was found, and the folders that led there.
pub const FOUND: &str = "find.found";
pub const TRAIL: &str = "find.trail";

/// Where and for how long to look. What a protocol has no use for is ignored.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(default, deny_unknown_fields)]
pub struct Search {
    /// Path of a found value whose children to list (a tree: OPC UA); the roots where absent.
    pub under: Option<String>,
    /// Only what has this in its name or path, in any case.
    pub text: Option<String>,
    /// How long to listen, in seconds (MQTT).
    pub seconds: Option<f64>,
    /// First and last register of a scan (Modbus), as written in a mapping: `holding 0`.
    pub from: Option<String>,
    pub to: Option<String>,
}

/// What a search found.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Discovery {
    /// Machines that Hornero knows how to read without any mapping.
    pub machines: Vec<FoundMachine>,
    pub values: Vec<FoundValue>,
    /// There is more than is listed.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub truncated: bool,
}

/// How a search went.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct DiscoveryResult {
    pub success: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_kind: Option<FailureKind>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_details: Option<String>,
    #[serde(flatten)]
    pub found: Discovery,
}

/// The opened folders from the top down: path and name of each.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trail(pub Vec<(String, String)>);

impl Trail {
    /// As the form carries it; empty where there is none.
    pub fn of(values: &FormValues) -> Self {
        Self(values.filled(TRAIL).and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default())
    }

    pub fn to_text(&self) -> String {
        serde_json::to_string(&self.0).unwrap_or_default()
    }
}

/// A machine behind the address.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct FoundMachine {
    pub name: String,
    pub kind: EquipmentKind,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub manufacturer: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub serial_number: Option<String>,
    /// How it was recognised, for example `OPC 30200 combi steamer`.
    pub profile: String,
    /// The connector's settings that pick this machine, to be merged into the others.
    pub config: Map<String, Value>,
}

/// A value, or a folder of values, that could be mapped.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct FoundValue {
    /// As it is written in a mapping rule.
    pub path: String,
    /// What the peer calls it.
    pub name: String,
    /// The value as text, as it is now; nothing for a folder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sample: Option<String>,
    /// Lists more when asked with `under`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub has_children: bool,
    /// The same bytes read in other ways (Modbus).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub decodings: Vec<Decoding>,
    /// What Hornero would make of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suggestion: Option<MappingRule>,
}

/// One way to read some registers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Decoding {
    /// As it is written in a mapping rule: `holding 20 f32 cdab`.
    pub path: String,
    pub sample: String,
    /// Looks like something that an oven measures.
    pub plausible: bool,
}

impl FoundMachine {
    /// The rules of a register map, where its settings bring one.
    pub fn mapping(&self) -> Vec<MappingRule> {
        let rules = self.config.get("mapping").cloned();
        rules.and_then(|rules| serde_json::from_value(rules).ok()).unwrap_or_default()
    }
}

impl FoundValue {
    /// The path to begin with: what is suggested, else the first plausible reading, else the value's own.
    pub fn proposed_path(&self) -> &str {
        let plausible = self.decodings.iter().find(|decoding| decoding.plausible);
        match (&self.suggestion, plausible) {
            (Some(rule), _) => &rule.path,
            (None, Some(decoding)) => &decoding.path,
            (None, None) => &self.path,
        }
    }

    /// The mapping rule that this value becomes with what an admin chose: all of the suggestion as long as it is
    /// about the same value read the same way.
    pub fn rule(&self, target: Target, path: &str) -> MappingRule {
        match &self.suggestion {
            Some(rule) if rule.path == path && rule.target.value_kind() == target.value_kind() => {
                MappingRule { target, ..rule.clone() }
            }
            _ => MappingRule::new(target, path),
        }
    }
}

/// What is proposed for a value, as the form's two fields: the target or its group, and the name of a zone or sensor.
pub fn named_target(value: &FoundValue) -> (String, String) {
    let own_name = || value.name.chars().filter(|letter| !letter.is_control()).take(MAX_NAME).collect();
    match value.suggestion.as_ref().map(|rule| &rule.target) {
        Some(Target::Zone(zone)) => ("temperature_zones".to_owned(), zone.clone()),
        Some(Target::Additional(name)) => ("additional_sensors".to_owned(), name.clone()),
        Some(target) => (target.to_string(), own_name()),
        None => (String::new(), own_name()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::unit::Unit;

    fn value() -> FoundValue {
        let target = Target::parse("temperature_zones.deck").unwrap();
        let suggestion =
            MappingRule { scale: 0.1, unit: Some(Unit::Fahrenheit), ..MappingRule::new(target, "holding 1 i16") };
        let decoding = |path: &str, plausible| Decoding { path: path.to_owned(), sample: "2314".to_owned(), plausible };
        FoundValue {
            path: "holding 1 u16".to_owned(),
            name: "holding 1".to_owned(),
            sample: Some("2314".to_owned()),
            has_children: false,
            decodings: vec![decoding("holding 1 u16", false), decoding("holding 1 i16", true)],
            suggestion: Some(suggestion),
        }
    }

    #[test]
    fn a_suggestion_holds_for_its_own_reading_alone() {
        let value = value();
        let same = value.rule(Target::parse("temperature").unwrap(), "holding 1 i16");
        assert_eq!((same.scale, same.unit), (0.1, Some(Unit::Fahrenheit)));
        let other = value.rule(Target::parse("temperature").unwrap(), "holding 1 u16");
        assert_eq!((other.scale, other.unit), (1.0, None));
        let humidity = value.rule(Target::parse("humidity").unwrap(), "holding 1 i16");
        assert_eq!((humidity.scale, humidity.unit), (1.0, None));
    }

    #[test]
    fn the_plausible_reading_is_proposed() {
        let bare = FoundValue { suggestion: None, ..value() };
        assert_eq!(bare.proposed_path(), "holding 1 i16");
        assert_eq!(named_target(&bare), (String::new(), "holding 1".to_owned()));
        assert_eq!(named_target(&value()), ("temperature_zones".to_owned(), "deck".to_owned()));
    }
}
