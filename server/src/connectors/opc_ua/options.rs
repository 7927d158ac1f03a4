//! Settings as an admin or the API gives them, to typed options.

use std::{path::PathBuf, time::Duration};

use app::model::{
    form::{FieldError, Problem},
    mapping::MappingRule,
};
use jiff::tz::TimeZone;
use opcua::{
    crypto::{PrivateKey, SecurityPolicy, X509},
    types::MessageSecurityMode,
};

use super::{manifest::MANIFEST, path};
use crate::connectors::{Settings, config::Reader, mapping::Mapping};

pub struct Options {
    pub host: String,
    pub port: u16,
    /// `opc.tcp://host:port/path`
    pub url: String,
    /// Nothing leaves the choice to Hornero.
    pub policy: Option<SecurityPolicy>,
    pub mode: Option<MessageSecurityMode>,
    /// SHA-256 of the server's certificate, lower-case hex.
    pub fingerprint: Option<String>,
    pub login: Login,
    /// Name of the machine, where a server has several.
    pub machine: Option<String>,
    /// Number of the chamber of a deck oven that this oven is; all of them where absent.
    pub chamber: Option<u32>,
    /// Reads on a schedule instead of subscribing.
    pub ask: bool,
    pub publishing: Option<Duration>,
    pub queue: u32,
    /// In the node's own unit; 0 reports every change.
    pub deadband: f64,
    pub history: bool,
    pub interval: Duration,
    pub timeout: Duration,
    pub response_limit: usize,
    pub rules: Vec<MappingRule>,
    pub timezone: TimeZone,
    /// Own certificate, and those that are trusted.
    pub folder: PathBuf,
}

/// How Hornero says who it is. No `Debug`: it holds secrets.
#[derive(Clone)]
pub enum Login {
    Anonymous,
    Password { username: String, password: String },
    Certificate(Box<X509>, Box<PrivateKey>),
}

const DEFAULT_PORT: u16 = 4840;

impl Options {
    pub fn parse(settings: &Settings) -> Result<Self, Vec<FieldError>> {
        let mut read = Reader::new(&MANIFEST, &settings.config);
        let address = address(settings, &mut read);
        let policy = policy(&mut read);
        let mode = match read.text("security_mode").as_deref() {
            None | Some("auto") => None,
            Some("none") => Some(MessageSecurityMode::None),
            Some("sign") => Some(MessageSecurityMode::Sign),
            Some("sign_and_encrypt") => Some(MessageSecurityMode::SignAndEncrypt),
            Some(_) => {
                read.complain("security_mode", Problem::UnknownChoice);
                None
            }
        };
        let fingerprint = fingerprint(&mut read);
        let login = login(settings, &mut read);
        let ask = match read.text("delivery").as_deref() {
            None | Some("subscribe") => false,
            Some("poll") => true,
            Some(_) => {
                read.complain("delivery", Problem::UnknownChoice);
                false
            }
        };
        let chamber = read.number("chamber").map(|number| number as u32);
        let publishing = read.number("publishing_interval_ms").map(|ms| Duration::from_secs_f64(ms / 1_000.0));
        let queue = read.number("queue_size").unwrap_or(10.0) as u32;
        let deadband = read.number("deadband").unwrap_or(0.0);
        let timeout = read.number("timeout").map_or(settings.default_timeout, Duration::from_secs_f64);
        let history = read.flag("history", true);
        let rules = read.mapping();
        for (row, rule) in rules.iter().enumerate() {
            if let Err(problem) = path::parse(&rule.path) {
                read.errors.push(FieldError::new(format!("mapping.{row}.path"), problem));
            }
        }
        // What the rules are applied to is known when a server is there; whether they are rules is known now.
        read.errors.extend(Mapping::compile_keys(rules.clone(), settings.timezone.clone()).err().unwrap_or_default());
        let machine = read.text("machine");
        match (address, login, read.errors.is_empty()) {
            (Some((host, port, url)), Some(login), true) => Ok(Self {
                host,
                port,
                url,
                policy,
                mode,
                fingerprint,
                login,
                machine,
                chamber,
                ask,
                publishing,
                queue,
                deadband,
                history,
                interval: settings.interval,
                timeout,
                response_limit: settings.response_limit,
                rules,
                timezone: settings.timezone.clone(),
                folder: settings.data_dir.join("opc_ua"),
            }),
            _ => Err(read.errors),
        }
    }
}

/// `opc.tcp://192.168.1.60:4840/path`; the scheme and the port may be left out.
fn address(settings: &Settings, read: &mut Reader) -> Option<(String, u16, String)> {
    let text = settings.endpoint.trim();
    if text.is_empty() {
        read.errors.push(FieldError::new("iot_endpoint", Problem::Required));
        return None;
    }
    let bare = text.strip_prefix("opc.tcp://").unwrap_or(text);
    let parsed = url::Url::parse(&format!("opc.tcp://{bare}")).ok().filter(|url| {
        !bare.contains("://") && url.host_str().is_some_and(|host| !host.is_empty()) && url.username().is_empty()
    });
    let Some(url) = parsed else {
        let detail = "an address like opc.tcp://192.168.1.60:4840".to_owned();
        read.errors.push(FieldError::new("iot_endpoint", Problem::Other { detail }));
        return None;
    };
    let host = url.host_str().unwrap_or_default().to_owned();
    let port = settings.port.or(url.port()).unwrap_or(DEFAULT_PORT);
    let path = url.path().trim_end_matches('/');
    let full = format!("opc.tcp://{host}:{port}{}", if path.is_empty() { "/" } else { path });
    Some((host.trim_matches(['[', ']']).to_owned(), port, full))
}

fn policy(read: &mut Reader) -> Option<SecurityPolicy> {
    match read.text("security_policy").as_deref() {
        None | Some("auto") => None,
        Some("none") => Some(SecurityPolicy::None),
        Some("basic256sha256") => Some(SecurityPolicy::Basic256Sha256),
        Some("aes128_sha256_rsaoaep") => Some(SecurityPolicy::Aes128Sha256RsaOaep),
        Some("aes256_sha256_rsapss") => Some(SecurityPolicy::Aes256Sha256RsaPss),
        Some(_) => {
            read.complain("security_policy", Problem::UnknownChoice);
            None
        }
    }
}

/// 64 hex digits, with or without colons and spaces.
fn fingerprint(read: &mut Reader) -> Option<String> {
    let text = read.text("server_fingerprint")?;
    let hex: String =
        text.trim_start_matches("sha256:").chars().filter(|c| !matches!(c, ':' | ' ' | '-')).collect::<String>();
    if hex.len() == 64 && hex.chars().all(|c| c.is_ascii_hexdigit()) {
        return Some(hex.to_lowercase());
    }
    let detail = "64 hexadecimal digits, as the connection test shows them".to_owned();
    read.complain("server_fingerprint", Problem::Other { detail });
    None
}

fn login(settings: &Settings, read: &mut Reader) -> Option<Login> {
    let secret = |name: &str| settings.credentials.get(name).filter(|value| !value.is_empty()).map(str::to_owned);
    let kind = read.text("login");
    let has_user = secret("username").is_some();
    match kind.as_deref() {
        // Who enters a name wants to log in with it.
        None | Some("auto") if has_user => {}
        None | Some("auto" | "anonymous") => return Some(Login::Anonymous),
        Some("password") => {}
        Some("certificate") => return certificate(&secret, read),
        Some(_) => {
            read.complain("login", Problem::UnknownChoice);
            return None;
        }
    }
    let (username, password) = (secret("username"), secret("password"));
    for (name, value) in [("username", &username), ("password", &password)] {
        if value.is_none() {
            read.errors.push(FieldError::new(format!("secret.{name}"), Problem::Required));
        }
    }
    Some(Login::Password { username: username?, password: password? })
}

fn certificate(secret: &impl Fn(&str) -> Option<String>, read: &mut Reader) -> Option<Login> {
    let mut part = |name: &str| {
        let text = secret(name);
        if text.is_none() {
            read.errors.push(FieldError::new(format!("secret.{name}"), Problem::Required));
        }
        text
    };
    let (certificate, key) = (part("user_certificate"), part("user_key"));
    let (certificate, key) = (X509::from_pem(certificate?.as_bytes()), PrivateKey::from_pem(key?.as_bytes()));
    if certificate.is_err() {
        read.errors.push(FieldError::new("secret.user_certificate", Problem::NotACertificate));
    }
    if key.is_err() {
        let detail = "not a private key in PEM (PKCS #8)".to_owned();
        read.errors.push(FieldError::new("secret.user_key", Problem::Other { detail }));
    }
    Some(Login::Certificate(Box::new(certificate.ok()?), Box::new(key.ok()?)))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn parse(endpoint: &str, config: serde_json::Value, secrets: &[(&str, &str)]) -> Result<Options, Vec<String>> {
        let mut settings = Settings::for_tests(endpoint, config);
        settings.credentials = secrets.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Options::parse(&settings).map_err(|errors| errors.into_iter().map(|error| error.field).collect())
    }

    #[test]
    fn an_address_alone_is_enough() {
        for text in ["192.168.1.60", "opc.tcp://192.168.1.60", "opc.tcp://192.168.1.60:4840/"] {
            let options = parse(text, json!({}), &[]).unwrap();
            assert_eq!(options.url, "opc.tcp://192.168.1.60:4840/");
            assert!(matches!(options.login, Login::Anonymous) && options.policy.is_none() && !options.ask);
        }
        let options = parse("opc.tcp://[::1]:5000/a/b", json!({}), &[("username", "u"), ("password", "p")]).unwrap();
        assert_eq!((options.url.as_str(), options.host.as_str()), ("opc.tcp://[::1]:5000/a/b", "::1"));
        assert!(matches!(options.login, Login::Password { .. }));
    }

    #[test]
    fn each_wrong_setting_is_named() {
        let fields = |endpoint, config, secrets| parse(endpoint, config, secrets).err().unwrap_or_default();
        assert_eq!(fields("", json!({}), &[]), ["iot_endpoint"]);
        assert_eq!(fields("http://oven", json!({}), &[]), ["iot_endpoint"]);
        let config =
            json!({"security_policy": "rot13", "security_mode": 7, "server_fingerprint": "abc", "chamber": 99});
        assert_eq!(
            fields("oven", config, &[]),
            ["config.security_policy", "config.security_mode", "config.server_fingerprint", "config.chamber"]
        );
        assert_eq!(fields("oven", json!({"login": "password"}), &[("username", "u")]), ["secret.password"]);
        assert_eq!(
            fields("oven", json!({"login": "certificate"}), &[("user_certificate", "x"), ("user_key", "y")]),
            ["secret.user_certificate", "secret.user_key"]
        );
        let mapping = json!([{"target": "temperature", "path": "{http://x"}]);
        assert_eq!(fields("oven", json!({"mapping": mapping}), &[]), ["mapping.0.path"]);
        let mapping = json!([
            {"target": "operational_status", "path": "A", "words": {"Backen": "bakes"}},
            {"target": "operational_status", "path": "B", "unit": "W"},
        ]);
        assert_eq!(
            fields("oven", json!({"mapping": mapping}), &[]),
            ["mapping.0.words", "mapping.1.target", "mapping.1.unit"]
        );
    }

    #[test]
    fn a_fingerprint_is_read_as_people_write_it() {
        let hex = "0123456789abcdef".repeat(4);
        let upper = hex.to_uppercase();
        let colons = upper.as_bytes().chunks(2).map(|pair| String::from_utf8_lossy(pair).into_owned());
        let colons = format!("sha256:{}", colons.collect::<Vec<_>>().join(":"));
        let options = parse("oven", json!({"server_fingerprint": colons}), &[]).unwrap();
        assert_eq!(options.fingerprint, Some(hex));
    }
}
