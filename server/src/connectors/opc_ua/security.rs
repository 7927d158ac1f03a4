//! Which endpoint of a server is used, with which certificates, and whom to trust.
//!
//! A server's certificate is trusted when an admin entered its fingerprint, or put it into the folder
//! `opc_ua/trusted` of the data folder. Nothing is trusted by itself: where a server can only be reached by a
//! certificate that nobody has looked at, the connection test fails and shows the fingerprint.

use std::{
    collections::HashSet,
    fs,
    path::Path,
    sync::{Arc, LazyLock, Mutex, PoisonError},
    time::Duration,
};

use app::model::failure::FailureKind;
use opcua::{
    client::{Client, ClientBuilder, IdentityToken, Password, SessionEventLoop, transport::TcpConnector},
    crypto::{SecurityPolicy, X509},
    types::{EndpointDescription, MessageSecurityMode, UserTokenType},
};
use sha2::{Digest as _, Sha256};

use super::{
    options::{Login, Options},
    status,
};
use crate::connectors::ConnectorError;

const APPLICATION_URI: &str = "urn:hornero:client";

/// Making a key pair twice at the same time would leave a certificate of one and a key of the other.
static KEYS: LazyLock<Mutex<()>> = LazyLock::new(Mutex::default);

/// An endpoint that was chosen, and the client that goes there.
pub struct Way {
    client: Client,
    endpoint: EndpointDescription,
    fingerprint: Option<String>,
}

/// Asks the server for its endpoints and takes the best one that the settings, the login and trust allow.
pub async fn choose(options: &Options) -> Result<Way, ConnectorError> {
    let without_keys = client(options, false).await?;
    let offered = offered(&without_keys, options).await?;
    let endpoint = best(offered, options, &trusted(options).await)?;
    let fingerprint = fingerprint(&endpoint);
    let needs_keys = endpoint.security_mode != MessageSecurityMode::None;
    let client = if needs_keys { client(options, true).await? } else { without_keys };
    Ok(Way { client, endpoint, fingerprint })
}

async fn offered(client: &Client, options: &Options) -> Result<Vec<EndpointDescription>, ConnectorError> {
    let endpoints = client
        .get_server_endpoints_from_url(options.url.as_str())
        .await
        .map_err(|error| no_server(status::error(&error, &options.url)))?;
    Ok(endpoints.into_iter().filter(|endpoint| client.is_supported_endpoint(endpoint)).collect())
}

/// The port was open a moment ago: who closes it on the first question speaks something else.
fn no_server(error: ConnectorError) -> ConnectorError {
    if error.kind != FailureKind::Unreachable {
        return error;
    }
    ConnectorError::new(
        FailureKind::Protocol,
        format!("the port is open, but nobody speaks OPC UA there; {}", error.detail),
    )
    .with_code(error.code)
}

/// The chosen endpoint, under the address that the admin entered: servers often name a host that only they know.
/// `trusted` are the certificates in the folder.
fn best(
    offered: Vec<EndpointDescription>,
    options: &Options,
    trusted: &HashSet<String>,
) -> Result<EndpointDescription, ConnectorError> {
    let describe =
        |endpoint: &EndpointDescription| format!("{} {:?}", policy_of(endpoint).to_str(), endpoint.security_mode);
    let all: Vec<String> = offered.iter().map(describe).collect();
    let wanted = |endpoint: &EndpointDescription| {
        options.policy.is_none_or(|policy| policy_of(endpoint) == policy)
            && options.mode.is_none_or(|mode| endpoint.security_mode == mode)
    };
    let mut fitting: Vec<_> = offered.into_iter().filter(wanted).collect();
    if fitting.is_empty() {
        let detail = format!("{} does not offer the chosen security; it offers {}", options.url, all.join(", "));
        return Err(ConnectorError::new(FailureKind::Tls, detail).with_code("no_such_endpoint"));
    }
    fitting.retain(|endpoint| accepts(endpoint, &options.login));
    if fitting.is_empty() {
        let detail = format!("{} does not accept this way to log in", options.url);
        return Err(ConnectorError::new(FailureKind::Auth, detail).with_code("no_such_login"));
    }
    fitting.sort_by_key(|endpoint| std::cmp::Reverse(strength(endpoint)));
    let asked_for_none =
        options.policy == Some(SecurityPolicy::None) || options.mode == Some(MessageSecurityMode::None);
    let secure = fitting.iter().find(|endpoint| endpoint.security_mode != MessageSecurityMode::None).cloned();
    let mut chosen = match secure.filter(|_| !asked_for_none) {
        Some(endpoint) => match trust(&endpoint, options, trusted) {
            Ok(()) => endpoint,
            // Without a password nothing is at stake but the readings, and the admin did not ask for more.
            Err(error) if error.code == UNTRUSTED => open_door(&fitting, options).ok_or(error)?,
            Err(error) => return Err(error),
        },
        None if asked_for_none => fitting.swap_remove(0),
        // Whoever answers in the server's place could offer this alone to get at the password.
        None => open_door(&fitting, options).ok_or_else(|| {
            let detail = format!(
                "{} offers no encryption for this login; if that is meant to be so, choose the security policy “none”",
                options.url
            );
            ConnectorError::new(FailureKind::Tls, detail).with_code("no_such_endpoint")
        })?,
    };
    chosen.endpoint_url = options.url.as_str().into();
    Ok(chosen)
}

/// An endpoint without security, where that was not ruled out and no secret would travel over it.
fn open_door(fitting: &[EndpointDescription], options: &Options) -> Option<EndpointDescription> {
    let is_allowed = matches!(options.login, Login::Anonymous)
        && options.policy.is_none()
        && options.mode.is_none()
        && options.fingerprint.is_none();
    fitting.iter().find(|endpoint| is_allowed && endpoint.security_mode == MessageSecurityMode::None).cloned()
}

fn policy_of(endpoint: &EndpointDescription) -> SecurityPolicy {
    endpoint.security_policy_uri.as_ref().parse().unwrap_or(SecurityPolicy::Unknown)
}

/// The server's own ranking may put a policy first that is broken by now; encryption comes before it.
fn strength(endpoint: &EndpointDescription) -> (bool, bool, u8) {
    (
        endpoint.security_mode == MessageSecurityMode::SignAndEncrypt,
        !policy_of(endpoint).is_deprecated(),
        endpoint.security_level,
    )
}

fn accepts(endpoint: &EndpointDescription, login: &Login) -> bool {
    let wanted = match login {
        Login::Anonymous => UserTokenType::Anonymous,
        Login::Password { .. } => UserTokenType::UserName,
        Login::Certificate(..) => UserTokenType::Certificate,
    };
    endpoint.user_identity_tokens.iter().flatten().any(|token| token.token_type == wanted)
}

/// SHA-256 of the certificate, lower-case hex.
fn fingerprint(endpoint: &EndpointDescription) -> Option<String> {
    let certificate = endpoint.server_certificate.value.as_ref()?;
    (!certificate.is_empty()).then(|| hex(&Sha256::digest(certificate)))
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn trust(endpoint: &EndpointDescription, options: &Options, trusted: &HashSet<String>) -> Result<(), ConnectorError> {
    let refuse = |code: &str, detail: String| Err(ConnectorError::new(FailureKind::Tls, detail).with_code(code));
    let Some(found) = fingerprint(endpoint) else {
        return refuse("no_certificate", format!("{} offers security but has no certificate", options.url));
    };
    let certificate = X509::from_byte_string(&endpoint.server_certificate);
    let Ok(certificate) = certificate else {
        return refuse("bad_certificate", format!("{}: the server's certificate cannot be read", options.url));
    };
    match &options.fingerprint {
        Some(wanted) if *wanted == found => {}
        Some(wanted) => {
            return refuse(
                "other_certificate",
                format!(
                    "{}: the server shows another certificate than the trusted one: sha256:{found} instead of \
                     sha256:{wanted}. If the server got a new one, enter its fingerprint",
                    options.url
                ),
            );
        }
        None if trusted.contains(&found) => {}
        None => {
            return refuse(
                UNTRUSTED,
                format!(
                    "{}: nobody has trusted the server's certificate yet. Compare this fingerprint with the server's \
                     own, then enter it: sha256:{found}",
                    options.url
                ),
            );
        }
    }
    if let Err(error) = certificate.is_time_valid(&chrono::Utc::now()) {
        return refuse(
            "certificate_time",
            format!("{}: the server's certificate is not valid now: {error}", options.url),
        );
    }
    Ok(())
}

/// The code of a failure that an admin's trust would end.
pub const UNTRUSTED: &str = "untrusted_certificate";

/// Fingerprints of the certificates that an admin put into the folder; not looked at where one was entered.
async fn trusted(options: &Options) -> HashSet<String> {
    if options.fingerprint.is_some() {
        return HashSet::new();
    }
    let folder = options.folder.join("trusted");
    // A slow disk holds up this oven alone.
    tokio::task::spawn_blocking(move || in_folder(&folder)).await.unwrap_or_default()
}

fn in_folder(folder: &Path) -> HashSet<String> {
    let Ok(files) = fs::read_dir(folder) else { return HashSet::new() };
    let fingerprint = |file: fs::DirEntry| {
        let bytes = fs::read(file.path()).ok()?;
        let der = if bytes.starts_with(b"-----") { X509::from_pem(&bytes).ok()?.to_der().ok()? } else { bytes };
        Some(hex(&Sha256::digest(der)))
    };
    files.flatten().filter_map(fingerprint).collect()
}

/// A client with Hornero's own certificate where `with_keys`; the pair is made when it is first needed.
async fn client(options: &Options, with_keys: bool) -> Result<Client, ConnectorError> {
    let (folder, timeout) = (options.folder.join("own"), options.timeout);
    let (interval, limit) = (options.interval, options.response_limit);
    let made = tokio::task::spawn_blocking(move || {
        let _one = with_keys.then(|| KEYS.lock().unwrap_or_else(PoisonError::into_inner));
        fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
        ClientBuilder::new()
            .application_name("Hornero")
            .application_uri(APPLICATION_URI)
            .product_uri(APPLICATION_URI)
            .session_name("Hornero")
            .pki_dir(&folder)
            .create_sample_keypair(with_keys)
            // Trust was decided above, on the certificate that the channel is then encrypted for.
            .trust_server_certs(true)
            .verify_server_certs(false)
            .session_retry_limit(0)
            .recreate_subscriptions(false)
            .request_timeout(timeout)
            .publish_timeout(timeout.max(interval * 4))
            .session_timeout(60_000)
            .keep_alive_interval(Duration::from_secs(5))
            .max_failed_keep_alive_count(2)
            .max_message_size(limit.max(1 << 20))
            .max_array_length(100_000)
            .client()
            .map_err(|errors| errors.join(", "))
    })
    .await;
    made.unwrap_or_else(|error| Err(error.to_string()))
        .map_err(|detail| ConnectorError::new(FailureKind::Config, detail))
}

impl Way {
    /// For the admin: how the connection is protected.
    pub fn describe(&self) -> String {
        let policy = policy_of(&self.endpoint);
        if self.endpoint.security_mode == MessageSecurityMode::None {
            return "without encryption".to_owned();
        }
        let fingerprint = self.fingerprint.as_deref().unwrap_or_default();
        format!("{} {:?}, server certificate sha256:{fingerprint}", policy.to_str(), self.endpoint.security_mode)
    }

    pub fn session(
        mut self,
        options: &Options,
    ) -> Result<(Arc<opcua::client::Session>, SessionEventLoop<TcpConnector>), ConnectorError> {
        let identity = match &options.login {
            Login::Anonymous => IdentityToken::Anonymous,
            Login::Password { username, password } => {
                IdentityToken::UserName(username.clone(), Password::new(password.clone()))
            }
            Login::Certificate(certificate, key) => IdentityToken::X509(certificate.clone(), key.clone()),
        };
        self.client
            .connect_to_endpoint_directly(self.endpoint, identity)
            .map_err(|error| status::error(&error, &options.url))
    }
}

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, KeyPair};
    use serde_json::json;

    use super::*;
    use crate::connectors::Settings;

    /// An endpoint with a certificate that is valid for so many days from yesterday.
    fn endpoint(days: i64) -> EndpointDescription {
        let mut params = CertificateParams::new(vec!["oven".to_owned()]).unwrap();
        params.not_before = time::OffsetDateTime::now_utc() - time::Duration::days(10);
        params.not_after = time::OffsetDateTime::now_utc() + time::Duration::days(days);
        let der = params.self_signed(&KeyPair::generate().unwrap()).unwrap().der().to_vec();
        EndpointDescription {
            server_certificate: opcua::types::ByteString::from(der),
            security_mode: MessageSecurityMode::SignAndEncrypt,
            ..EndpointDescription::default()
        }
    }

    fn options(config: serde_json::Value) -> Options {
        Options::parse(&Settings::for_tests("oven", config)).unwrap_or_else(|errors| panic!("{errors:?}"))
    }

    #[test]
    fn only_the_certificate_that_an_admin_saw_is_trusted() {
        let (endpoint, other) = (endpoint(30), endpoint(30));
        let found = fingerprint(&endpoint).unwrap();
        let code = |config| trust(&endpoint, &options(config), &HashSet::new()).map_err(|error| error.code);
        assert_eq!(code(json!({})), Err(UNTRUSTED.to_owned()));
        assert_eq!(code(json!({"server_fingerprint": found})), Ok(()));
        let wrong = fingerprint(&other).unwrap();
        assert_eq!(code(json!({"server_fingerprint": wrong})), Err("other_certificate".to_owned()));
    }

    #[test]
    fn an_expired_certificate_is_not_trusted_though_it_was_seen() {
        let endpoint = endpoint(-1);
        let config = json!({"server_fingerprint": fingerprint(&endpoint).unwrap()});
        let error = trust(&endpoint, &options(config), &HashSet::new()).unwrap_err();
        assert_eq!((error.kind, error.code.as_str()), (FailureKind::Tls, "certificate_time"));
    }

    #[tokio::test]
    async fn certificates_in_the_folder_are_trusted() {
        let endpoint = endpoint(30);
        let folder = tempfile::tempdir().unwrap();
        let mut options = options(json!({}));
        options.folder = folder.path().to_owned();
        fs::create_dir(folder.path().join("trusted")).unwrap();
        fs::write(folder.path().join("trusted/readme.txt"), "not a certificate").unwrap();
        assert!(trust(&endpoint, &options, &trusted(&options).await).is_err());
        fs::write(folder.path().join("trusted/oven.der"), endpoint.server_certificate.value.as_ref().unwrap()).unwrap();
        assert!(trust(&endpoint, &options, &trusted(&options).await).is_ok());
    }

    /// A named pipe is read for as long as somebody writes into it.
    #[cfg(unix)]
    #[tokio::test]
    async fn a_folder_that_is_slow_to_read_holds_up_nobody() {
        let folder = tempfile::tempdir().unwrap();
        let mut options = options(json!({}));
        options.folder = folder.path().to_owned();
        let pipe = folder.path().join("trusted/slow.pem");
        fs::create_dir(pipe.parent().unwrap()).unwrap();
        assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        let (go, waits) = std::sync::mpsc::channel();
        let (opened, is_read) = tokio::sync::oneshot::channel();
        let writer = std::thread::spawn(move || {
            // Waits until the folder is read.
            let _open = fs::OpenOptions::new().write(true).open(pipe).unwrap();
            opened.send(()).unwrap();
            waits.recv_timeout(Duration::from_secs(5)).is_ok()
        });
        let reading = tokio::spawn(async move { trusted(&options).await });
        is_read.await.unwrap();
        // This thread is the whole runtime: it comes here while the folder is still being read.
        let _ = go.send(());
        assert_eq!(reading.await.unwrap().len(), 1);
        assert!(writer.join().unwrap(), "the runtime stood still");
    }

    #[test]
    fn a_password_never_travels_where_nobody_is_trusted() {
        use opcua::types::UserTokenPolicy;
        let tokens = || {
            Some(vec![
                UserTokenPolicy::anonymous(),
                UserTokenPolicy { token_type: UserTokenType::UserName, ..UserTokenPolicy::default() },
            ])
        };
        let secure = EndpointDescription {
            user_identity_tokens: tokens(),
            security_policy_uri: SecurityPolicy::Basic256Sha256.to_uri().into(),
            ..endpoint(30)
        };
        let open = EndpointDescription {
            user_identity_tokens: tokens(),
            security_mode: MessageSecurityMode::None,
            security_policy_uri: SecurityPolicy::None.to_uri().into(),
            ..EndpointDescription::default()
        };
        let offered = || vec![open.clone(), secure.clone()];
        let anonymous = best(offered(), &options(json!({})), &HashSet::new()).unwrap();
        assert_eq!(anonymous.security_mode, MessageSecurityMode::None);
        let mut with_password = options(json!({}));
        with_password.login = Login::Password { username: "u".to_owned(), password: "p".to_owned() };
        assert_eq!(best(offered(), &with_password, &HashSet::new()).unwrap_err().code, UNTRUSTED);
        assert_eq!(best(vec![open.clone()], &with_password, &HashSet::new()).unwrap_err().code, "no_such_endpoint");
        with_password.fingerprint = fingerprint(&secure);
        assert_eq!(
            best(offered(), &with_password, &HashSet::new()).unwrap().security_mode,
            MessageSecurityMode::SignAndEncrypt
        );
    }
}
