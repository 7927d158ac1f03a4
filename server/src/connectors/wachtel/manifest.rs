//! What an admin is asked for.

use app::model::connector::{Delivery, Field, FieldInput, Manifest, SearchField};

use crate::connectors::{
    fields::{CAPABILITIES, FIELD, TIMEOUT, text},
    rest::{
        fields::{AUTH_BEARER, CA_CERTIFICATE, NAMED_PATH_HELP, PASSWORD, PROFILE, TOKEN, USERNAME, VERIFY_SSL},
        vendor::{DATA_PATH, LOGIN_PATH, SEND_AUTH},
    },
};

pub const MANIFEST: Manifest = Manifest {
    id: "wachtel",
    aliases: &["wachtel_remote"],
    name: text("Wachtel REMOTE", "Wachtel REMOTE", "Wachtel REMOTE"),
    description: text(
        "Hornos de pisos de Wachtel por REST. Perfil no confirmado por el fabricante.",
        "Wachtel deck ovens over REST. Profile not confirmed by the manufacturer.",
        "Etagenöfen von Wachtel über REST. Profil vom Hersteller nicht bestätigt.",
    ),
    vendor: Some("Wachtel"),
    delivery: Delivery::Poll,
    default_port: None,
    endpoint_placeholder: "https://remote.wachtel.de/api",
    fields: &[
        Field {
            key: "oven_id",
            label: text("Número de serie del horno", "Oven serial number", "Seriennummer des Ofens"),
            help: text(
                "Sustituye a {oven_id} en las rutas.",
                "Replaces {oven_id} in paths.",
                "Ersetzt {oven_id} in Pfaden.",
            ),
            required: true,
            ..FIELD
        },
        Field {
            key: "deck_count",
            label: text("Número de pisos", "Number of decks", "Anzahl der Herde"),
            help: text(
                "De cada piso se leen dos temperaturas: techo y suelo.",
                "Two temperatures are read of each deck: top and bottom.",
                "Je Herd werden zwei Temperaturen gelesen: Ober- und Unterhitze.",
            ),
            input: FieldInput::Number { min: 1.0, max: 16.0, unit: "" },
            default: Some("1"),
            ..FIELD
        },
        USERNAME,
        PASSWORD,
        SEND_AUTH,
        Field { only_when: Some(("auth", &[AUTH_BEARER])), ..TOKEN },
        LOGIN_PATH,
        DATA_PATH,
        PROFILE,
        TIMEOUT,
        VERIFY_SSL,
        CA_CERTIFICATE,
    ],
    mapped: true,
    self_mapping: true,
    path_example: "maintenance /operation_hours",
    path_help: NAMED_PATH_HELP,
    search: &[SearchField::Text { placeholder: "temp" }],
    capabilities: CAPABILITIES,
};
