//! What a driver says of itself. The manifest drives forms, validation and documentation alike.

use serde::Serialize;

use super::wire_enum;

wire_enum! {
    /// Whether the poller asks on a schedule or the driver waits for what comes.
    Delivery {
        Poll = "poll",
        Push = "push",
    }
}

/// A text in every language of the UI.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Localized {
    pub es: &'static str,
    pub en: &'static str,
    pub de: &'static str,
}

/// How a field is entered, and what is allowed.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum FieldInput {
    Text {
        placeholder: &'static str,
    },
    Number {
        min: f64,
        max: f64,
        unit: &'static str,
    },
    Choice {
        options: &'static [(&'static str, Localized)],
    },
    Flag,
    /// Several lines, for example a PEM certificate.
    LongText {
        placeholder: &'static str,
    },
}

/// One setting of a connector.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Field {
    /// Name in `iot_config`, or in the credentials when `secret`.
    pub key: &'static str,
    pub label: Localized,
    pub help: Localized,
    pub input: FieldInput,
    pub required: bool,
    pub default: Option<&'static str>,
    /// Kept encrypted and never shown again.
    pub secret: bool,
    /// Decides where secrets go and who may read them on the way: a stored secret is not used where it changed.
    #[serde(skip)]
    pub guards: bool,
    /// Only asked for when the field named first has one of these values.
    pub only_when: Option<(&'static str, &'static [&'static str])>,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Capabilities {
    pub realtime: bool,
    pub humidity: bool,
    pub energy: bool,
    pub remote_control: bool,
    pub discovery: bool,
}

/// What a search for values can be told; see [`Search`](super::discovery::Search).
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum SearchField {
    /// Part of a name or a path.
    Text { placeholder: &'static str },
    /// How long to listen.
    Seconds { default: f64 },
    /// The first and the last place to look at, as they are proposed: `holding 0`, `holding 99`.
    Range { from: &'static str, to: &'static str },
}

/// Everything the rest of Hornero knows of a protocol.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Manifest {
    pub id: &'static str,
    /// Other names accepted for `protocol`.
    pub aliases: &'static [&'static str],
    pub name: Localized,
    pub description: Localized,
    pub vendor: Option<&'static str>,
    pub delivery: Delivery,
    pub default_port: Option<u16>,
    pub endpoint_placeholder: &'static str,
    pub fields: &'static [Field],
    /// Values are found by a mapping that the admin enters.
    pub mapped: bool,
    /// Without a mapping the machine is read by a profile that the connector knows.
    pub self_mapping: bool,
    /// Where a value is, as an example.
    pub path_example: &'static str,
    /// How a path is written.
    pub path_help: Localized,
    /// What a search for values can be told.
    pub search: &'static [SearchField],
    pub capabilities: Capabilities,
}

impl Manifest {
    /// The settings that are not secret.
    pub fn settings(&self) -> impl Iterator<Item = &'static Field> {
        self.fields.iter().filter(|field| !field.secret)
    }

    /// The settings that are kept encrypted.
    pub fn secrets(&self) -> impl Iterator<Item = &'static Field> {
        self.fields.iter().filter(|field| field.secret)
    }
}
