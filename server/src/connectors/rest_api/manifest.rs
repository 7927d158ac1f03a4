//! What an admin is asked for.

use app::model::connector::{Delivery, Field, FieldInput, Manifest, SearchField};

use crate::connectors::{
    fields::{CAPABILITIES, FIELD, TIMEOUT, text},
    rest::fields::{
        API_KEY, API_KEY_NAME, AS_BASIC, AS_BEARER, AS_HEADER, AS_QUERY, AUTH_BASIC, AUTH_BEARER, AUTH_HEADER,
        AUTH_NONE, AUTH_QUERY, CA_CERTIFICATE, NAMED_PATH_HELP, PASSWORD, TOKEN, USERNAME, VERIFY_SSL,
    },
};

pub const MANIFEST: Manifest = Manifest {
    id: "rest_api",
    aliases: &["rest", "http"],
    name: text("API REST (HTTP y JSON)", "REST API (HTTP and JSON)", "REST-API (HTTP und JSON)"),
    description: text(
        "Para hornos o pasarelas que responden con JSON a una dirección web.",
        "For ovens or gateways that answer with JSON at a web address.",
        "Für Öfen oder Gateways, die unter einer Webadresse JSON liefern.",
    ),
    vendor: None,
    delivery: Delivery::Poll,
    default_port: None,
    endpoint_placeholder: "http://192.168.1.40/api/v1",
    fields: &[
        Field {
            key: "data_endpoint",
            label: text("Ruta de los datos", "Data path", "Pfad der Daten"),
            help: text(
                "Se añade a la dirección. {equipment_id} se sustituye por el identificador del horno.",
                "Appended to the address. {equipment_id} is replaced by the oven's identifier.",
                "Wird an die Adresse angehängt. {equipment_id} wird durch die Kennung des Ofens ersetzt.",
            ),
            input: FieldInput::Text { placeholder: "/equipment/{equipment_id}/data" },
            default: Some("/api/v1/equipment/{equipment_id}/data"),
            ..FIELD
        },
        Field {
            key: "status_endpoint",
            label: text("Ruta del estado", "Status path", "Pfad des Status"),
            help: text(
                "Solo si el estado se pide en otra ruta; los valores con origen «estado» se leen de ahí.",
                "Only where the status is at another path; values with the source “status” are read from it.",
                "Nur wenn der Status unter einem anderen Pfad liegt; Werte mit der Quelle „Status“ kommen von dort.",
            ),
            input: FieldInput::Text { placeholder: "/equipment/{equipment_id}/status" },
            ..FIELD
        },
        Field {
            key: "equipment_id",
            label: text("Identificador del horno", "Oven identifier", "Kennung des Ofens"),
            help: text(
                "Como lo llama el fabricante. Vacío: el identificador de Hornero.",
                "As the manufacturer calls it. Empty: Hornero's own identifier.",
                "Wie der Hersteller ihn nennt. Leer: Horneros eigene Kennung.",
            ),
            ..FIELD
        },
        Field {
            key: "auth",
            label: text("Inicio de sesión", "Authentication", "Anmeldung"),
            input: FieldInput::Choice {
                options: &[(AUTH_NONE, text("Ninguno", "None", "Keine")), AS_BASIC, AS_BEARER, AS_HEADER, AS_QUERY],
            },
            help: text(
                "Vacío: según las credenciales que haya.",
                "Empty: by the credentials that are there.",
                "Leer: je nach vorhandenen Zugangsdaten.",
            ),
            ..FIELD
        },
        Field { input: FieldInput::Text { placeholder: "X-Api-Key" }, ..API_KEY_NAME },
        Field { only_when: Some(("auth", &[AUTH_BASIC])), ..USERNAME },
        Field { only_when: Some(("auth", &[AUTH_BASIC])), ..PASSWORD },
        Field { only_when: Some(("auth", &[AUTH_BEARER])), ..TOKEN },
        Field { only_when: Some(("auth", &[AUTH_HEADER, AUTH_QUERY])), ..API_KEY },
        TIMEOUT,
        VERIFY_SSL,
        CA_CERTIFICATE,
    ],
    mapped: true,
    self_mapping: false,
    path_example: "/temp/0",
    path_help: NAMED_PATH_HELP,
    search: &[SearchField::Text { placeholder: "temp" }],
    capabilities: CAPABILITIES,
};
