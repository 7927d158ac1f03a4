//! Every setting of the server and where its value comes from.
//!
//! Later sources win: the default, the TOML file (`--config`, else `HORNERO_CONFIG`, else `./hornero.toml` when it is
//! there), the environment (`HORNERO_*`), the command line. A value that is wrong is an error even where a later source
//! would replace it: whoever wrote it meant something by it.
//!
//! # Layout
//! - [`settings`] the table: key, environment variable, default, form and doc of each setting
//! - `form` the forms a value may have, and how each is read
//! - [`error`] what can be wrong, and where it was found
//! - `source` finds the file and reads it together with the environment

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use jiff::tz::TimeZone;
use url::Url;

use crate::secrets::Keyring;

pub mod error;
mod form;
pub mod settings;
mod source;
#[cfg(test)]
mod tests;

pub use error::{ConfigError, Origin};
pub use settings::{SETTINGS, Setting, settings_markdown};

/// The sample file that is shipped; each of its lines is a comment, so it changes nothing until it is edited.
pub const SAMPLE: &str = include_str!("../../hornero.sample.toml");

/// What the settings' environment variables begin with.
pub const ENV_PREFIX: &str = "HORNERO_";

/// Variables with the prefix that are no settings: the place of the file, and what the build and its tests use.
const OTHER_ENV: [&str; 4] = [source::CONFIG_ENV, PASSPHRASE_ENV, "HORNERO_BIN", "HORNERO_SITE_DIR"];

/// The passphrase of `hornero config export`, `plan` and `apply`.
pub const PASSPHRASE_ENV: &str = "HORNERO_CONFIG_PASSPHRASE";

/// How log lines look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    Text,
    Json,
}

/// The settings in force. A field has the name of its key; units are in the names.
///
/// `Debug` is fit for a log: a [`Keyring`] shows the ids of its keys and nothing more.
#[derive(Debug)]
pub struct Config {
    pub listen: String,
    pub public_url: Option<Url>,
    pub data_dir: PathBuf,
    /// Wins over `master_key_file`.
    pub master_key: Option<Keyring>,
    pub master_key_file: PathBuf,
    pub timezone: TimeZone,
    /// `es`, `en` or `de`.
    pub language: &'static str,
    pub session_hours: u64,
    pub api_requests_per_second: u32,
    pub api_burst: u32,
    pub log: String,
    pub log_format: LogFormat,
    pub writer_queue: usize,
    pub commit_interval_ms: u64,
    pub poll_timeout_seconds: u64,
    pub backoff_max_seconds: u64,
    pub response_limit_bytes: usize,
}

impl Config {
    /// Settles the settings from what the sources say. Reads no file and no environment of its own.
    ///
    /// `file` is the path, for messages, and the text. Of `env`, names without the prefix are ignored, and an empty
    /// value counts as not set, as compose files and unit files pass on what is missing.
    pub fn load(
        file: Option<(&Path, &str)>,
        env: impl IntoIterator<Item = (String, String)>,
        overrides: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, ConfigError> {
        let mut config = Self::unset();
        for setting in &SETTINGS {
            if let settings::Fallback::Value(text) = setting.fallback {
                setting.set(&mut config, text, &Origin::Default)?;
            }
        }
        if let Some((path, text)) = file {
            config.apply_file(path, text)?;
        }
        config.apply_env(env)?;
        config.apply_overrides(overrides)?;

        if config.master_key_file.as_os_str().is_empty() {
            config.master_key_file = config.data_dir.join("master.key");
        }
        Ok(config)
    }

    /// [`Config::load`] from the real file, environment and directory of this process.
    pub fn from_process(
        file: Option<&Path>,
        overrides: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, ConfigError> {
        source::load(Path::new(""), file, std::env::vars_os(), overrides)
    }

    pub fn database_path(&self) -> PathBuf {
        self.data_dir.join("hornero.db")
    }

    /// Whether cookies are marked `Secure`. Only when browsers come by https, or they would not send them back.
    pub fn secure_cookies(&self) -> bool {
        self.public_url.as_ref().is_some_and(|url| url.scheme() == "https")
    }

    /// The IANA name of the time zone, as pages hand it to the browser.
    pub fn timezone_name(&self) -> &str {
        self.timezone.iana_name().unwrap_or("UTC")
    }

    /// Placeholders for the defaults to replace.
    fn unset() -> Self {
        Self {
            listen: String::new(),
            public_url: None,
            data_dir: PathBuf::new(),
            master_key: None,
            master_key_file: PathBuf::new(),
            timezone: TimeZone::UTC,
            language: "",
            session_hours: 0,
            api_requests_per_second: 0,
            api_burst: 0,
            log: String::new(),
            log_format: LogFormat::Text,
            writer_queue: 0,
            commit_interval_ms: 0,
            poll_timeout_seconds: 0,
            backoff_max_seconds: 0,
            response_limit_bytes: 0,
        }
    }

    fn apply_file(&mut self, path: &Path, text: &str) -> Result<(), ConfigError> {
        type Entries = BTreeMap<String, toml::Spanned<toml::Value>>;

        let entries: Entries = toml::from_str(text).map_err(|error| ConfigError::syntax(path, text, &error))?;
        for (key, value) in entries {
            let (line, _) = error::line_and_column(text, value.span().start);
            let origin = Origin::File { path: path.to_owned(), line };
            let Some(setting) = settings::find(&key) else {
                return Err(ConfigError::unknown_key(key, origin));
            };
            setting.set_toml(self, value.get_ref(), &origin)?;
        }
        Ok(())
    }

    fn apply_env(&mut self, env: impl IntoIterator<Item = (String, String)>) -> Result<(), ConfigError> {
        // Sorted, so that of several errors it is always the same one that is reported.
        let ours: BTreeMap<_, _> = env.into_iter().filter(|(name, _)| name.starts_with(ENV_PREFIX)).collect();
        for (name, value) in ours {
            if OTHER_ENV.contains(&name.as_str()) {
                continue;
            }
            let Some(setting) = SETTINGS.iter().find(|setting| setting.env == name) else {
                return Err(ConfigError::unknown_env(name));
            };
            if !value.is_empty() {
                setting.set(self, &value, &Origin::Env { name: setting.env })?;
            }
        }
        Ok(())
    }

    fn apply_overrides(&mut self, overrides: impl IntoIterator<Item = (String, String)>) -> Result<(), ConfigError> {
        for (key, value) in overrides {
            let Some(setting) = settings::find(&key) else {
                return Err(ConfigError::unknown_key(key, Origin::CommandLine));
            };
            if setting.secret {
                let reason = format!(
                    "a secret on the command line is visible to every user of this machine; set {} instead",
                    setting.env
                );
                return Err(setting.invalid("", &Origin::CommandLine, reason));
            }
            setting.set(self, &value, &Origin::CommandLine)?;
        }
        Ok(())
    }
}
