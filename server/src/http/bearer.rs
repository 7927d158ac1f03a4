//! Bearer tokens (RFC 6750): who shows a good one is who it was made for, with the lower of its own and its owner's role.
//!
//! A token is shown on purpose, where a cookie comes along by itself. So one that is not good is an error and never a
//! reason to look at the cookie, and requests with a good one need no proof that our own page sent them.

use std::{net::IpAddr, sync::Arc, time::Instant};

use app::model::{
    token::Scope,
    user::{Role, User},
};
use axum::{
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse as _, Response},
};
use jiff::Timestamp;

use super::{
    AppState,
    access::{Credential, Login},
    error::Problem,
};
use crate::{
    auth::token,
    store::{
        tokens::{Holder, StoredToken},
        users::Account,
    },
};

/// What follows `Authorization: Bearer`; None where there is nothing of that scheme.
pub fn shown(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?;
    let Ok(text) = value.to_str() else {
        // Of no scheme that anybody else here would understand.
        return value.as_bytes().get(..6).filter(|scheme| scheme.eq_ignore_ascii_case(b"bearer")).map(|_| "");
    };
    let (scheme, token) = text.split_once(' ').unwrap_or((text, ""));
    scheme.eq_ignore_ascii_case("bearer").then_some(token.trim())
}

/// Who shows this token, or the answer to who may not come in with it.
pub async fn login(state: &AppState, text: &str, ip: IpAddr) -> Result<Login, Response> {
    let now = Timestamp::now();
    let found = match token::parse(text) {
        Some(shown) => {
            let stored = state.service.store.stored_token(shown.id).await.map_err(|error| {
                let problem = Problem::from(crate::service::ServiceError::from(error));
                problem.into_response()
            })?;
            stored.filter(|stored| shown.fits(&stored.secret_hash))
        }
        None => None,
    };
    let (stored, refusal) = match found {
        Some(stored) => {
            let refusal = refusal(&stored, now);
            (Some(stored), refusal)
        }
        None => (None, Some(Refusal::Invalid)),
    };
    match (stored, refusal) {
        (Some(stored), None) => {
            if let Err(error) = state.service.store.touch_token(&stored, &ip.to_string(), now).await {
                tracing::warn!("the use of a token was not noted: {error}");
            }
            Ok(login_of(stored))
        }
        (_, refusal) => Err(refused(state, refusal.unwrap_or(Refusal::Invalid), ip)),
    }
}

/// Whether a token with which somebody came in is still good: not revoked, not at its end, its owner not disabled.
pub async fn still_good(state: &AppState, id: &str) -> bool {
    match state.service.store.stored_token(id).await {
        Ok(Some(stored)) => refusal(&stored, Timestamp::now()).is_none(),
        Ok(None) => false,
        // The database is busy: no reason to throw everyone out.
        Err(_) => true,
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Refusal {
    Invalid,
    Expired,
}

/// Why a token with the right secret is not good.
fn refusal(stored: &StoredToken, now: Timestamp) -> Option<Refusal> {
    if matches!(&stored.holder, Holder::User(account) if account.user.disabled) {
        return Some(Refusal::Invalid);
    }
    stored.expires_at.is_some_and(|at| at <= now).then_some(Refusal::Expired)
}

/// The secret cannot be guessed, so that failures are slowed down for the sake of the log and the database alone: who
/// has a good token behind the same address is never held up.
fn refused(state: &AppState, refusal: Refusal, ip: IpAddr) -> Response {
    if let Err(wait) = state.bearer_throttle.fail(ip, Instant::now()) {
        return Problem::too_many(wait, "too many requests with tokens that are not good").into_response();
    }
    tracing::warn!(%ip, "a token was refused");
    let (code, title) = match refusal {
        Refusal::Invalid => ("token_invalid", "this token does not exist, was revoked, or its owner is disabled"),
        Refusal::Expired => ("token_expired", "this token has expired"),
    };
    let challenge = HeaderValue::from_static("Bearer error=\"invalid_token\"");
    Problem::new(StatusCode::UNAUTHORIZED, code, title).with(header::WWW_AUTHENTICATE, challenge).into_response()
}

fn login_of(stored: StoredToken) -> Login {
    let may_write = stored.scopes.contains(&Scope::Write);
    match stored.holder {
        Holder::User(mut account) => {
            account.user.role = account.user.role.min(stored.role);
            Login { account: Arc::new(*account), by: Credential::Token { id: stored.id, may_write } }
        }
        Holder::Display { id, name } => Login {
            account: Arc::new(display_account(format!("display {name}"))),
            by: Credential::Display { token: stored.id, id },
        },
    }
}

/// A display is no user; this is what it is shown as.
fn display_account(username: String) -> Account {
    Account {
        user: User {
            // No user has it.
            id: 0,
            username,
            role: Role::Display,
            disabled: false,
            created_at: Timestamp::UNIX_EPOCH,
            last_login_at: None,
        },
        password_hash: String::new(),
        language: None,
        theme: None,
        session_epoch: 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(value: &[u8]) -> HeaderMap {
        HeaderMap::from_iter([(header::AUTHORIZATION, HeaderValue::from_bytes(value).unwrap())])
    }

    #[test]
    fn whatever_says_bearer_is_a_token_and_nothing_else() {
        assert_eq!(shown(&headers(b"Bearer hor_a_b")), Some("hor_a_b"));
        assert_eq!(shown(&headers(b"bEARER  hor_a_b ")), Some("hor_a_b"));
        assert_eq!(shown(&headers(b"Bearer")), Some(""));
        assert_eq!(shown(&headers(b"Bearer \xff")), Some(""));
        assert_eq!(shown(&headers(b"Basic YTpi")), None);
        assert_eq!(shown(&HeaderMap::new()), None);
    }

    fn stored(disabled: bool, expires_at: Option<Timestamp>) -> StoredToken {
        let mut account = display_account("ana".to_owned());
        account.user.disabled = disabled;
        account.user.role = Role::Staff;
        StoredToken {
            id: "0123456789abcdef".to_owned(),
            secret_hash: Vec::new(),
            role: Role::Admin,
            scopes: vec![Scope::Read],
            expires_at,
            last_used_at: None,
            holder: Holder::User(Box::new(account)),
        }
    }

    #[test]
    fn it_is_good_until_its_end_and_while_its_owner_is() {
        let now = Timestamp::from_second(1_000).unwrap();
        let later = Timestamp::from_second(1_001).unwrap();
        assert_eq!(refusal(&stored(false, None), now), None);
        assert_eq!(refusal(&stored(false, Some(later)), now), None);
        assert_eq!(refusal(&stored(false, Some(now)), now), Some(Refusal::Expired));
        assert_eq!(refusal(&stored(true, None), now), Some(Refusal::Invalid));
    }

    #[test]
    fn the_lower_role_holds() {
        let login = login_of(stored(false, None));
        assert_eq!(login.user().role, Role::Staff);
        assert!(matches!(login.by, Credential::Token { may_write: false, .. }));
    }
}
