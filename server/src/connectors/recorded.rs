//! The settings of a recorded case, as its `config.json` has them: for the loop that replays all cases, and for fuzzing.

use std::time::Duration;

use jiff::tz::TimeZone;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::Settings;
use crate::secrets::Credentials;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recorded {
    endpoint: String,
    port: Option<u16>,
    /// Five seconds where absent.
    interval_s: Option<u64>,
    /// UTC where absent.
    timezone: Option<String>,
    pub config: Map<String, Value>,
    #[serde(default)]
    credentials: Map<String, Value>,
}

impl Recorded {
    /// Errors name what is wrong with the file.
    pub fn parse(text: &[u8]) -> Result<Self, String> {
        serde_json::from_slice(text).map_err(|error| format!("config.json: {error}"))
    }

    pub fn settings(&self) -> Result<Settings, String> {
        self.settings_with(&self.config)
    }

    /// With another `config`, mapping included.
    pub fn settings_with(&self, config: &Map<String, Value>) -> Result<Settings, String> {
        let timezone = match &self.timezone {
            Some(name) => TimeZone::get(name).map_err(|error| format!("timezone: {error}"))?,
            None => TimeZone::UTC,
        };
        let credentials = Credentials::from_json(self.credentials.clone().into());
        Ok(Settings {
            port: self.port,
            credentials: credentials.map_err(|error| format!("credentials: {error}"))?,
            timezone,
            interval: Duration::from_secs(self.interval_s.unwrap_or(5)),
            ..Settings::plain(&self.endpoint, config.clone())
        })
    }
}
