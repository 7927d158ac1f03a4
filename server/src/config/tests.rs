use std::collections::HashSet;

use super::*;

const KEY_HEX: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

fn load(file: &str, env: &[(&str, &str)], overrides: &[(&str, &str)]) -> Result<Config, ConfigError> {
    let owned = |pairs: &[(&str, &str)]| -> Vec<(String, String)> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    };
    Config::load(Some((Path::new("hornero.toml"), file)), owned(env), owned(overrides))
}

fn message(file: &str, env: &[(&str, &str)], overrides: &[(&str, &str)]) -> String {
    load(file, env, overrides).expect_err("this is wrong").to_string()
}

#[test]
fn defaults_hold_without_any_source() {
    let config = Config::load(None, [], []).unwrap();
    assert_eq!(config.listen, "127.0.0.1:3000");
    assert_eq!(config.public_url, None);
    assert_eq!(config.data_dir, Path::new("./data"));
    assert_eq!(config.database_path(), Path::new("./data/hornero.db"));
    assert!(config.master_key.is_none());
    assert_eq!(config.master_key_file, Path::new("./data/master.key"));
    assert_eq!(config.timezone_name(), "Europe/Madrid");
    assert_eq!(config.language, "es");
    assert_eq!(config.session_hours, 12);
    assert_eq!(config.log, "info");
    assert_eq!(config.log_format, LogFormat::Text);
    assert_eq!(config.writer_queue, 20_000);
    assert_eq!(config.commit_interval_ms, 250);
    assert_eq!(config.poll_timeout_seconds, 10);
    assert_eq!(config.backoff_max_seconds, 60);
    assert_eq!(config.response_limit_bytes, 1_048_576);
    assert!(!config.secure_cookies());
}

#[test]
fn later_sources_win() {
    let file = "session_hours = 1\nlanguage = \"en\"\nwriter_queue = 2000";
    let env = [("HORNERO_SESSION_HOURS", "2"), ("HORNERO_LANGUAGE", "de"), ("HORNERO_LOG_FORMAT", "json")];
    let config = load(file, &env, &[("session_hours", "3")]).unwrap();
    assert_eq!((config.session_hours, config.language, config.writer_queue), (3, "de", 2_000));
    assert_eq!(config.log_format, LogFormat::Json);
}

#[test]
fn every_setting_is_read_from_the_file() {
    let file = format!(
        r#"
        listen = "[::]:0"
        public_url = "https://hornero.example.com"
        data_dir = "/var/lib/hornero"
        master_key = "{KEY_HEX}"
        master_key_file = "/etc/hornero/master.key"
        timezone = "Atlantic/Canary"
        language = "de"
        session_hours = 720
        api_requests_per_second = 1000000
        api_burst = 1
        log = "info,server=debug"
        log_format = "json"
        writer_queue = 1_000_000
        commit_interval_ms = 10
        poll_timeout_seconds = 120
        backoff_max_seconds = 3600
        response_limit_bytes = 67108864
        "#
    );
    let config = load(&file, &[], &[]).unwrap();
    assert_eq!(config.listen, "[::]:0");
    assert!(config.secure_cookies());
    assert_eq!(config.database_path(), Path::new("/var/lib/hornero/hornero.db"));
    assert!(config.master_key.is_some());
    assert_eq!(config.master_key_file, Path::new("/etc/hornero/master.key"));
    assert_eq!(config.timezone_name(), "Atlantic/Canary");
    assert_eq!((config.language, config.session_hours, config.log.as_str()), ("de", 720, "info,server=debug"));
    assert_eq!((config.api_requests_per_second, config.api_burst), (1_000_000, 1));
    assert_eq!((config.log_format, config.writer_queue), (LogFormat::Json, 1_000_000));
    assert_eq!((config.commit_interval_ms, config.poll_timeout_seconds), (10, 120));
    assert_eq!((config.backoff_max_seconds, config.response_limit_bytes), (3_600, 67_108_864));
    assert_eq!(SETTINGS.len(), file.matches(" = ").count(), "a setting is missing in this test");
}

#[test]
fn the_key_file_follows_the_data_directory() {
    let config = load("data_dir = \"a\"", &[("HORNERO_DATA_DIR", "b")], &[]).unwrap();
    assert_eq!(config.master_key_file, Path::new("b/master.key"));
}

#[test]
fn an_empty_variable_counts_as_not_set() {
    let config = load("listen = \"localhost:1\"", &[("HORNERO_LISTEN", ""), ("HORNERO_PUBLIC_URL", "")], &[]).unwrap();
    assert_eq!((config.listen.as_str(), config.public_url), ("localhost:1", None));
}

#[test]
fn variables_of_others_are_left_alone() {
    let env = [("PATH", "/bin"), ("HORNERO_CONFIG", "x"), ("HORNERO_BIN", "x"), ("HORNERO_SITE_DIR", "x")];
    assert!(load("", &env, &[]).is_ok());
}

#[test]
fn messages_say_what_where_why_and_what_would_do() {
    assert_eq!(
        message("", &[("HORNERO_LISTEN", "localhost")], &[]),
        "listen = \"localhost\" (from environment variable HORNERO_LISTEN): missing port; \
         allowed: HOST:PORT, for example 127.0.0.1:3000"
    );
    assert_eq!(
        message("\nsession_hours = 721", &[], &[]),
        "session_hours = 721 (from file hornero.toml, line 2): out of range; allowed: 1 to 720 hours"
    );
    assert_eq!(
        message("session_hours = \"8\"", &[], &[]),
        "session_hours = \"8\" (from file hornero.toml, line 1): expected an integer, found string; \
         allowed: 1 to 720 hours"
    );
    assert_eq!(
        message("language = 3", &[], &[]),
        "language = 3 (from file hornero.toml, line 1): expected a string, found integer; allowed: es, en, de"
    );
    assert_eq!(
        message("", &[], &[("timezone", "Europe/Madird")]),
        "timezone = \"Europe/Madird\" (from command line): no such zone in the IANA time zone database; \
         allowed: an IANA time zone name, for example Europe/Madrid"
    );
    let log = message("", &[("HORNERO_LOG", "info,hornero=lots")], &[]);
    assert!(log.starts_with("log = \"info,hornero=lots\" (from environment variable HORNERO_LOG): error"), "{log}");
    assert!(log.ends_with("; allowed: a tracing filter, for example info or info,server=debug"), "{log}");
}

#[test]
fn unknown_names_are_refused_with_the_nearest_known_one() {
    assert_eq!(
        message("listen = \"localhost:1\"\nsesion_hours = 3", &[], &[]),
        "unknown setting sesion_hours (from file hornero.toml, line 2): did you mean session_hours?"
    );
    assert_eq!(
        message("[server]\nlisten = \"localhost:1\"", &[], &[]),
        "unknown setting server (from file hornero.toml, line 1): `hornero config list` shows all settings"
    );
    assert_eq!(
        message("", &[("HORNERO_MASTERKEY", KEY_HEX)], &[]),
        "unknown environment variable HORNERO_MASTERKEY: did you mean HORNERO_MASTER_KEY?"
    );
    assert_eq!(
        message("", &[], &[("log-format", "json")]),
        "unknown setting log-format (from command line): did you mean log_format?"
    );
}

#[test]
fn every_range_ends_where_the_table_says() {
    for setting in &SETTINGS {
        let form::Form::Integer { min, max, .. } = setting.form else { continue };
        let is_good = |value: String| load("", &[(setting.env, &value)], &[]).is_ok();
        assert!(is_good(min.to_string()) && is_good(max.to_string()), "{}", setting.key);
        assert!(!is_good((min - 1).to_string()) && !is_good((max + 1).to_string()), "{}", setting.key);
        for bad in ["-1", "1.5", " 20", "many", "99999999999999999999999999999999999999999"] {
            assert!(!is_good(bad.to_owned()), "{} = {bad}", setting.key);
        }
    }
}

#[test]
fn broken_toml_gives_line_and_column() {
    let error = load("language = \"es\"\nlisten = = 3\n", &[], &[]).unwrap_err();
    let ConfigError::Syntax { line, column, .. } = error else { panic!("{error}") };
    assert_eq!((line, column), (2, 10));
    assert!(error.to_string().starts_with("hornero.toml, line 2, column 10: "), "{error}");

    let error = load("language = \"es\"\nlanguage = \"en\"\n", &[], &[]).unwrap_err();
    assert!(matches!(error, ConfigError::Syntax { line: 2, .. }), "{error}");
}

#[test]
fn the_master_key_is_in_no_message_and_no_debug_text() {
    let config = load("", &[("HORNERO_MASTER_KEY", KEY_HEX)], &[]).unwrap();
    assert!(!format!("{config:?}").contains("0405"), "{config:?}");

    let wrong = format!("{}zz", &KEY_HEX[..62]);
    let errors = [
        load("", &[("HORNERO_MASTER_KEY", &wrong)], &[]),
        load("", &[("HORNERO_MASTER_KEY", &KEY_HEX[..60])], &[]),
        load(&format!("master_key = \"{wrong}\""), &[], &[]),
        load(&format!("master_key = [\"{KEY_HEX}\"]"), &[], &[]),
        load(&format!("master_key = \"{KEY_HEX}"), &[], &[]),
        load(&format!("master_key = {KEY_HEX}"), &[], &[]),
        load(&format!("master_key = \"{KEY_HEX}\" x"), &[], &[]),
        load(&format!("master_key = \"{KEY_HEX}\"\nmaster_key = \"{KEY_HEX}\""), &[], &[]),
        load("", &[], &[("master_key", KEY_HEX)]),
    ];
    for error in errors {
        let error = error.unwrap_err();
        let told = format!("{error} {error:?}");
        assert!(!told.contains("0405"), "{told}");
    }
    assert_eq!(
        message("", &[], &[("master_key", KEY_HEX)]),
        "master_key = (hidden) (from command line): a secret on the command line is visible to every user of this \
         machine; set HORNERO_MASTER_KEY instead; allowed: 64 hexadecimal digits or 44 characters of \
         base64 (32 bytes each), several with commas between"
    );
}

#[test]
fn the_table_names_each_setting_once_and_its_variable_after_it() {
    let keys: HashSet<_> = SETTINGS.iter().map(|setting| setting.key).collect();
    assert_eq!(keys.len(), SETTINGS.len());
    for setting in &SETTINGS {
        assert_eq!(setting.env, format!("{ENV_PREFIX}{}", setting.key.to_uppercase()));
    }
}

#[test]
fn the_reference_is_a_table_with_a_row_for_each_setting() {
    let table = settings_markdown();
    assert_eq!(table.lines().count(), SETTINGS.len() + 2);
    // A bar inside a cell would shift the columns after it.
    assert!(table.lines().all(|line| line.matches('|').count() == 6), "{table}");
    assert!(table.contains("| `session_hours` | `HORNERO_SESSION_HOURS` | `12` | 1 to 720 hours |"), "{table}");
}

/// `UPDATE_SAMPLE=1 cargo test` writes the file anew after a change of the table.
#[test]
fn the_sample_file_is_what_the_table_says() {
    let wanted = settings::sample_toml();
    if std::env::var_os("UPDATE_SAMPLE").is_some() {
        std::fs::write(Path::new(env!("CARGO_MANIFEST_DIR")).join("hornero.sample.toml"), &wanted).unwrap();
        return;
    }
    assert_eq!(SAMPLE, wanted, "run this test with UPDATE_SAMPLE=1");
}

#[test]
fn the_sample_file_is_good_as_it_is_and_uncommented() {
    assert!(load(SAMPLE, &[], &[]).is_ok());
    assert!(SAMPLE.lines().all(|line| line.is_empty() || line.starts_with('#')));

    let uncommented: String = SAMPLE
        .lines()
        .filter(|line| !line.starts_with("# "))
        .fold(String::new(), |text, line| format!("{text}{}\n", line.trim_start_matches('#')));
    let config = load(&uncommented, &[], &[]).unwrap();
    assert_eq!(config.master_key_file, Path::new("/etc/hornero/master.key"));
    // All but the master key: a sample key would be somebody's key.
    assert_eq!(uncommented.matches(" = ").count(), SETTINGS.len() - 1);
}

#[test]
fn the_documentation_has_the_table() {
    let page = include_str!("../../../docs/configuration.md");
    assert!(
        page.contains(&settings_markdown()),
        "write the output of `hornero config list` into docs/configuration.md"
    );
}
