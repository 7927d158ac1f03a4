//! Settings as an admin or the API gives them, to typed options.

use std::time::Duration;

use app::model::{
    form::{FieldError, Problem},
    mapping::MappingRule,
    wire::ByteOrder,
};

use super::{manifest::MANIFEST, reference::Reference};
use crate::connectors::{Settings, config::Reader};

pub struct Options {
    pub host: String,
    pub port: u16,
    pub transport: Transport,
    pub unit: u8,
    pub timeout: Duration,
    pub frame_delay: Duration,
    pub max_gap: u16,
    pub max_registers: u16,
    pub rules: Vec<MappingRule>,
    pub references: Vec<Reference>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Transport {
    Tcp,
    RtuOverTcp,
}

const DEFAULT_PORT: u16 = 502;

impl Options {
    pub fn parse(settings: &Settings) -> Result<Self, Vec<FieldError>> {
        let mut read = Reader::new(&MANIFEST, &settings.config);
        let address = address(settings, &mut read);
        let transport = match read.text("transport").as_deref() {
            None | Some("tcp") => Transport::Tcp,
            Some("rtu_over_tcp") => Transport::RtuOverTcp,
            Some(_) => {
                read.complain("transport", Problem::UnknownChoice);
                Transport::Tcp
            }
        };
        let order = read.text("byte_order").map_or(Some(ByteOrder::Abcd), |text| ByteOrder::parse(&text));
        if order.is_none() {
            read.complain("byte_order", Problem::UnknownChoice);
        }
        let unit = read.number("unit_id").unwrap_or(1.0) as u8;
        let timeout = read.number("timeout").map_or(settings.default_timeout, Duration::from_secs_f64);
        let frame_delay = Duration::from_secs_f64(read.number("frame_delay_ms").unwrap_or(0.0) / 1_000.0);
        let max_gap = read.number("max_gap").unwrap_or(8.0) as u16;
        let max_registers = read.number("max_registers").unwrap_or(125.0) as u16;
        let rules = read.mapping();
        let references = references(&rules, order.unwrap_or(ByteOrder::Abcd), &mut read);
        match (address, read.errors.is_empty()) {
            (Some((host, port)), true) => Ok(Self {
                host,
                port,
                transport,
                unit,
                timeout,
                frame_delay,
                max_gap,
                max_registers,
                rules,
                references,
            }),
            _ => Err(read.errors),
        }
    }
}

/// `192.168.1.50`, `plc.lan:1502`, `[fe80::1]:502` or `modbus://192.168.1.50`.
fn address(settings: &Settings, read: &mut Reader) -> Option<(String, u16)> {
    let text = settings.endpoint.trim();
    let text = text.split_once("://").map_or(text, |(_, rest)| rest).trim_end_matches('/');
    if text.is_empty() {
        read.errors.push(FieldError::new("iot_endpoint", Problem::Required));
        return None;
    }
    let parsed = url::Url::parse(&format!("modbus://{text}")).ok().filter(|url| {
        url.host_str().is_some_and(|host| !host.is_empty())
            && matches!(url.path(), "" | "/")
            && url.username().is_empty()
    });
    let Some(url) = parsed else {
        let detail = "a host name or an IP address, for example 192.168.1.50".to_owned();
        read.errors.push(FieldError::new("iot_endpoint", Problem::Other { detail }));
        return None;
    };
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']).to_owned();
    Some((host, settings.port.or(url.port()).unwrap_or(DEFAULT_PORT)))
}

fn references(rules: &[MappingRule], order: ByteOrder, read: &mut Reader) -> Vec<Reference> {
    if rules.is_empty() {
        read.errors.push(FieldError::new("mapping", Problem::NoMapping));
    }
    let mut references: Vec<Reference> = Vec::with_capacity(rules.len());
    for (row, rule) in rules.iter().enumerate() {
        match Reference::parse(&rule.path, order) {
            // Two rules may read one register: the status and the stage from one mode, for example.
            Ok(reference) if references.contains(&reference) => {}
            Ok(reference) => references.push(reference),
            Err(detail) => {
                read.errors.push(FieldError::new(format!("mapping.{row}.path"), Problem::NotAPath { detail }));
            }
        }
    }
    references
}

#[cfg(test)]
mod tests {
    use app::model::equipment::EquipmentId;
    use jiff::tz::TimeZone;
    use serde_json::{Value, json};

    use super::*;
    use crate::secrets::Credentials;

    fn parse(endpoint: &str, config: Value) -> Result<Options, Vec<String>> {
        let settings = Settings {
            equipment: EquipmentId(uuid::Uuid::nil()),
            endpoint: endpoint.to_owned(),
            port: None,
            config: config.as_object().unwrap().clone(),
            credentials: Credentials::default(),
            interval: Duration::from_secs(5),
            last_reading_at: None,
            data_dir: std::path::PathBuf::new(),
            discovering: false,
            timezone: TimeZone::UTC,
            default_timeout: Duration::from_secs(10),
            response_limit: 1024,
        };
        Options::parse(&settings).map_err(|errors| errors.into_iter().map(|error| error.field).collect())
    }

    fn one_rule() -> Value {
        json!([{"target": "temperature", "path": "holding 1 i16"}])
    }

    #[test]
    fn addresses_as_people_write_them() {
        for (text, host, port) in [
            ("192.168.1.50", "192.168.1.50", 502),
            ("plc.lan:1502", "plc.lan", 1502),
            ("modbus://plc.lan/", "plc.lan", 502),
            ("[fe80::1]:503", "fe80::1", 503),
        ] {
            let options =
                parse(text, json!({"mapping": one_rule()})).unwrap_or_else(|errors| panic!("{text}: {errors:?}"));
            assert_eq!((options.host.as_str(), options.port), (host, port));
        }
    }

    #[test]
    fn each_wrong_setting_is_named() {
        assert_eq!(parse("", json!({})).err().unwrap(), ["iot_endpoint", "mapping"]);
        assert_eq!(parse("a b", json!({"mapping": one_rule()})).err().unwrap(), ["iot_endpoint"]);
        let config = json!({
            "transport": "pigeon", "byte_order": "acbd", "unit_id": 300, "max_registers": "many", "colour": 1,
            "mapping": [{"target": "temperature", "path": "register 1"}],
        });
        let errors = parse("plc.lan", config).err().unwrap();
        let expected = [
            "config.colour",
            "config.transport",
            "config.byte_order",
            "config.unit_id",
            "config.max_registers",
            "mapping.0.path",
        ];
        assert_eq!(errors, expected);
    }
}
