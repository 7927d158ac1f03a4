//! What can be wrong with a configuration file, or in the way of one.

use app::model::form::FieldError;

use super::document::VERSION;
use crate::{
    auth::password::{PasswordError, Refusal},
    secrets::{SecretError, passphrase::PassphraseError},
    service::ServiceError,
    store::StoreError,
};

#[derive(Debug, thiserror::Error)]
pub enum ConfigFileError {
    /// No YAML, or not of the shape that it should have; with line and column where they are known.
    #[error("{0}")]
    Unreadable(String),
    #[error(
        "the file is of version {found}, and this Hornero knows {VERSION}: use the Hornero that made it, or a newer one"
    )]
    Newer { found: u64 },
    /// Each with the place in the file.
    #[error("{} of the values cannot be used", .0.len())]
    Invalid(Vec<FieldError>),
    #[error("there are sealed secrets in the file: give the passphrase that it was made with")]
    PassphraseNeeded,
    #[error(transparent)]
    Passphrase(#[from] PassphraseError),
    #[error("{}", weak(*.0))]
    WeakPassphrase(Refusal),
    #[error(
        "there is no master key, which encrypts the passwords of the ovens: run `hornero keys init`, or set HORNERO_MASTER_KEY"
    )]
    NoMasterKey,
    #[error("the configuration was changed since it was planned: plan again")]
    ChangedMeanwhile,
    #[error(transparent)]
    Service(#[from] ServiceError),
}

impl From<StoreError> for ConfigFileError {
    fn from(error: StoreError) -> Self {
        Self::Service(error.into())
    }
}

impl From<PasswordError> for ConfigFileError {
    fn from(error: PasswordError) -> Self {
        Self::Service(error.into())
    }
}

impl From<SecretError> for ConfigFileError {
    fn from(error: SecretError) -> Self {
        Self::Service(error.into())
    }
}

fn weak(refusal: Refusal) -> String {
    match refusal {
        Refusal::TooShort { min_chars } => format!("the passphrase is too short: at least {min_chars} characters"),
        Refusal::TooLong { max_chars } => format!("the passphrase is too long: at most {max_chars} characters"),
        Refusal::SameAsUsername | Refusal::TooCommon => "the passphrase is one that is guessed first".to_owned(),
    }
}
