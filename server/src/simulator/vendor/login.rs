//! Logging in before asking: a token for a user and a password, good for a while.
//!
//! The token carries its own end and a seal, so nothing has to be remembered of who logged in.

use axum::Json;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use jiff::Timestamp;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::simulator::spec::{Credentials, OvenSpec, Vendor};

/// How long a token is good, s.
const LIFE_S: i64 = 600;
/// The cookie of vendors whose page a person would use.
const COOKIE: &str = "sesion";

/// The token that somebody gets who logs in at `now`.
pub fn issue(username: &str, password: &str, now: Timestamp) -> String {
    sealed(username, password, now.as_second() + LIFE_S)
}

fn sealed(username: &str, password: &str, end_s: i64) -> String {
    let seal = Sha256::digest(format!("{username}\n{password}\n{end_s}"));
    format!("{end_s}.{}", BASE64_URL_SAFE_NO_PAD.encode(&seal[..12]))
}

/// Whether a token was issued here and is still good.
pub fn is_good(username: &str, password: &str, token: &str, now: Timestamp) -> bool {
    let end_s = token.split_once('.').and_then(|(end_s, _)| end_s.parse().ok()).unwrap_or(0);
    end_s > now.as_second() && token == sealed(username, password, end_s)
}

/// The token in a request: in the cookie, where the vendor uses one.
pub fn in_cookie(headers: &HeaderMap) -> Option<&str> {
    let cookies = headers.get(header::COOKIE)?.to_str().ok()?;
    cookies.split(';').find_map(|cookie| cookie.trim().strip_prefix(COOKIE)?.strip_prefix('='))
}

/// The answer to a login with a form or with JSON.
pub fn answer(spec: &OvenSpec, body: &[u8]) -> Response {
    let Credentials::Login { username, password } = &spec.credentials else {
        return super::not_found(spec.vendor);
    };
    let given = fields(body);
    let is = |names: [&str; 3], wanted: &str| {
        names.iter().filter_map(|name| given.get(*name)).any(|value| value.as_str() == Some(wanted))
    };
    let right = is(["username", "user", "client_id"], username) && is(["password", "pass", "client_secret"], password);
    if !right {
        return super::unauthorized(spec);
    }
    let token = issue(username, password, Timestamp::now());
    if spec.vendor == Vendor::Custom {
        let cookie = format!("{COOKIE}={token}; Path=/; HttpOnly; SameSite=Strict; Max-Age={LIFE_S}");
        return (StatusCode::OK, [(header::SET_COOKIE, cookie)], Json(json!({"ok": true}))).into_response();
    }
    Json(json!({"token": token, "access_token": token, "token_type": "Bearer", "expires_in": LIFE_S})).into_response()
}

fn fields(body: &[u8]) -> serde_json::Map<String, Value> {
    if let Ok(Value::Object(fields)) = serde_json::from_slice(body) {
        return fields;
    }
    url::form_urlencoded::parse(body).map(|(name, value)| (name.into_owned(), value.into_owned().into())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_good_for_its_time_and_for_its_password() {
        let now = Timestamp::UNIX_EPOCH;
        let token = issue("a", "b", now);
        let after = |seconds| Timestamp::from_second(seconds).expect("a timestamp");
        assert!(is_good("a", "b", &token, after(LIFE_S - 1)));
        assert!(!is_good("a", "b", &token, after(LIFE_S)));
        assert!(!is_good("a", "c", &token, now));
        assert!(!is_good("a", "b", "", now));
        assert!(!is_good("a", "b", "99999999999.00", now));
    }
}
