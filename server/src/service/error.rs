//! What can be wrong with a request to the service.

use app::model::{alert::Impossible, equipment::ConnectionStatus, failure::FailureKind, form::FieldError};
use jiff::Timestamp;

use crate::{auth::password::PasswordError, secrets::SecretError, store::StoreError};

#[derive(Debug, thiserror::Error)]
pub enum ServiceError {
    #[error("there is no such {0}")]
    NotFound(&'static str),
    /// Each error names a field.
    #[error("{} of the values cannot be used", .0.len())]
    Invalid(Vec<FieldError>),
    /// A parameter asks for more than one answer can have.
    #[error("{detail}")]
    TooMuch { parameter: &'static str, detail: String },
    /// What is asked for does not go with how things are; the code is the API's.
    #[error("{detail}")]
    Conflict { code: &'static str, detail: String },
    /// The oven has no connection, or it is switched off.
    #[error("this oven has no connection that is switched on")]
    NotConfigured,
    /// The oven does not answer; `last_reading` is when it last did.
    #[error("this oven does not answer at the moment")]
    Offline { status: ConnectionStatus, failure: Option<FailureKind>, last_reading: Option<Timestamp> },
    #[error("the last admin who can sign in has to stay one")]
    LastAdmin,
    #[error("{}", alert_title(*.0))]
    Alert(Impossible),
    #[error(transparent)]
    Store(StoreError),
    #[error(transparent)]
    Password(#[from] PasswordError),
    #[error("the session could not be kept: {0}")]
    Session(tower_sessions::session::Error),
    #[error(transparent)]
    Secret(#[from] SecretError),
}

impl From<StoreError> for ServiceError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::NotFound(what) => Self::NotFound(what),
            StoreError::Conflict(field) => {
                Self::Invalid(vec![FieldError::new(field, app::model::form::Problem::Taken)])
            }
            other => Self::Store(other),
        }
    }
}

/// An error where something is wrong.
pub fn refused(errors: Vec<FieldError>) -> Result<(), ServiceError> {
    if errors.is_empty() { Ok(()) } else { Err(ServiceError::Invalid(errors)) }
}

/// A change that the writer no longer takes.
pub fn stopping() -> ServiceError {
    ServiceError::Conflict { code: "stopping", detail: "the server is stopping: try again once it runs".to_owned() }
}

const fn alert_title(reason: Impossible) -> &'static str {
    match reason {
        Impossible::Acknowledged => "this alert is acknowledged already",
        Impossible::Resolved => "this alert is resolved",
    }
}
