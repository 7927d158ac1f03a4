//! Settings as an admin or the API gives them, to typed options.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use app::model::{
    form::{FieldError, Problem},
    mapping::MappingRule,
};
use jiff::tz::TimeZone;
use rustls::ClientConfig;

use super::{manifest::MANIFEST, sparkplug::Address, topics};
use crate::connectors::{
    Settings,
    config::Reader,
    tls::{self, Trust},
};

/// No `Debug`: it holds secrets.
pub struct Options {
    pub host: String,
    pub port: u16,
    pub version: Version,
    pub tls: Option<Arc<ClientConfig>>,
    pub login: Option<(String, String)>,
    pub client_id: String,
    pub keep_alive: Duration,
    /// The broker keeps messages while Hornero is away.
    pub persistent: bool,
    /// 0 or 1.
    pub qos: u8,
    pub will: Option<(String, String)>,
    /// Topic, and the word that says that the oven is away.
    pub availability: Option<(String, String)>,
    pub payload: Payload,
    pub rules: Vec<MappingRule>,
    /// A value that is older is left out of a reading.
    pub lifetime: Duration,
    pub timeout: Duration,
    pub packet_limit: usize,
    pub timezone: TimeZone,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    V3,
    V5,
}

pub enum Payload {
    /// JSON, numbers and words.
    Plain,
    Sparkplug(Address),
}

const PORT: u16 = 1883;
const TLS_PORT: u16 = 8883;
/// A value is carried over for so many intervals where the admin does not say.
const LIFETIMES: u32 = 10;
const SHORTEST_LIFETIME: Duration = Duration::from_secs(60);

impl Options {
    pub fn parse(settings: &Settings) -> Result<Self, Vec<FieldError>> {
        let mut read = Reader::new(&MANIFEST, &settings.config);
        let address = address(settings, &mut read);
        let secret = |name: &str| settings.credentials.get(name).filter(|value| !value.is_empty()).map(str::to_owned);
        let version = match read.text("version").as_deref() {
            None | Some("3.1.1") => Version::V3,
            Some("5") => Version::V5,
            Some(_) => {
                read.complain("version", Problem::UnknownChoice);
                Version::V3
            }
        };
        let wants_tls = read.flag("tls", address.as_ref().is_some_and(|(_, _, tls)| *tls));
        let tls = if wants_tls { tls(&secret, &mut read) } else { None };
        let login = secret("username").map(|name| (name, secret("password").unwrap_or_default()));
        let payload = payload(&mut read);
        let rules = read.mapping();
        check_rules(&rules, &payload, settings.discovering, &mut read);
        let topic = |read: &mut Reader, key: &str| {
            let topic = read.text(key)?;
            if topic.contains(['+', '#', '\0']) {
                let detail = "a topic without + and #".to_owned();
                read.complain(key, Problem::Other { detail });
            }
            Some(topic)
        };
        let availability = topic(&mut read, "availability_topic")
            .map(|topic| (topic, read.text("offline_payload").unwrap_or_else(|| "offline".to_owned())));
        let will = topic(&mut read, "will_topic")
            .map(|topic| (topic, read.text("will_payload").unwrap_or_else(|| "offline".to_owned())));
        let keep_alive = read.number("keep_alive").unwrap_or(30.0);
        let persistent = read.flag("persistent_session", false);
        let qos = read.number("qos").unwrap_or(1.0) as u8;
        let default_lifetime = (settings.interval * LIFETIMES).max(SHORTEST_LIFETIME);
        let lifetime = read.number("value_lifetime").map_or(default_lifetime, Duration::from_secs_f64);
        let timeout = read.number("timeout").map_or(settings.default_timeout, Duration::from_secs_f64);
        let client_id = read.text("client_id").unwrap_or_else(|| format!("hornero-{}", settings.equipment));
        let Some((host, port, _)) = address.filter(|_| read.errors.is_empty()) else { return Err(read.errors) };
        Ok(Self {
            host,
            port: settings.port.or(port).unwrap_or(if wants_tls { TLS_PORT } else { PORT }),
            version,
            tls,
            login,
            client_id,
            keep_alive: Duration::from_secs_f64(keep_alive),
            persistent,
            qos,
            will,
            availability,
            payload,
            rules,
            lifetime,
            timeout,
            packet_limit: settings.response_limit,
            timezone: settings.timezone.clone(),
        })
    }

    /// What is subscribed to.
    pub fn filters(&self) -> Vec<String> {
        let mut filters: BTreeSet<String> = match &self.payload {
            Payload::Sparkplug(address) => [address.filter()].into(),
            Payload::Plain => {
                self.rules.iter().filter_map(|rule| Some(topics::Reference::parse(&rule.path).ok()?.filter)).collect()
            }
        };
        filters.extend(self.availability.iter().map(|(topic, _)| topic.clone()));
        filters.into_iter().collect()
    }
}

fn check_rules(rules: &[MappingRule], payload: &Payload, discovering: bool, read: &mut Reader) {
    if rules.is_empty() && !discovering {
        read.errors.push(FieldError::new("mapping", Problem::NoMapping));
    }
    for (row, rule) in rules.iter().enumerate() {
        let problem = match payload {
            Payload::Sparkplug(_) if rule.path.trim().is_empty() => Some(Problem::Required),
            Payload::Sparkplug(_) => None,
            Payload::Plain => topics::Reference::parse(&rule.path).err(),
        };
        read.errors.extend(problem.map(|problem| FieldError::new(format!("mapping.{row}.path"), problem)));
    }
}

/// `192.168.1.10`, `broker.lan:1884`, `mqtt://broker.lan` or `mqtts://broker.lan`; whether the scheme asks for TLS.
fn address(settings: &Settings, read: &mut Reader) -> Option<(String, Option<u16>, bool)> {
    let text = settings.endpoint.trim();
    if text.is_empty() {
        read.errors.push(FieldError::new("iot_endpoint", Problem::Required));
        return None;
    }
    let (scheme, bare) = text.split_once("://").unwrap_or(("mqtt", text));
    let is_tls = match scheme.to_lowercase().as_str() {
        "mqtt" | "tcp" => Some(false),
        "mqtts" | "ssl" | "tls" => Some(true),
        _ => None,
    };
    let parsed = url::Url::parse(&format!("mqtt://{bare}")).ok().filter(|url| {
        url.host_str().is_some_and(|host| !host.is_empty())
            && matches!(url.path(), "" | "/")
            && url.username().is_empty()
            && url.query().is_none()
    });
    let (Some(tls), Some(url)) = (is_tls, parsed) else {
        let detail = "a host name or an address, for example 192.168.1.10 or mqtts://broker.lan".to_owned();
        read.errors.push(FieldError::new("iot_endpoint", Problem::Other { detail }));
        return None;
    };
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']).to_owned();
    Some((host, url.port(), tls))
}

fn tls(secret: &impl Fn(&str) -> Option<String>, read: &mut Reader) -> Option<Arc<ClientConfig>> {
    let trust = match (read.flag("verify_ssl", true), read.text("ca_certificate")) {
        (false, _) => Trust::Anyone,
        (true, Some(pem)) => Trust::Own(pem),
        (true, None) => Trust::System,
    };
    if let Trust::Own(pem) = &trust
        && tls::roots_from_pem(pem).is_err()
    {
        read.complain("ca_certificate", Problem::NotACertificate);
        return None;
    }
    let made = match (read.text("client_certificate"), secret("client_key")) {
        (None, None) => tls::client_config(&trust),
        (Some(chain), Some(key)) => tls::client_config_with_identity(&trust, &chain, &key),
        (Some(_), None) => {
            read.errors.push(FieldError::new("secret.client_key", Problem::Required));
            return None;
        }
        (None, Some(_)) => {
            read.complain("client_certificate", Problem::Required);
            return None;
        }
    };
    made.map_err(|detail| read.complain("client_certificate", Problem::Other { detail })).ok()
}

fn payload(read: &mut Reader) -> Payload {
    match read.text("payload").as_deref() {
        None | Some("json") => Payload::Plain,
        Some("sparkplug_b") => {
            let mut part = |key: &str| {
                let text = read.text(key);
                if text.as_ref().is_none_or(|text| text.contains(['+', '#', '/'])) {
                    read.complain(key, Problem::Required);
                }
                text.unwrap_or_default()
            };
            let (group, node) = (part("group_id"), part("edge_node_id"));
            Payload::Sparkplug(Address { group, node, device: read.text("device_id") })
        }
        Some(_) => {
            read.complain("payload", Problem::UnknownChoice);
            Payload::Plain
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn parse(endpoint: &str, config: serde_json::Value) -> Result<Options, Vec<String>> {
        Options::parse(&Settings::for_tests(endpoint, config))
            .map_err(|errors| errors.into_iter().map(|error| error.field).collect())
    }

    fn mapping(path: &str) -> serde_json::Value {
        json!([{"target": "temperature", "path": path}])
    }

    #[test]
    fn an_address_and_a_mapping_are_enough() {
        let options = parse("broker.lan", json!({"mapping": mapping("oven/state /t")})).unwrap();
        assert_eq!((options.host.as_str(), options.port, options.version), ("broker.lan", 1883, Version::V3));
        assert_eq!((options.qos, options.lifetime), (1, Duration::from_secs(60)));
        assert!(options.client_id.starts_with("hornero-") && options.tls.is_none());
        let config = json!({"mapping": mapping("o $.t"), "verify_ssl": false, "availability_topic": "o/lwt"});
        let secure = parse("mqtts://[::1]", config).unwrap();
        assert_eq!((secure.host.as_str(), secure.port, secure.tls.is_some()), ("::1", 8883, true));
        assert_eq!(secure.filters(), ["o", "o/lwt"]);
    }

    #[test]
    fn each_wrong_setting_is_named() {
        let fields = |endpoint, config| parse(endpoint, config).err().unwrap_or_default();
        assert_eq!(fields("", json!({"mapping": mapping("a")})), ["iot_endpoint"]);
        assert_eq!(fields("http://broker", json!({"mapping": mapping("a")})), ["iot_endpoint"]);
        assert_eq!(fields("broker", json!({})), ["mapping"]);
        assert_eq!(fields("broker", json!({"mapping": mapping("a/#/b")})), ["mapping.0.path"]);
        let config = json!({"version": "4", "qos": 2, "payload": "xml", "will_topic": "a/#", "mapping": mapping("a")});
        assert_eq!(fields("broker", config), ["config.version", "config.payload", "config.will_topic", "config.qos"]);
        let config = json!({"payload": "sparkplug_b", "group_id": "a/b", "mapping": mapping("Temp")});
        assert_eq!(fields("broker", config), ["config.group_id", "config.edge_node_id"]);
        let config = json!({"tls": true, "client_certificate": "x", "mapping": mapping("a")});
        assert_eq!(fields("broker", config), ["secret.client_key"]);
        assert_eq!(
            fields("mqtts://broker", json!({"ca_certificate": "hello", "mapping": mapping("a")})),
            ["config.ca_certificate"]
        );
    }
}
