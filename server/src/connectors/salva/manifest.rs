//! What an admin is asked for.

use app::model::connector::{Capabilities, Delivery, Field, Manifest, SearchField};

use crate::connectors::{
    fields::{FIELD, TIMEOUT, text},
    rest::{
        fields::{AUTH_BEARER, CA_CERTIFICATE, NAMED_PATH_HELP, PASSWORD, PROFILE, USERNAME, VERIFY_SSL},
        vendor::{DATA_PATH, LOGIN_PATH, SEND_AUTH},
    },
};

pub const MANIFEST: Manifest = Manifest {
    id: "salva",
    aliases: &["salva_rest"],
    name: text("SALVA", "SALVA", "SALVA"),
    description: text(
        "Hornos SALVA por REST. Perfil no confirmado por el fabricante.",
        "SALVA ovens over REST. Profile not confirmed by the manufacturer.",
        "Öfen von SALVA über REST. Profil vom Hersteller nicht bestätigt.",
    ),
    vendor: Some("SALVA"),
    delivery: Delivery::Poll,
    default_port: None,
    endpoint_placeholder: "http://192.168.1.40",
    fields: &[
        Field {
            key: "equipment_id",
            label: text("Identificador del horno", "Oven identifier", "Kennung des Ofens"),
            help: text(
                "Sustituye a {equipment_id}. Vacío: el identificador de Hornero.",
                "Replaces {equipment_id}. Empty: Hornero's own identifier.",
                "Ersetzt {equipment_id}. Leer: Horneros eigene Kennung.",
            ),
            ..FIELD
        },
        USERNAME,
        PASSWORD,
        SEND_AUTH,
        Field {
            key: "token",
            label: text("Token", "Token", "Token"),
            secret: true,
            only_when: Some(("auth", &[AUTH_BEARER])),
            ..FIELD
        },
        LOGIN_PATH,
        DATA_PATH,
        PROFILE,
        TIMEOUT,
        VERIFY_SSL,
        CA_CERTIFICATE,
    ],
    mapped: true,
    self_mapping: true,
    path_example: "status /operational_status",
    path_help: NAMED_PATH_HELP,
    search: &[SearchField::Text { placeholder: "temp" }],
    capabilities: Capabilities { realtime: true, humidity: true, energy: true, remote_control: false, discovery: true },
};
