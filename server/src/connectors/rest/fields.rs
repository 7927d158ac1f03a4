//! Pieces of manifests that every HTTP driver uses.

use app::model::connector::{Field, FieldInput, Localized};

use crate::connectors::fields::{FIELD, text};

pub const AUTH_NONE: &str = "none";
pub const AUTH_BASIC: &str = "basic";
pub const AUTH_BEARER: &str = "bearer";
pub const AUTH_HEADER: &str = "api_key_header";
pub const AUTH_QUERY: &str = "api_key_query";

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
    ..FIELD
};
