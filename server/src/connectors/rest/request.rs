//! One HTTP request: who asks, how much may come back, and what went wrong in words.

use std::{
    error::Error as _,
    sync::{Arc, LazyLock},
    time::Duration,
};

use app::model::{
    failure::FailureKind,
    form::{FieldError, Problem},
};
use futures::StreamExt;
use reqwest::{
    Client, RequestBuilder, StatusCode,
    header::{self, HeaderMap},
    redirect,
};
use rustls::ClientConfig;
use serde_json::Value;
use url::Url;

use super::{
    plan::{in_form, in_json},
    profile::{Method, Place},
    session::Token,
    settings::Auth,
};
use crate::connectors::{
    ConnectorError,
    tls::{self, Trust},
};

/// Idle connections to an oven are kept a little longer than the longest usual interval.
const KEEP_ALIVE: Duration = Duration::from_secs(90);
const MAX_REDIRECTS: usize = 5;

pub struct Http {
    client: Client,
    auth: Auth,
    limit: usize,
    /// Never part of an error or a shown answer.
    secrets: Vec<String>,
}

/// What is asked.
pub struct Request<'a> {
    pub method: Method,
    pub url: &'a Url,
    pub body: Option<&'a Body>,
    pub token: Option<&'a Token>,
    /// A login says who asks in its body.
    pub anonymous: bool,
}

pub struct Body {
    pub content_type: &'static str,
    pub text: String,
}

pub struct Answer {
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

/// Ovens that trust the system's authorities share one client: a client costs memory, not the connections in it.
static SHARED: LazyLock<Result<Client, String>> = LazyLock::new(|| client(tls::client_config(&Trust::System)?));

impl Http {
    pub fn new(auth: Auth, trust: &Trust, url: &Url, limit: usize) -> Result<Self, Vec<FieldError>> {
        let client = match trust {
            // Plain HTTP never looks at certificates, so that it works where the system has none.
            _ if url.scheme() == "http" => PLAIN.clone(),
            Trust::System => SHARED.clone(),
            trust => tls::client_config(trust).and_then(client),
        };
        let client =
            client.map_err(|detail| vec![FieldError::new("config.ca_certificate", Problem::Other { detail })])?;
        let secrets = auth.secrets();
        let mut http = Self { client, auth, limit, secrets: Vec::new() };
        http.keep_secret(secrets);
        Ok(http)
    }

    /// Credentials that must not be shown, in none of the ways in which they are written.
    pub fn keep_secret(&mut self, more: impl IntoIterator<Item = String>) {
        for secret in more {
            // The longer ways first: what is left of them must not stay.
            let mut ways = vec![in_form(&secret), in_json(&secret), secret];
            ways.sort_by_key(|way| std::cmp::Reverse(way.len()));
            ways.dedup();
            self.secrets.extend(ways);
        }
    }

    /// The JSON that the answer is.
    pub async fn json(&self, request: &Request<'_>) -> Result<Value, ConnectorError> {
        let answer = self.send(request).await?;
        parse_json(&answer.body, &safe(request.url))
            .map_err(|error| ConnectorError { detail: self.hide(&error.detail, request.token), ..error })
    }

    pub async fn send(&self, request: &Request<'_>) -> Result<Answer, ConnectorError> {
        self.exchange(request)
            .await
            .map_err(|error| ConnectorError { detail: self.hide(&error.detail, request.token), ..error })
    }

    /// The text without anything secret that the peer may have sent back.
    pub fn hide(&self, text: &str, token: Option<&Token>) -> String {
        // A password of one or two letters would tear every text apart, and is no secret.
        let secrets = self.secrets.iter().chain(token.map(|token| &token.value)).filter(|secret| secret.len() > 2);
        secrets.fold(text.to_owned(), |text, secret| text.replace(secret.as_str(), "•••"))
    }

    async fn exchange(&self, request: &Request<'_>) -> Result<Answer, ConnectorError> {
        let url = request.url;
        let response = self.prepare(request).send().await.map_err(|error| classify(error, url))?;
        check_status(response.status(), response.headers(), url)?;
        let too_large = || {
            let detail = format!("{} answered with more than {} bytes", safe(url), self.limit);
            ConnectorError::new(FailureKind::Limit, detail)
        };
        if response.content_length().is_some_and(|length| length > self.limit as u64) {
            return Err(too_large());
        }
        let headers = response.headers().clone();
        let mut body = Vec::new();
        let mut chunks = response.bytes_stream();
        while let Some(chunk) = chunks.next().await {
            let chunk = chunk.map_err(|error| classify(error, url))?;
            if body.len() + chunk.len() > self.limit {
                return Err(too_large());
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Answer { headers, body })
    }

    fn prepare(&self, request: &Request<'_>) -> RequestBuilder {
        let mut url = request.url.clone();
        let auth = if request.anonymous { &Auth::None } else { &self.auth };
        if let Auth::Query(name, key) = auth {
            url.query_pairs_mut().append_pair(name, key);
        }
        if let Some(Token { value, send: Place::Query(name), .. }) = request.token {
            url.query_pairs_mut().append_pair(name, value);
        }
        let mut builder = match request.method {
            Method::Get => self.client.get(url),
            Method::Post => self.client.post(url),
        };
        builder = builder.header(header::ACCEPT, "application/json");
        if let Some(body) = request.body {
            builder = builder.header(header::CONTENT_TYPE, body.content_type).body(body.text.clone());
        }
        builder = match auth {
            Auth::None | Auth::Query(..) => builder,
            Auth::Basic { username, password } => builder.basic_auth(username, Some(password)),
            Auth::Bearer(token) => builder.bearer_auth(token),
            Auth::Header(name, key) => builder.header(name, key),
        };
        match request.token {
            None => builder,
            Some(token) => match &token.send {
                Place::Bearer => builder.bearer_auth(&token.value),
                Place::Header(name) => builder.header(name, &token.value),
                Place::Cookie(name) => builder.header(header::COOKIE, format!("{name}={}", token.value)),
                Place::Query(_) | Place::Pointer(_) => builder,
            },
        }
    }
}

/// The JSON in these bytes; `what` answered with them.
pub fn parse_json(body: &[u8], what: &str) -> Result<Value, ConnectorError> {
    serde_json::from_slice(body).map_err(|error| {
        let start: String = String::from_utf8_lossy(body).chars().take(60).collect();
        ConnectorError::new(FailureKind::Protocol, format!("{what} did not answer with JSON ({error}): {start:?}"))
            .with_code("not_json")
    })
}

static PLAIN: LazyLock<Result<Client, String>> = LazyLock::new(|| client(tls::client_config(&Trust::Anyone)?));

fn client(tls: Arc<ClientConfig>) -> Result<Client, String> {
    Client::builder()
        .tls_backend_preconfigured(ClientConfig::clone(&tls))
        .redirect(redirect::Policy::custom(same_host_only))
        // Ovens are on the bakery's own network; a proxy from the environment is for something else.
        .no_proxy()
        .pool_idle_timeout(KEEP_ALIVE)
        .pool_max_idle_per_host(2)
        .tcp_keepalive(Duration::from_secs(30))
        .tcp_nodelay(true)
        .user_agent(concat!("Hornero/", env!("CARGO_PKG_VERSION")))
        .build()
        .map_err(|error| error.to_string())
}

/// Credentials and trust belong to one host: an answer that points elsewhere is refused.
fn same_host_only(attempt: redirect::Attempt) -> redirect::Action {
    let first = &attempt.previous()[0];
    let to = attempt.url();
    let same = (first.scheme(), first.host_str(), first.port_or_known_default())
        == (to.scheme(), to.host_str(), to.port_or_known_default());
    if !same {
        let to = safe(to);
        return attempt.error(format!("it redirects to another host, {to}, which is not followed"));
    }
    if attempt.previous().len() > MAX_REDIRECTS {
        return attempt.error("it redirects in circles");
    }
    attempt.follow()
}

fn check_status(status: StatusCode, headers: &HeaderMap, url: &Url) -> Result<(), ConnectorError> {
    if status.is_success() {
        return Ok(());
    }
    let (kind, what) = match status {
        StatusCode::UNAUTHORIZED => (FailureKind::Auth, "does not accept the credentials"),
        StatusCode::FORBIDDEN => (FailureKind::Auth, "accepts the credentials but does not allow reading"),
        StatusCode::NOT_FOUND => (FailureKind::Protocol, "has nothing at this path"),
        StatusCode::TOO_MANY_REQUESTS => {
            (FailureKind::Protocol, "says that it is asked too often: choose a longer interval")
        }
        _ => (FailureKind::Protocol, "answered with an error"),
    };
    let wait = headers.get(header::RETRY_AFTER).and_then(|wait| wait.to_str().ok()).map(|wait| {
        let wait: String = wait.chars().filter(|c| !c.is_control()).take(40).collect();
        let unit = if wait.chars().all(|c| c.is_ascii_digit()) { " s" } else { "" };
        format!(", to be asked again after {wait}{unit}")
    });
    let wait = wait.unwrap_or_default();
    let detail = format!("{} {what} (HTTP {}{wait})", safe(url), status.as_u16());
    Err(ConnectorError::new(kind, detail).with_code(format!("http_{}", status.as_u16())))
}

/// The address without its query, where a key may be.
pub fn safe(url: &Url) -> String {
    let mut url = url.clone();
    url.set_query(None);
    url.to_string()
}

/// An I/O error may be a TLS error in one or two wrappers, which its chain of causes skips.
fn io_kind(error: &std::io::Error) -> FailureKind {
    let mut error = error;
    while let Some(inner) = error.get_ref() {
        if inner.is::<rustls::Error>() {
            return FailureKind::Tls;
        }
        match inner.downcast_ref::<std::io::Error>() {
            Some(inner) => error = inner,
            None => break,
        }
    }
    ConnectorError::from_io(error, "").kind
}

/// The kind of a failure, found in the chain of its causes.
fn classify(error: reqwest::Error, url: &Url) -> ConnectorError {
    // Its address may hold a key.
    let error = error.without_url();
    let mut causes = Vec::new();
    let mut kind = None;
    let mut source = error.source();
    while let Some(cause) = source {
        if let Some(io) = cause.downcast_ref::<std::io::Error>() {
            kind = kind.or(Some(io_kind(io)));
        }
        if cause.is::<rustls::Error>() {
            kind = Some(FailureKind::Tls);
        }
        causes.push(cause.to_string());
        source = cause.source();
    }
    let kind = if error.is_redirect() {
        FailureKind::Protocol
    } else if error.is_timeout() {
        FailureKind::Timeout
    } else if error.is_connect() {
        kind.unwrap_or(FailureKind::Unreachable)
    } else {
        // The connection stood, and what came over it was no HTTP or broke off.
        match kind {
            Some(FailureKind::Tls) => FailureKind::Tls,
            Some(FailureKind::Timeout) => FailureKind::Timeout,
            _ => FailureKind::Protocol,
        }
    };
    // The innermost cause says it best; the outer ones only repeat "error sending request".
    let cause = causes.pop().unwrap_or_else(|| error.to_string());
    let found = ConnectorError::new(kind, format!("{}: {cause}", safe(url)));
    if error.is_redirect() { found.with_code("redirect") } else { found }
}
