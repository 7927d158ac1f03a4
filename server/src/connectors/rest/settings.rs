//! Settings that every HTTP driver has: address, credentials, trust.

use app::model::{
    connector::Manifest,
    form::{FieldError, Problem},
};
use jiff::{Timestamp, ToSpan as _, tz::TimeZone};
use reqwest::header::HeaderName;
use url::Url;

use super::fields::{AUTH_BASIC, AUTH_BEARER, AUTH_HEADER, AUTH_NONE, AUTH_QUERY};
use crate::connectors::{Settings, config::Reader, tls::Trust};

/// How each request says who asks. Not `Debug`: it holds credentials.
pub enum Auth {
    None,
    Basic { username: String, password: String },
    Bearer(String),
    Header(HeaderName, String),
    Query(String, String),
}

impl Auth {
    /// What must never be shown.
    pub fn secrets(&self) -> Vec<String> {
        match self {
            Self::None => Vec::new(),
            Self::Basic { password: secret, .. }
            | Self::Bearer(secret)
            | Self::Header(_, secret)
            | Self::Query(_, secret) => vec![secret.clone()],
        }
    }
}

/// The address that an admin entered, or the driver's own.
pub fn base_url(settings: &Settings, default: Option<&str>, errors: &mut Vec<FieldError>) -> Option<Url> {
    let mut complain = |problem| {
        errors.push(FieldError::new("iot_endpoint", problem));
        None
    };
    let endpoint = match settings.endpoint.trim() {
        "" => default.unwrap_or_default(),
        endpoint => endpoint,
    };
    if endpoint.is_empty() {
        return complain(Problem::Required);
    }
    let Ok(mut url) = Url::parse(endpoint) else { return complain(Problem::NotAUrl) };
    let plain = matches!(url.scheme(), "http" | "https") && url.has_host();
    if !plain {
        return complain(Problem::NotAUrl);
    }
    if !url.username().is_empty() || url.password().is_some() {
        return complain(Problem::Other {
            detail: "a user name or password in the address would be shown; use the credential fields".to_owned(),
        });
    }
    if let Some(port) = settings.port {
        url.set_port(Some(port)).ok()?;
    }
    Some(url)
}

/// Names in braces and what they become in a path.
pub type Placeholders = Vec<(&'static str, String)>;

/// The base with a path behind it, `{name}` filled in and escaped, and `{today}`, `{yesterday}` as dates in UTC. A path
/// may have a query.
pub fn join(base: &Url, path: &str, names: &Placeholders, now: Timestamp) -> Result<Url, String> {
    let mut path = path.to_owned();
    for (name, value) in names {
        let escaped: String =
            url::form_urlencoded::byte_serialize(value.as_bytes()).collect::<String>().replace('+', "%20");
        path = path.replace(&format!("{{{name}}}"), &escaped);
    }
    let today = TimeZone::UTC.to_datetime(now).date();
    path = path.replace("{today}", &today.to_string());
    path = path.replace("{yesterday}", &today.saturating_sub(1.day()).to_string());
    if path.contains("://") || path.starts_with("//") {
        return Err("a path only: the host is in the address".to_owned());
    }
    if let Some(open) = path.find('{') {
        let known: Vec<_> = names.iter().map(|(name, _)| format!("{{{name}}}")).collect();
        return Err(format!(
            "unknown placeholder {}; known are {} {{today}} {{yesterday}}",
            &path[open..],
            known.join(" ")
        ));
    }
    let (path, query) = path.split_once('?').map_or((path.as_str(), None), |(path, query)| (path, Some(query)));
    let mut url = base.clone();
    let joined = format!("{}/{}", base.path().trim_end_matches('/'), path.trim_start_matches('/'));
    url.set_path(if path.is_empty() { base.path() } else { &joined });
    if query.is_some() {
        url.set_query(query);
    }
    Ok(url)
}

/// A setting as text, or the manifest's default.
pub fn text_or_default(read: &Reader, manifest: &Manifest, key: &str) -> String {
    let default = manifest.settings().find(|field| field.key == key).and_then(|field| field.default);
    read.text(key).or_else(|| default.map(str::to_owned)).unwrap_or_default()
}

pub fn auth(settings: &Settings, read: &mut Reader) -> Option<Auth> {
    // The guide's configurations name no method: the credentials that are there say which.
    let method = read.text("auth").unwrap_or_else(|| {
        let by_credentials = [("token", AUTH_BEARER), ("api_key", AUTH_HEADER), ("username", AUTH_BASIC)];
        let found = by_credentials.iter().find(|(key, _)| secret(settings, key).is_some());
        found.map_or(AUTH_NONE, |(_, method)| method).to_owned()
    });
    let name = read.text("api_key_name");
    match method.as_str() {
        AUTH_NONE => Some(Auth::None),
        AUTH_BASIC => {
            let (username, password) = (need(settings, "username", read), need(settings, "password", read));
            Some(Auth::Basic { username: username?, password: password? })
        }
        AUTH_BEARER => Some(Auth::Bearer(need(settings, "token", read)?)),
        AUTH_HEADER => {
            let key = need(settings, "api_key", read)?;
            let Ok(name) = HeaderName::try_from(name.as_deref().unwrap_or("X-Api-Key")) else {
                read.complain("api_key_name", Problem::Other { detail: "not a header name".to_owned() });
                return None;
            };
            Some(Auth::Header(name, key))
        }
        AUTH_QUERY => {
            let key = need(settings, "api_key", read)?;
            Some(Auth::Query(name.unwrap_or_else(|| "api_key".to_owned()), key))
        }
        _ => {
            read.complain("auth", Problem::UnknownChoice);
            None
        }
    }
}

pub fn secret(settings: &Settings, key: &str) -> Option<String> {
    settings.credentials.get(key).filter(|value| !value.is_empty()).map(str::to_owned)
}

/// A secret that the method cannot do without.
pub fn need(settings: &Settings, key: &str, read: &mut Reader) -> Option<String> {
    let mut complain = |problem| read.errors.push(FieldError::new(format!("secret.{key}"), problem));
    let Some(value) = secret(settings, key) else {
        complain(Problem::Required);
        return None;
    };
    // A line break that came along when the key was pasted.
    if value.chars().any(char::is_control) {
        let detail = "it has a line break or another invisible character".to_owned();
        complain(Problem::Other { detail });
        return None;
    }
    Some(value)
}

/// Whose certificates count.
pub fn trust(read: &mut Reader) -> Trust {
    match read.text("verify_ssl").as_deref() {
        None | Some("true" | "on") => {}
        Some("false" | "off") => return Trust::Anyone,
        Some(_) => read.complain("verify_ssl", Problem::UnknownChoice),
    }
    match read.text("ca_certificate") {
        None => Trust::System,
        Some(pem) => {
            if crate::connectors::tls::roots_from_pem(&pem).is_err() {
                read.complain("ca_certificate", Problem::NotACertificate);
            }
            Trust::Own(pem)
        }
    }
}
