//! Serde types and pure rules shared by the browser, the server and the API.
//!
//! # Layout
//! - [`equipment`] an oven, its kind, its connection settings and status
//! - [`reading`] one set of values with the quality of each
//! - [`metric`] every measured quantity, its unit and plausible range
//! - [`unit`] conversions to the units that are stored
//! - [`connector`] what a driver says of itself (its manifest)
//! - [`discovery`] what can be found at an address before anything is mapped
//! - [`failure`] why a connection failed, as a kind that the UI can explain
//! - [`connection_log`] what happened to a connection, and when
//! - [`mapping`] where values are in an answer, and what they mean
//! - [`form`] what was typed, and what is wrong with it
//! - [`health`] how well a connection does
//! - [`live`] websocket frames and the freshness of a value
//! - [`wire`] words of Modbus register maps
//! - [`alert`] alerts of the equipment
//! - [`batch`] what is baked: its profile, where it stands, what became of it
//! - [`energy`] what ovens take, and what for nothing
//! - [`history`] how finely history is kept and shown; [`retention`] for how long
//! - [`plausibility`] what values are held to; [`outlier`] those that were not believed
//! - [`settings`] what an admin sets for everybody
//! - [`user`] roles and users; [`token`] credentials of programs, [`display`] screens on a wall
//! - [`api`] request and response bodies with the field names of the public API
//!
//! No leptos and no I/O in here.

pub mod alert;
pub mod api;
pub mod batch;
pub mod connection_log;
pub mod connector;
pub mod discovery;
pub mod display;
pub mod energy;
pub mod equipment;
pub mod failure;
pub mod form;
pub mod health;
pub mod history;
pub mod live;
pub mod mapping;
pub mod metric;
pub mod outlier;
pub mod plausibility;
pub mod reading;
pub mod retention;
pub mod settings;
pub mod token;
pub mod unit;
pub mod user;
pub mod wire;

/// Declares a field-less enum with its wire name, used by serde, SQL and forms alike, and `ALL` in order. What its
/// comments say is in the API's description too.
macro_rules! wire_enum {
    ($(#[doc = $doc:literal])* $name:ident {
        $($(#[doc = $vdoc:literal])* $variant:ident = $wire:literal),+ $(,)?
    }) => {
        $(#[doc = $doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum $name { $($(#[doc = $vdoc])* $variant),+ }

        impl $name {
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The name on the wire, in the database and in forms.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $wire),+ }
            }

            /// The value with this wire name, if there is one.
            pub fn parse(text: &str) -> Option<Self> {
                match text { $($wire => Some(Self::$variant),)+ _ => None }
            }
        }

        #[cfg(feature = "ssr")]
        impl utoipa::PartialSchema for $name {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
                let words: &[(&str, &[&str])] = &[$(($wire, &[$($vdoc),*])),+];
                $crate::model::words_schema(&[$($doc),*], words)
            }
        }

        #[cfg(feature = "ssr")]
        impl utoipa::ToSchema for $name {
            fn name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        // By name, which makes a tenth of the WASM that serde's derive makes of an enum.
        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = <std::borrow::Cow<'de, str> as serde::Deserialize>::deserialize(deserializer)?;
                Self::parse(&text).ok_or_else(|| {
                    let allowed = [$($wire),+].join(", ");
                    serde::de::Error::custom(format!("`{text}` is not one of {allowed}"))
                })
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}
pub(crate) use wire_enum;

/// Describes a closed list of words: what it is, and what those words mean that do not say it themselves.
#[cfg(feature = "ssr")]
pub(crate) fn words_schema(doc: &[&str], words: &[(&str, &[&str])]) -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
    use utoipa::openapi::schema::{ObjectBuilder, Type};
    let line = |lines: &[&str]| lines.iter().map(|line| line.trim()).collect::<Vec<_>>().join(" ");
    let meanings = words.iter().filter(|(_, doc)| !doc.is_empty());
    let mut text: Vec<String> = meanings.map(|(word, doc)| format!("- `{word}`: {}", line(doc))).collect();
    if !doc.is_empty() {
        text.insert(0, line(doc));
    }
    ObjectBuilder::new()
        .schema_type(Type::String)
        .description((!text.is_empty()).then(|| text.join("\n")))
        .enum_values(Some(words.iter().map(|(word, _)| *word)))
        .into()
}
