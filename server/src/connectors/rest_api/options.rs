//! Settings as an admin or the API gives them, to typed options.

use std::time::Duration;

use app::model::{
    form::{FieldError, Problem},
    mapping::MappingRule,
};
use reqwest::header::HeaderName;
use url::Url;

use super::manifest::{AUTH_BASIC, AUTH_BEARER, AUTH_HEADER, AUTH_NONE, AUTH_QUERY, MANIFEST};
use crate::connectors::{Settings, config::Reader, tls::Trust};

pub struct Options {
    pub data_url: Url,
    pub status_url: Option<Url>,
    pub auth: Auth,
    pub timeout: Duration,
    pub trust: Trust,
    pub mapping: Vec<MappingRule>,
}

/// Not `Debug`: it holds credentials.
pub enum Auth {
    None,
    Basic { username: String, password: String },
    Bearer(String),
    Header(HeaderName, String),
    Query(String, String),
}

impl Options {
    pub fn parse(settings: &Settings) -> Result<Self, Vec<FieldError>> {
        let mut read = Reader::new(&MANIFEST, &settings.config);
        let device = read.text("equipment_id").unwrap_or_else(|| settings.equipment.to_string());
        let base = base_url(settings, &mut read.errors);
        let default = MANIFEST.settings().find(|field| field.key == "data_endpoint").and_then(|field| field.default);
        let data = read.text("data_endpoint").or_else(|| default.map(str::to_owned)).unwrap_or_default();
        let data_url = base.as_ref().and_then(|base| join(base, &data, &device, "data_endpoint", &mut read));
        let status = read.text("status_endpoint");
        let status_url =
            base.as_ref().zip(status).and_then(|(base, path)| join(base, &path, &device, "status_endpoint", &mut read));
        let auth = auth(settings, &mut read);
        let trust = trust(&mut read);
        let timeout = read.number("timeout").map_or(settings.default_timeout, Duration::from_secs_f64);
        let mapping = read.mapping();
        match (data_url, auth, read.errors.is_empty()) {
            (Some(data_url), Some(auth), true) => Ok(Self { data_url, status_url, auth, timeout, trust, mapping }),
            _ => Err(read.errors),
        }
    }
}

fn base_url(settings: &Settings, errors: &mut Vec<FieldError>) -> Option<Url> {
    let mut complain = |problem| {
        errors.push(FieldError::new("iot_endpoint", problem));
        None
    };
    let endpoint = settings.endpoint.trim();
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

/// The base with a path behind it, `{equipment_id}` filled in. A path may have a query.
fn join(base: &Url, path: &str, device: &str, key: &str, read: &mut Reader) -> Option<Url> {
    let escaped: String =
        url::form_urlencoded::byte_serialize(device.as_bytes()).collect::<String>().replace('+', "%20");
    let path = path.replace("{equipment_id}", &escaped);
    if path.contains("://") || path.starts_with("//") {
        let detail = "a path only: the host is in the address".to_owned();
        read.complain(key, Problem::Other { detail });
        return None;
    }
    let (path, query) = path.split_once('?').map_or((path.as_str(), None), |(path, query)| (path, Some(query)));
    let mut url = base.clone();
    let joined = format!("{}/{}", base.path().trim_end_matches('/'), path.trim_start_matches('/'));
    url.set_path(if path.is_empty() { base.path() } else { &joined });
    if query.is_some() {
        url.set_query(query);
    }
    Some(url)
}

fn auth(settings: &Settings, read: &mut Reader) -> Option<Auth> {
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

fn secret(settings: &Settings, key: &str) -> Option<String> {
    settings.credentials.get(key).filter(|value| !value.is_empty()).map(str::to_owned)
}

/// A secret that the method cannot do without.
fn need(settings: &Settings, key: &str, read: &mut Reader) -> Option<String> {
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

fn trust(read: &mut Reader) -> Trust {
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

#[cfg(test)]
mod tests {
    use app::model::equipment::EquipmentId;
    use jiff::tz::TimeZone;
    use serde_json::{Value, json};

    use super::*;
    use crate::secrets::Credentials;

    fn parse(endpoint: &str, port: Option<u16>, config: Value, credentials: Value) -> Result<Options, Vec<FieldError>> {
        Options::parse(&Settings {
            equipment: EquipmentId(uuid::Uuid::nil()),
            endpoint: endpoint.to_owned(),
            port,
            config: config.as_object().unwrap().clone(),
            credentials: Credentials::from_json(credentials).unwrap(),
            interval: Duration::from_secs(5),
            last_reading_at: None,
            data_dir: std::path::PathBuf::new(),
            discovering: false,
            timezone: TimeZone::UTC,
            default_timeout: Duration::from_secs(10),
            response_limit: 1024,
        })
    }

    fn fields(result: Result<Options, Vec<FieldError>>) -> Vec<String> {
        result.err().unwrap_or_default().into_iter().map(|error| error.field).collect()
    }

    #[test]
    fn the_guides_example_is_understood() {
        let options = parse(
            "https://api.equipment.com",
            Some(443),
            json!({
                "data_endpoint": "/api/v1/equipment/{equipment_id}/data",
                "status_endpoint": "/api/v1/equipment/{equipment_id}/status",
                "timeout": 10,
                "verify_ssl": true,
            }),
            json!({"api_key": "your-api-key", "token": "bearer-token"}),
        )
        .unwrap_or_else(|errors| panic!("{errors:?}"));
        assert_eq!(
            options.data_url.as_str(),
            "https://api.equipment.com/api/v1/equipment/00000000-0000-0000-0000-000000000000/data"
        );
        assert!(options.status_url.is_some() && matches!(options.auth, Auth::Bearer(_)));
        assert_eq!(options.trust, Trust::System);
    }

    #[test]
    fn base_paths_ports_queries_and_odd_ids() {
        let url = |endpoint, port, path: &str| {
            parse(endpoint, port, json!({"data_endpoint": path, "equipment_id": "deck 1/é"}), json!({}))
                .unwrap_or_else(|errors| panic!("{errors:?}"))
                .data_url
                .to_string()
        };
        assert_eq!(url("http://oven.lan/api/", Some(8080), "live"), "http://oven.lan:8080/api/live");
        assert_eq!(
            url("http://oven.lan", None, "/u/{equipment_id}?full=1"),
            "http://oven.lan/u/deck%201%2F%C3%A9?full=1"
        );
        assert_eq!(url("http://[::1]:81/x.json", None, "/"), "http://[::1]:81/x.json/");
    }

    #[test]
    fn each_wrong_setting_is_named() {
        let none = json!({});
        assert_eq!(fields(parse("", None, none.clone(), none.clone())), ["iot_endpoint"]);
        assert_eq!(fields(parse("oven.lan", None, none.clone(), none.clone())), ["iot_endpoint"]);
        assert_eq!(fields(parse("ftp://oven.lan", None, none.clone(), none.clone())), ["iot_endpoint"]);
        assert_eq!(fields(parse("http://u:p@oven.lan", None, none.clone(), none.clone())), ["iot_endpoint"]);
        let config = json!({"timeout": "soon", "verify_ssl": "maybe", "auth": "basic", "colour": 1});
        assert_eq!(
            fields(parse("http://oven.lan", None, config, json!({"username": "u"}))),
            ["config.colour", "secret.password", "config.verify_ssl", "config.timeout"]
        );
        let config = json!({"data_endpoint": "http://evil.example/x", "timeout": 1000, "mapping": [{"path": 1}]});
        assert_eq!(
            fields(parse("http://oven.lan", None, config, none.clone())),
            ["config.data_endpoint", "config.timeout", "config.mapping"]
        );
        let config = json!({"ca_certificate": "hello"});
        assert_eq!(fields(parse("https://oven.lan", None, config, none)), ["config.ca_certificate"]);
    }
}
