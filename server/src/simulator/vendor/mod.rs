//! What vendors make of a [`Snapshot`], each with habits that real payloads have.
//!
//! # Layout
//! - [`generic`], [`decks`], [`combi`] three imaginary vendors
//! - [`rational`], [`wachtel`], [`salva`] in the shapes that the profiles of these names expect; [`custom`] a workshop's own
//! - [`login`] tokens and cookies for a user and a password
//! - [`mod@gateway`] what is published over MQTT

mod combi;
mod custom;
mod decks;
mod gateway;
mod generic;
pub mod login;
mod rational;
mod salva;
mod wachtel;

use axum::Json;
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::{IntoResponse as _, Response};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::oven::Snapshot;
use super::spec::{Credentials, OvenSpec, Vendor};

/// A document an oven serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Document {
    Values,
    State,
}

/// Which document of this oven `path` asks for; nothing when it is another oven's or nobody's.
pub fn document(spec: &OvenSpec, path: &str) -> Option<Document> {
    if path == spec.data_path() {
        return Some(Document::Values);
    }
    (Some(path) == spec.status_path().as_deref()).then_some(Document::State)
}

/// The document as the vendor writes it.
pub fn encode(spec: &OvenSpec, document: Document, snapshot: &Snapshot) -> Value {
    match (spec.vendor, document) {
        (Vendor::Generic, Document::Values) => generic::values(snapshot),
        (Vendor::Generic, Document::State) => generic::state(spec, snapshot),
        (Vendor::Decks, Document::Values) => decks::values(spec, snapshot),
        (Vendor::Decks, Document::State) => decks::state(spec, snapshot),
        (Vendor::Combi, _) => combi::values(spec, snapshot),
        (Vendor::Rational, Document::Values) => rational::values(spec, snapshot),
        (Vendor::Rational, Document::State) => rational::records(spec, snapshot),
        (Vendor::Wachtel, Document::Values) => wachtel::values(spec, snapshot),
        (Vendor::Wachtel, Document::State) => wachtel::maintenance(spec, snapshot),
        (Vendor::Salva, Document::Values) => salva::values(spec, snapshot),
        (Vendor::Salva, Document::State) => salva::state(spec, snapshot),
        (Vendor::Custom, _) => custom::values(spec, snapshot),
        // Never asked: they do not speak HTTP.
        (Vendor::Registers | Vendor::OpcUa | Vendor::Mqtt, _) => Value::Null,
    }
}

/// What a gateway publishes over MQTT.
pub fn gateway(snapshot: &Snapshot) -> Value {
    gateway::values(snapshot)
}

/// Whether a request carries the oven's credentials.
pub fn authorized(credentials: &Credentials, headers: &HeaderMap, uri: &Uri) -> bool {
    match credentials {
        Credentials::Basic { username, password } => {
            let expected = BASE64_STANDARD.encode(format!("{username}:{password}"));
            authorization(headers, "basic") == Some(expected.as_str())
        }
        Credentials::Open => true,
        Credentials::Login { username, password } => {
            let token = authorization(headers, "bearer").or_else(|| login::in_cookie(headers));
            token.is_some_and(|token| login::is_good(username, password, token, Timestamp::now()))
        }
        Credentials::Token(token) => authorization(headers, "bearer") == Some(token),
        Credentials::ApiKey(key) => {
            let in_query = || url::form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes());
            headers.get("x-api-key").is_some_and(|value| value == key.as_str())
                || in_query().any(|(name, value)| name == "api_key" && value == key.as_str())
        }
    }
}

/// The answer to wrong or missing credentials.
pub fn unauthorized(spec: &OvenSpec) -> Response {
    let challenge = match spec.credentials {
        Credentials::Basic { .. } => "Basic realm=\"oven\", charset=\"UTF-8\"",
        Credentials::Token(_) | Credentials::Login { .. } => "Bearer",
        Credentials::ApiKey(_) | Credentials::Open => "ApiKey",
    };
    let body = match spec.vendor {
        Vendor::Generic => json!({"error": "unauthorized", "message": "The access token is missing or not valid."}),
        Vendor::Decks => json!({"fehler": {"code": 401, "text": "Anmeldung fehlgeschlagen"}}),
        Vendor::Combi => json!({"status": "error", "code": "401", "message": "invalid api key"}),
        Vendor::Rational | Vendor::Wachtel => json!({"error": "unauthorized"}),
        Vendor::Salva | Vendor::Custom => json!({"error": "Usuario o clave incorrectos"}),
        Vendor::Registers | Vendor::OpcUa | Vendor::Mqtt => Value::Null,
    };
    (StatusCode::UNAUTHORIZED, [(header::WWW_AUTHENTICATE, challenge)], Json(body)).into_response()
}

/// The answer to a path that is not this oven's.
pub fn not_found(vendor: Vendor) -> Response {
    let body = match vendor {
        Vendor::Generic => json!({"error": "not_found", "message": "There is no such equipment here."}),
        Vendor::Decks => json!({"fehler": {"code": 404, "text": "Ofen nicht gefunden"}}),
        Vendor::Combi => json!({"status": "error", "code": "404", "message": "unknown unit"}),
        Vendor::Rational | Vendor::Wachtel => json!({"error": "not_found"}),
        Vendor::Salva | Vendor::Custom => json!({"error": "No existe"}),
        Vendor::Registers | Vendor::OpcUa | Vendor::Mqtt => Value::Null,
    };
    (StatusCode::NOT_FOUND, Json(body)).into_response()
}

/// The part of the `Authorization` header that follows `scheme`, whose case does not matter (RFC 9110, 11.1).
fn authorization<'a>(headers: &'a HeaderMap, scheme: &str) -> Option<&'a str> {
    let (given, rest) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    given.eq_ignore_ascii_case(scheme).then(|| rest.trim())
}

/// Rounded to so many decimals, as displays do.
fn round(value: f64, decimals: i32) -> f64 {
    let factor = 10_f64.powi(decimals);
    (value * factor).round() / factor
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;
    use crate::simulator::bakery::http_ovens;
    use crate::simulator::oven::Oven;
    use crate::simulator::program::{Stage, Status};

    /// A snapshot with numbers that are easy to recognise.
    pub(super) fn snapshot(stage: Stage) -> Snapshot {
        Snapshot {
            time: "2018-02-04T23:17:01.250Z".parse().expect("a timestamp"),
            program: "Hogaza".to_owned(),
            status: if stage == Stage::Idle { Status::Idle } else { Status::Running },
            stage,
            temperature_celsius: 231.449,
            setpoint_celsius: 230.0,
            zones_celsius: [("deck_1_top", 233.5), ("deck_1_bottom", 229.25), ("deck_2_top", 232.0)]
                .map(|(name, celsius)| (name.to_owned(), celsius))
                .into(),
            core_celsius: (stage != Stage::Idle).then_some(61.5),
            core_target_celsius: 96.0,
            humidity_percent: 22.26,
            humidity_target_percent: None,
            energy_wh: 12_345_678.9,
            power_kw: 9.237,
            progress_percent: (stage != Stage::Idle).then_some(45.04),
            remaining_s: (stage != Stage::Idle).then_some(743.6),
            door_open: false,
            steam_percent: 0.0,
            fan_rpm: Some(1399.7),
            load_kg: Some(24.04),
        }
    }

    #[test]
    fn only_its_own_paths_belong_to_an_oven() {
        for spec in http_ovens() {
            assert_eq!(document(&spec, &spec.data_path()), Some(Document::Values));
            if let Some(path) = spec.status_path() {
                assert_eq!(document(&spec, &path), Some(Document::State));
            }
            assert_eq!(document(&spec, &spec.data_path().replace(&spec.id, "other")), None);
            assert_eq!(document(&spec, "/"), None);
        }
    }

    #[test]
    fn credentials_are_compared_as_a_whole() {
        let plain = Uri::from_static("/");
        let mut headers = HeaderMap::new();
        let token = Credentials::Token("abc".to_owned());
        assert!(!authorized(&token, &headers, &plain));
        for (given, right) in [("Bearer abc", true), ("bearer abc", true), ("Bearer abcd", false), ("Basic abc", false)]
        {
            headers.insert(header::AUTHORIZATION, HeaderValue::from_static(given));
            assert_eq!(authorized(&token, &headers, &plain), right, "{given}");
        }
        let basic = Credentials::Basic { username: "a".to_owned(), password: "b:c".to_owned() };
        headers.insert(header::AUTHORIZATION, HeaderValue::from_static("Basic YTpiOmM="));
        assert!(authorized(&basic, &headers, &plain));
        let key = Credentials::ApiKey("k 1".to_owned());
        assert!(authorized(&key, &HeaderMap::new(), &Uri::from_static("/?x=1&api_key=k%201")));
        assert!(!authorized(&key, &HeaderMap::new(), &Uri::from_static("/?api_key=k")));
        headers.insert("x-api-key", HeaderValue::from_static("k 1"));
        assert!(authorized(&key, &headers, &plain));
    }

    #[test]
    fn every_vendor_writes_every_snapshot() {
        for spec in http_ovens() {
            let oven = Oven::warm(&spec, std::time::Instant::now());
            for document in [Document::Values, Document::State] {
                let value = encode(&spec, document, &oven.snapshot(Timestamp::UNIX_EPOCH));
                assert!(value.as_object().is_some_and(|object| object.len() > 3), "{value}");
            }
        }
    }
}
