//! What an admin is asked for.

use app::model::connector::{Capabilities, Delivery, Field, FieldInput, Manifest, SearchField};

use crate::connectors::{
    fields::{FIELD, TIMEOUT, text},
    rest::fields::{
        AUTH_BASIC, AUTH_BEARER, AUTH_HEADER, AUTH_NONE, AUTH_QUERY, CA_CERTIFICATE, CLIENT_ID, CLIENT_SECRET,
        NAMED_PATH_HELP, PASSWORD, USERNAME, VERIFY_SSL,
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
            ..FIELD
        },
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
            only_when: Some(("auth", &[AUTH_HEADER, AUTH_QUERY])),
            ..FIELD
        },
        USERNAME,
        PASSWORD,
        CLIENT_ID,
        CLIENT_SECRET,
        Field { key: "token", label: text("Token", "Token", "Token"), secret: true, ..FIELD },
        Field { key: "api_key", label: text("Clave de la API", "API key", "API-Schlüssel"), secret: true, ..FIELD },
        TIMEOUT,
        VERIFY_SSL,
        CA_CERTIFICATE,
    ],
    mapped: true,
    self_mapping: true,
    path_example: "status /temp/0",
    path_help: NAMED_PATH_HELP,
    search: &[SearchField::Text { placeholder: "temp" }],
    capabilities: Capabilities { realtime: true, humidity: true, energy: true, remote_control: false, discovery: true },
};
