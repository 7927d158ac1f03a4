//! OPC UA status codes (OPC 10000-4, 7.39) to kinds of failure.

use app::model::failure::FailureKind;
use opcua::types::{Error, StatusCode};

use crate::connectors::ConnectorError;

/// An error of the session or of one service.
pub fn error(error: &Error, what: &str) -> ConnectorError {
    of(error.status(), what)
}

pub fn of(status: StatusCode, what: &str) -> ConnectorError {
    let name = status.sub_code().name();
    let detail = match advice(status) {
        Some(advice) => format!("{what}: {advice} ({name})"),
        None => format!("{what}: {} ({name})", status.sub_code().description()),
    };
    ConnectorError::new(kind(status), detail).with_code(format!("opcua_{name}"))
}

fn kind(status: StatusCode) -> FailureKind {
    use StatusCode as S;
    let is = |codes: &[StatusCode]| codes.iter().any(|code| code.sub_code() == status.sub_code());
    if is(&[
        S::BadUserAccessDenied,
        S::BadIdentityTokenRejected,
        S::BadIdentityTokenInvalid,
        S::BadUserSignatureInvalid,
        S::BadIdentityChangeNotSupported,
    ]) {
        return FailureKind::Auth;
    }
    if status.sub_code().name().starts_with("BadCertificate")
        || is(&[
            S::BadSecurityChecksFailed,
            S::BadSecurityPolicyRejected,
            S::BadSecurityModeRejected,
            S::BadNoValidCertificates,
        ])
    {
        return FailureKind::Tls;
    }
    if is(&[S::BadTimeout, S::BadRequestTimeout]) {
        return FailureKind::Timeout;
    }
    if is(&[
        S::BadConnectionClosed,
        S::BadCommunicationError,
        S::BadConnectionRejected,
        S::BadServerNotConnected,
        S::BadNotConnected,
        S::BadNoCommunication,
        S::BadShutdown,
        S::BadServerHalted,
        S::BadSecureChannelClosed,
        S::BadDisconnect,
    ]) {
        return FailureKind::Unreachable;
    }
    if is(&[
        S::BadTcpMessageTooLarge,
        S::BadResponseTooLarge,
        S::BadEncodingLimitsExceeded,
        S::BadRequestTooLarge,
        S::BadTooManySessions,
    ]) {
        return FailureKind::Limit;
    }
    FailureKind::Protocol
}

/// What the code means for who runs the oven, where the standard's own words do not say it.
fn advice(status: StatusCode) -> Option<&'static str> {
    use StatusCode as S;
    let table = [
        (S::BadUserAccessDenied, "the server does not accept this user or password"),
        (S::BadIdentityTokenRejected, "the server does not accept this way to log in, or not this user"),
        (S::BadIdentityTokenInvalid, "the server does not accept this way to log in"),
        (
            S::BadSecurityChecksFailed,
            "the server refused Hornero's certificate: trust it in the server's settings, then test again",
        ),
        (
            S::BadCertificateUntrusted,
            "the server does not trust Hornero's certificate: trust it in the server's settings, then test again",
        ),
        (S::BadSecurityPolicyRejected, "the server does not offer this security policy"),
        (S::BadTooManySessions, "the server has no session left: close other clients"),
        (S::BadConnectionClosed, "the server closed the connection"),
        (S::BadCommunicationError, "the connection broke off"),
        (S::BadServerHalted, "the server is stopping or not running yet"),
    ];
    table.into_iter().find(|(code, _)| code.sub_code() == status.sub_code()).map(|(_, text)| text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_become_kinds() {
        let kind = |status| of(status, "x").kind;
        assert_eq!(kind(StatusCode::BadUserAccessDenied), FailureKind::Auth);
        assert_eq!(kind(StatusCode::BadCertificateTimeInvalid), FailureKind::Tls);
        assert_eq!(kind(StatusCode::BadTimeout), FailureKind::Timeout);
        assert_eq!(kind(StatusCode::BadConnectionClosed), FailureKind::Unreachable);
        assert_eq!(kind(StatusCode::BadTcpMessageTooLarge), FailureKind::Limit);
        assert_eq!(kind(StatusCode::BadDecodingError), FailureKind::Protocol);
        assert_eq!(of(StatusCode::BadTimeout, "x").code, "opcua_BadTimeout");
    }
}
