//! The table of all settings. The reference (`hornero config list`), the comments of the sample file and the error
//! messages are made from it; a new setting is a row here, a field of [`Config`] and the sample file anew.

use std::fmt::Write as _;

use super::{Config, ConfigError, LogFormat, Origin, form::Form};

/// What holds when no source names the setting.
pub enum Fallback {
    /// Read like any other value.
    Value(&'static str),
    /// In words; and what the sample file shows in its place, where showing something helps.
    Described { text: &'static str, sample: Option<&'static str> },
}

pub struct Setting {
    pub key: &'static str,
    pub env: &'static str,
    pub fallback: Fallback,
    pub(super) form: Form,
    /// Sentences for whoever runs the server.
    pub doc: &'static str,
    /// Never shown, not even when it is wrong.
    pub secret: bool,
}

pub static SETTINGS: [Setting; 17] = [
    Setting {
        key: "listen",
        env: "HORNERO_LISTEN",
        fallback: Fallback::Value("127.0.0.1:3000"),
        form: Form::HostPort(|config, value| config.listen = value),
        doc: "Address that the server listens on. 0.0.0.0:3000 lets the tablets of the bakery in; with port 0 the \
              system chooses a free port.",
        secret: false,
    },
    Setting {
        key: "public_url",
        env: "HORNERO_PUBLIC_URL",
        fallback: Fallback::Described { text: "not set", sample: Some("https://hornero.example.com") },
        form: Form::HttpUrl(|config, value| config.public_url = Some(value)),
        doc: "Address that people type, when a proxy stands in front. Links in notifications begin with it, and with \
              https the session cookie is sent over https only.",
        secret: false,
    },
    Setting {
        key: "data_dir",
        env: "HORNERO_DATA_DIR",
        fallback: Fallback::Value("./data"),
        form: Form::Path(|config, value| config.data_dir = value),
        doc: "Directory of everything that is kept; the database is hornero.db in it.",
        secret: false,
    },
    Setting {
        key: "master_key",
        env: "HORNERO_MASTER_KEY",
        fallback: Fallback::Described { text: "not set: the key file is used", sample: None },
        form: Form::MasterKey(|config, value| config.master_key = Some(value)),
        doc: "Key that the ovens' credentials are encrypted with; it wins over master_key_file. Give it by the \
              environment rather than in this file, and not on the command line, where it is refused. To change it, \
              put the new key first and the old one after a comma.",
        secret: true,
    },
    Setting {
        key: "master_key_file",
        env: "HORNERO_MASTER_KEY_FILE",
        fallback: Fallback::Described { text: "<data_dir>/master.key", sample: Some("/etc/hornero/master.key") },
        form: Form::Path(|config, value| config.master_key_file = value),
        doc: "File with the keys that the ovens' credentials are encrypted with, readable by its owner alone. Made \
              by `hornero keys init`. Keep a copy apart from that of the database: without it the credentials have \
              to be entered again.",
        secret: false,
    },
    Setting {
        key: "timezone",
        env: "HORNERO_TIMEZONE",
        fallback: Fallback::Value("Europe/Madrid"),
        form: Form::TimeZone(|config, value| config.timezone = value),
        doc: "Time zone of the bakery: pages show their times in it, and a day begins at its midnight.",
        secret: false,
    },
    Setting {
        key: "language",
        env: "HORNERO_LANGUAGE",
        fallback: Fallback::Value("es"),
        form: Form::Choice(&["es", "en", "de"], |config, value| config.language = value),
        doc: "Language of pages and notifications for whoever has not chosen one.",
        secret: false,
    },
    Setting {
        key: "session_hours",
        env: "HORNERO_SESSION_HOURS",
        fallback: Fallback::Value("12"),
        form: Form::Integer { min: 1, max: 720, unit: "hours", set: |config, value| config.session_hours = value },
        doc: "A session that is not used for this long ends, and its user logs in again. An open page counts as use.",
        secret: false,
    },
    Setting {
        key: "api_requests_per_second",
        env: "HORNERO_API_REQUESTS_PER_SECOND",
        fallback: Fallback::Value("50"),
        form: Form::Integer {
            min: 1,
            max: 1_000_000,
            unit: "requests a second",
            set: |config, value| config.api_requests_per_second = value as u32,
        },
        doc: "What the API takes of one user, one token, or one address that is neither, in the long run.",
        secret: false,
    },
    Setting {
        key: "api_burst",
        env: "HORNERO_API_BURST",
        fallback: Fallback::Value("200"),
        form: Form::Integer {
            min: 1,
            max: 1_000_000,
            unit: "requests",
            set: |config, value| config.api_burst = value as u32,
        },
        doc: "How many requests the API takes of one of them at once, after a quiet time.",
        secret: false,
    },
    Setting {
        key: "log",
        env: "HORNERO_LOG",
        fallback: Fallback::Value("info"),
        form: Form::LogFilter(|config, value| config.log = value),
        doc: "What is logged: a level, or levels for parts of the program, separated by commas.",
        secret: false,
    },
    Setting {
        key: "log_format",
        env: "HORNERO_LOG_FORMAT",
        fallback: Fallback::Value("text"),
        form: Form::Choice(&["text", "json"], |config, value| {
            config.log_format = if value == "json" { LogFormat::Json } else { LogFormat::Text };
        }),
        doc: "Form of the log: lines for people, or one JSON object a line for a log collector.",
        secret: false,
    },
    Setting {
        key: "writer_queue",
        env: "HORNERO_WRITER_QUEUE",
        fallback: Fallback::Value("20000"),
        form: Form::Integer {
            min: 1_000,
            max: 1_000_000,
            unit: "rows",
            set: |config, value| config.writer_queue = value as usize,
        },
        doc: "Readings that may wait for the database. When they are more, the connections to the ovens slow down.",
        secret: false,
    },
    Setting {
        key: "commit_interval_ms",
        env: "HORNERO_COMMIT_INTERVAL_MS",
        fallback: Fallback::Value("250"),
        form: Form::Integer { min: 10, max: 1_000, unit: "ms", set: |config, value| config.commit_interval_ms = value },
        doc: "Readings are committed to the database together, after this time at the latest.",
        secret: false,
    },
    Setting {
        key: "poll_timeout_seconds",
        env: "HORNERO_POLL_TIMEOUT_SECONDS",
        fallback: Fallback::Value("10"),
        form: Form::Integer {
            min: 1,
            max: 120,
            unit: "seconds",
            set: |config, value| config.poll_timeout_seconds = value,
        },
        doc: "An oven that has not answered after this time counts as failed, unless its own settings say otherwise.",
        secret: false,
    },
    Setting {
        key: "backoff_max_seconds",
        env: "HORNERO_BACKOFF_MAX_SECONDS",
        fallback: Fallback::Value("60"),
        form: Form::Integer {
            min: 1,
            max: 3_600,
            unit: "seconds",
            set: |config, value| config.backoff_max_seconds = value,
        },
        doc: "An oven that does not answer is tried again at growing intervals, this one at most.",
        secret: false,
    },
    Setting {
        key: "response_limit_bytes",
        env: "HORNERO_RESPONSE_LIMIT_BYTES",
        fallback: Fallback::Value("1048576"),
        form: Form::Integer {
            min: 1_024,
            max: 64 * 1_024 * 1_024,
            unit: "bytes",
            set: |config, value| config.response_limit_bytes = value as usize,
        },
        doc: "An answer of an oven that is longer is refused, so that a faulty device cannot fill the memory.",
        secret: false,
    },
];

/// The setting with this key.
pub(super) fn find(key: &str) -> Option<&'static Setting> {
    SETTINGS.iter().find(|setting| setting.key == key)
}

impl Setting {
    pub fn allowed(&self) -> String {
        self.form.to_string()
    }

    pub(super) fn set(&self, config: &mut Config, text: &str, origin: &Origin) -> Result<(), ConfigError> {
        self.form.apply(config, text).map_err(|reason| self.invalid(&format!("{text:?}"), origin, reason))
    }

    pub(super) fn set_toml(
        &self,
        config: &mut Config,
        value: &toml::Value,
        origin: &Origin,
    ) -> Result<(), ConfigError> {
        let text = match value {
            toml::Value::String(text) if !self.form.is_integer() => text.clone(),
            toml::Value::Integer(number) if self.form.is_integer() => number.to_string(),
            _ => {
                let expected = if self.form.is_integer() { "an integer" } else { "a string" };
                let reason = format!("expected {expected}, found {}", value.type_str());
                return Err(self.invalid(&shown(value), origin, reason));
            }
        };
        self.form.apply(config, &text).map_err(|reason| self.invalid(&shown(value), origin, reason))
    }

    pub(super) fn invalid(&self, shown: &str, origin: &Origin, reason: String) -> ConfigError {
        let shown = if self.secret { "(hidden)" } else { shown };
        ConfigError::Invalid {
            key: self.key,
            shown: shown.to_owned(),
            origin: origin.clone(),
            reason,
            allowed: self.allowed(),
        }
    }
}

/// As it stands in the file, as far as that is one line.
fn shown(value: &toml::Value) -> String {
    match value {
        toml::Value::String(text) => format!("{text:?}"),
        toml::Value::Array(_) => "[…]".to_owned(),
        toml::Value::Table(_) => "{…}".to_owned(),
        other => other.to_string(),
    }
}

/// The reference of all settings as a Markdown table.
pub fn settings_markdown() -> String {
    let mut table = String::from("| Setting | Environment variable | Default | Allowed | What it does |\n");
    table.push_str("|---|---|---|---|---|\n");
    for setting in &SETTINGS {
        let default = match setting.fallback {
            Fallback::Value(text) => format!("`{text}`"),
            Fallback::Described { text, .. } => text.replace('<', "&lt;"),
        };
        let Setting { key, env, form, doc, .. } = setting;
        // Writing to a String cannot fail.
        let _ = writeln!(table, "| `{key}` | `{env}` | {default} | {form} | {doc} |");
    }
    table
}

/// What `hornero.sample.toml` has to be. A test compares them.
#[cfg(test)]
pub(super) fn sample_toml() -> String {
    let mut sample = String::from(
        "# Settings of Hornero. Copy this file to hornero.toml and uncomment what you change.\n\
         # The environment variable of a setting wins over this file, and the command line wins over both.\n",
    );
    for setting in &SETTINGS {
        sample.push('\n');
        for line in wrap(setting.doc, 98) {
            let _ = writeln!(sample, "# {line}");
        }
        let _ = writeln!(sample, "# Allowed: {}", setting.form);
        let (default, value) = match setting.fallback {
            Fallback::Value(text) => (text, Some(text)),
            Fallback::Described { text, sample } => (text, sample),
        };
        let _ = writeln!(sample, "# Default: {default}");
        let _ = writeln!(sample, "# Environment: {}", setting.env);
        let Some(value) = value else { continue };
        let quote = if setting.form.is_integer() { "" } else { "\"" };
        let _ = writeln!(sample, "#{} = {quote}{value}{quote}", setting.key);
    }
    sample
}

#[cfg(test)]
fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let last = lines.last_mut().expect("there is always a line");
        if last.is_empty() {
            last.push_str(word);
        } else if last.chars().count() + 1 + word.chars().count() <= width {
            last.push(' ');
            last.push_str(word);
        } else {
            lines.push(word.to_owned());
        }
    }
    lines
}
