//! A profile with an oven's address, names and credentials filled in.

use std::time::Duration;

use app::model::{
    form::{FieldError, Problem},
    mapping::MappingRule,
};
use jiff::{Timestamp, tz::TimeZone};
use serde_json::{Map, Value};
use url::Url;

use super::{
    RestOven, alarms,
    profile::{Alarms, Method, Profile},
    request::{Body, Http},
    session::LoginStep,
    settings::{Auth, Placeholders, join},
};
use crate::connectors::{Built, ConnectorError, Sample, Settings, mapping::Mapping, tls::Trust};

/// What to ask, and what to make of the answers.
pub struct Plan {
    pub endpoints: Vec<Planned>,
    pub login: Option<LoginStep>,
    pub timeout: Duration,
    pub trust: Trust,
    mapping: Mapping,
    alarms: Option<Alarms>,
    derive: Option<Derive>,
    timezone: TimeZone,
}

/// Makes a further answer from others, for lists of which one entry counts.
pub struct Derive {
    /// Endpoints whose answers it reads.
    pub from: &'static [&'static str],
    /// Name under which rules read what it makes.
    pub name: &'static str,
    pub make: Box<Make>,
}

/// From the answers so far, each under the name of its endpoint.
pub type Make = dyn FnMut(&Map<String, Value>) -> Value + Send + Sync;

pub struct Planned {
    pub name: String,
    pub method: Method,
    pub body: Option<Body>,
    pub every: u64,
    base: Url,
    path: String,
    names: Placeholders,
}

impl Planned {
    /// Its address now: a path may hold today's date.
    pub fn url(&self, now: Timestamp) -> Result<Url, ConnectorError> {
        let config = |detail| ConnectorError::new(app::model::failure::FailureKind::Config, detail);
        join(&self.base, &self.path, &self.names, now).map_err(config)
    }
}

/// What a driver knows beside the profile.
pub struct Given {
    pub base: Url,
    pub names: Placeholders,
    pub auth: Auth,
    pub trust: Trust,
    pub timeout: Duration,
    /// The admin's rules; the profile's where there are none.
    pub mapping: Vec<MappingRule>,
    pub derive: Option<Derive>,
    /// Setting that complaints about the profile name.
    pub field: &'static str,
}

/// What a driver makes of its settings, or everything that is wrong with them.
pub type Described = Result<(Profile, Given), Vec<FieldError>>;

/// A connection that is not opened yet.
pub fn build(described: Described, settings: &Settings) -> Built {
    let (plan, auth, secrets) = plan(described, settings)?;
    let url = &plan.endpoints[0].base;
    // One client serves login and endpoints; plain HTTP alone needs no certificates.
    let url = plan.login.as_ref().map(|login| &login.url).filter(|login| login.scheme() == "https").unwrap_or(url);
    let mut http = Http::new(auth, &plan.trust, url, settings.response_limit)?;
    http.keep_secret(secrets);
    Ok(Box::new(RestOven::new(plan, http)))
}

/// The plan, how requests are authorised, and what must not be shown.
pub fn plan(described: Described, settings: &Settings) -> Result<(Plan, Auth, Vec<String>), Vec<FieldError>> {
    let (profile, given) = described?;
    let Given { base, names, auth, trust, timeout, mapping, derive, field } = given;
    let mut errors = Vec::new();
    let mut complain = |detail: String| {
        errors.push(FieldError::new(format!("config.{field}"), Problem::Other { detail }));
    };
    let mut answers = profile.names();
    answers.extend(derive.as_ref().map(|derive| derive.name.to_owned()));
    let now = Timestamp::now();
    let mut endpoints = Vec::new();
    for endpoint in profile.endpoints {
        if let Err(error) = join(&base, &endpoint.path, &names, now) {
            complain(format!("endpoint {}: {error}", endpoint.name));
        }
        let body = endpoint.body.map(|text| body(text, &names));
        let (name, path, method) = (endpoint.name, endpoint.path, endpoint.method);
        let every = u64::from(endpoint.every);
        endpoints.push(Planned { name, method, body, every, base: base.clone(), path, names: names.clone() });
    }
    let mut secrets = Vec::new();
    let mut absent = None;
    let login = profile.login.and_then(|login| {
        let url = if login.path.contains("://") {
            Url::parse(&login.path).map_err(|error| error.to_string()).and_then(|url| {
                let plain = matches!(url.scheme(), "http" | "https") && url.username().is_empty();
                if plain { Ok(url) } else { Err("not an http or https address".to_owned()) }
            })
        } else {
            join(&base, &login.path, &names, now)
        };
        let filled = fill(&login.fields, settings, &mut secrets);
        match (url, filled) {
            (Ok(url), Ok(fields)) => LoginStep::new(&login, url, fields).map_err(&mut complain).ok(),
            (url, filled) => {
                if let Err(error) = url {
                    complain(format!("login: {error}"));
                }
                absent = filled.err();
                None
            }
        }
    });
    errors.extend(absent.map(|key| FieldError::new(format!("secret.{key}"), Problem::Required)));
    let promised = !mapping.is_empty();
    let rules = if promised { mapping } else { profile.mapping };
    let mapping = match Mapping::compile_named(rules, settings.timezone.clone(), &answers, promised) {
        Ok(mapping) => Some(mapping),
        Err(found) => {
            errors.extend(found);
            None
        }
    };
    let Some(mapping) = mapping.filter(|_| errors.is_empty()) else { return Err(errors) };
    let (alarms, timezone) = (profile.alarms, settings.timezone.clone());
    Ok((Plan { endpoints, login, timeout, trust, mapping, alarms, derive, timezone }, auth, secrets))
}

fn body(text: String, names: &Placeholders) -> Body {
    let json = text.trim_start().starts_with(['{', '[']);
    let escaped = if json { in_json } else { in_form };
    let text = names.iter().fold(text, |text, (name, value)| text.replace(&format!("{{{name}}}"), &escaped(value)));
    Body { content_type: if json { "application/json" } else { "application/x-www-form-urlencoded" }, text }
}

/// A value as it stands between the quotes of JSON.
pub fn in_json(value: &str) -> String {
    let quoted = Value::from(value).to_string();
    quoted[1..quoted.len() - 1].to_owned()
}

/// A value as it stands in `application/x-www-form-urlencoded`.
pub fn in_form(value: &str) -> String {
    url::form_urlencoded::byte_serialize(value.as_bytes()).collect()
}

/// What a login may be told.
const CREDENTIALS: [&str; 4] = ["username", "password", "client_id", "client_secret"];

/// Login fields with the credentials in them; the error names the credential that is missing.
fn fill(
    fields: &std::collections::BTreeMap<String, String>,
    settings: &Settings,
    secrets: &mut Vec<String>,
) -> Result<Vec<(String, String)>, &'static str> {
    let mut filled = Vec::new();
    for (name, template) in fields {
        let mut value = String::new();
        let mut rest = template.as_str();
        // From left to right, so that a password that looks like a placeholder stays what it is.
        while let Some(open) = rest.find('{') {
            value.push_str(&rest[..open]);
            rest = &rest[open + 1..];
            let found = CREDENTIALS.iter().find_map(|key| Some((*key, rest.strip_prefix(key)?.strip_prefix('}')?)));
            let Some((key, after)) = found else {
                value.push('{');
                continue;
            };
            let secret = settings.credentials.get(key).filter(|secret| !secret.is_empty()).ok_or(key)?;
            if matches!(key, "password" | "client_secret") {
                secrets.push(secret.to_owned());
            }
            value.push_str(secret);
            rest = after;
        }
        value.push_str(rest);
        filled.push((name.clone(), value));
    }
    Ok(filled)
}

impl Plan {
    /// Whether anything comes from this endpoint.
    pub fn reads(&self, index: usize) -> bool {
        let name = self.endpoints[index].name.as_str();
        let derived = self.derive.as_ref().is_some_and(|d| d.from.contains(&name) && self.mapping.reads(d.name));
        let alarms = self.alarms.as_ref().is_some_and(|alarms| alarms.endpoint == name);
        index == 0 || derived || alarms || self.mapping.reads(name)
    }

    pub fn sample(&mut self, answers: &Map<String, Value>, response_time: Duration) -> Result<Sample, ConnectorError> {
        let mut all = answers.clone();
        if let Some(derive) = &mut self.derive {
            all.insert(derive.name.to_owned(), (derive.make)(answers));
        }
        let listed = self.alarms.as_ref().and_then(|alarms| all.get(&alarms.endpoint).map(|answer| (alarms, answer)));
        let alarms = listed.and_then(|(alarms, answer)| alarms::read(alarms, answer, &self.timezone));
        let found = self.mapping.apply(&[(app::model::mapping::Source::Data, Value::Object(all))].into())?;
        Ok(Sample { alarms, ..found.into_sample(response_time) })
    }
}
