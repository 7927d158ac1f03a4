//! Pieces of manifests that every HTTP driver uses.

use app::model::connector::{Field, FieldInput, Localized};

use crate::connectors::fields::{FIELD, text};

pub const AUTH_NONE: &str = "none";
pub const AUTH_BASIC: &str = "basic";
pub const AUTH_BEARER: &str = "bearer";
pub const AUTH_HEADER: &str = "api_key_header";
pub const AUTH_QUERY: &str = "api_key_query";

/// An option of a choice.
type Choice = (&'static str, Localized);

pub const AS_BASIC: Choice =
    (AUTH_BASIC, text("Usuario y contraseña (Basic)", "User and password (Basic)", "Benutzer und Passwort (Basic)"));
pub const AS_BEARER: Choice = (AUTH_BEARER, text("Token (Bearer)", "Token (Bearer)", "Token (Bearer)"));
pub const AS_HEADER: Choice =
    (AUTH_HEADER, text("Clave en una cabecera", "API key in a header", "API-Schlüssel im Header"));
pub const AS_QUERY: Choice =
    (AUTH_QUERY, text("Clave en la dirección", "API key in the address", "API-Schlüssel in der Adresse"));

pub const NAMED_PATH_HELP: Localized = text(
    "JSON Pointer (/temp/0) o JSONPath ($.zonas[0].valor); delante, el nombre de la consulta si no es la primera (estado /modo).",
    "JSON Pointer (/temp/0) or JSONPath ($.zones[0].value); before it the name of the endpoint unless it is the first (status /mode).",
    "JSON Pointer (/temp/0) oder JSONPath ($.zonen[0].wert); davor der Name der Abfrage, wenn es nicht die erste ist (status /modus).",
);

pub const VERIFY_SSL: Field = Field {
    key: "verify_ssl",
    label: text("Comprobar el certificado", "Check the certificate", "Zertifikat prüfen"),
    help: text(
        "Sin comprobarlo, la contraseña se envía a quien responda. Mejor: la propia autoridad, abajo.",
        "Unchecked, the password goes to whoever answers. Better: your own authority, below.",
        "Ungeprüft geht das Passwort an jeden, der antwortet. Besser: eigene Stelle, unten.",
    ),
    input: FieldInput::Flag,
    default: Some("true"),
    guards: true,
    ..FIELD
};

pub const CA_CERTIFICATE: Field = Field {
    key: "ca_certificate",
    label: text("Autoridad propia (PEM)", "Own authority (PEM)", "Eigene Zertifizierungsstelle (PEM)"),
    help: text(
        "Solo se confía en estos certificados.",
        "Only these certificates are trusted.",
        "Nur diesen Zertifikaten wird vertraut.",
    ),
    input: FieldInput::LongText { placeholder: "-----BEGIN CERTIFICATE-----" },
    guards: true,
    ..FIELD
};

pub const USERNAME: Field =
    Field { key: "username", label: text("Usuario", "User name", "Benutzername"), secret: true, ..FIELD };

pub const PASSWORD: Field =
    Field { key: "password", label: text("Contraseña", "Password", "Passwort"), secret: true, ..FIELD };

pub const CLIENT_ID: Field =
    Field { key: "client_id", label: text("Id de cliente", "Client id", "Client-ID"), secret: true, ..FIELD };

pub const CLIENT_SECRET: Field = Field {
    key: "client_secret",
    label: text("Secreto de cliente", "Client secret", "Client-Secret"),
    secret: true,
    ..FIELD
};

pub const TOKEN: Field = Field { key: "token", label: text("Token", "Token", "Token"), secret: true, ..FIELD };

pub const API_KEY: Field =
    Field { key: "api_key", label: text("Clave de la API", "API key", "API-Schlüssel"), secret: true, ..FIELD };

pub const API_KEY_NAME: Field = Field {
    key: "api_key_name",
    label: text("Nombre de la clave", "Name of the key", "Name des Schlüssels"),
    help: text(
        "Cabecera (X-Api-Key) o parámetro (api_key).",
        "Header (X-Api-Key) or parameter (api_key).",
        "Header (X-Api-Key) oder Parameter (api_key).",
    ),
    only_when: Some(("auth", &[AUTH_HEADER, AUTH_QUERY])),
    ..FIELD
};

pub const EQUIPMENT_ID: Field = Field {
    key: "equipment_id",
    label: text("Identificador del horno", "Oven identifier", "Kennung des Ofens"),
    help: text(
        "Sustituye a {equipment_id}. Vacío: el identificador de Hornero.",
        "Replaces {equipment_id}. Empty: Hornero's own identifier.",
        "Ersetzt {equipment_id}. Leer: Horneros eigene Kennung.",
    ),
    ..FIELD
};

/// For ovens whose maker publishes no interface: what is asked can be replaced as a whole.
pub const PROFILE: Field = Field {
    key: "profile",
    label: text("Perfil propio (TOML o JSON)", "Own profile (TOML or JSON)", "Eigenes Profil (TOML oder JSON)"),
    help: text(
        "Sustituye las rutas y el inicio de sesión de este conector. Vacío: el perfil incluido, que el fabricante no ha \
         confirmado.",
        "Replaces this connector's paths and login. Empty: the built-in profile, which the manufacturer has not confirmed.",
        "Ersetzt Pfade und Anmeldung dieses Anschlusses. Leer: das eingebaute Profil, das der Hersteller nicht bestätigt \
         hat.",
    ),
    input: FieldInput::LongText { placeholder: "[[endpoint]]\nname = \"data\"\npath = \"/ovens/{oven_id}\"" },
    guards: true,
    ..FIELD
};
