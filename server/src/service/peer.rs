//! Whom stored secrets are for: the host that they were entered for, protected as it was then.

use app::model::{
    connector::{Field, FieldInput},
    equipment::EquipmentDraft,
};
use serde_json::Value;

use crate::connectors;

/// Whether both settings send secrets to the same host, as safely. A fingerprint that an admin enters may change: at
/// the same address it only ever tells more of who is trusted.
pub fn is_same_peer(saved: &EquipmentDraft, draft: &EquipmentDraft) -> bool {
    if saved.iot_protocol != draft.iot_protocol || address(saved) != address(draft) {
        return false;
    }
    let driver = draft.iot_protocol.as_deref().and_then(connectors::find);
    let own = || driver.into_iter().flat_map(|driver| driver.manifest.settings());
    // A driver may pass settings on to another: they guard whoever's manifest they are in.
    let others = connectors::ALL.iter().flat_map(|other| other.manifest.settings());
    let mut guards = own().chain(others.filter(|field| own().all(|known| known.key != field.key)));
    guards.all(|field| !field.guards || value(saved, field) == value(draft, field))
}

/// Scheme, host and port; the text itself where it has none of them.
fn address(draft: &EquipmentDraft) -> (String, String, Option<u16>) {
    let text = draft.iot_endpoint.as_deref().unwrap_or_default().trim();
    let full = if text.contains("://") { text.to_owned() } else { format!("none://{text}") };
    let url = url::Url::parse(&full).ok().filter(|url| url.host_str().is_some_and(|host| !host.is_empty()));
    match url {
        Some(url) => {
            let port = draft.iot_port.or(url.port_or_known_default());
            (url.scheme().to_owned(), url.host_str().unwrap_or_default().to_lowercase(), port)
        }
        None => (String::new(), text.to_owned(), draft.iot_port),
    }
}

/// A setting as text; what it is by default where it is absent.
fn value(draft: &EquipmentDraft, field: &Field) -> String {
    let text = match draft.iot_config.get(field.key) {
        Some(Value::String(text)) => text.trim().to_owned(),
        Some(Value::Null) | None => String::new(),
        Some(other) => other.to_string(),
    };
    if !text.is_empty() {
        return text;
    }
    field.default.unwrap_or(if field.input == FieldInput::Flag { "false" } else { "" }).to_owned()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn draft(protocol: &str, endpoint: &str, config: Value) -> EquipmentDraft {
        EquipmentDraft {
            iot_protocol: Some(protocol.to_owned()),
            iot_endpoint: Some(endpoint.to_owned()),
            iot_config: config.as_object().cloned().unwrap_or_default(),
            ..EquipmentDraft::default()
        }
    }

    #[test]
    fn secrets_stay_with_the_host_that_they_were_entered_for() {
        let same = |protocol, a: (&str, Value), b: (&str, Value)| {
            is_same_peer(&draft(protocol, a.0, a.1), &draft(protocol, b.0, b.1))
        };
        let none = || json!({});
        assert!(same("mqtt", ("192.168.1.10", none()), ("192.168.1.10", json!({"timeout": 3}))));
        assert!(same("mqtt", ("broker.lan:1884", none()), ("Broker.lan:1884", json!({"tls": false}))));
        assert!(same("wachtel", ("", none()), ("", json!({"verify_ssl": "true"}))));
        assert!(same(
            "opc_ua",
            ("opc.tcp://plc:4840", none()),
            ("opc.tcp://plc:4840", json!({"security_mode": "auto"}))
        ));
        assert!(!same("mqtt", ("broker.lan", none()), ("other.lan", none())));
        assert!(!same("mqtt", ("broker.lan:1884", none()), ("broker.lan:1885", none())));
        assert!(!same("opc_ua", ("opc.tcp://plc", none()), ("opc.tcp://plc", json!({"security_policy": "none"}))));
        assert!(!same("wachtel", ("https://w", none()), ("https://w", json!({"login_endpoint": "https://evil/x"}))));
        assert!(!same("custom", ("https://w", none()), ("https://w", json!({"profile": "[login]"}))));
        assert!(!same("rational", ("https://w", none()), ("https://w", json!({"transport": "opc_ua"}))));
        assert!(!same("rest_api", ("https://w", none()), ("https://w", json!({"verify_ssl": "off"}))));
        let over_opc_ua = |policy| ("", json!({"transport": "opc_ua", "security_policy": policy}));
        assert!(!same("rational", over_opc_ua("auto"), over_opc_ua("none")), "passed on to OPC UA");
    }
}
