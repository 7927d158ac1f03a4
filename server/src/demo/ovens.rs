//! How simulated ovens are connected: the same settings that an admin would enter.

use std::{collections::BTreeMap, net::SocketAddr};

use app::model::{
    equipment::{EquipmentDraft, EquipmentKind},
    mapping::Source,
};
use serde_json::json;

use super::mapping;
use crate::simulator::{Credentials, OvenSpec, Vendor, availability_topic, state_topic};

/// A profile as an admin would write it for the workshop's panel.
const WORKSHOP: &str = r#"[login]
path = "/panel/login"
body = "form"
fields = { user = "{username}", pass = "{password}" }
token = "cookie sesion"
send = "cookie sesion"
expires_after_s = 600

[[endpoint]]
name = "data"
path = "/panel/{equipment_id}/valores.json"
"#;

/// The driver that connects an oven of this vendor.
pub fn protocol(vendor: Vendor) -> &'static str {
    match vendor {
        Vendor::Generic | Vendor::Decks | Vendor::Combi => "rest_api",
        Vendor::Registers => "modbus",
        Vendor::OpcUa => "opc_ua",
        Vendor::Mqtt => "mqtt",
        Vendor::Rational => "rational",
        Vendor::Wachtel => "wachtel",
        Vendor::Salva => "salva",
        Vendor::Custom => "custom",
    }
}

/// The draft and the credentials of a simulated oven at this address.
pub fn connection(spec: &OvenSpec, addr: SocketAddr, interval_s: u32) -> (EquipmentDraft, BTreeMap<String, String>) {
    let (mut rules, zones) = mapping::rules(spec.vendor);
    if spec.vendor == Vendor::Mqtt {
        for rule in &mut rules {
            rule.path = format!("{} {}", state_topic(&spec.id), rule.path);
        }
    }
    let (auth, secrets) = credentials(&spec.credentials);
    let host = addr.ip().to_string();
    let (endpoint, mut config) = match spec.vendor {
        Vendor::Generic | Vendor::Decks | Vendor::Combi => {
            let mut config = json!({
                "data_endpoint": spec.vendor.data_endpoint(),
                "equipment_id": spec.id,
                "auth": auth,
                "timeout": 2.0,
            });
            if rules.iter().any(|rule| rule.source == Source::Status) {
                config["status_endpoint"] = json!(spec.vendor.status_endpoint());
            }
            (format!("http://{host}"), config)
        }
        Vendor::Registers => (host, json!({"timeout": 2.0})),
        Vendor::OpcUa => (
            format!("opc.tcp://{host}"),
            json!({"security_policy": "none", "security_mode": "none", "login": "anonymous", "timeout": 5.0}),
        ),
        Vendor::Mqtt => (host, json!({"availability_topic": availability_topic(&spec.id), "timeout": 5.0})),
        Vendor::Rational => (format!("http://{host}/api/v1"), json!({"unit_id": spec.id})),
        Vendor::Wachtel => (format!("http://{host}/api"), json!({"oven_id": spec.id, "deck_count": 2})),
        Vendor::Salva => (format!("http://{host}"), json!({"equipment_id": spec.id})),
        Vendor::Custom => (format!("http://{host}"), json!({"equipment_id": spec.id, "profile": WORKSHOP})),
    };
    if !rules.is_empty() {
        config["mapping"] = json!(rules);
    }
    let draft = EquipmentDraft {
        name: spec.name.clone(),
        location: spec.area.clone(),
        kind: EquipmentKind::parse(spec.kind.as_str()).unwrap_or(EquipmentKind::Other),
        manufacturer: Some(spec.manufacturer.clone()),
        model: Some(spec.model.clone()),
        iot_protocol: Some(protocol(spec.vendor).to_owned()),
        iot_endpoint: Some(endpoint),
        iot_port: Some(addr.port()),
        iot_config: config.as_object().cloned().unwrap_or_default(),
        poll_interval_seconds: interval_s,
        temperature_zones: zones,
        supports_humidity: true,
        supports_energy_monitoring: true,
        ..EquipmentDraft::default()
    };
    (draft, secrets)
}

fn credentials(credentials: &Credentials) -> (&'static str, BTreeMap<String, String>) {
    let named = |pairs: &[(&str, &String)]| pairs.iter().map(|(name, v)| ((*name).to_owned(), (*v).clone())).collect();
    match credentials {
        Credentials::Basic { username, password } => {
            ("basic", named(&[("username", username), ("password", password)]))
        }
        Credentials::Token(token) => ("bearer", named(&[("token", token)])),
        Credentials::Login { username, password } => {
            ("login", named(&[("username", username), ("password", password)]))
        }
        Credentials::Open => ("none", BTreeMap::new()),
        Credentials::ApiKey(key) => ("api_key_header", named(&[("api_key", key)])),
    }
}
