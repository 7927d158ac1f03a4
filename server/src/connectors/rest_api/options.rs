//! Settings as an admin or the API gives them, to typed options.

use std::time::Duration;

use app::model::{
    form::{FieldError, Problem},
    mapping::MappingRule,
};
use jiff::Timestamp;
use url::Url;

use super::manifest::MANIFEST;
use crate::connectors::{
    Settings,
    config::Reader,
    rest::settings::{Auth, Placeholders, auth, base_url, join, text_or_default, trust},
    tls::Trust,
};

pub struct Options {
    pub base: Url,
    pub names: Placeholders,
    pub data: String,
    pub status: Option<String>,
    pub auth: Auth,
    pub timeout: Duration,
    pub trust: Trust,
    pub mapping: Vec<MappingRule>,
}

impl Options {
    pub fn parse(settings: &Settings) -> Result<Self, Vec<FieldError>> {
        let mut read = Reader::new(&MANIFEST, &settings.config);
        let device = read.text("equipment_id").unwrap_or_else(|| settings.equipment.to_string());
        let names = vec![("equipment_id", device)];
        let base = base_url(settings, None, &mut read.errors);
        let data = text_or_default(&read, &MANIFEST, "data_endpoint");
        let status = read.text("status_endpoint");
        for (key, path) in [("data_endpoint", Some(&data)), ("status_endpoint", status.as_ref())] {
            let (Some(base), Some(path)) = (&base, path) else { continue };
            if let Err(detail) = join(base, path, &names, Timestamp::UNIX_EPOCH) {
                read.complain(key, Problem::Other { detail });
            }
        }
        let auth = auth(settings, &mut read);
        let trust = trust(&mut read);
        let timeout = read.number("timeout").map_or(settings.default_timeout, Duration::from_secs_f64);
        let mapping = read.mapping();
        match (base, auth, read.errors.is_empty()) {
            (Some(base), Some(auth), true) => Ok(Self { base, names, data, status, auth, timeout, trust, mapping }),
            _ => Err(read.errors),
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

    fn data_url(options: &Options) -> String {
        join(&options.base, &options.data, &options.names, Timestamp::UNIX_EPOCH).unwrap().to_string()
    }

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
            data_url(&options),
            "https://api.equipment.com/api/v1/equipment/00000000-0000-0000-0000-000000000000/data"
        );
        assert!(options.status.is_some() && matches!(options.auth, Auth::Bearer(_)));
        assert_eq!(options.trust, Trust::System);
    }

    #[test]
    fn base_paths_ports_queries_and_odd_ids() {
        let url = |endpoint, port, path: &str| {
            parse(endpoint, port, json!({"data_endpoint": path, "equipment_id": "deck 1/é"}), json!({}))
                .map_or_else(|errors| panic!("{errors:?}"), |options| data_url(&options))
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
