//! Reads a connector's settings by its manifest.

use app::model::{
    connector::{FieldInput, Manifest},
    form::{FieldError, Problem},
    mapping::MappingRule,
};
use serde_json::{Map, Value};

/// Settings of one oven, and everything that is wrong with them.
pub struct Reader<'a> {
    manifest: &'static Manifest,
    config: &'a Map<String, Value>,
    pub errors: Vec<FieldError>,
}

impl<'a> Reader<'a> {
    /// Complains about settings that the manifest does not know.
    pub fn new(manifest: &'static Manifest, config: &'a Map<String, Value>) -> Self {
        let mut reader = Self { manifest, config, errors: Vec::new() };
        for key in config.keys() {
            let known = (manifest.mapped && key == "mapping") || manifest.settings().any(|field| field.key == key);
            if !known {
                let names: Vec<_> = manifest.settings().map(|field| field.key).chain(["mapping"]).collect();
                let detail = format!("unknown setting; known are {}", names.join(", "));
                reader.complain(key, Problem::Other { detail });
            }
        }
        reader
    }

    pub fn complain(&mut self, key: &str, problem: Problem) {
        self.errors.push(FieldError::new(format!("config.{key}"), problem));
    }

    /// A setting as text; empty counts as absent.
    pub fn text(&self, key: &str) -> Option<String> {
        let text = match self.config.get(key)? {
            Value::String(text) => text.trim().to_owned(),
            Value::Null => return None,
            other => other.to_string(),
        };
        (!text.is_empty()).then_some(text)
    }

    /// A flag; `default` where absent.
    pub fn flag(&mut self, key: &str, default: bool) -> bool {
        match self.text(key).as_deref() {
            None => default,
            Some("true") => true,
            Some("false") => false,
            Some(_) => {
                self.complain(key, Problem::UnknownChoice);
                default
            }
        }
    }

    /// A number within the range that the manifest gives; its default where absent.
    pub fn number(&mut self, key: &str) -> Option<f64> {
        let field = self.manifest.settings().find(|field| field.key == key)?;
        let FieldInput::Number { min, max, .. } = field.input else { return None };
        let text = self.text(key).or_else(|| field.default.map(str::to_owned))?;
        match text.parse::<f64>() {
            Ok(number) if (min..=max).contains(&number) => return Some(number),
            Ok(_) => self.complain(key, Problem::OutOfRange { min, max }),
            Err(_) => self.complain(key, Problem::NotANumber),
        }
        None
    }

    /// The mapping rules; none where there are none.
    pub fn mapping(&mut self) -> Vec<MappingRule> {
        let Some(rules) = self.config.get("mapping").filter(|rules| !rules.is_null()) else { return Vec::new() };
        serde_json::from_value(rules.clone()).unwrap_or_else(|error| {
            self.complain("mapping", Problem::Other { detail: error.to_string() });
            Vec::new()
        })
    }
}
