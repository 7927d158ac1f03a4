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
pub mod reading;
pub mod retention;
pub mod settings;
pub mod token;
pub mod unit;
pub mod user;
pub mod wire;

/// Declares a field-less enum with its wire name, used by serde, SQL and forms alike, and `ALL` in order.
macro_rules! wire_enum {
    ($(#[$meta:meta])* $name:ident { $($(#[$vmeta:meta])* $variant:ident = $wire:literal),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum $name { $($(#[$vmeta])* $variant),+ }

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

        #[cfg(feature = "ssr")]
        impl utoipa::PartialSchema for $name {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
                use utoipa::openapi::schema::{ObjectBuilder, Type};
                ObjectBuilder::new().schema_type(Type::String).enum_values(Some([$($wire),+])).into()
            }
        }

        #[cfg(feature = "ssr")]
        impl utoipa::ToSchema for $name {}
    };
}
pub(crate) use wire_enum;
