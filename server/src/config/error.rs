//! What can be wrong with the settings, said so that it can be put right without opening the manual.

use std::{fmt, io, path::Path, path::PathBuf};

use super::SETTINGS;

/// Where a value was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    Default,
    File { path: PathBuf, line: usize },
    Env { name: &'static str },
    CommandLine,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File { path, line } => write!(f, "file {}, line {line}", path.display()),
            Self::Env { name } => write!(f, "environment variable {name}"),
            Self::CommandLine => f.write_str("command line"),
        }
    }
}

#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// A value of the wrong type, form or range. `shown` never holds a secret.
    #[error("{key} = {shown} (from {origin}): {reason}; allowed: {allowed}")]
    Invalid { key: &'static str, shown: String, origin: Origin, reason: String, allowed: String },

    #[error("unknown setting {key} (from {origin}): {}", did_you_mean(*nearest))]
    UnknownKey { key: String, origin: Origin, nearest: Option<&'static str> },

    #[error("unknown environment variable {name}: {}", did_you_mean(*nearest))]
    UnknownEnv { name: String, nearest: Option<&'static str> },

    #[error("{}, line {line}, column {column}: {message}", path.display())]
    Syntax { path: PathBuf, line: usize, column: usize, message: String },

    #[error("cannot read the configuration file {}: {source}", path.display())]
    ReadFile { path: PathBuf, source: io::Error },

    #[error("environment variable {name} is not valid Unicode")]
    NotUnicode { name: String },
}

impl ConfigError {
    pub(super) fn unknown_key(key: String, origin: Origin) -> Self {
        let nearest = nearest(&key, SETTINGS.iter().map(|setting| setting.key));
        Self::UnknownKey { key, origin, nearest }
    }

    pub(super) fn unknown_env(name: String) -> Self {
        let nearest = nearest(&name, SETTINGS.iter().map(|setting| setting.env));
        Self::UnknownEnv { name, nearest }
    }

    /// Takes the message alone: what the library prints by itself quotes the line, and that may hold the master key.
    pub(super) fn syntax(path: &Path, text: &str, error: &toml::de::Error) -> Self {
        let (line, column) = line_and_column(text, error.span().map_or(text.len(), |span| span.start));
        Self::Syntax { path: path.to_owned(), line, column, message: error.message().to_owned() }
    }
}

/// Both counted from 1, as editors do; the column in characters.
pub(super) fn line_and_column(text: &str, offset: usize) -> (usize, usize) {
    let before = text.get(..offset).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().map_or(0, |tail| tail.chars().count()) + 1;
    (line, column)
}

fn did_you_mean(nearest: Option<&str>) -> String {
    nearest.map_or_else(
        || "`hornero config list` shows all settings".to_owned(),
        |nearest| format!("did you mean {nearest}?"),
    )
}

/// The known name that is fewest edits away, unless as good as all of it would have to be written anew.
fn nearest(wrong: &str, known: impl Iterator<Item = &'static str>) -> Option<&'static str> {
    let wrong = wrong.to_lowercase();
    let (edits, name) =
        known.map(|name| (edit_distance(&wrong, &name.to_lowercase()), name)).min_by_key(|(edits, _)| *edits)?;
    (edits * 2 <= name.trim_start_matches(super::ENV_PREFIX).len()).then_some(name)
}

/// Levenshtein's distance, one row at a time.
fn edit_distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, to) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(from != *to);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edit_distance_counts_single_edits() {
        for (a, b, edits) in [("", "abc", 3), ("listen", "listen", 0), ("lisen", "listen", 1), ("kitten", "sitting", 3)]
        {
            assert_eq!(edit_distance(a, b), edits, "{a} → {b}");
            assert_eq!(edit_distance(b, a), edits, "{b} → {a}");
        }
    }

    #[test]
    fn the_nearest_name_is_offered_and_a_far_one_is_not() {
        let keys = || SETTINGS.iter().map(|setting| setting.key);
        assert_eq!(nearest("lisen", keys()), Some("listen"));
        assert_eq!(nearest("Session-Hours", keys()), Some("session_hours"));
        assert_eq!(nearest("time_zone", keys()), Some("timezone"));
        assert_eq!(nearest("bakery", keys()), None);
    }

    #[test]
    fn positions_count_from_one_and_in_characters() {
        assert_eq!(line_and_column("", 0), (1, 1));
        assert_eq!(line_and_column("a\nñb", 4), (2, 2));
        assert_eq!(line_and_column("a\n", 99), (2, 1));
    }
}
