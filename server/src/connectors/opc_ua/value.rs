//! Values of nodes to JSON, which mapping rules read.

use opcua::types::{Array, DataValue, EUInformation, StatusCode, Variant};
use serde_json::{Value, json};

use app::model::unit::Unit;

use crate::connectors::float;

/// How far the server stands behind a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grade {
    Good,
    Uncertain,
    Bad,
    /// There is none just now, and the server says that this is as it should be (a state machine that is not active).
    Absent,
}

pub fn grade(value: &DataValue) -> Grade {
    let status = value.status.unwrap_or(StatusCode::Good);
    if status.sub_code() == StatusCode::BadStateNotActive.sub_code() {
        Grade::Absent
    } else if status.is_bad() {
        Grade::Bad
    } else if status.is_uncertain() {
        Grade::Uncertain
    } else {
        Grade::Good
    }
}

/// Numbers, texts, flags and lists of them; nothing for what no oven measures (structures, bytes).
pub fn json(value: &Variant) -> Option<Value> {
    Some(match value {
        Variant::Boolean(flag) => json!(flag),
        Variant::SByte(n) => json!(n),
        Variant::Byte(n) => json!(n),
        Variant::Int16(n) => json!(n),
        Variant::UInt16(n) => json!(n),
        Variant::Int32(n) => json!(n),
        Variant::UInt32(n) => json!(n),
        Variant::Int64(n) => json!(n),
        Variant::UInt64(n) => json!(n),
        Variant::Float(n) => float::json(float::shortest(*n)),
        Variant::Double(n) => float::json(*n),
        Variant::String(text) => json!(text.as_ref()),
        Variant::LocalizedText(text) => json!(text.text.as_ref()),
        Variant::QualifiedName(name) => json!(name.name.as_ref()),
        Variant::DateTime(time) => json!(super::timestamp(time)?.to_string()),
        Variant::StatusCode(status) => json!(status.sub_code().name()),
        Variant::NodeId(id) => json!(id.to_string()),
        Variant::Guid(id) => json!(id.to_string()),
        Variant::Variant(inner) => return json(inner),
        Variant::Array(array) => list(array)?,
        _ => return None,
    })
}

/// A reading has no list longer than an oven has sensors.
const MAX_LIST: usize = 64;

fn list(array: &Array) -> Option<Value> {
    array.values.iter().take(MAX_LIST).map(json).collect::<Option<Vec<_>>>().map(Value::Array)
}

/// The unit of an analog value: UNECE Recommendation 20 common codes, packed as OPC 10000-8 (5.6.3) says, or else the
/// text that is shown.
pub fn unit(info: &EUInformation) -> Option<Unit> {
    let code: String = info.unit_id.to_be_bytes().into_iter().filter(|byte| *byte != 0).map(char::from).collect();
    Some(match code.as_str() {
        "CEL" => Unit::Celsius,
        "FAH" => Unit::Fahrenheit,
        "KEL" => Unit::Kelvin,
        "P1" => Unit::Percent,
        "SEC" => Unit::Second,
        "MIN" => Unit::Minute,
        "HUR" => Unit::Hour,
        "KWH" => Unit::KilowattHour,
        "WHR" => Unit::WattHour,
        "JOU" => Unit::Joule,
        "KWT" => Unit::Kilowatt,
        "WTT" => Unit::Watt,
        "RPM" => Unit::RevolutionsPerMinute,
        "KGM" => Unit::Kilogram,
        "GRM" => Unit::Gram,
        _ => return by_text(info.display_name.text.as_ref()),
    })
}

fn by_text(text: &str) -> Option<Unit> {
    match text.trim() {
        "°C" | "C" | "degC" => Some(Unit::Celsius),
        "°F" | "F" | "degF" => Some(Unit::Fahrenheit),
        "kW·h" | "kW.h" => Some(Unit::KilowattHour),
        text => Unit::parse(text),
    }
}

#[cfg(test)]
mod tests {
    use opcua::types::{DateTime, LocalizedText};

    use super::*;

    #[test]
    fn floats_are_what_was_meant() {
        assert_eq!(json(&Variant::Float(231.4)), Some(json!(231.4)));
        assert_eq!(json(&Variant::Float(f32::NAN)), Some(json!("NaN")));
        assert_eq!(json(&Variant::LocalizedText(Box::new("Baguette".into()))), Some(json!("Baguette")));
        assert_eq!(json(&Variant::DateTime(Box::new(DateTime::null()))), None);
        assert_eq!(json(&Variant::from(vec![1i32, 2])), Some(json!([1, 2])));
    }

    #[test]
    fn units_by_code_and_by_text() {
        let info = |unit_id, text: &str| EUInformation {
            unit_id,
            display_name: LocalizedText::from(text),
            ..EUInformation::default()
        };
        assert_eq!(unit(&info(4_408_652, "")), Some(Unit::Celsius));
        assert_eq!(unit(&info(4_604_232, "")), Some(Unit::Fahrenheit));
        assert_eq!(unit(&info(20_529, "%")), Some(Unit::Percent));
        assert_eq!(unit(&info(5_457_219, "s")), Some(Unit::Second));
        assert_eq!(unit(&info(-1, "°F")), Some(Unit::Fahrenheit));
        assert_eq!(unit(&info(0, "furlong")), None);
    }
}
