//! How values are found in what an oven answers, and what they mean.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{
    metric::{Metric, ValueKind},
    reading::{CycleStage, DoorStatus, OperationalStatus},
    unit::{Dimension, Unit},
    wire_enum,
};

wire_enum! {
    /// Which of a connector's two answers a rule reads.
    Source {
        Data = "data",
        Status = "status",
    }
}

wire_enum! {
    /// How a point in time is written.
    TimeFormat {
        /// `2025-01-12T10:30:00Z`, with an offset.
        Rfc3339 = "rfc3339",
        EpochSeconds = "epoch_s",
        EpochMillis = "epoch_ms",
        /// Date and time without a zone, any of `-./` in the date; read in the oven's zone.
        LocalText = "local",
    }
}

/// Where a value goes: a metric, `temperature_zones.<zone>` or `additional_sensors.<name>`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Target {
    Metric(Metric),
    Zone(String),
    Additional(String),
}

/// Longest name of a zone or an additional sensor, in characters.
pub const MAX_NAME: usize = 40;

impl Target {
    pub fn parse(text: &str) -> Option<Self> {
        let named = |name: &str| {
            let name = name.trim();
            (!name.is_empty() && name.chars().count() <= MAX_NAME && !name.chars().any(char::is_control))
                .then(|| name.to_owned())
        };
        if let Some(zone) = text.strip_prefix("temperature_zones.") {
            // A star becomes the number of the zone, which has two digits at most.
            return named(zone).filter(|zone| named(&zone.replace('*', "64")).is_some()).map(Self::Zone);
        }
        if let Some(name) = text.strip_prefix("additional_sensors.") {
            return named(name).map(Self::Additional);
        }
        Metric::parse(text).map(Self::Metric)
    }

    pub fn value_kind(&self) -> ValueKind {
        match self {
            Self::Metric(metric) => metric.value_kind(),
            Self::Zone(_) => ValueKind::Number(Dimension::Temperature),
            Self::Additional(_) => ValueKind::Number(Dimension::None),
        }
    }

    /// The words that this target accepts, where it takes words.
    pub fn words(&self) -> Vec<&'static str> {
        match self {
            Self::Metric(Metric::OperationalStatus) => {
                OperationalStatus::ALL.iter().copied().map(OperationalStatus::as_str).collect()
            }
            Self::Metric(Metric::CycleStage) => CycleStage::ALL.iter().copied().map(CycleStage::as_str).collect(),
            Self::Metric(Metric::DoorStatus) => DoorStatus::ALL.iter().copied().map(DoorStatus::as_str).collect(),
            _ => Vec::new(),
        }
    }
}

impl std::fmt::Display for Target {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Metric(metric) => metric.fmt(f),
            Self::Zone(zone) => write!(f, "temperature_zones.{zone}"),
            Self::Additional(name) => write!(f, "additional_sensors.{name}"),
        }
    }
}

impl TryFrom<String> for Target {
    type Error = String;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text).ok_or_else(|| {
            format!(
                "`{text}` is not a value that Hornero keeps; use a field name, `temperature_zones.<zone>` or \
                 `additional_sensors.<name>`"
            )
        })
    }
}

impl From<Target> for String {
    fn from(target: Target) -> Self {
        target.to_string()
    }
}

/// One value: where it is, and how it becomes the stored unit: `unit(raw × scale + offset)`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct MappingRule {
    #[cfg_attr(feature = "ssr", schema(value_type = String))]
    pub target: Target,
    /// A JSON Pointer (`/temp/0`, RFC 6901) or a JSONPath (`$.zones[0].value`, RFC 9535).
    pub path: String,
    #[serde(default = "data", skip_serializing_if = "is_data")]
    pub source: Source,
    #[serde(default = "one", skip_serializing_if = "is_one")]
    pub scale: f64,
    #[serde(default, skip_serializing_if = "is_zero")]
    pub offset: f64,
    /// The unit that the oven reports in; the stored unit where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<Unit>,
    /// Raw values that mean "no value", compared as text: `-32768`, `n/a`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub null_values: Vec<String>,
    /// Raw words or numbers and what they mean here: `{"Backen": "running"}`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub words: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time_format: Option<TimeFormat>,
    /// A reading without this value is refused as a whole.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub required: bool,
}

impl MappingRule {
    /// A rule that takes the value as it is.
    pub fn new(target: Target, path: &str) -> Self {
        Self {
            target,
            path: path.to_owned(),
            source: Source::Data,
            scale: 1.0,
            offset: 0.0,
            unit: None,
            null_values: Vec::new(),
            words: BTreeMap::new(),
            time_format: None,
            required: false,
        }
    }
}

fn data() -> Source {
    Source::Data
}
fn is_data(source: &Source) -> bool {
    *source == Source::Data
}
const fn one() -> f64 {
    1.0
}
#[expect(clippy::float_cmp, reason = "an exact default")]
fn is_one(value: &f64) -> bool {
    *value == 1.0
}
fn is_zero(value: &f64) -> bool {
    *value == 0.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_have_one_spelling() {
        for text in ["temperature", "temperature_zones.cabinet", "additional_sensors.fan:2"] {
            assert_eq!(Target::parse(text).unwrap().to_string(), text);
        }
        assert_eq!(Target::parse("temperature_zones. "), None);
        assert!(Target::parse(&format!("temperature_zones.{}*", "d".repeat(38))).is_some());
        assert_eq!(Target::parse(&format!("temperature_zones.{}*", "d".repeat(39))), None, "deck 10 is too long");
        assert_eq!(Target::parse("temprature"), None);
    }

    #[test]
    fn defaults_are_not_written() {
        let rule = MappingRule::new(Target::parse("humidity").unwrap(), "/h");
        assert_eq!(serde_json::to_string(&rule).unwrap(), r#"{"target":"humidity","path":"/h"}"#);
        assert_eq!(serde_json::from_str::<MappingRule>(r#"{"target":"humidity","path":"/h"}"#).unwrap(), rule);
    }
}
