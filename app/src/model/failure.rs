//! Why a connection failed, as a kind that pages can explain in the reader's language.

use serde::{Deserialize, Serialize};

use super::{connection_log::ConnectionEvent, equipment::ConnectionStatus, wire_enum};

wire_enum! {
    FailureKind {
        /// The host name does not resolve, or there is no route.
        Unreachable = "unreachable",
        /// The host answers, but nothing listens on the port.
        Refused = "refused",
        Timeout = "timeout",
        Tls = "tls",
        /// Wrong or missing credentials.
        Auth = "auth",
        /// The answer is not of the expected protocol or is an error (HTTP 500, not JSON).
        Protocol = "protocol",
        /// The answer is readable, but the values are not where the mapping looks.
        Mapping = "mapping",
        /// An answer over the size limit.
        Limit = "limit",
        /// The settings themselves are wrong.
        Config = "config",
    }
}

impl FailureKind {
    /// The connection status of an oven whose last attempt failed like this.
    pub const fn status(self) -> ConnectionStatus {
        match self {
            Self::Unreachable | Self::Refused | Self::Timeout => ConnectionStatus::Disconnected,
            Self::Tls | Self::Auth | Self::Protocol | Self::Mapping | Self::Limit | Self::Config => {
                ConnectionStatus::Error
            }
        }
    }

    /// The entry that it makes in the connection log.
    pub const fn event(self) -> ConnectionEvent {
        match self {
            Self::Unreachable | Self::Refused => ConnectionEvent::Disconnected,
            Self::Timeout => ConnectionEvent::Timeout,
            Self::Tls => ConnectionEvent::TlsFailed,
            Self::Auth => ConnectionEvent::AuthFailed,
            Self::Protocol => ConnectionEvent::ProtocolFailed,
            Self::Mapping => ConnectionEvent::ParseFailed,
            Self::Limit => ConnectionEvent::LimitExceeded,
            Self::Config => ConnectionEvent::ConfigInvalid,
        }
    }
}

/// A failure as the UI and the API get it: the kind, and a sentence with the technical detail.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Failure {
    pub kind: FailureKind,
    /// English, without secrets: what was asked, what came back.
    pub detail: String,
}
