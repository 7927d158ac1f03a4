//! What a REST oven is asked, as a text that can be kept in a file: endpoints, login, alarms and mapping.
//!
//! TOML, or JSON where the text begins with `{`. Unknown names are errors that say the line.

use std::collections::{BTreeMap, HashSet};

use app::model::{alert::AlertSeverity, mapping::MappingRule};
use reqwest::header::HeaderName;
use serde::Deserialize;

/// More than any oven has, and few enough to ask one after the other.
pub const MAX_ENDPOINTS: usize = 16;
/// A page of text; a profile that is larger is something else.
const MAX_LENGTH: usize = 64 * 1024;

#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Profile {
    /// The first is asked at every poll and fails it; the others leave their values out.
    #[serde(rename = "endpoint")]
    pub endpoints: Vec<Endpoint>,
    pub login: Option<Login>,
    pub alarms: Option<Alarms>,
    /// Used where the admin enters none.
    #[serde(default)]
    pub mapping: Vec<MappingRule>,
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Endpoint {
    /// As it is written before a path in a mapping rule.
    pub name: String,
    /// Appended to the address; may have a query and placeholders.
    pub path: String,
    #[serde(default)]
    pub method: Method,
    /// Sent as it is, with `{placeholders}` filled in; JSON where it begins with `{` or `[`.
    pub body: Option<String>,
    /// Asked at every n-th poll; its last answer counts in between.
    #[serde(default = "one")]
    pub every: u32,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
pub enum Method {
    #[default]
    #[serde(rename = "GET")]
    Get,
    #[serde(rename = "POST")]
    Post,
}

/// The request that turns user and password into a token.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Login {
    /// A path, or a whole address where the login is on another host.
    pub path: String,
    #[serde(default)]
    pub body: BodyKind,
    /// Names and values with `{username}`, `{password}`, `{client_id}` and `{client_secret}`.
    pub fields: BTreeMap<String, String>,
    /// Where the token is: a JSON Pointer, `header <name>` or `cookie <name>`.
    pub token: String,
    /// How it is sent: `bearer`, `header <name>`, `cookie <name>` or `query <name>`.
    #[serde(default = "bearer")]
    pub send: String,
    /// JSON Pointer to the seconds for which it is valid.
    pub expires_in: Option<String>,
    /// The same as a fixed number, where the answer does not say.
    pub expires_after_s: Option<u32>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum BodyKind {
    #[default]
    Json,
    Form,
}

/// Where the oven lists its own faults. The paths are JSON Pointers.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Alarms {
    pub endpoint: String,
    /// To the list in the answer; empty where the answer is the list.
    #[serde(default)]
    pub list: String,
    /// Within one entry.
    pub code: String,
    pub message: Option<String>,
    pub severity: Option<String>,
    pub since: Option<String>,
    /// `false` there means that the fault is over.
    pub active: Option<String>,
    /// The oven's words for severities; what is not listed is a warning.
    #[serde(default)]
    pub severities: BTreeMap<String, AlertSeverity>,
}

/// Where a token is found or put.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    Pointer(String),
    Bearer,
    Header(HeaderName),
    Cookie(String),
    Query(String),
}

fn one() -> u32 {
    1
}
fn bearer() -> String {
    "bearer".to_owned()
}

impl Profile {
    pub fn parse(text: &str) -> Result<Self, String> {
        if text.len() > MAX_LENGTH {
            return Err(format!("longer than {MAX_LENGTH} bytes"));
        }
        let profile: Self = if text.trim_start().starts_with('{') {
            serde_json::from_str(text).map_err(|error| error.to_string())?
        } else {
            toml::from_str(text).map_err(|error| toml_error(&error, text))?
        };
        profile.check()?;
        Ok(profile)
    }

    pub fn names(&self) -> Vec<String> {
        self.endpoints.iter().map(|endpoint| endpoint.name.clone()).collect()
    }

    fn check(&self) -> Result<(), String> {
        if self.endpoints.is_empty() || self.endpoints.len() > MAX_ENDPOINTS {
            return Err(format!("1 to {MAX_ENDPOINTS} endpoints"));
        }
        let mut names = HashSet::new();
        for (index, endpoint) in self.endpoints.iter().enumerate() {
            let name = &endpoint.name;
            let plain = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-');
            if name.is_empty() || name.len() > 40 || !plain {
                return Err(format!("endpoint {name:?}: a name of letters, digits, _ and -"));
            }
            if !names.insert(name) {
                return Err(format!("endpoint {name} is there twice"));
            }
            if !(1..=10_000).contains(&endpoint.every) {
                return Err(format!("endpoint {name}: every is 1 to 10000 polls"));
            }
            if index == 0 && endpoint.every != 1 {
                return Err(format!("endpoint {name}: the first one is asked at every poll"));
            }
            if endpoint.body.is_some() && endpoint.method == Method::Get {
                return Err(format!("endpoint {name}: a body needs the method POST"));
            }
        }
        if let Some(alarms) = &self.alarms {
            if !names.contains(&alarms.endpoint) {
                return Err(format!("alarms: no endpoint is called {}", alarms.endpoint));
            }
            let paths = [&alarms.message, &alarms.severity, &alarms.since, &alarms.active];
            for pointer in paths.into_iter().flatten().chain([&alarms.list, &alarms.code]) {
                check_pointer(pointer).map_err(|error| format!("alarms: {error}"))?;
            }
        }
        self.login.as_ref().map_or(Ok(()), Login::check)
    }
}

impl Login {
    fn check(&self) -> Result<(), String> {
        self.token_place()?;
        self.send_place()?;
        if let Some(pointer) = &self.expires_in {
            check_pointer(pointer).map_err(|error| format!("login: expires_in: {error}"))?;
        }
        if self.expires_after_s == Some(0) {
            return Err("login: expires_after_s is at least 1".to_owned());
        }
        Ok(())
    }

    pub fn token_place(&self) -> Result<Place, String> {
        if self.token.starts_with('/') {
            return Ok(Place::Pointer(self.token.clone()));
        }
        match place(&self.token) {
            Some(found @ (Place::Header(_) | Place::Cookie(_))) => Ok(found),
            _ => Err(format!("login: token: {:?} is no JSON Pointer, `header <name>` or `cookie <name>`", self.token)),
        }
    }

    pub fn send_place(&self) -> Result<Place, String> {
        if self.send == "bearer" {
            return Ok(Place::Bearer);
        }
        let problem = || {
            let send = &self.send;
            format!("login: send: {send:?} is not `bearer`, `header <name>`, `cookie <name>` or `query <name>`")
        };
        place(&self.send).ok_or_else(problem)
    }
}

fn place(text: &str) -> Option<Place> {
    let (kind, name) = text.split_once(' ')?;
    let name = name.trim();
    let plain = !name.is_empty() && name.chars().all(|c| c.is_ascii_graphic() && !matches!(c, ';' | '=' | ','));
    match kind {
        _ if !plain => None,
        "header" => HeaderName::try_from(name).ok().map(Place::Header),
        "cookie" => Some(Place::Cookie(name.to_owned())),
        "query" => Some(Place::Query(name.to_owned())),
        _ => None,
    }
}

fn check_pointer(text: &str) -> Result<(), String> {
    let right = text.is_empty() || text.starts_with('/');
    if right { Ok(()) } else { Err(format!("{text:?} is no JSON Pointer, which begins with /")) }
}

fn toml_error(error: &toml::de::Error, text: &str) -> String {
    let line = error.span().map(|span| text[..span.start.min(text.len())].matches('\n').count() + 1);
    let at = line.map_or_else(String::new, |line| format!("line {line}: "));
    format!("{at}{}", error.message())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SMALL: &str = "[[endpoint]]\nname = \"data\"\npath = \"/x\"\n";

    #[test]
    fn toml_and_json_say_the_same() {
        let json = r#"{"endpoint": [{"name": "data", "path": "/x", "method": "GET"}]}"#;
        assert_eq!(Profile::parse(SMALL).unwrap(), Profile::parse(json).unwrap());
    }

    #[test]
    fn mistakes_are_named_with_their_line() {
        for (text, says) in [
            ("", "endpoint"),
            ("[[endpoint]]\nname = \"a\"\npath = \"/\"\nmetod = \"GET\"\n", "line 4: unknown field `metod`"),
            ("{\n \"endpoint\": [{\"name\": \"a\",\n \"pat\": 1}]}", "unknown field `pat`"),
            ("{\n\"endpoint\": [}", "line 2"),
            ("[[endpoint]]\nname = \"a b\"\npath = \"/\"\n", "letters, digits"),
            ("[[endpoint]]\nname = \"a\"\npath = \"/\"\nevery = 2\n", "every poll"),
            ("[[endpoint]]\nname = \"a\"\npath = \"/\"\nbody = \"x\"\n", "needs the method POST"),
            ("[[endpoint]]\nname = \"a\"\npath = \"/\"\n[alarms]\nendpoint = \"b\"\ncode = \"/c\"\n", "called b"),
        ] {
            let error = Profile::parse(text).unwrap_err();
            assert!(error.contains(says), "{text:?}: {error}");
        }
        for (token, send, says) in [("token", "bearer", "login: token"), ("/t", "header", "login: send")] {
            let text = format!("{SMALL}[login]\npath=\"/l\"\nfields={{}}\ntoken={token:?}\nsend={send:?}\n");
            assert!(Profile::parse(&text).unwrap_err().contains(says));
        }
    }

    proptest! {
        #[test]
        fn any_text_is_refused_or_checked(text in "\\PC{0,200}") {
            if let Ok(profile) = Profile::parse(&text) {
                prop_assert!(profile.check().is_ok());
            }
        }

        #[test]
        fn a_cut_or_changed_profile_never_panics(cut in 0usize..2000, put in "[\\[\\]{}=\"a-z\n]{0,4}") {
            let whole = include_str!("../custom/example.toml");
            let at = (0..=cut.min(whole.len())).rev().find(|at| whole.is_char_boundary(*at)).unwrap_or(0);
            let _ = Profile::parse(&whole[..at]);
            let _ = Profile::parse(&format!("{}{put}{}", &whole[..at], &whole[at..]));
        }
    }
}
