//! What was typed into a form, and what is wrong with it.
//!
//! Names of fields: those of [`EquipmentDraft`](super::equipment::EquipmentDraft) as they are, `config.<key>` for
//! a connector's settings, `secret.<key>` for credentials, `mapping.<row>.<part>` for mapping rules with the
//! parts `target`, `zone` (name for the targets `temperature_zones` and `additional_sensors`), `source`, `path`,
//! `scale`, `offset`, `unit`, `null_values` (comma separated), `words` (`a=b, c=d`), `time_format`, `required`.

use serde::{Deserialize, Serialize};

/// Fields that begin like this are made by the server and sent back unseen.
pub const CARRIED: &str = "draft.";

/// The fields of a submitted form, in their order. Also parses repeated names.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FormValues(pub Vec<(String, String)>);

impl FormValues {
    /// The first value with this name.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// Like [`get`](Self::get), trimmed, without empty texts.
    pub fn filled(&self, name: &str) -> Option<&str> {
        self.get(name).map(str::trim).filter(|value| !value.is_empty())
    }

    /// Whether a checkbox was ticked.
    pub fn is_on(&self, name: &str) -> bool {
        self.get(name).is_some_and(|value| matches!(value, "on" | "true" | "1"))
    }

    pub fn set(&mut self, name: &str, value: impl Into<String>) {
        let value = value.into();
        match self.0.iter_mut().find(|(key, _)| key == name) {
            Some(slot) => slot.1 = value,
            None => self.0.push((name.to_owned(), value)),
        }
    }

    /// The numbers of the mapping rows, ascending.
    pub fn mapping_rows(&self) -> Vec<usize> {
        let mut rows: Vec<usize> = self
            .0
            .iter()
            .filter_map(|(name, _)| name.strip_prefix("mapping.")?.split_once('.')?.0.parse().ok())
            .collect();
        rows.sort_unstable();
        rows.dedup();
        rows
    }

    /// The paths in the mapping rows.
    pub fn mapped_paths(&self) -> Vec<String> {
        let rows = self.mapping_rows().into_iter();
        rows.filter_map(|row| self.filled(&format!("mapping.{row}.path")).map(str::to_owned)).collect()
    }
}

/// What is wrong with a value; pages say it in the reader's language.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(tag = "code", rename_all = "snake_case")]
#[cfg_attr(feature = "ssr", schema(as = FieldProblem))]
pub enum Problem {
    Required,
    TooLong {
        max: usize,
    },
    TooShort {
        min: usize,
    },
    NotANumber,
    NotAWholeNumber,
    OutOfRange {
        min: f64,
        max: f64,
    },
    /// Not an `http://` or `https://` address.
    NotAUrl,
    UnknownChoice,
    /// Neither a JSON Pointer nor a JSONPath.
    NotAPath {
        detail: String,
    },
    /// `words` must be `a=b` pairs whose right side is one of `allowed`.
    NotPairs {
        allowed: Vec<String>,
    },
    /// The unit is not one of this value's dimension.
    WrongUnit,
    NotACertificate,
    /// The same value is mapped twice, or the name is taken.
    Duplicate,
    /// No rule says where any value is.
    NoMapping,
    Taken,
    /// The password is one that is guessed first.
    TooCommon,
    SameAsUsername,
    DoesNotMatch,
    WrongCode,
    /// One form makes several ovens, and this is wrong with the one of this name.
    OfOven {
        name: String,
        #[cfg_attr(feature = "ssr", schema(no_recursion))]
        problem: Box<Problem>,
    },
    /// What the connector says of the setting, in English.
    Other {
        detail: String,
    },
}

/// A problem and the field it is about.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct FieldError {
    pub field: String,
    #[serde(flatten)]
    pub problem: Problem,
}

impl FieldError {
    pub fn new(field: impl Into<String>, problem: Problem) -> Self {
        Self { field: field.into(), problem }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_found_whatever_their_order() {
        let form = FormValues(vec![
            ("mapping.10.path".to_owned(), "/a".to_owned()),
            ("mapping.2.path".to_owned(), "/b".to_owned()),
            ("mapping.2.target".to_owned(), "temperature".to_owned()),
            ("mapping.x.path".to_owned(), "/c".to_owned()),
        ]);
        assert_eq!(form.mapping_rows(), [2, 10]);
        assert_eq!(form.filled("mapping.2.path"), Some("/b"));
    }
}
