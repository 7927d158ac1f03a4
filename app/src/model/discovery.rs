//! What can be found at an address before anything is mapped: machines, and values with a proposal for each.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{equipment::EquipmentKind, mapping::MappingRule};

/// Where and for how long to look. What a protocol has no use for is ignored.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
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
pub struct Discovery {
    /// Machines that Hornero knows how to read without any mapping.
    pub machines: Vec<FoundMachine>,
    pub values: Vec<FoundValue>,
    /// There is more than is listed.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub truncated: bool,
}

/// A machine behind the address.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
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
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
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
pub struct Decoding {
    /// As it is written in a mapping rule: `holding 20 f32 cdab`.
    pub path: String,
    pub sample: String,
    /// Looks like something that an oven measures.
    pub plausible: bool,
}
