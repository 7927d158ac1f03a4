//! Drivers that are a profile: the built-in one of a manufacturer, or the admin's own.

use std::time::Duration;

use app::model::{
    connector::{Field, FieldInput},
    form::{FieldError, Problem},
};

use super::{
    fields::{AS_BASIC, AS_BEARER, AUTH_NONE},
    plan::{Described, Given},
    profile::Profile,
    settings::{Auth, Placeholders, auth, base_url, trust},
};
use crate::connectors::{
    Settings,
    config::Reader,
    fields::{FIELD, text},
};

pub const LOGIN_PATH: Field = Field {
    key: "login_endpoint",
    label: text("Ruta del inicio de sesión", "Login path", "Pfad der Anmeldung"),
    help: text(
        "No confirmada por el fabricante. Ruta, o dirección completa si está en otro servidor.",
        "Not confirmed by the manufacturer. A path, or a whole address where it is on another host.",
        "Vom Hersteller nicht bestätigt. Pfad, oder ganze Adresse, wenn sie auf einem anderen Server liegt.",
    ),
    input: FieldInput::Text { placeholder: "/auth/login" },
    guards: true,
    ..FIELD
};

/// How an oven is told who asks, where its login is not what the profile says.
pub const SEND_AUTH: Field = Field {
    key: "auth",
    label: text("Inicio de sesión", "Authentication", "Anmeldung"),
    help: text(
        "No confirmado por el fabricante.",
        "Not confirmed by the manufacturer.",
        "Vom Hersteller nicht bestätigt.",
    ),
    input: FieldInput::Choice {
        options: &[
            (
                AUTH_NONE,
                text("Iniciar sesión y usar el token", "Log in and use the token", "Anmelden und Token nutzen"),
            ),
            AS_BASIC,
            AS_BEARER,
        ],
    },
    default: Some(AUTH_NONE),
    ..FIELD
};

pub const DATA_PATH: Field = Field {
    key: "data_endpoint",
    label: text("Ruta de los datos", "Data path", "Pfad der Daten"),
    help: text(
        "No confirmada por el fabricante. Vacía: la del perfil incluido.",
        "Not confirmed by the manufacturer. Empty: that of the built-in profile.",
        "Vom Hersteller nicht bestätigt. Leer: der des eingebauten Profils.",
    ),
    ..FIELD
};

/// The settings of one driver that is a profile.
pub struct Vendor<'a> {
    /// Address where the admin gives none.
    pub base: Option<&'static str>,
    /// The built-in profile; the admin's own `profile` is used where it is empty or where there is one.
    pub profile: &'a str,
    pub names: Placeholders,
}

impl Vendor<'_> {
    /// Takes over the errors that the driver found itself.
    pub fn read(self, settings: &Settings, mut read: Reader) -> Described {
        let base = base_url(settings, self.base, &mut read.errors);
        let own = read.text("profile");
        if own.is_none() && self.profile.is_empty() {
            read.complain("profile", Problem::Required);
        }
        let mut profile = match Profile::parse(own.as_deref().unwrap_or(self.profile)) {
            Ok(profile) => Some(profile),
            Err(detail) if own.is_some() => {
                read.complain("profile", Problem::Other { detail });
                None
            }
            Err(_) => None,
        };
        if let Some(profile) = &mut profile {
            if let (Some(path), Some(login)) = (read.text("login_endpoint"), &mut profile.login) {
                login.path = path;
            }
            if let Some(path) = read.text("data_endpoint") {
                profile.endpoints[0].path = path;
            }
            // Credentials for a login are not sent with each request, unless the admin says so.
            if read.text("auth").is_some_and(|auth| auth != AUTH_NONE) {
                profile.login = None;
            }
        }
        let has_login = profile.as_ref().is_some_and(|profile| profile.login.is_some());
        let auth = if has_login { Some(Auth::None) } else { auth(settings, &mut read) };
        let trust = trust(&mut read);
        let timeout = read.number("timeout").map_or(settings.default_timeout, Duration::from_secs_f64);
        let mapping = read.mapping();
        match (base, auth, profile, read.errors.is_empty()) {
            (Some(base), Some(auth), Some(profile), true) => {
                let (names, derive) = (self.names, None);
                Ok((profile, Given { base, names, auth, trust, timeout, mapping, derive, field: "profile" }))
            }
            (.., true) => Err(vec![FieldError::new(
                "config.profile",
                Problem::Other { detail: "the built-in profile does not fit these settings".to_owned() },
            )]),
            _ => Err(read.errors),
        }
    }
}
