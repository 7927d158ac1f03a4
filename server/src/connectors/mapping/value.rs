//! A single JSON value as ovens write them.

use serde_json::Value;

/// A value before it is understood.
#[derive(Clone, Debug, PartialEq)]
pub enum Raw {
    /// JSON null, an empty text, or one of the rule's "no value" marks.
    None,
    Number(f64),
    Text(String),
    Flag(bool),
    /// An object or array: the path ends too early.
    Compound,
}

impl Raw {
    pub fn read(value: &Value, null_values: &[String]) -> Self {
        let raw = match value {
            Value::Null => return Self::None,
            Value::Bool(flag) => Self::Flag(*flag),
            Value::Number(number) => number.as_f64().map_or(Self::Compound, Self::Number),
            Value::String(text) if text.trim().is_empty() => return Self::None,
            Value::String(text) => Self::Text(text.trim().to_owned()),
            Value::Array(_) | Value::Object(_) => Self::Compound,
        };
        if null_values.is_empty() {
            return raw;
        }
        let is_null = raw.text().is_some_and(|text| {
            null_values.iter().any(|null| {
                null.eq_ignore_ascii_case(&text)
                    || matches!((null.parse::<f64>(), raw.number()), (Ok(a), Some(b)) if (a - b).abs() < f64::EPSILON)
            })
        });
        if is_null { Self::None } else { raw }
    }

    /// As a number; texts may use a decimal comma.
    pub fn number(&self) -> Option<f64> {
        match self {
            Self::Number(number) => Some(*number),
            Self::Text(text) => text.parse().ok().or_else(|| text.replacen(',', ".", 1).parse().ok()),
            Self::Flag(flag) => Some(f64::from(u8::from(*flag))),
            Self::None | Self::Compound => None,
        }
    }

    /// As a word to look up; whole numbers without decimals.
    pub fn text(&self) -> Option<String> {
        match self {
            Self::Text(text) => Some(text.clone()),
            Self::Number(number) => Some(number.to_string()),
            Self::Flag(flag) => Some(flag.to_string()),
            Self::None | Self::Compound => None,
        }
    }
}
