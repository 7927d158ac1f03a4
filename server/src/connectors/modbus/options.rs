//! Settings as an admin or the API gives them, to typed options.

use std::{sync::Arc, time::Duration};

use app::model::{
    form::{FieldError, Problem},
    mapping::MappingRule,
    wire::ByteOrder,
};

use super::{
    line::{Framing, Place, Use},
    manifest::MANIFEST,
    reference::Reference,
    serial::{Parity, StopBits, Wire},
};
use crate::connectors::{Settings, config::Reader};

pub struct Options {
    pub line: Arc<Use>,
    pub max_gap: u16,
    pub max_registers: u16,
    pub rules: Vec<MappingRule>,
    pub references: Vec<Reference>,
    /// Of values that name no other.
    pub order: ByteOrder,
}

const DEFAULT_PORT: u16 = 502;

impl Options {
    pub fn parse(settings: &Settings) -> Result<Self, Vec<FieldError>> {
        let mut read = Reader::new(&MANIFEST, &settings.config);
        let place = place(settings, &mut read);
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
        let order = order.unwrap_or(ByteOrder::Abcd);
        let references = references(&rules, order, &mut read);
        if rules.is_empty() && !settings.discovering {
            read.errors.push(FieldError::new("mapping", Problem::NoMapping));
        }
        match (place, read.errors.is_empty()) {
            (Some(place), true) => Ok(Self {
                line: Arc::new(Use { place, unit, frame_delay, timeout }),
                max_gap,
                max_registers,
                rules,
                references,
                order,
            }),
            _ => Err(read.errors),
        }
    }
}

fn place(settings: &Settings, read: &mut Reader) -> Option<Place> {
    let framing = match read.text("transport").as_deref() {
        None | Some("tcp") => Framing::Tcp,
        Some("rtu_over_tcp") => Framing::Rtu,
        Some("serial") => {
            let (device, wire) = (device(settings, read), wire(read));
            return Some(Place::Serial { device: device?, wire: wire? });
        }
        Some(_) => {
            read.complain("transport", Problem::UnknownChoice);
            return None;
        }
    };
    address(settings, read).map(|(host, port)| Place::Net { host, port, framing })
}

/// `/dev/ttyUSB0`; other files of this machine are not opened.
fn device(settings: &Settings, read: &mut Reader) -> Option<String> {
    let device = settings.endpoint.trim();
    let problem = if device.is_empty() {
        Problem::Required
    } else if device.starts_with("/dev/") && !device.contains("..") {
        return Some(device.to_owned());
    } else {
        Problem::Other { detail: "a serial line is a device of this machine, for example /dev/ttyUSB0".to_owned() }
    };
    read.errors.push(FieldError::new("iot_endpoint", problem));
    None
}

fn wire(read: &mut Reader) -> Option<Wire> {
    let baud = read.number("baud_rate").map(|baud| baud as u32);
    let mut choice = |key: &str, options: &[&str]| {
        let text = read.text(key);
        let index = text.as_deref().map_or(Some(0), |text| options.iter().position(|option| *option == text));
        if index.is_none() {
            read.complain(key, Problem::UnknownChoice);
        }
        index
    };
    let parity = choice("parity", &["none", "even", "odd"]);
    let stop_bits = choice("stop_bits", &["1", "2"]);
    Some(Wire {
        baud: baud?,
        parity: [Parity::None, Parity::Even, Parity::Odd][parity?],
        stop_bits: [StopBits::One, StopBits::Two][stop_bits?],
    })
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
    // However it is written, it is one device with one line.
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']).to_lowercase();
    Some((host, settings.port.or(url.port()).unwrap_or(DEFAULT_PORT)))
}

fn references(rules: &[MappingRule], order: ByteOrder, read: &mut Reader) -> Vec<Reference> {
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
    use serde_json::{Value, json};

    use super::*;

    fn parse(endpoint: &str, config: Value) -> Result<Options, Vec<String>> {
        let settings = Settings::for_tests(endpoint, config);
        Options::parse(&settings).map_err(|errors| errors.into_iter().map(|error| error.field).collect())
    }

    fn one_rule() -> Value {
        json!([{"target": "temperature", "path": "holding 1 i16"}])
    }

    #[test]
    fn addresses_as_people_write_them() {
        for (text, host, port) in [
            ("192.168.1.50", "192.168.1.50", 502),
            ("PLC.lan:1502", "plc.lan", 1502),
            ("modbus://plc.lan/", "plc.lan", 502),
            ("[fe80::1]:503", "fe80::1", 503),
        ] {
            let options =
                parse(text, json!({"mapping": one_rule()})).unwrap_or_else(|errors| panic!("{text}: {errors:?}"));
            let place = Place::Net { host: host.to_owned(), port, framing: Framing::Tcp };
            assert_eq!(options.line.place, place);
        }
    }

    #[test]
    fn a_serial_line_is_a_device_of_this_machine() {
        let config = |more: Value| {
            let mut config = json!({"transport": "serial", "mapping": one_rule()});
            config.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            config
        };
        let wire = |baud, parity, stop_bits| Wire { baud, parity, stop_bits };
        let place = |wire| Place::Serial { device: "/dev/ttyUSB0".to_owned(), wire };
        let plain = parse("/dev/ttyUSB0", config(json!({}))).unwrap().line.place.clone();
        assert_eq!(plain, place(wire(9_600, Parity::None, StopBits::One)));
        let other = json!({"baud_rate": 19_200, "parity": "even", "stop_bits": "2"});
        assert_eq!(
            parse("/dev/ttyUSB0", config(other)).unwrap().line.place.clone(),
            place(wire(19_200, Parity::Even, StopBits::Two))
        );
        assert_eq!(parse("/etc/passwd", config(json!({}))).err().unwrap(), ["iot_endpoint"]);
        assert_eq!(parse("/dev/../etc/passwd", config(json!({}))).err().unwrap(), ["iot_endpoint"]);
        let wrong = json!({"baud_rate": 1, "parity": "some", "stop_bits": 3});
        let errors = parse("/dev/ttyUSB0", config(wrong)).err().unwrap();
        assert_eq!(errors, ["config.baud_rate", "config.parity", "config.stop_bits"]);
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
