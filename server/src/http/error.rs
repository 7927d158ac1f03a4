//! What clients are told when something goes wrong.
//!
//! Programs (`/api`, `/ws`, or whoever does not ask for HTML) get a problem document (RFC 9457) with a stable
//! `code`, errors by field and the request's id; people get a page. What happened inside is logged once, here,
//! under the same id.

use std::any::Any;

use app::{
    model::{
        alert::Impossible,
        equipment::ConnectionStatus,
        failure::FailureKind,
        form::{FieldError, Problem as FieldProblem},
    },
    pages::{self, ErrorKind, ErrorPage},
};
use axum::{
    Json,
    extract::{OriginalUri, Request, State},
    http::{HeaderName, HeaderValue, StatusCode, header},
    middleware::Next,
    response::{Html, IntoResponse, Response},
};
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use super::{AppState, page};
use crate::{auth::throttle::RetryAfter, service::ServiceError};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

tokio::task_local! {
    static CURRENT: String;
}

/// Gives every request an id that its answer, its log lines and its error page share.
pub async fn name_request(request: Request, next: Next) -> Response {
    let id = uuid::Uuid::new_v4().simple().to_string()[..12].to_owned();
    let header = HeaderValue::from_str(&id).expect("hexadecimal digits make a header");
    let mut response = CURRENT.scope(id, next.run(request)).await;
    response.headers_mut().insert(REQUEST_ID, header);
    response
}

fn request_id() -> String {
    CURRENT.try_with(Clone::clone).unwrap_or_default()
}

/// A problem document (RFC 9457).
#[derive(Serialize, ToSchema)]
pub struct Problem {
    #[serde(rename = "type")]
    kind: &'static str,
    /// What is wrong, in English.
    title: String,
    #[serde(serialize_with = "as_number")]
    #[schema(value_type = u16)]
    status: StatusCode,
    /// Stable: programs decide on this.
    code: &'static str,
    /// The server's log has it too.
    #[schema(value_type = String)]
    request_id: Box<str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<PointedError>,
    #[serde(skip_serializing_if = "Option::is_none")]
    connection: Option<Box<ConnectionProblem>>,
    #[serde(skip)]
    header: Option<Box<(HeaderName, HeaderValue)>>,
}

/// What is wrong with a part of the body, or with a parameter.
#[derive(Serialize, ToSchema)]
struct PointedError {
    /// Where it is in the body, as a JSON Pointer (RFC 6901); absent for a parameter.
    #[serde(skip_serializing_if = "Option::is_none")]
    pointer: Option<String>,
    #[serde(flatten)]
    error: FieldError,
}

impl From<FieldError> for PointedError {
    fn from(error: FieldError) -> Self {
        Self { pointer: Some(pointer(&error.field)), error }
    }
}

/// A field is named as in the form of an oven; in bodies some have longer names.
fn pointer(field: &str) -> String {
    let (first, rest) = field.split_once('.').map_or((field, None), |(first, rest)| (first, Some(rest)));
    let first = match first {
        "config" => "iot_config",
        "secret" => "credentials",
        "mapping" => "iot_config/mapping",
        other => other,
    };
    rest.map_or_else(|| format!("/{first}"), |rest| format!("/{first}/{}", escaped(rest).replace('.', "/")))
}

/// A name as JSON Pointers have it.
fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

/// Why an oven does not answer.
#[derive(Serialize, ToSchema)]
struct ConnectionProblem {
    connection_status: ConnectionStatus,
    failure: Option<FailureKind>,
    last_reading_at: Option<Timestamp>,
}

fn as_number<S: serde::Serializer>(status: &StatusCode, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u16(status.as_u16())
}

impl Problem {
    pub fn new(status: StatusCode, code: &'static str, title: impl Into<String>) -> Self {
        Self {
            kind: "about:blank",
            title: title.into(),
            status,
            code,
            request_id: request_id().into(),
            errors: Vec::new(),
            connection: None,
            header: None,
        }
    }

    /// With a header of the answer.
    #[must_use]
    pub fn with(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.header = Some(Box::new((name, value)));
        self
    }

    /// Too many failures.
    pub fn too_many(wait: RetryAfter, title: &'static str) -> Self {
        let retry = HeaderValue::from(wait.seconds());
        Self::new(StatusCode::TOO_MANY_REQUESTS, "too_many_failures", title).with(header::RETRY_AFTER, retry)
    }

    /// Too many requests.
    pub fn rate_limited(wait: RetryAfter) -> Self {
        let retry = HeaderValue::from(wait.seconds().max(1));
        let title = "too many requests: slow down";
        Self::new(StatusCode::TOO_MANY_REQUESTS, "rate_limited", title).with(header::RETRY_AFTER, retry)
    }

    pub fn invalid(errors: Vec<FieldError>) -> Self {
        let title = "some values cannot be used";
        let errors = errors.into_iter().map(PointedError::from).collect();
        Self { errors, ..Self::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid", title) }
    }
}

impl Problem {
    /// With the place in the body that it is about; the whole body where there is no name.
    pub fn at(mut self, names: &[String]) -> Self {
        if !names.is_empty() {
            let names_escaped = names.iter().map(|name| escaped(name));
            let pointer = format!("/{}", names_escaped.collect::<Vec<_>>().join("/"));
            let problem = FieldProblem::Other { detail: self.title.clone() };
            let error = FieldError::new(names.join("."), problem);
            self.errors.push(PointedError { pointer: Some(pointer), error });
        }
        self
    }

    /// With the parameter of the query that it is about.
    pub fn about(mut self, parameter: &str) -> Self {
        let problem = FieldProblem::Other { detail: self.title.clone() };
        self.errors.push(PointedError { pointer: None, error: FieldError::new(parameter, problem) });
        self
    }

    /// For a body whose connection is named as the API's `iot-config` does.
    pub fn of_connection(mut self) -> Self {
        for error in &mut self.errors {
            let Some(pointer) = &error.pointer else { continue };
            let renamed = match pointer.as_str() {
                "/iot_protocol" => "/protocol".to_owned(),
                "/iot_endpoint" => "/endpoint".to_owned(),
                "/iot_port" => "/port".to_owned(),
                other => other.replacen("/iot_config", "/additional_config", 1),
            };
            error.pointer = Some(renamed);
        }
        self
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = (self.status, Json(&self)).into_response();
        let kind = HeaderValue::from_static("application/problem+json");
        response.headers_mut().insert(header::CONTENT_TYPE, kind);
        response.headers_mut().extend(self.header.map(|header| *header));
        response
    }
}

/// Errors of API handlers.
pub type ApiResult<T> = Result<T, Problem>;

impl From<ServiceError> for Problem {
    fn from(error: ServiceError) -> Self {
        match error {
            ServiceError::NotFound(what) => Self::new(StatusCode::NOT_FOUND, "not_found", format!("no such {what}")),
            ServiceError::Invalid(errors) => Self::invalid(errors),
            ServiceError::TooMuch { parameter, detail } => {
                Self::new(StatusCode::UNPROCESSABLE_ENTITY, "range_too_long", detail).about(parameter)
            }
            ServiceError::Conflict { code, detail } => Self::new(StatusCode::CONFLICT, code, detail),
            ServiceError::NotConfigured => Self::new(StatusCode::CONFLICT, "not_configured", error.to_string()),
            ServiceError::Offline { status, failure, last_reading } => Self {
                connection: Some(Box::new(ConnectionProblem {
                    connection_status: status,
                    failure,
                    last_reading_at: last_reading,
                })),
                ..Self::new(StatusCode::SERVICE_UNAVAILABLE, "offline", error.to_string())
            },
            ServiceError::LastAdmin => Self::new(StatusCode::CONFLICT, "last_admin", error.to_string()),
            ServiceError::Alert(Impossible::Acknowledged) => {
                Self::new(StatusCode::CONFLICT, "already_acknowledged", error.to_string())
            }
            ServiceError::Alert(Impossible::Resolved) => {
                Self::new(StatusCode::CONFLICT, "already_resolved", error.to_string())
            }
            ServiceError::Store(_) | ServiceError::Secret(_) | ServiceError::Password(_) | ServiceError::Session(_) => {
                internal(&error)
            }
        }
    }
}

fn internal(error: &dyn std::error::Error) -> Problem {
    tracing::error!(request_id = %request_id(), "{error}");
    Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", "something went wrong on the server; its log says what")
}

/// Errors of page handlers; rendered with the visitor's language by [`page`].
pub struct PageError {
    pub page: Box<page::Page>,
    pub error: ServiceError,
}

impl PageError {
    pub fn new(page: page::Page, error: impl Into<ServiceError>) -> Self {
        Self { page: Box::new(page), error: error.into() }
    }
}

impl IntoResponse for PageError {
    fn into_response(self) -> Response {
        let (status, kind) = match &self.error {
            ServiceError::NotFound(_) => (StatusCode::NOT_FOUND, ErrorKind::NotFound),
            ServiceError::Invalid(_)
            | ServiceError::TooMuch { .. }
            | ServiceError::Conflict { .. }
            | ServiceError::NotConfigured
            | ServiceError::Offline { .. }
            | ServiceError::LastAdmin
            | ServiceError::Alert(_) => (StatusCode::BAD_REQUEST, ErrorKind::BadRequest),
            ServiceError::Store(_) | ServiceError::Secret(_) | ServiceError::Password(_) | ServiceError::Session(_) => {
                tracing::error!(request_id = %request_id(), "{}", self.error);
                (StatusCode::INTERNAL_SERVER_ERROR, ErrorKind::Internal)
            }
        };
        render(&self.page, status, kind)
    }
}

pub fn render(page: &page::Page, status: StatusCode, kind: ErrorKind) -> Response {
    let html = pages::error(&page.0, ErrorPage { kind, request_id: request_id() });
    (status, Html(html)).into_response()
}

/// Whether the client is a program rather than a person with a browser.
pub fn is_for_program(request: &Request) -> bool {
    // Inside `/api/v1` the path is without that prefix; the original one is kept beside it.
    let path = request.extensions().get::<OriginalUri>().map_or(request.uri(), |original| &original.0).path();
    path != super::reference::PATH && (path.starts_with("/api/") || path.starts_with("/ws/"))
}

pub fn is_of_api(request: &Request) -> bool {
    request.uri().path().starts_with("/api/")
}

/// Goes on in another task under the id of this request.
pub fn in_this_request<F: Future>(future: F) -> impl Future<Output = F::Output> {
    CURRENT.scope(request_id(), future)
}

/// What a task that panicked is to its request.
pub fn panicked_in_task(error: tokio::task::JoinError) -> Problem {
    match error.try_into_panic() {
        Ok(panic) => std::panic::resume_unwind(panic),
        Err(error) => internal(&error),
    }
}

fn answer(request: &Request, state: &AppState, status: StatusCode, code: &'static str, kind: ErrorKind) -> Response {
    if is_for_program(request) {
        let title = status.canonical_reason().unwrap_or("error").to_lowercase();
        return Problem::new(status, code, title).into_response();
    }
    render(&page::of_request(request.headers(), request.extensions(), request.uri(), state), status, kind)
}

pub fn unauthorised() -> Response {
    let challenge = HeaderValue::from_static("Bearer");
    Problem::new(StatusCode::UNAUTHORIZED, "unauthorised", "log in first, or show a token")
        .with(header::WWW_AUTHENTICATE, challenge)
        .into_response()
}

/// A token that may only read was used for more.
pub fn scope_missing() -> Response {
    let challenge = HeaderValue::from_static("Bearer error=\"insufficient_scope\", scope=\"write\"");
    Problem::new(StatusCode::FORBIDDEN, "scope_missing", "this token may only read")
        .with(header::WWW_AUTHENTICATE, challenge)
        .into_response()
}

pub fn forbidden(request: &Request, state: &AppState) -> Response {
    answer(request, state, StatusCode::FORBIDDEN, "forbidden", ErrorKind::Forbidden)
}

pub fn wrong_origin(request: &Request, state: &AppState) -> Response {
    answer(request, state, StatusCode::FORBIDDEN, "wrong_origin", ErrorKind::WrongOrigin)
}

pub fn not_found(request: &Request, state: &AppState) -> Response {
    answer(request, state, StatusCode::NOT_FOUND, "not_found", ErrorKind::NotFound)
}

pub async fn api_not_found() -> Response {
    Problem::new(StatusCode::NOT_FOUND, "not_found", "there is nothing at this path").into_response()
}

pub async fn method_not_allowed(State(state): State<AppState>, request: Request) -> Response {
    answer(&request, &state, StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", ErrorKind::BadRequest)
}

/// A bug: the visitor gets an answer, the log the message.
pub fn panicked(panic: Box<dyn Any + Send + 'static>) -> Response {
    let message = panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("no message");
    tracing::error!(request_id = %request_id(), "a request handler panicked: {message}");
    Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", "something went wrong on the server").into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_point_into_the_body() {
        for (field, in_equipment, in_connection) in [
            ("name", "/name", "/name"),
            ("iot_endpoint", "/iot_endpoint", "/endpoint"),
            ("config.timeout", "/iot_config/timeout", "/additional_config/timeout"),
            ("mapping.2.path", "/iot_config/mapping/2/path", "/additional_config/mapping/2/path"),
            ("secret.password", "/credentials/password", "/credentials/password"),
        ] {
            let problem = || Problem::invalid(vec![FieldError::new(field, FieldProblem::Required)]);
            assert_eq!(problem().errors[0].pointer.as_deref(), Some(in_equipment));
            assert_eq!(problem().of_connection().errors[0].pointer.as_deref(), Some(in_connection));
        }
        let unreadable = || Problem::new(StatusCode::BAD_REQUEST, "body_invalid", "a number is needed");
        let names = ["iot_config", "a/b", "0"].map(str::to_owned);
        assert_eq!(unreadable().at(&names).errors[0].pointer.as_deref(), Some("/iot_config/a~1b/0"));
        assert!(unreadable().at(&[]).errors.is_empty());
    }
}
