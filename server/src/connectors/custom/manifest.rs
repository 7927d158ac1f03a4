//! What an admin is asked for.

use app::model::connector::{Delivery, Field, FieldInput, Manifest, SearchField};

use crate::connectors::{
    fields::{CAPABILITIES, FIELD, TIMEOUT, text},
    rest::fields::{
        API_KEY, API_KEY_NAME, AS_BASIC, AS_BEARER, AS_HEADER, AS_QUERY, AUTH_NONE, CA_CERTIFICATE, CLIENT_ID,
        CLIENT_SECRET, EQUIPMENT_ID, NAMED_PATH_HELP, PASSWORD, TOKEN, USERNAME, VERIFY_SSL,
    },
};

pub const MANIFEST: Manifest = Manifest {
    id: "custom",
    aliases: &["custom_rest"],
    name: text("REST a medida (perfil)", "Custom REST (profile)", "Eigenes REST-Profil"),
    description: text(
        "Un perfil de texto dice qué rutas se consultan, cómo se inicia sesión y qué significan las respuestas.",
        "A profile of text says which paths are asked, how to log in, and what the answers mean.",
        "Ein Textprofil sagt, welche Pfade abgefragt werden, wie die Anmeldung geht und was die Antworten bedeuten.",
    ),
    vendor: None,
    delivery: Delivery::Poll,
    default_port: None,
    endpoint_placeholder: "https://gateway.example/api",
    fields: &[
        Field {
            key: "profile",
            label: text("Perfil (TOML o JSON)", "Profile (TOML or JSON)", "Profil (TOML oder JSON)"),
            help: text(
                "Consultas, inicio de sesión, averías y reglas. Es el contenido de un archivo: se copia y se pega entero.",
                "Endpoints, login, faults and rules. It is the content of a file: copy and paste it as a whole.",
                "Abfragen, Anmeldung, Störungen und Regeln. Es ist der Inhalt einer Datei: als Ganzes kopieren und einfügen.",
            ),
            input: FieldInput::LongText {
                placeholder: "[[endpoint]]\nname = \"data\"\npath = \"/ovens/{equipment_id}/data\"",
            },
            required: true,
            guards: true,
            ..FIELD
        },
        EQUIPMENT_ID,
        Field {
            key: "auth",
            label: text("Credenciales", "Credentials", "Zugangsdaten"),
            help: text(
                "Vacío: el inicio de sesión del perfil; sin él, según las credenciales que haya.",
                "Empty: the login of the profile; without one, by the credentials that are there.",
                "Leer: die Anmeldung des Profils; ohne sie je nach vorhandenen Zugangsdaten.",
            ),
            input: FieldInput::Choice {
                options: &[
                    (AUTH_NONE, text("Solo el perfil", "The profile only", "Nur das Profil")),
                    AS_BASIC,
                    AS_BEARER,
                    AS_HEADER,
                    AS_QUERY,
                ],
            },
            ..FIELD
        },
        API_KEY_NAME,
        USERNAME,
        PASSWORD,
        CLIENT_ID,
        CLIENT_SECRET,
        TOKEN,
        API_KEY,
        TIMEOUT,
        VERIFY_SSL,
        CA_CERTIFICATE,
    ],
    mapped: true,
    self_mapping: true,
    path_example: "status /temp/0",
    path_help: NAMED_PATH_HELP,
    search: &[SearchField::Text { placeholder: "temp" }],
    capabilities: CAPABILITIES,
};
