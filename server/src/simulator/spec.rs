//! What a simulated oven is told before it starts.

use serde::Serialize;

use super::program::Program;

/// An oven to simulate.
#[derive(Clone)]
pub struct OvenSpec {
    /// Id under which the oven knows itself, used in its paths. Letters, digits and dashes.
    pub id: String,
    pub name: String,
    /// Area of the bakery where it stands.
    pub area: String,
    pub kind: OvenKind,
    pub vendor: Vendor,
    pub manufacturer: String,
    pub model: String,
    /// Decides the noise, the small differences between loads, and the phase the oven starts in.
    pub seed: u64,
    /// Baked one after another, forever. At least one.
    pub programs: Vec<Program>,
    /// Seconds of baking per second of wall time. Everything the oven *reports* (remaining time, energy, power) is in
    /// wall time, so that what it says adds up for whoever watches it: an oven at 6 is a fast oven, not a fast clock.
    pub time_scale: f64,
    pub credentials: Credentials,
    /// Further temperature points in the chamber that an OPC UA oven shows; for load, not for looks.
    pub extra_points: u16,
    /// Port on 127.0.0.1; 0 takes any free one.
    pub port: u16,
}

impl OvenSpec {
    /// Path of the document with the live values, for example `/remote/ovens/horno-de-pisos-1/values`.
    pub fn data_path(&self) -> String {
        self.vendor.data_endpoint().replace("{equipment_id}", &self.id)
    }

    /// Path of the short document with the state alone, where the vendor has one.
    pub fn status_path(&self) -> Option<String> {
        Some(self.vendor.status_endpoint()?.replace("{equipment_id}", &self.id))
    }

    /// Takes the user and the password of the broker that the oven publishes to.
    pub fn set_login(&mut self, login: Option<&(String, String)>) {
        self.credentials = match login {
            Some((username, password)) => Credentials::Basic { username: username.clone(), password: password.clone() },
            None => Credentials::Open,
        };
    }

    pub(super) fn check(&self) -> anyhow::Result<()> {
        let Self { id, time_scale, .. } = self;
        let plain = !id.is_empty() && id.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
        anyhow::ensure!(plain, "the id {id:?} of a simulated oven must be letters, digits and dashes");
        anyhow::ensure!(!self.programs.is_empty(), "simulated oven {id:?} has no programs");
        let scale_fits = time_scale.is_finite() && *time_scale > 0.0;
        anyhow::ensure!(scale_fits, "simulated oven {id:?} has the time scale {time_scale}, which is not above 0");
        for program in &self.programs {
            let fits = program.bake_s > 0.0 && (0.0..=program.bake_s).contains(&program.steam_s);
            anyhow::ensure!(fits, "program {:?} of simulated oven {id:?} has impossible durations", program.name);
        }
        Ok(())
    }
}

/// What sort of oven it is; decides how it is built.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum OvenKind {
    Deck,
    Rack,
    Combi,
    Tunnel,
    Proofer,
    Other,
}

impl OvenKind {
    /// The word the REST API and the database use for this kind.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Deck => "deck",
            Self::Rack => "rack",
            Self::Combi => "combi",
            Self::Tunnel => "tunnel",
            Self::Proofer => "proofer",
            Self::Other => "other",
        }
    }
}

/// What the oven speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Vendor {
    /// Flat, friendly JSON in °C and kWh, behind a bearer token. No real vendor.
    Generic,
    /// Nested arrays of 1/100 °C, German modes, epoch milliseconds, Wh, behind HTTP basic authentication. No real vendor.
    Decks,
    /// °F as text, numeric modes, local time without a zone, behind an API key. No real vendor.
    Combi,
    /// Shaped like what the RATIONAL profile expects: a unit with cabinet and core, behind a login with a token.
    Rational,
    /// Shaped like what the Wachtel profile expects: decks with top and bottom heat, behind a login with a token.
    Wachtel,
    /// Shaped like what the SALVA profile expects, with Spanish words, behind a login with a token.
    Salva,
    /// A workshop's own panel in Spanish, decimal commas as text, behind a login form with a cookie.
    Custom,
    /// Registers over Modbus TCP, no JSON and no password.
    Registers,
    /// An OPC UA server after OPC 30200.
    OpcUa,
    /// A gateway that publishes over MQTT.
    Mqtt,
}

impl Vendor {
    /// Those that speak HTTP.
    pub const HTTP: [Self; 7] =
        [Self::Generic, Self::Decks, Self::Combi, Self::Rational, Self::Wachtel, Self::Salva, Self::Custom];

    /// Path of the live values with `{equipment_id}` where the oven's id belongs.
    pub fn data_endpoint(self) -> &'static str {
        match self {
            Self::Generic | Self::Salva => "/api/v1/equipment/{equipment_id}/data",
            Self::Decks => "/remote/ovens/{equipment_id}/values",
            Self::Combi => "/units/{equipment_id}/live",
            Self::Rational => "/api/v1/units/{equipment_id}/status",
            Self::Wachtel => "/api/ovens/{equipment_id}/readings",
            Self::Custom => "/panel/{equipment_id}/valores.json",
            Self::Registers | Self::OpcUa | Self::Mqtt => "",
        }
    }

    /// Path of the state alone with `{equipment_id}` where the oven's id belongs.
    pub fn status_endpoint(self) -> Option<&'static str> {
        match self {
            Self::Generic | Self::Salva => Some("/api/v1/equipment/{equipment_id}/status"),
            Self::Decks => Some("/remote/ovens/{equipment_id}/state"),
            Self::Rational => Some("/api/v1/haccp-service/haccps"),
            Self::Wachtel => Some("/api/ovens/{equipment_id}/maintenance"),
            _ => None,
        }
    }

    /// Where a client logs in before it asks.
    pub fn login_endpoint(self) -> Option<&'static str> {
        match self {
            Self::Rational => Some("/api/v1/auth/login"),
            Self::Wachtel => Some("/api/auth/login"),
            Self::Salva => Some("/auth/login"),
            Self::Custom => Some("/panel/login"),
            _ => None,
        }
    }
}

/// What the oven wants to hear before it answers. Any sort can be given to any vendor.
#[derive(Clone)]
pub enum Credentials {
    /// `Authorization: Basic …`
    Basic { username: String, password: String },
    /// `Authorization: Bearer …`
    Token(String),
    /// `X-Api-Key: …`, or `api_key=…` in the query.
    ApiKey(String),
    /// A login with user and password, and from then on the token or the cookie that it gave.
    Login { username: String, password: String },
    /// Nothing.
    Open,
}
