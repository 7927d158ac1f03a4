//! Finds the configuration file and reads it together with the environment.

use std::{
    ffi::OsString,
    path::{Path, PathBuf},
};

use super::{Config, ConfigError, ENV_PREFIX};

/// Names the configuration file when the command line does not.
pub const CONFIG_ENV: &str = "HORNERO_CONFIG";

/// Read from the working directory when nobody names another file. Only this one may be missing.
const DEFAULT_FILE: &str = "hornero.toml";

pub fn load(
    directory: &Path,
    flag: Option<&Path>,
    env: impl IntoIterator<Item = (OsString, OsString)>,
    overrides: impl IntoIterator<Item = (String, String)>,
) -> Result<Config, ConfigError> {
    let env = unicode(env)?;
    let named = flag.map(Path::to_owned).or_else(|| {
        let value = env.iter().find(|(name, value)| name == CONFIG_ENV && !value.is_empty());
        value.map(|(_, value)| PathBuf::from(value))
    });
    let path = named.or_else(|| {
        let path = directory.join(DEFAULT_FILE);
        path.exists().then_some(path)
    });
    let text = match &path {
        Some(path) => {
            let read = std::fs::read_to_string(path);
            Some(read.map_err(|source| ConfigError::ReadFile { path: path.clone(), source })?)
        }
        None => None,
    };
    Config::load(path.as_deref().zip(text.as_deref()), env, overrides)
}

/// The variables with our prefix. Those of others may hold any bytes, which is none of our business.
fn unicode(env: impl IntoIterator<Item = (OsString, OsString)>) -> Result<Vec<(String, String)>, ConfigError> {
    let mut ours = Vec::new();
    for (name, value) in env {
        let Ok(name) = name.into_string() else { continue };
        if name.starts_with(ENV_PREFIX) {
            let Ok(value) = value.into_string() else { return Err(ConfigError::NotUnicode { name }) };
            ours.push((name, value));
        }
    }
    Ok(ours)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn env(pairs: &[(&str, &str)]) -> Vec<(OsString, OsString)> {
        pairs.iter().map(|(name, value)| (name.into(), value.into())).collect()
    }

    fn listen(config: Result<Config, ConfigError>) -> String {
        config.expect("the settings are right").listen
    }

    #[test]
    fn the_flag_wins_over_the_variable_and_the_variable_over_the_working_directory() {
        let dir = tempfile::tempdir().unwrap();
        for (name, port) in [("hornero.toml", 1), ("env.toml", 2), ("flag.toml", 3)] {
            std::fs::write(dir.path().join(name), format!("listen = \"localhost:{port}\"")).unwrap();
        }
        let by_env = dir.path().join("env.toml");
        let by_env = env(&[(CONFIG_ENV, by_env.to_str().unwrap())]);
        let by_flag = dir.path().join("flag.toml");

        assert_eq!(listen(load(dir.path(), None, env(&[]), [])), "localhost:1");
        assert_eq!(listen(load(dir.path(), None, env(&[(CONFIG_ENV, "")]), [])), "localhost:1");
        assert_eq!(listen(load(dir.path(), None, by_env.clone(), [])), "localhost:2");
        assert_eq!(listen(load(dir.path(), Some(&by_flag), by_env, [])), "localhost:3");
    }

    #[test]
    fn only_the_file_in_the_working_directory_may_be_missing() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(listen(load(dir.path(), None, env(&[]), [])), "127.0.0.1:3000");
        let error = load(dir.path(), Some(&dir.path().join("absent.toml")), env(&[]), []).unwrap_err();
        assert!(matches!(error, ConfigError::ReadFile { .. }), "{error}");
        assert!(error.to_string().contains("absent.toml"), "{error}");
    }

    #[cfg(unix)]
    #[test]
    fn bytes_that_are_no_text_matter_only_in_our_variables() {
        use std::os::unix::ffi::OsStringExt as _;
        let bytes = OsString::from_vec(vec![0xff, 0xfe]);
        let dir = tempfile::tempdir().unwrap();
        assert!(load(dir.path(), None, [("OTHER".into(), bytes.clone())], []).is_ok());
        let error = load(dir.path(), None, [("HORNERO_LISTEN".into(), bytes)], []).unwrap_err();
        assert_eq!(error.to_string(), "environment variable HORNERO_LISTEN is not valid Unicode");
    }
}
