//! What every page needs: language, theme, user, time.

use app::{
    i18n::Lang,
    pages::{CurrentUser, ErrorKind, Notice, PageContext, Theme},
};
use axum::{
    Form,
    extract::{FromRequest, FromRequestParts, Request},
    http::{Extensions, HeaderMap, Uri, header, request::Parts},
    response::{IntoResponse as _, Redirect, Response},
};
use jiff::Timestamp;
use serde::de::DeserializeOwned;

use super::{AppState, access::Login, error};

/// The page context, as an extractor.
pub struct Page(pub PageContext);

impl FromRequestParts<AppState> for Page {
    type Rejection = std::convert::Infallible;
    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Self::Rejection> {
        Ok(of_request(&parts.headers, &parts.extensions, &parts.uri, state))
    }
}

/// A submitted form. One that cannot be read is answered by a page, not by a line of English.
pub struct PageForm<T>(pub T);

impl<T: DeserializeOwned> FromRequest<AppState> for PageForm<T> {
    type Rejection = Response;
    async fn from_request(request: Request, state: &AppState) -> Result<Self, Response> {
        let page = of_request(request.headers(), request.extensions(), request.uri(), state);
        match Form::<T>::from_request(request, state).await {
            Ok(Form(value)) => Ok(Self(value)),
            Err(rejection) => Err(error::render(&page, rejection.status(), ErrorKind::BadRequest)),
        }
    }
}

/// The path to go to afterwards, as the query `next` has it.
pub fn next_of(cx: &PageContext) -> String {
    cx.path.parse().ok().and_then(|uri: Uri| query(&uri, "next")).unwrap_or_default()
}

pub fn of_request(headers: &HeaderMap, extensions: &Extensions, uri: &Uri, state: &AppState) -> Page {
    let login = extensions.get::<Login>();
    let account = login.map(|login| &login.account);
    let lang = account
        .and_then(|account| Lang::parse(account.language.as_deref()?))
        .or_else(|| Lang::parse(&cookie(headers, "lang")?))
        .or_else(|| Lang::from_accept_language(headers.get(header::ACCEPT_LANGUAGE)?.to_str().ok()?))
        .or_else(|| state.service.settings.language())
        .unwrap_or(state.web.default_lang);
    let theme = account
        .and_then(|account| Theme::parse(account.theme.as_deref()?))
        .or_else(|| Theme::parse(&cookie(headers, "theme")?))
        .unwrap_or(Theme::Auto);
    Page(PageContext {
        lang,
        theme,
        user: account.map(|a| CurrentUser { username: a.user.username.clone(), role: a.user.role }),
        assets: state.assets.clone(),
        now: Timestamp::now(),
        timezone: state.web.timezone.clone(),
        path: uri.path_and_query().map_or("/", |path| path.as_str()).to_owned(),
        notice: query(uri, "done").as_deref().and_then(Notice::parse),
        demo: state.web.demo.is_some(),
    })
}

/// To a page that says what was done.
pub fn done(path: &str, notice: Notice) -> Response {
    Redirect::to(&format!("{path}?done={}", notice.as_str())).into_response()
}

fn query(uri: &Uri, name: &str) -> Option<String> {
    let pairs = url::form_urlencoded::parse(uri.query()?.as_bytes());
    pairs.into_iter().find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
}

fn cookie(headers: &HeaderMap, name: &str) -> Option<String> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .find_map(|pair| pair.trim().strip_prefix(name)?.strip_prefix('=').map(str::to_owned))
}
