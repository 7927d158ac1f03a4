//! Why talking to an oven failed.

use std::time::Duration;

use app::model::{
    failure::{Failure, FailureKind},
    form::FieldError,
};

/// A failure of one attempt. `detail` says what was tried on what and what came back, without secrets.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{detail}")]
pub struct ConnectorError {
    pub kind: FailureKind,
    /// A protocol's own code, such as `http_503`; the kind's name where there is none.
    pub code: String,
    pub detail: String,
    /// The connection itself stands, for example to a broker that says that the oven behind it is away: the poller
    /// goes on waiting instead of connecting anew.
    pub connection_stands: bool,
}

impl ConnectorError {
    pub fn new(kind: FailureKind, detail: impl Into<String>) -> Self {
        Self { kind, code: kind.as_str().to_owned(), detail: detail.into(), connection_stands: false }
    }

    /// The peer answers, and says that the oven behind it is away.
    pub fn oven_away(detail: impl Into<String>) -> Self {
        Self { connection_stands: true, ..Self::new(FailureKind::Unreachable, detail) }
    }

    /// What was asked did not come, or not all of it.
    pub fn late(limit: Duration) -> Self {
        Self::new(FailureKind::Timeout, format!("no complete answer within {} s", limit.as_secs_f64()))
    }

    /// Settings that a form would refuse, where no form asked for them: in a recorded case.
    pub fn settings(errors: &[FieldError]) -> Self {
        let errors: Vec<_> = errors.iter().map(|error| format!("{}: {:?}", error.field, error.problem)).collect();
        Self::new(FailureKind::Config, errors.join("; "))
    }

    #[must_use]
    pub fn with_code(mut self, code: impl Into<String>) -> Self {
        self.code = code.into();
        self
    }

    /// For connection attempts that failed in the operating system.
    pub fn from_io(error: &std::io::Error, what: &str) -> Self {
        use std::io::ErrorKind;
        let kind = match error.kind() {
            ErrorKind::ConnectionRefused => FailureKind::Refused,
            ErrorKind::TimedOut => FailureKind::Timeout,
            ErrorKind::InvalidData => FailureKind::Tls,
            _ => FailureKind::Unreachable,
        };
        Self::new(kind, format!("{what}: {error}"))
    }

    pub fn failure(&self) -> Failure {
        Failure { kind: self.kind, detail: self.detail.clone() }
    }
}
