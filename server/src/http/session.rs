//! `/login`, `/logout`, `/setup`, `/preferences`.

use std::time::Instant;

use app::{
    i18n::Lang,
    model::{
        form::{FieldError, FormValues, Problem},
        user::{Role, check_username},
    },
    pages::{self, Login, LoginProblem, Notice, PageContext, Setup, Theme},
};
use axum::{
    extract::State,
    http::{HeaderValue, StatusCode, header},
    response::{Html, IntoResponse, Redirect, Response},
};
use serde::Deserialize;
use tower_sessions::Session;
use zeroize::Zeroizing;

use super::{
    AppState,
    access::{self, ClientIp, EPOCH, USER, safe_next},
    error::PageError,
    page::{self, Page, PageForm, next_of},
};
use crate::{
    auth::{
        password::{self, Verdict},
        setup_code::Redemption,
    },
    service::{Actor, ServiceError, users::problem_of},
    store::users::Account,
};

/// What tries at the setup code are counted under; no user name has a slash.
const SETUP: &str = "/setup";

#[derive(Deserialize)]
pub struct LoginForm {
    #[serde(default)]
    username: String,
    #[serde(default)]
    password: Zeroizing<String>,
    #[serde(default)]
    next: String,
}

pub async fn login_page(State(state): State<AppState>, Page(cx): Page) -> Result<Response, PageError> {
    let next = next_of(&cx);
    if cx.user.is_some() {
        return Ok(Redirect::to(safe_next(&next)).into_response());
    }
    match state.service.store.is_set_up().await {
        Ok(false) => Ok(Redirect::to("/setup").into_response()),
        Ok(true) => Ok(show_login(&state, &cx, StatusCode::OK, "", None, &next)),
        Err(error) => Err(PageError::new(Page(cx), error)),
    }
}

fn show_login(
    state: &AppState,
    cx: &PageContext,
    status: StatusCode,
    username: &str,
    problem: Option<LoginProblem>,
    next: &str,
) -> Response {
    let html = pages::login(
        cx,
        Login {
            username: username.to_owned(),
            problem,
            next: safe_next(next).to_owned(),
            demo_logins: state.web.demo.as_ref().map(|demo| demo.logins.clone()).unwrap_or_default(),
        },
    );
    (status, Html(html)).into_response()
}

pub async fn login(
    State(state): State<AppState>,
    session: Session,
    Page(cx): Page,
    ClientIp(ip): ClientIp,
    PageForm(form): PageForm<LoginForm>,
) -> Result<Response, PageError> {
    let username = form.username.trim().to_owned();
    let refuse = |status, problem| Ok(show_login(&state, &cx, status, &username, Some(problem), &form.next));
    if username.is_empty() || form.password.is_empty() {
        return refuse(StatusCode::UNPROCESSABLE_ENTITY, LoginProblem::Empty);
    }
    if let Err(wait) = state.throttle.check(&username, ip, Instant::now()) {
        let mut response =
            refuse(StatusCode::TOO_MANY_REQUESTS, LoginProblem::TooManyTries { wait_seconds: wait.seconds() })?;
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(wait.seconds()));
        return Ok(response);
    }
    let outcome = authenticate(&state, &username, form.password).await;
    match outcome {
        Ok(Some(account)) => {
            state.throttle.succeeded(&username, ip);
            let actor = actor_of(&account, ip);
            if let Err(error) = enter(&state, &session, &account).await {
                return Err(PageError::new(Page(cx), error));
            }
            let user = ("user", Some(account.user.id.to_string()));
            state.service.record(&actor, "session.login", user, None, None).await;
            Ok(Redirect::to(safe_next(&form.next)).into_response())
        }
        Ok(None) => {
            state.throttle.failed(&username, ip, Instant::now());
            tracing::warn!(%ip, "a login was refused");
            refuse(StatusCode::UNAUTHORIZED, LoginProblem::Wrong)
        }
        Err(error) => Err(PageError::new(Page(cx), error)),
    }
}

/// The account, if name and password fit. Takes as long for a name that does not exist.
async fn authenticate(
    state: &AppState,
    username: &str,
    password: Zeroizing<String>,
) -> Result<Option<Account>, ServiceError> {
    let store = &state.service.store;
    let Some(account) = store.user_by_name(username).await?.filter(|account| !account.user.disabled) else {
        password::verify_dummy_async(password).await.map_err(ServiceError::from)?;
        return Ok(None);
    };
    match password::verify_async(password.clone(), account.password_hash.clone()).await? {
        Verdict::Ok => Ok(Some(account)),
        Verdict::OkNeedsRehash => {
            let hash = password::hash_async(password).await?;
            store.rehash_password(account.user.id, &hash).await?;
            Ok(Some(account))
        }
        Verdict::Wrong => Ok(None),
    }
}

fn actor_of(account: &Account, ip: std::net::IpAddr) -> Actor {
    Actor {
        user_id: Some(account.user.id),
        username: account.user.username.clone(),
        role: account.user.role,
        token: None,
        ip: Some(ip.to_string()),
    }
}

/// Binds the session to the account. Its id is renewed, so that one planted before login is worth nothing.
async fn enter(state: &AppState, session: &Session, account: &Account) -> Result<(), ServiceError> {
    session.cycle_id().await.map_err(ServiceError::Session)?;
    session.insert(USER, account.user.id).await.map_err(ServiceError::Session)?;
    session.insert(EPOCH, account.session_epoch).await.map_err(ServiceError::Session)?;
    state.service.store.touch_last_login(account.user.id).await?;
    Ok(())
}

pub async fn logout(session: Session) -> Response {
    if let Err(error) = session.flush().await {
        tracing::warn!("a session was not deleted at logout: {error}");
    }
    page::done("/login", Notice::LoggedOut)
}

pub async fn setup_page(State(state): State<AppState>, Page(cx): Page) -> Result<Response, PageError> {
    match state.service.store.is_set_up().await {
        Ok(false) => {
            Ok(Html(pages::setup(&cx, Setup { values: FormValues::default(), errors: Vec::new() })).into_response())
        }
        Ok(true) => Ok(Redirect::to("/login").into_response()),
        Err(error) => Err(PageError::new(Page(cx), error)),
    }
}

pub async fn setup(
    State(state): State<AppState>,
    session: Session,
    Page(cx): Page,
    ClientIp(ip): ClientIp,
    PageForm(fields): PageForm<Vec<(String, String)>>,
) -> Result<Response, PageError> {
    match state.service.store.is_set_up().await {
        Ok(false) => {}
        Ok(true) => return Ok(Redirect::to("/login").into_response()),
        Err(error) => return Err(PageError::new(Page(cx), error)),
    }
    let mut values = FormValues(fields);
    if let Err(wait) = state.throttle.check(SETUP, ip, Instant::now()) {
        let html = pages::setup(&cx, Setup { values: FormValues::default(), errors: Vec::new() });
        let retry = [(header::RETRY_AFTER, HeaderValue::from(wait.seconds()))];
        return Ok((StatusCode::TOO_MANY_REQUESTS, retry, Html(html)).into_response());
    }
    let errors = check_setup(&state, &values);
    if errors.iter().any(|error| error.problem == Problem::WrongCode) {
        state.throttle.failed(SETUP, ip, Instant::now());
    } else {
        state.throttle.succeeded(SETUP, ip);
    }
    if !errors.is_empty() {
        // The password is typed again; everything else is kept.
        values.0.retain(|(name, _)| !name.starts_with("password"));
        let html = pages::setup(&cx, Setup { values, errors });
        return Ok((StatusCode::UNPROCESSABLE_ENTITY, Html(html)).into_response());
    }
    match first_admin(&state, &session, &values, ip).await {
        Ok(()) => Ok(Redirect::to("/").into_response()),
        Err(error) => Err(PageError::new(Page(cx), error)),
    }
}

fn check_setup(state: &AppState, values: &FormValues) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let username = values.filled("username").unwrap_or_default();
    let password = values.get("password").unwrap_or_default();
    errors.extend(check_username(username));
    if let Err(refusal) = password::check_policy(password, username) {
        errors.push(FieldError::new("password", problem_of(refusal)));
    } else if values.get("password_again").unwrap_or_default() != password {
        errors.push(FieldError::new("password_again", Problem::DoesNotMatch));
    }
    // The code is used up by a correct entry, so it is looked at only when everything else is right.
    if errors.is_empty() && !redeemed(state, values.get("code").unwrap_or_default()) {
        errors.push(FieldError::new("code", Problem::WrongCode));
    }
    errors
}

fn redeemed(state: &AppState, code: &str) -> bool {
    match state.setup_code.redeem(code) {
        Redemption::Accepted => true,
        Redemption::Replaced => {
            crate::print_setup_code(&state.setup_code);
            false
        }
        Redemption::Wrong { .. } | Redemption::UsedUp => false,
    }
}

async fn first_admin(
    state: &AppState,
    session: &Session,
    values: &FormValues,
    ip: std::net::IpAddr,
) -> Result<(), ServiceError> {
    let username = values.filled("username").unwrap_or_default();
    let password = Zeroizing::new(values.get("password").unwrap_or_default().to_owned());
    let made = async {
        let hash = password::hash_async(password).await?;
        Ok(state.service.store.create_first_user(username, &hash, Role::Admin).await?)
    };
    let account = match made.await {
        Ok(Some(account)) => account,
        // Somebody else was faster; the login page tells the rest.
        Ok(None) => return Ok(()),
        Err(error) => {
            // The code was used up for nothing: without a new one nobody could get in.
            state.setup_code.renew();
            crate::print_setup_code(&state.setup_code);
            return Err(error);
        }
    };
    let actor = actor_of(&account, ip);
    enter(state, session, &account).await?;
    state.service.record(&actor, "user.first_admin", ("user", Some(account.user.id.to_string())), None, None).await;
    Ok(())
}

#[derive(Deserialize)]
pub struct Preferences {
    lang: Option<String>,
    theme: Option<String>,
    #[serde(default)]
    next: String,
}

/// Kept with the user, and in cookies for who is not logged in.
pub async fn preferences(
    State(state): State<AppState>,
    login: Option<axum::Extension<access::Login>>,
    PageForm(form): PageForm<Preferences>,
) -> Response {
    let mut response = Redirect::to(safe_next(&form.next)).into_response();
    let lang = form.lang.as_deref().and_then(Lang::parse).map(Lang::as_str);
    let theme = form.theme.as_deref().and_then(Theme::parse).map(Theme::as_str);
    let secure = if state.web.secure_cookies { "; Secure" } else { "" };
    for (name, value) in [("lang", lang), ("theme", theme)] {
        let Some(value) = value else { continue };
        let cookie = format!("{name}={value}; Path=/; Max-Age=31536000; SameSite=Lax; HttpOnly{secure}");
        if let Ok(cookie) = HeaderValue::from_str(&cookie) {
            response.headers_mut().append(header::SET_COOKIE, cookie);
        }
    }
    if let Some(login) = login {
        let (store, id) = (&state.service.store, login.0.user().id);
        let saved = async {
            if lang.is_some() {
                store.set_language(id, lang).await?;
            }
            if theme.is_some() {
                store.set_theme(id, theme).await?;
            }
            Ok::<_, crate::store::StoreError>(())
        };
        if let Err(error) = saved.await {
            tracing::warn!("preferences were not saved: {error}");
        }
    }
    response
}
