//! What an oven asks for before it talks: user and password, token, certificate.

use std::collections::BTreeMap;

use serde_json::Value;
use zeroize::Zeroizing;

/// Names and secret values. Wiped from memory when dropped; without `Debug`, `Serialize` and `Clone` on purpose: they go
/// from [`Keyring::open`](super::Keyring::open) into a driver that is being built, or sealed into a file of the configuration
/// ([`passphrase`](super::passphrase)), and nowhere else.
#[derive(Default)]
pub struct Credentials(BTreeMap<String, Zeroizing<String>>);

/// What is wrong with a JSON value that should hold credentials. Names may be shown, values never are.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CredentialsError {
    #[error("credentials are a JSON object of names and strings")]
    NotAnObject,
    #[error("the credential {name} is not a string")]
    NotAString { name: String },
}

impl Credentials {
    /// Takes the strings out of the object, so that no second copy of them stays in memory.
    pub fn from_json(value: Value) -> Result<Self, CredentialsError> {
        let Value::Object(object) = value else { return Err(CredentialsError::NotAnObject) };
        let mut credentials = Self::default();
        for (name, value) in object {
            let Value::String(value) = value else { return Err(CredentialsError::NotAString { name }) };
            credentials.insert(name, value);
        }
        Ok(credentials)
    }

    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(|value| value.as_str())
    }

    /// Adds a value or puts it in the place of the one with this name.
    pub fn insert(&mut self, name: String, value: String) {
        self.0.insert(name, Zeroizing::new(value));
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// In alphabetical order. A form may show which values there are.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// A copy of every name with its value.
    pub fn pairs(&self) -> impl Iterator<Item = (String, String)> {
        self.0.iter().map(|(name, value)| (name.clone(), value.to_string()))
    }

    /// The plaintext of a blob.
    pub(super) fn to_json(&self) -> Zeroizing<Vec<u8>> {
        // With room for every byte escaped as `\u0000` it never grows, which would leave parts behind in freed memory.
        let capacity: usize =
            self.0.iter().map(|(name, value)| 6 * (name.len() + value.len()) + "\"\":\"\",".len()).sum();
        let mut json = Zeroizing::new(Vec::with_capacity("{}".len() + capacity));
        let entries: BTreeMap<&str, &str> =
            self.0.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        serde_json::to_writer(&mut *json, &entries).expect("strings always serialise");
        json
    }
}

impl FromIterator<(String, String)> for Credentials {
    fn from_iter<I: IntoIterator<Item = (String, String)>>(entries: I) -> Self {
        Self(entries.into_iter().map(|(name, value)| (name, Zeroizing::new(value))).collect())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_object_of_strings_is_taken_over() {
        let mut credentials = Credentials::from_json(json!({ "username": "horno", "password": "pan" })).ok().unwrap();
        assert!(!credentials.is_empty());
        assert_eq!(credentials.get("password"), Some("pan"));
        assert_eq!(credentials.get("token"), None);
        credentials.insert("password".into(), "pan nuevo".into());
        assert_eq!(credentials.get("password"), Some("pan nuevo"));
        assert_eq!(credentials.names().collect::<Vec<_>>(), ["password", "username"]);
        assert!(Credentials::from_json(json!({})).ok().unwrap().is_empty());
    }

    #[test]
    fn anything_else_is_refused_without_repeating_it() {
        let refused = |value| Credentials::from_json(value).err().unwrap().to_string();
        assert_eq!(refused(json!(["pan"])), "credentials are a JSON object of names and strings");
        assert_eq!(refused(json!({ "pin": 4711 })), "the credential pin is not a string");
        assert_eq!(refused(json!({ "pin": null })), "the credential pin is not a string");
    }

    #[test]
    fn the_plaintext_never_outgrows_its_first_allocation() {
        let entries = |text: &str| Credentials::from_iter([(text.to_owned(), text.to_owned())]);
        for text in ["", "a", "\"\\", "\0\u{1}\u{1f}", "ñ\u{10ffff}"] {
            let entries = entries(text);
            let json = entries.to_json();
            let capacity = 2 + 6 * 2 * text.len() + 6;
            assert!(json.len() <= capacity && json.capacity() == capacity, "{text:?}");
        }
    }
}
