//! The login step: a request that yields a token, kept until it expires.

use std::time::Duration;

use app::model::failure::FailureKind;
use reqwest::header::{self, HeaderMap};
use serde_json::Value;
use tokio::time::Instant;
use url::Url;

use super::{
    profile::{BodyKind, Login, Method, Place},
    request::{Answer, Body, Http, Request, parse_json, safe},
};
use crate::connectors::ConnectorError;

/// A token is renewed this much before it expires, and at most a tenth of its life before.
const MARGIN: Duration = Duration::from_secs(60);
/// Longer lives than this are not believed, so that arithmetic on times stays sound.
const LONGEST: f64 = 30.0 * 24.0 * 3600.0;

/// A login whose fields hold the credentials. Not `Debug` for that reason.
pub struct LoginStep {
    pub url: Url,
    body: BodyKind,
    fields: Vec<(String, String)>,
    token: Place,
    send: Place,
    expires_in: Option<String>,
    expires_after: Option<Duration>,
}

/// What a login gave.
pub struct Token {
    pub value: String,
    pub send: Place,
    renew_at: Option<Instant>,
}

impl Token {
    pub fn is_fresh(&self) -> bool {
        self.renew_at.is_none_or(|at| Instant::now() < at)
    }
}

impl LoginStep {
    /// `fields` with the credentials filled in.
    pub fn new(login: &Login, url: Url, fields: Vec<(String, String)>) -> Result<Self, String> {
        Ok(Self {
            url,
            body: login.body,
            fields,
            token: login.token_place()?,
            send: login.send_place()?,
            expires_in: login.expires_in.clone(),
            expires_after: login.expires_after_s.map(|s| Duration::from_secs(u64::from(s))),
        })
    }

    pub async fn run(&self, http: &Http) -> Result<Token, ConnectorError> {
        let body = match self.body {
            BodyKind::Json => {
                let object: serde_json::Map<_, _> =
                    self.fields.iter().map(|(name, value)| (name.clone(), Value::from(value.clone()))).collect();
                Body { content_type: "application/json", text: Value::Object(object).to_string() }
            }
            BodyKind::Form => {
                let text = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(&self.fields).finish();
                Body { content_type: "application/x-www-form-urlencoded", text }
            }
        };
        let request = Request { method: Method::Post, url: &self.url, body: Some(&body), token: None, anonymous: true };
        let answer = http.send(&request).await.map_err(refused)?;
        self.read(&answer)
    }

    fn read(&self, answer: &Answer) -> Result<Token, ConnectorError> {
        // The answer holds a token: nothing of it goes into an error.
        let json = || parse_json(&answer.body, "").ok();
        let value = match &self.token {
            Place::Pointer(pointer) => {
                json().and_then(|json| json.pointer(pointer).and_then(Value::as_str).map(str::to_owned))
            }
            Place::Header(name) => answer.headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned),
            Place::Cookie(name) => cookie(&answer.headers, name),
            Place::Bearer | Place::Query(_) => None,
        };
        let usable = value.filter(|value| !value.is_empty() && value.chars().all(|c| c.is_ascii_graphic() || c == ' '));
        let Some(value) = usable else {
            let detail = format!("login: {} answered without the token that was expected", safe(&self.url));
            return Err(ConnectorError::new(FailureKind::Auth, detail).with_code("no_token"));
        };
        let said = self.expires_in.as_ref().and_then(|pointer| {
            let json = json()?;
            let found = json.pointer(pointer)?;
            found.as_f64().or_else(|| found.as_str()?.trim().parse().ok())
        });
        let life = said
            .filter(|s| s.is_finite() && *s > 0.0)
            .map(|s| Duration::from_secs_f64(s.min(LONGEST)))
            .or(self.expires_after);
        let renew_at = life.map(|life| Instant::now() + life - MARGIN.min(life / 10));
        Ok(Token { value, send: self.send.clone(), renew_at })
    }
}

fn refused(error: ConnectorError) -> ConnectorError {
    // OAuth servers say 400 for a wrong password (RFC 6749, 5.2).
    let kind = if matches!(error.code.as_str(), "http_400" | "http_401" | "http_403") {
        FailureKind::Auth
    } else {
        error.kind
    };
    ConnectorError { kind, detail: format!("login: {}", error.detail), ..error }
}

fn cookie(headers: &HeaderMap, name: &str) -> Option<String> {
    headers.get_all(header::SET_COOKIE).iter().find_map(|header| {
        let (found, value) = header.to_str().ok()?.split(';').next()?.split_once('=')?;
        (found.trim() == name).then(|| value.trim().to_owned())
    })
}
