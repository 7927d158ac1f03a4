//! Pieces that manifests are made of.

use app::model::connector::{Capabilities, Field, FieldInput, Localized};

/// A text in Spanish, English and German.
pub const fn text(es: &'static str, en: &'static str, de: &'static str) -> Localized {
    Localized { es, en, de }
}

/// What a field is unless its manifest says otherwise.
pub const FIELD: Field = Field {
    key: "",
    label: text("", "", ""),
    help: text("", "", ""),
    input: FieldInput::Text { placeholder: "" },
    required: false,
    default: None,
    secret: false,
    guards: false,
    only_when: None,
};

/// What a driver can do unless its manifest says otherwise.
pub const CAPABILITIES: Capabilities =
    Capabilities { realtime: true, humidity: true, energy: true, remote_control: false, discovery: true };

/// The limit of one poll, for every driver that asks.
pub const TIMEOUT: Field = Field {
    key: "timeout",
    label: text("Espera máxima", "Timeout", "Zeitlimit"),
    help: text(
        "Segundos hasta dar por fallida una lectura.",
        "Seconds until a reading counts as failed.",
        "Sekunden, bis eine Abfrage als fehlgeschlagen gilt.",
    ),
    input: FieldInput::Number { min: 0.1, max: 120.0, unit: "s" },
    ..FIELD
};
