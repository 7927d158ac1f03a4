//! What an admin is asked for.

use app::model::connector::{Capabilities, Delivery, Field, FieldInput, Manifest, SearchField};

use crate::connectors::{
    fields::{FIELD, TIMEOUT, text},
    rest::fields::{
        AUTH_BASIC, AUTH_BEARER, AUTH_HEADER, AUTH_NONE, AUTH_QUERY, CA_CERTIFICATE, NAMED_PATH_HELP, PASSWORD,
        USERNAME, VERIFY_SSL,
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
                options: &[
                    (AUTH_NONE, text("Ninguno", "None", "Keine")),
                    (
                        AUTH_BASIC,
                        text(
                            "Usuario y contraseña (Basic)",
                            "User and password (Basic)",
                            "Benutzer und Passwort (Basic)",
                        ),
                    ),
                    (AUTH_BEARER, text("Token (Bearer)", "Token (Bearer)", "Token (Bearer)")),
                    (AUTH_HEADER, text("Clave en una cabecera", "API key in a header", "API-Schlüssel im Header")),
                    (
                        AUTH_QUERY,
                        text("Clave en la dirección", "API key in the address", "API-Schlüssel in der Adresse"),
                    ),
                ],
            },
            help: text(
                "Vacío: según las credenciales que haya.",
                "Empty: by the credentials that are there.",
                "Leer: je nach vorhandenen Zugangsdaten.",
            ),
            ..FIELD
        },
        Field {
            key: "api_key_name",
            label: text("Nombre de la clave", "Name of the key", "Name des Schlüssels"),
            help: text(
                "Cabecera (X-Api-Key) o parámetro (api_key).",
                "Header (X-Api-Key) or parameter (api_key).",
                "Header (X-Api-Key) oder Parameter (api_key).",
            ),
            input: FieldInput::Text { placeholder: "X-Api-Key" },
            only_when: Some(("auth", &[AUTH_HEADER, AUTH_QUERY])),
            ..FIELD
        },
        Field { only_when: Some(("auth", &[AUTH_BASIC])), ..USERNAME },
        Field { only_when: Some(("auth", &[AUTH_BASIC])), ..PASSWORD },
        Field {
            key: "token",
            label: text("Token", "Token", "Token"),
            secret: true,
            only_when: Some(("auth", &[AUTH_BEARER])),
            ..FIELD
        },
        Field {
            key: "api_key",
            label: text("Clave de la API", "API key", "API-Schlüssel"),
            secret: true,
            only_when: Some(("auth", &[AUTH_HEADER, AUTH_QUERY])),
            ..FIELD
        },
        TIMEOUT,
        VERIFY_SSL,
        CA_CERTIFICATE,
    ],
    mapped: true,
    self_mapping: false,
    path_example: "/temp/0",
    path_help: NAMED_PATH_HELP,
    search: &[SearchField::Text { placeholder: "temp" }],
    capabilities: Capabilities { realtime: true, humidity: true, energy: true, remote_control: false, discovery: true },
};
