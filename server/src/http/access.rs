//! Who is asking, and what they may use.

use std::{
    net::{IpAddr, SocketAddr},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use app::model::user::{Role, User};
use axum::{
    extract::{ConnectInfo, FromRequestParts, Request, State},
    http::{HeaderMap, Method, Uri, header, request::Parts},
    middleware::Next,
    response::{IntoResponse, Redirect, Response},
};
use jiff::Timestamp;
use tower::{Layer, Service};
use tower_sessions::Session;
use uuid::Uuid;

use super::{AppState, bearer, error};
use crate::{service::Actor, store::users::Account};

pub const USER: &str = "user";
pub const EPOCH: &str = "epoch";
const SEEN: &str = "seen";
/// A session in use is prolonged this often, so that not every request writes.
const PROLONG_AFTER_S: i64 = 15 * 60;

/// Who is logged in, for handlers behind [`needs`].
#[derive(Clone)]
pub struct Login {
    pub account: Arc<Account>,
    pub by: Credential,
}

/// With what somebody came in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Credential {
    Session,
    /// A user's token; the account has its role.
    Token {
        id: String,
        may_write: bool,
    },
    /// A screen on a wall, which is no user.
    Display {
        token: String,
        id: Uuid,
    },
}

impl Login {
    pub fn user(&self) -> &User {
        &self.account.user
    }

    /// Whether it is good for more than looking.
    pub const fn may_write(&self) -> bool {
        match &self.by {
            Credential::Session => true,
            Credential::Token { may_write, .. } => *may_write,
            Credential::Display { .. } => false,
        }
    }
}

/// Finds the account of the token that a program shows, or that of the session, if it still counts. Pages know sessions
/// alone.
pub async fn identify(
    State(state): State<AppState>,
    ClientIp(ip): ClientIp,
    session: Session,
    mut request: Request,
    next: Next,
) -> Response {
    let token = if error::is_for_program(&request) { bearer::shown(request.headers()) } else { None };
    if let Some(token) = token {
        match bearer::login(&state, token, ip).await {
            Ok(login) => request.extensions_mut().insert(login),
            Err(refusal) => return refusal,
        };
    } else if let Some(account) = account_of(&state, &session).await {
        prolong(&session).await;
        request.extensions_mut().insert(Login { account: Arc::new(account), by: Credential::Session });
    }
    next.run(request).await
}

pub async fn account_of(state: &AppState, session: &Session) -> Option<Account> {
    let id: i64 = session.get(USER).await.ok()??;
    let epoch: i64 = session.get(EPOCH).await.ok()??;
    let account = state.service.store.user(id).await.ok()??;
    (!account.user.disabled && account.session_epoch == epoch).then_some(account)
}

async fn prolong(session: &Session) {
    let now = Timestamp::now().as_second();
    let seen: i64 = session.get(SEEN).await.ok().flatten().unwrap_or_default();
    if now - seen > PROLONG_AFTER_S
        && let Err(error) = session.insert(SEEN, now).await
    {
        tracing::warn!("a session was not prolonged: {error}");
    }
}

/// Lets only users of this role or a higher one through.
pub fn needs(role: Role, state: &AppState) -> Needs {
    Needs { role, state: state.clone() }
}

#[derive(Clone)]
pub struct Needs {
    role: Role,
    state: AppState,
}

impl<S> Layer<S> for Needs {
    type Service = Guarded<S>;
    fn layer(&self, inner: S) -> Guarded<S> {
        Guarded { needs: self.clone(), inner }
    }
}

#[derive(Clone)]
pub struct Guarded<S> {
    needs: Needs,
    inner: S,
}

impl<S> Service<Request> for Guarded<S>
where
    S: Service<Request, Response: IntoResponse> + Clone + Send + 'static,
    S::Future: Send,
{
    type Response = Response;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Response, S::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let refusal = self.needs.refusal(&request);
        // The clone stays for the next request; the one that was polled ready answers this one.
        let clone = self.inner.clone();
        let mut inner = std::mem::replace(&mut self.inner, clone);
        Box::pin(async move {
            match refusal {
                Some(refusal) => Ok(refusal),
                None => Ok(inner.call(request).await?.into_response()),
            }
        })
    }
}

impl Needs {
    fn refusal(&self, request: &Request) -> Option<Response> {
        match request.extensions().get::<Login>() {
            Some(login) if !login.user().role.may(self.role) => Some(error::forbidden(request, &self.state)),
            Some(login) if changes(request) && !login.may_write() => Some(error::scope_missing()),
            Some(_) => None,
            None if error::is_for_program(request) => Some(error::unauthorised()),
            None => Some(Redirect::to(&login_address(request.uri())).into_response()),
        }
    }
}

/// The login page, which leads back to where the visitor wanted to go.
pub fn login_address(wanted: &Uri) -> String {
    let path = wanted.path_and_query().map_or("/", |path| path.as_str());
    if path == "/" {
        return "/login".to_owned();
    }
    let next: String = url::form_urlencoded::byte_serialize(path.as_bytes()).collect();
    format!("/login?next={next}")
}

/// A local path to go to after login; anything else, such as another host, becomes the board.
pub fn safe_next(next: &str) -> &str {
    let local = next.starts_with('/') && !next.starts_with("//") && !next.contains(['\\', '\n', '\r']);
    if local { next } else { "/" }
}

/// Refuses changes that another site's page sends with our cookie (cross-site request forgery), and websockets
/// that it opens. Browsers say where a request comes from; programs that say nothing carry no cookie by accident, and a
/// token comes along with no request by itself.
pub async fn same_origin(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let headers = request.headers();
    let upgrades = headers.contains_key(header::UPGRADE);
    let by_cookie = request.extensions().get::<Login>().is_none_or(|login| login.by == Credential::Session);
    if by_cookie && (changes(&request) || upgrades) && is_foreign(headers) {
        return error::wrong_origin(&request, &state);
    }
    next.run(request).await
}

fn changes(request: &Request) -> bool {
    !matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS)
}

fn is_foreign(headers: &HeaderMap) -> bool {
    let text = |name| headers.get(name).and_then(|value: &axum::http::HeaderValue| value.to_str().ok());
    match text(header::HeaderName::from_static("sec-fetch-site")) {
        Some("same-origin" | "none") => return false,
        Some(_) => return true,
        None => {}
    }
    let Some(origin) = text(header::ORIGIN) else { return false };
    let host = origin.split_once("://").map(|(_, host)| host);
    host.is_none() || host != text(header::HOST)
}

/// The address of the client's end of the connection.
pub struct ClientIp(pub IpAddr);

impl<S: Sync> FromRequestParts<S> for ClientIp {
    type Rejection = std::convert::Infallible;
    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Self::Rejection> {
        let address = parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip());
        Ok(Self(address.unwrap_or(IpAddr::from([127, 0, 0, 1]))))
    }
}

/// The logged-in user as the one who acts. Only for routes behind [`needs`].
impl<S: Sync> FromRequestParts<S> for Actor {
    type Rejection = Response;
    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Response> {
        let Ok(ClientIp(ip)) = ClientIp::from_request_parts(parts, state).await;
        let login = parts.extensions.get::<Login>().ok_or_else(error::unauthorised)?;
        let user = login.user();
        let (user_id, token) = match &login.by {
            Credential::Session => (Some(user.id), None),
            Credential::Token { id, .. } => (Some(user.id), Some(id.clone())),
            Credential::Display { token, .. } => (None, Some(token.clone())),
        };
        Ok(Self { user_id, username: user.username.clone(), role: user.role, token, ip: Some(ip.to_string()) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect()
    }

    #[test]
    fn requests_of_other_sites_are_foreign() {
        assert!(!is_foreign(&headers(&[("sec-fetch-site", "same-origin")])));
        assert!(is_foreign(&headers(&[("sec-fetch-site", "cross-site")])));
        assert!(is_foreign(&headers(&[("sec-fetch-site", "same-site")])));
        assert!(!is_foreign(&headers(&[("origin", "http://box:3000"), ("host", "box:3000")])));
        assert!(is_foreign(&headers(&[("origin", "http://evil"), ("host", "box:3000")])));
        assert!(is_foreign(&headers(&[("origin", "null"), ("host", "box:3000")])));
        assert!(!is_foreign(&headers(&[("host", "box:3000")])));
    }

    #[test]
    fn login_leads_back_to_local_pages_only() {
        assert_eq!(login_address(&"/ovens/1?a=b".parse().unwrap()), "/login?next=%2Fovens%2F1%3Fa%3Db");
        assert_eq!(safe_next("/ovens/1"), "/ovens/1");
        for evil in ["//evil.example", "https://evil.example", "/\\evil.example", "javascript:alert(1)", ""] {
            assert_eq!(safe_next(evil), "/", "{evil}");
        }
    }
}
