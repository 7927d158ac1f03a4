//! The file as a whole.

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use yaml_serde::Value;

use super::{
    ConfigFileError, Desk, equipment::Ovens, history::History, plan::Planning, settings::Everybody, users::Users,
};
use crate::secrets::passphrase::{Derivation, FileKey};

/// The format that is written, and the only one so far that is read.
pub const VERSION: u32 = 1;

/// A part of the file that stands for itself.
pub(super) trait Section {
    /// What the file has of it.
    type Part: Serialize + DeserializeOwned;

    /// What there is. With a key, secrets are sealed under it; without one, their names are all that is told of them.
    async fn read(
        desk: Desk<'_>,
        key: Option<&FileKey>,
        warnings: &mut Vec<String>,
    ) -> Result<Self::Part, ConfigFileError>;

    /// Adds the steps from what there is to what the file says, and what is wrong with that.
    async fn plan(part: &Self::Part, planning: &mut Planning<'_>) -> Result<(), ConfigFileError>;
}

macro_rules! sections {
    ($($name:ident: $section:ty),+ $(,)?) => {
        /// A configuration file. A section that is missing is left alone.
        #[derive(Serialize, Deserialize)]
        #[serde(deny_unknown_fields)]
        pub struct Document {
            version: u32,
            /// How the key of sealed secrets is made of the passphrase.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            secrets: Option<Derivation>,
            $(
                #[serde(default, skip_serializing_if = "Option::is_none")]
                $name: Option<<$section as Section>::Part>,
            )+
        }

        impl Document {
            pub(super) async fn read(
                desk: Desk<'_>,
                key: Option<&FileKey>,
                warnings: &mut Vec<String>,
            ) -> Result<Self, ConfigFileError> {
                Ok(Self {
                    version: VERSION,
                    secrets: key.map(|key| key.derivation().clone()),
                    $($name: Some(<$section as Section>::read(desk, key, warnings).await?),)+
                })
            }

            pub(super) async fn plan(&self, planning: &mut Planning<'_>) -> Result<(), ConfigFileError> {
                $(if let Some(part) = &self.$name {
                    planning.begin(stringify!($name));
                    <$section as Section>::plan(part, planning).await?;
                })+
                Ok(())
            }
        }
    };
}

// In the order in which they are written and changed.
sections! {
    settings: Everybody,
    history: History,
    equipment: Ovens,
    users: Users,
}

impl Document {
    pub fn parse(text: &str) -> Result<Self, ConfigFileError> {
        let unreadable = |error: yaml_serde::Error| ConfigFileError::Unreadable(error.to_string());
        // Refuses a name that is given twice in one place; and a newer file is told as such, before what it has that this
        // version does not know.
        let whole: Value = yaml_serde::from_str(text).map_err(unreadable)?;
        match whole.get("version").and_then(Value::as_u64) {
            Some(found) if found > u64::from(VERSION) => return Err(ConfigFileError::Newer { found }),
            Some(0) => return Err(ConfigFileError::Unreadable(format!("version: has to be {VERSION}"))),
            _ => {}
        }
        serde_path_to_error::deserialize(yaml_serde::Deserializer::from_str(text)).map_err(|error| {
            let (path, text) = (error.path().to_string(), error.inner().to_string());
            // A wrong word is told by where its oven begins.
            let is_placed = path == "." || text.starts_with(&path);
            ConfigFileError::Unreadable(if is_placed { text } else { format!("{path}: {text}") })
        })
    }

    pub(super) const fn derivation(&self) -> Option<&Derivation> {
        self.secrets.as_ref()
    }

    /// As a file, with what people should know of it at its head. The same configuration is the same text.
    pub(super) fn print(&self) -> Result<String, ConfigFileError> {
        let body = yaml_serde::to_string(self).map_err(|error| ConfigFileError::Unreadable(error.to_string()))?;
        let secrets = match self.secrets {
            None => "Secrets are not in it: of the credentials of ovens it has the names.",
            Some(_) => "The credentials of ovens are in it, sealed under the passphrase that was given.",
        };
        Ok(format!(
            "# Configuration of Hornero, made by `hornero config export`.\n# {secrets}\n\
             # `hornero config plan FILE` says what it would change, `hornero config apply FILE` changes it.\n{body}"
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str) -> String {
        Document::parse(text).err().expect("this is refused").to_string()
    }

    #[test]
    fn errors_say_where() {
        let unknown = refused("version: 1\nequipment:\n- name: Horno\n  prot: 80\n");
        assert!(unknown.contains("unknown field `prot`") && unknown.contains("line 4 column 3"), "{unknown}");
        let kind = refused("version: 1\nequipment:\n- name: Horno\n  kind: toaster\n");
        assert!(kind.contains("toaster") && kind.contains("equipment[0].kind") && kind.contains("line 3"), "{kind}");
        let port = refused("version: 1\nequipment:\n- name: Horno\n  iot_port: 70000\n");
        assert!(port.contains("equipment[0].iot_port") && port.contains("line 4 column"), "{port}");
        let section = refused("version: 1\novens: []\n");
        assert!(section.contains("unknown field `ovens`") && section.contains("line 2"), "{section}");
        for text in ["", "version", "- 1", "\t", "version: 1\n---\nversion: 1\n", "version: x", "version: 0", "{}"] {
            refused(text);
        }
    }

    #[test]
    fn a_name_is_given_once() {
        let twice = refused("version: 1\nequipment:\n- name: H\n  iot_config:\n    timeout: 1\n    timeout: 2\n");
        assert!(twice.contains("timeout") && twice.contains("duplicate"), "{twice}");
        assert!(refused("version: 1\nusers: []\nusers: []\n").contains("users"));
    }

    #[test]
    fn a_newer_file_is_told_as_such() {
        let newer = refused("version: 2\nspaceships: []\n");
        assert!(newer.contains("version 2") && newer.contains("knows 1"), "{newer}");
    }

    #[test]
    fn a_small_file_cannot_become_a_large_one() {
        let mut bomb = "version: 1\na: &a [x,x,x,x,x,x,x,x,x]\n".to_owned();
        for (name, of) in ('b'..='k').zip('a'..) {
            use std::fmt::Write as _;
            writeln!(bomb, "{name}: &{name} [*{of},*{of},*{of},*{of},*{of},*{of},*{of},*{of},*{of}]").unwrap();
        }
        assert!(refused(&bomb).contains("repetition limit"), "{}", refused(&bomb));
        assert!(refused(&format!("version: 1\nusers: {}", "[".repeat(10_000))).contains("recursion limit"));
    }
}
