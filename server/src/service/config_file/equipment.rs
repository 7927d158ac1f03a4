//! Ovens, how they are connected, how long their history is kept, and their credentials as far as the file may have them.
//!
//! # Layout
//! - here: an oven in the file, and reading what there is
//! - [`matching`] which oven of the file is which of those there are
//! - [`credentials`] what becomes of secrets
//! - [`steps`] from what there is to what the file says

mod credentials;
mod matching;
mod steps;

use std::collections::BTreeMap;

use app::model::{
    equipment::{Equipment, EquipmentDraft, EquipmentId, EquipmentKind, default_interval},
    form::{FieldError, Problem},
    plausibility::{Rule, Rules},
    retention::Retention,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::{ConfigFileError, Desk, document::Section, plan::Planning};
use crate::{
    secrets::{Credentials, passphrase::FileKey},
    service::configure::errors_in,
};

pub(super) enum Ovens {}

/// The fields of an [`EquipmentDraft`] by their names, and what else belongs to an oven.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Oven {
    /// Without one, the oven of this name is meant, or a new one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    id: Option<EquipmentId>,
    name: String,
    #[serde(default)]
    location: String,
    #[serde(default = "other")]
    kind: EquipmentKind,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    serial_number: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    manufacturer: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    model: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    firmware_version: Option<String>,
    #[serde(default = "yes")]
    iot_enabled: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    iot_protocol: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    iot_endpoint: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    iot_port: Option<u16>,
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    iot_config: Map<String, Value>,
    #[serde(default = "yes")]
    supports_realtime: bool,
    #[serde(default = "default_interval")]
    poll_interval_seconds: u32,
    #[serde(default = "one")]
    temperature_zones: u32,
    #[serde(default)]
    supports_humidity: bool,
    #[serde(default)]
    supports_energy_monitoring: bool,
    #[serde(default)]
    supports_remote_control: bool,
    /// Its own, where it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    retention: Option<Retention>,
    /// What its values are held to, where that is not what usually holds.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    plausibility: Vec<Rule>,
    /// Names, each with what is sealed, or with nothing where it is not in the file.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    credentials: BTreeMap<String, Option<String>>,
}

const fn other() -> EquipmentKind {
    EquipmentKind::Other
}
const fn yes() -> bool {
    true
}
const fn one() -> u32 {
    1
}

impl Section for Ovens {
    type Part = Vec<Oven>;

    /// In the order of their creation, which is that of the board.
    async fn read(
        desk: Desk<'_>,
        key: Option<&FileKey>,
        warnings: &mut Vec<String>,
    ) -> Result<Vec<Oven>, ConfigFileError> {
        let mut part = Vec::new();
        for saved in desk.store.equipment_list().await? {
            let mut oven = Oven::of(EquipmentDraft::from(&saved), Own::of(desk, saved.id).await?);
            oven.id = Some(saved.id);
            oven.credentials = match stored(desk, &saved).await {
                Ok(credentials) => in_file(desk, &saved, &credentials, key),
                // Without them the file would not be what was asked for.
                Err(error) if key.is_some() => return Err(error),
                Err(error @ ConfigFileError::NoMasterKey) => return Err(error),
                Err(error) => {
                    warnings.push(format!("{}: its credentials are left out: {error}", saved.name));
                    BTreeMap::new()
                }
            };
            part.push(oven);
        }
        Ok(part)
    }

    async fn plan(part: &Vec<Oven>, planning: &mut Planning<'_>) -> Result<(), ConfigFileError> {
        steps::plan(part, planning).await
    }
}

/// The credentials of an oven that there is.
async fn stored(desk: Desk<'_>, saved: &Equipment) -> Result<Credentials, ConfigFileError> {
    if !saved.has_credentials {
        return Ok(Credentials::default());
    }
    match desk.store.credentials(saved.id).await? {
        Some(blob) => Ok(desk.keyring()?.open(saved.id.0, &blob)?),
        None => Ok(Credentials::default()),
    }
}

/// Each that there is, and the name of each that the connection lacks: it is still to be entered wherever the file goes.
fn in_file(
    desk: Desk<'_>,
    saved: &Equipment,
    credentials: &Credentials,
    key: Option<&FileKey>,
) -> BTreeMap<String, Option<String>> {
    let lacking = errors_in(desk.limits, saved.id, &EquipmentDraft::from(saved), credentials);
    let lacking = lacking.iter().filter(|error| error.problem == Problem::Required);
    let lacking = lacking.filter_map(|error| Some((error.field.strip_prefix("secret.")?.to_owned(), None)));
    let sealed = |name: &str| Some(key?.seal(saved.id.0, name, credentials.get(name)?));
    lacking.chain(credentials.names().map(|name| (name.to_owned(), sealed(name)))).collect()
}

impl Oven {
    fn of(draft: EquipmentDraft, own: Own) -> Self {
        let EquipmentDraft {
            name,
            location,
            kind,
            serial_number,
            manufacturer,
            model,
            firmware_version,
            iot_enabled,
            iot_protocol,
            iot_endpoint,
            iot_port,
            iot_config,
            supports_realtime,
            poll_interval_seconds,
            temperature_zones,
            supports_humidity,
            supports_energy_monitoring,
            supports_remote_control,
        } = draft;
        Self {
            id: None,
            name,
            location,
            kind,
            serial_number,
            manufacturer,
            model,
            firmware_version,
            iot_enabled,
            iot_protocol,
            iot_endpoint,
            iot_port,
            iot_config,
            supports_realtime,
            poll_interval_seconds,
            temperature_zones,
            supports_humidity,
            supports_energy_monitoring,
            supports_remote_control,
            retention: own.retention,
            plausibility: own.rules.map(|rules| rules.rules).unwrap_or_default(),
            credentials: BTreeMap::new(),
        }
    }

    fn draft(&self) -> EquipmentDraft {
        EquipmentDraft {
            name: self.name.clone(),
            location: self.location.clone(),
            kind: self.kind,
            serial_number: self.serial_number.clone(),
            manufacturer: self.manufacturer.clone(),
            model: self.model.clone(),
            firmware_version: self.firmware_version.clone(),
            iot_enabled: self.iot_enabled,
            iot_protocol: self.iot_protocol.clone(),
            iot_endpoint: self.iot_endpoint.clone(),
            iot_port: self.iot_port,
            iot_config: self.iot_config.clone(),
            supports_realtime: self.supports_realtime,
            poll_interval_seconds: self.poll_interval_seconds,
            temperature_zones: self.temperature_zones,
            supports_humidity: self.supports_humidity,
            supports_energy_monitoring: self.supports_energy_monitoring,
            supports_remote_control: self.supports_remote_control,
        }
    }

    fn own(&self) -> Own {
        let rules = (!self.plausibility.is_empty()).then(|| Rules { rules: self.plausibility.clone() });
        Own { retention: self.retention, rules }
    }

    /// What a plan compares; secrets and the id aside.
    fn compared(draft: &EquipmentDraft, own: &Own) -> Value {
        let mut value = json!(draft);
        value["retention"] = json!(own.retention);
        value["plausibility"] = own.rules.as_ref().map_or(Value::Null, |rules| json!(rules.rules));
        value
    }
}

/// What an oven has of its own beside its settings.
#[derive(Clone, Debug, Default, PartialEq)]
struct Own {
    retention: Option<Retention>,
    rules: Option<Rules>,
}

impl Own {
    async fn of(desk: Desk<'_>, id: EquipmentId) -> Result<Self, ConfigFileError> {
        let rules = desk.store.rules(id).await?.filter(|rules| !rules.rules.is_empty());
        Ok(Self { retention: desk.store.retention(id).await?, rules })
    }

    /// What is wrong with it.
    fn check(&self) -> Vec<FieldError> {
        let retention = self.retention.map(|retention| retention.check()).unwrap_or_default();
        let retention =
            retention.into_iter().map(|error| FieldError::new(format!("retention.{}", error.field), error.problem));
        let rules = self.rules.as_ref().map(Rules::check).unwrap_or_default();
        let rules = rules.into_iter().map(|error| {
            let field = error.field.strip_prefix("rules").unwrap_or(&error.field);
            FieldError::new(format!("plausibility{field}"), error.problem)
        });
        retention.chain(rules).collect()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_a_file_leaves_out_is_as_in_the_api() {
        let oven: Oven = yaml_serde::from_str("name: Horno").unwrap();
        let draft: EquipmentDraft = serde_json::from_value(json!({"name": "Horno"})).unwrap();
        assert_eq!(oven.draft(), draft);
    }

    fn any_value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<f64>().prop_filter("JSON has no such number", |number| number.is_finite()).prop_map(Value::from),
            any_text().prop_map(Value::from),
        ];
        leaf.prop_recursive(3, 16, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::btree_map(any_text(), inner, 0..4).prop_map(|map| map.into_iter().collect()),
            ]
        })
    }

    /// Also what YAML could take for something else than a text.
    fn any_text() -> impl Strategy<Value = String> {
        const WORDS: &[&str] = &[
            "",
            "yes",
            "no",
            "on",
            "~",
            "null",
            "true",
            "1e3",
            "0x1f",
            "0o7",
            "1_000",
            ".inf",
            ".nan",
            "12:30:45",
            "2026-11-26",
            "- a",
            "a: b",
            "# c",
            "'",
            "\"",
            "&a",
            "*a",
            "!t",
            "%",
            "@",
            "`",
            "|",
            ">",
            "? x",
            "{",
            "[",
            "<<",
            "=",
            " x ",
            "x\n",
            "\nx",
            "a\n  b\n c\n\n",
            "-----BEGIN CERTIFICATE-----\nMII+/=\n-----END CERTIFICATE-----\n",
            "\t",
            "\u{85}",
            "\u{2028}",
            "\u{feff}",
            "\u{0}",
            "\u{7f}",
            "\r\n",
            "ñ",
            "🥖",
            "---",
            "...",
            "-",
            "1.",
            ".5",
            "+1",
            "-0",
            "0.0",
        ];
        prop_oneof![prop::sample::select(WORDS).prop_map(str::to_owned), any::<String>(), "[ -~\n]{0,200}"]
    }

    proptest! {
        #[test]
        fn an_oven_survives_the_file(
            (name, location, text) in (any_text(), any_text(), prop::option::of(any_text())),
            config in prop::collection::btree_map(any_text(), any_value(), 0..4),
            (port, id, credential) in (any::<Option<u16>>(), any::<Option<u128>>(), prop::option::of(any_text())),
        ) {
            let draft = EquipmentDraft {
                name, location,
                model: text.clone(),
                iot_endpoint: text,
                iot_port: port,
                iot_config: config.into_iter().collect(),
                ..EquipmentDraft::default()
            };
            let rules = Rules { rules: vec![Rule { field: "temperature_zones.*".to_owned(), max: Some(300.0), ..Rule::default() }] };
            let own = Own { retention: port.map(|_| Retention::default()), rules: port.map(|_| rules) };
            let mut oven = Oven::of(draft.clone(), own.clone());
            prop_assert_eq!(oven.own(), own);
            oven.id = id.map(|id| EquipmentId(uuid::Uuid::from_u128(id)));
            oven.credentials = [("password".to_owned(), credential)].into();
            let file = yaml_serde::to_string(&vec![oven.clone()]).unwrap();
            let read: Vec<Oven> = yaml_serde::from_str(&file).unwrap_or_else(|error| panic!("{error}: {file}"));
            prop_assert_eq!(read[0].draft(), draft);
            prop_assert_eq!(&read, &vec![oven], "{}", file);
            prop_assert_eq!(yaml_serde::to_string(&read).unwrap(), file);
        }
    }
}
