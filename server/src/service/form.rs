//! The admin's oven form: from what was typed to a draft, and from an oven to what the form shows.

use std::collections::BTreeMap;

use app::model::{
    connector::FieldInput,
    equipment::{EquipmentDraft, EquipmentKind},
    form::{FieldError, FormValues, Problem},
    mapping::{MappingRule, Source, Target, TimeFormat},
    unit::Unit,
};
use serde_json::{Map, Value, json};

use super::configure::SecretChange;
use crate::connectors;

/// A form that was understood as far as possible. No `Debug`: it holds secrets.
pub struct ParsedForm {
    pub draft: EquipmentDraft,
    pub secrets: SecretChange,
    pub errors: Vec<FieldError>,
    /// The form's row number of each mapping rule, to show errors of rules where they were typed.
    pub rows: Vec<usize>,
}

/// Errors of the service and the connector, renamed to the rows of the form.
pub fn locate(rows: &[usize], errors: Vec<FieldError>) -> Vec<FieldError> {
    let rename = |mut error: FieldError| {
        let renamed = error.field.strip_prefix("mapping.").and_then(|rest| {
            let (index, part) = rest.split_once('.')?;
            Some(format!("mapping.{}.{part}", rows.get(index.parse::<usize>().ok()?)?))
        });
        if let Some(field) = renamed {
            error.field = field;
        }
        error
    };
    errors.into_iter().map(rename).collect()
}

pub fn parse(form: &FormValues) -> ParsedForm {
    let mut errors = Vec::new();
    let text = |name: &str| form.filled(name).map(str::to_owned);
    let protocol = text("iot_protocol");
    let (mut config, secrets) = protocol.as_deref().map(|id| connector_fields(id, form)).unwrap_or_default();
    let (rules, rows) = mapping(form, &mut errors);
    if !rules.is_empty() {
        config.insert("mapping".to_owned(), json!(rules));
    }
    let kind = form.get("kind").and_then(EquipmentKind::parse);
    if kind.is_none() {
        errors.push(FieldError::new("kind", Problem::UnknownChoice));
    }
    let default = EquipmentDraft::default();
    let draft = EquipmentDraft {
        name: text("name").unwrap_or_default(),
        location: text("location").unwrap_or_default(),
        kind: kind.unwrap_or(default.kind),
        serial_number: text("serial_number"),
        manufacturer: text("manufacturer"),
        model: text("model"),
        firmware_version: text("firmware_version"),
        iot_enabled: form.is_on("iot_enabled"),
        iot_protocol: protocol,
        iot_endpoint: text("iot_endpoint"),
        iot_port: number(form, "iot_port", &mut errors),
        iot_config: config,
        supports_realtime: form.is_on("supports_realtime"),
        poll_interval_seconds: number(form, "poll_interval_seconds", &mut errors)
            .unwrap_or(default.poll_interval_seconds),
        temperature_zones: number(form, "temperature_zones", &mut errors).unwrap_or(default.temperature_zones),
        supports_humidity: form.is_on("supports_humidity"),
        supports_energy_monitoring: form.is_on("supports_energy_monitoring"),
        supports_remote_control: form.is_on("supports_remote_control"),
    };
    ParsedForm { draft, secrets: SecretChange::Merge(secrets), errors, rows }
}

fn number<T: std::str::FromStr>(form: &FormValues, name: &str, errors: &mut Vec<FieldError>) -> Option<T> {
    let value = form.filled(name)?.parse().ok();
    if value.is_none() {
        errors.push(FieldError::new(name, Problem::NotAWholeNumber));
    }
    value
}

fn connector_fields(protocol: &str, form: &FormValues) -> (Map<String, Value>, BTreeMap<String, String>) {
    let (mut config, mut secrets) = (Map::new(), BTreeMap::new());
    let Some(driver) = connectors::find(protocol) else { return (config, secrets) };
    for field in driver.manifest.fields {
        if field.secret {
            // Not trimmed: a password may begin with a space.
            if let Some(value) = form.get(&format!("secret.{}", field.key)).filter(|value| !value.is_empty()) {
                secrets.insert(field.key.to_owned(), value.to_owned());
            }
            continue;
        }
        let name = format!("config.{}", field.key);
        let value = match field.input {
            FieldInput::Flag => Some(Value::Bool(form.is_on(&name))),
            FieldInput::Number { .. } => {
                form.filled(&name).map(|text| decimal(text).map_or_else(|| json!(text), |n| json!(n)))
            }
            _ => form.filled(&name).map(|text| json!(text)),
        };
        if let Some(value) = value {
            config.insert(field.key.to_owned(), value);
        }
    }
    (config, secrets)
}

/// A number with a decimal point or comma.
pub(super) fn decimal(text: &str) -> Option<f64> {
    text.replacen(',', ".", 1).parse().ok()
}

fn mapping(form: &FormValues, errors: &mut Vec<FieldError>) -> (Vec<MappingRule>, Vec<usize>) {
    let (mut rules, mut rows) = (Vec::new(), Vec::new());
    for row in form.mapping_rows() {
        let part = |part: &str| form.filled(&format!("mapping.{row}.{part}"));
        if part("target").is_none() && part("path").is_none() {
            continue;
        }
        if let Some(rule) = rule(row, &part, form, errors) {
            rules.push(rule);
            rows.push(row);
        }
    }
    (rules, rows)
}

fn rule<'a>(
    row: usize,
    part: &impl Fn(&str) -> Option<&'a str>,
    form: &FormValues,
    errors: &mut Vec<FieldError>,
) -> Option<MappingRule> {
    let before = errors.len();
    let mut complain = |name: &str, problem| errors.push(FieldError::new(format!("mapping.{row}.{name}"), problem));
    let target = match part("target") {
        None => {
            complain("target", Problem::Required);
            None
        }
        Some(group @ ("temperature_zones" | "additional_sensors")) => match part("zone") {
            None => {
                complain("zone", Problem::Required);
                None
            }
            Some(name) => Target::parse(&format!("{group}.{name}")).or_else(|| {
                complain("zone", Problem::TooLong { max: app::model::mapping::MAX_NAME });
                None
            }),
        },
        Some(name) => Target::parse(name).or_else(|| {
            complain("target", Problem::UnknownChoice);
            None
        }),
    };
    if part("path").is_none() {
        complain("path", Problem::Required);
    }
    let mut factor = |name: &str, default: f64| match part(name).map(decimal) {
        None => default,
        Some(Some(number)) => number,
        Some(None) => {
            complain(name, Problem::NotANumber);
            default
        }
    };
    let (scale, offset) = (factor("scale", 1.0), factor("offset", 0.0));
    let unit = part("unit").map(Unit::parse);
    if unit == Some(None) {
        complain("unit", Problem::UnknownChoice);
    }
    let words = part("words").map_or(Some(BTreeMap::new()), pairs);
    if words.is_none() {
        let allowed = target.as_ref().map(Target::words).unwrap_or_default();
        complain("words", Problem::NotPairs { allowed: allowed.into_iter().map(str::to_owned).collect() });
    }
    if errors.len() > before {
        return None;
    }
    let list = |text: &str| text.split(',').map(|v| v.trim().to_owned()).filter(|v| !v.is_empty()).collect();
    Some(MappingRule {
        target: target?,
        path: part("path")?.to_owned(),
        source: part("source").and_then(Source::parse).unwrap_or(Source::Data),
        scale,
        offset,
        unit: unit.flatten(),
        null_values: part("null_values").map(list).unwrap_or_default(),
        words: words?,
        time_format: part("time_format").and_then(TimeFormat::parse),
        required: form.is_on(&format!("mapping.{row}.required")),
    })
}

/// `Backen=running, 7=baking`
fn pairs(text: &str) -> Option<BTreeMap<String, String>> {
    text.split(',')
        .filter(|pair| !pair.trim().is_empty())
        .map(|pair| {
            let (raw, word) = pair.split_once('=')?;
            Some((raw.trim().to_owned(), word.trim().to_owned()))
        })
        .collect()
}

/// What the form shows of a draft. Secrets are not in a draft, and so never on a page.
pub fn show(draft: &EquipmentDraft) -> FormValues {
    let mut form = FormValues::default();
    let mut set = |name: &str, value: Option<String>| form.set(name, value.unwrap_or_default());
    set("name", Some(draft.name.clone()));
    set("location", Some(draft.location.clone()));
    set("kind", Some(draft.kind.to_string()));
    set("manufacturer", draft.manufacturer.clone());
    set("model", draft.model.clone());
    set("serial_number", draft.serial_number.clone());
    set("firmware_version", draft.firmware_version.clone());
    set("iot_protocol", draft.iot_protocol.clone());
    set("iot_endpoint", draft.iot_endpoint.clone());
    set("iot_port", draft.iot_port.map(|port| port.to_string()));
    set("poll_interval_seconds", Some(draft.poll_interval_seconds.to_string()));
    set("temperature_zones", Some(draft.temperature_zones.to_string()));
    for (name, is_on) in [
        ("iot_enabled", draft.iot_enabled),
        ("supports_realtime", draft.supports_realtime),
        ("supports_humidity", draft.supports_humidity),
        ("supports_energy_monitoring", draft.supports_energy_monitoring),
        ("supports_remote_control", draft.supports_remote_control),
    ] {
        if is_on {
            set(name, Some("on".to_owned()));
        }
    }
    show_connector(draft, &mut set);
    let rules = draft.iot_config.get("mapping").cloned().unwrap_or(Value::Null);
    let rules: Vec<MappingRule> = serde_json::from_value(rules).unwrap_or_default();
    for (row, rule) in rules.iter().enumerate() {
        show_rule(row, rule, &mut set);
    }
    form
}

/// Ticks what a protocol that was just chosen does unless told otherwise: an unticked box says nothing of itself, and
/// certificates would go unchecked.
pub fn set_default_flags(form: &mut FormValues) {
    let Some(driver) = form.filled("iot_protocol").and_then(connectors::find) else { return };
    let ticked = driver.manifest.settings().filter(|field| matches!(field.input, FieldInput::Flag));
    for field in ticked.filter(|field| field.default == Some("true")) {
        form.set(&format!("config.{}", field.key), "on");
    }
}

fn show_connector(draft: &EquipmentDraft, set: &mut impl FnMut(&str, Option<String>)) {
    let Some(driver) = draft.iot_protocol.as_deref().and_then(connectors::find) else { return };
    for field in driver.manifest.settings() {
        let name = format!("config.{}", field.key);
        let value = draft.iot_config.get(field.key);
        match (field.input, value) {
            (FieldInput::Flag, value) => {
                let on = value.map_or(field.default == Some("true"), |value| value == true || value == "true");
                if on {
                    set(&name, Some("on".to_owned()));
                }
            }
            (_, Some(Value::String(text))) => set(&name, Some(text.clone())),
            (_, Some(value)) => set(&name, Some(value.to_string())),
            (_, None) => set(&name, field.default.map(str::to_owned)),
        }
    }
}

pub(super) fn show_rule(row: usize, rule: &MappingRule, set: &mut impl FnMut(&str, Option<String>)) {
    let mut part = |name: &str, value: Option<String>| set(&format!("mapping.{row}.{name}"), value);
    match &rule.target {
        Target::Metric(metric) => part("target", Some(metric.to_string())),
        Target::Zone(zone) => {
            part("target", Some("temperature_zones".to_owned()));
            part("zone", Some(zone.clone()));
        }
        Target::Additional(name) => {
            part("target", Some("additional_sensors".to_owned()));
            part("zone", Some(name.clone()));
        }
    }
    part("path", Some(rule.path.clone()));
    part("source", Some(rule.source.to_string()));
    part("scale", (rule.scale.to_bits() != 1.0_f64.to_bits()).then(|| rule.scale.to_string()));
    part("offset", (rule.offset != 0.0).then(|| rule.offset.to_string()));
    part("unit", rule.unit.map(|unit| unit.to_string()));
    part("null_values", Some(rule.null_values.join(", ")));
    let words: Vec<_> = rule.words.iter().map(|(raw, word)| format!("{raw}={word}")).collect();
    part("words", Some(words.join(", ")));
    part("time_format", rule.time_format.map(|format| format.to_string()));
    if rule.required {
        part("required", Some("on".to_owned()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(pairs: &[(&str, &str)]) -> FormValues {
        FormValues(pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect())
    }

    #[test]
    fn a_draft_survives_the_form() {
        let rule = MappingRule {
            scale: 0.01,
            offset: -1.5,
            unit: Some(Unit::Fahrenheit),
            null_values: vec!["-32768".to_owned(), "n/a".to_owned()],
            required: true,
            ..MappingRule::new(Target::Zone("deck 1".to_owned()), "/d/0")
        };
        let words = MappingRule {
            words: [("Backen".to_owned(), "running".to_owned())].into(),
            source: Source::Status,
            ..MappingRule::new(Target::parse("operational_status").unwrap(), "$.m")
        };
        let draft = EquipmentDraft {
            name: "Horno 1".to_owned(),
            iot_endpoint: Some("http://oven.lan".to_owned()),
            iot_port: Some(8080),
            temperature_zones: 3,
            supports_realtime: false,
            supports_humidity: true,
            supports_energy_monitoring: true,
            iot_config: json!({
                "data_endpoint": "/live", "auth": "bearer", "timeout": 2.5, "verify_ssl": false, "mapping": [rule, words],
            })
            .as_object()
            .unwrap()
            .clone(),
            ..EquipmentDraft::default()
        };
        let parsed = parse(&show(&draft));
        assert_eq!(parsed.errors, []);
        assert_eq!(parsed.draft, draft);
    }

    #[test]
    fn errors_are_found_where_they_were_typed() {
        let parsed = parse(&form(&[
            ("name", "Horno"),
            ("kind", "deck"),
            ("iot_protocol", "rest_api"),
            ("iot_port", "99999"),
            ("poll_interval_seconds", "often"),
            ("mapping.3.target", "temperature"),
            ("mapping.3.path", "/t"),
            ("mapping.3.scale", "0,1x"),
            ("mapping.7.target", "temperature_zones"),
            ("mapping.7.path", "/z"),
            ("mapping.9.target", "humidity"),
            ("mapping.9.path", "/h"),
            ("mapping.9.scale", "0,1"),
        ]));
        let fields: Vec<_> = parsed.errors.iter().map(|error| error.field.as_str()).collect();
        assert_eq!(fields, ["mapping.3.scale", "mapping.7.zone", "iot_port", "poll_interval_seconds"]);
        let rules: Vec<MappingRule> = serde_json::from_value(parsed.draft.iot_config["mapping"].clone()).unwrap();
        assert_eq!((rules.len(), rules[0].scale), (1, 0.1));
        let moved = locate(&parsed.rows, vec![FieldError::new("mapping.0.path", Problem::Required)]);
        assert_eq!(moved[0].field, "mapping.9.path");
    }

    #[test]
    fn a_chosen_protocol_begins_with_its_defaults() {
        let mut values = form(&[("kind", "deck"), ("iot_protocol", "rest_api")]);
        set_default_flags(&mut values);
        assert_eq!(parse(&values).draft.iot_config["verify_ssl"], true);
    }

    #[test]
    fn an_empty_secret_keeps_the_stored_one() {
        let parsed = parse(&form(&[
            ("kind", "deck"),
            ("iot_protocol", "rest_api"),
            ("secret.password", ""),
            ("secret.token", " t "),
        ]));
        let SecretChange::Merge(given) = parsed.secrets else { panic!("a form merges") };
        assert_eq!(given, [("token".to_owned(), " t ".to_owned())].into());
    }
}
