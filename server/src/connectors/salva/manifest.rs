//! What an admin is asked for.

use app::model::connector::{Delivery, Field, Manifest, SearchField};

use crate::connectors::{
    fields::{CAPABILITIES, TIMEOUT, text},
    rest::{
        fields::{
            AUTH_BEARER, CA_CERTIFICATE, EQUIPMENT_ID, NAMED_PATH_HELP, PASSWORD, PROFILE, TOKEN, USERNAME, VERIFY_SSL,
        },
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
        EQUIPMENT_ID,
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
    path_example: "status /operational_status",
    path_help: NAMED_PATH_HELP,
    search: &[SearchField::Text { placeholder: "temp" }],
    capabilities: CAPABILITIES,
};
