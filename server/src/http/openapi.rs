//! The API's description (OpenAPI 3.1), made from the handlers and types themselves.
//!
//! A handler names what only it answers; what follows from its role, its path, its parameters and its body is added
//! [here](documented), so that it cannot be forgotten.

mod wording;

use app::model::user::Role;
use axum::{
    extract::DefaultBodyLimit,
    http::header,
    response::{IntoResponse as _, Response},
};
use bytes::Bytes;
use serde_json::Value;
use utoipa::{
    OpenApi as _,
    openapi::{
        Content, Info, KnownFormat, License, ObjectBuilder, OpenApi, PathItem, Ref, RefOr, Required, SchemaFormat,
        SecurityRequirement, Type,
        extensions::ExtensionsBuilder,
        path::{HttpMethod, Operation, Parameter, ParameterBuilder, ParameterIn, Paths},
        response,
        security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme},
    },
};
use utoipa_axum::router::UtoipaMethodRouter;

use super::{AppState, access::needs, contract, error::Problem, state::COOKIE};

/// The least role, for programs; `anyone` where none is needed.
const ROLE: &str = "x-role";

#[derive(utoipa::OpenApi)]
#[openapi(components(schemas(Problem)), tags(
    (name = "equipment", description = "Ovens and their connections"),
    (name = "batches", description = "What is baked: planned, started, followed, finished"),
    (name = "history", description = "What ovens measured, for how long it is kept, and what it takes"),
    (name = "quality", description = "What values are held to, corrections of sensors, and values that were not believed"),
    (name = "energy", description = "What ovens take, and what for nothing"),
    (name = "alerts", description = "What is wrong with ovens"),
    (name = "connectors", description = "What can be connected"),
    (name = "access", description = "Accounts, tokens of programs, and screens on walls"),
    (name = "records", description = "What was done and what happened"),
    (name = "system", description = "How the server does, and what is set for everybody"),
))]
struct Shared;

/// What all operations share.
pub fn base() -> OpenApi {
    let mut api = Shared::openapi();
    let mut info = Info::new("Hornero", env!("CARGO_PKG_VERSION"));
    info.license = Some(License::new("MIT OR Apache-2.0"));
    info.description = Some(
        "Ovens, their live values, history, energy and alerts. Times are RFC 3339 in UTC; temperatures °C, humidity and other \
         shares %, energy kWh, power kW, durations minutes, unless a name says otherwise. Errors are problem documents \
         (RFC 9457) with a stable `code`."
            .to_owned(),
    );
    api.info = info;
    let session = ApiKeyValue::with_description(COOKIE, "The session of a login.");
    let components = api.components.get_or_insert_default();
    components.add_security_scheme("session", SecurityScheme::ApiKey(ApiKey::Cookie(session)));
    let token =
        HttpBuilder::new().scheme(HttpAuthScheme::Bearer).description(Some("A token, `hor_…`, or a display's."));
    components.add_security_scheme("token", SecurityScheme::Http(token.build()));
    let either = ["session", "token"].map(|scheme| SecurityRequirement::new(scheme, Vec::<String>::new()));
    api.security = Some(either.to_vec());
    api
}

/// The description as it is read.
pub fn finished(api: &OpenApi) -> Value {
    wording::finish(serde_json::to_value(api).unwrap_or_default())
}

/// Answers a description, which is written out once.
pub fn document(api: &Value) -> impl Fn() -> std::future::Ready<Response> + Clone + Send + Sync + 'static {
    let text = Bytes::from(api.to_string());
    move || {
        let kind = [(header::CONTENT_TYPE, "application/json")];
        std::future::ready((kind, text.clone()).into_response())
    }
}

/// Operations for users of this role or a higher one, with what they all may answer.
pub fn documented(role: Role, routes: UtoipaMethodRouter<AppState>, state: &AppState) -> UtoipaMethodRouter<AppState> {
    let (schemas, mut paths, handlers) = routes;
    describe_all(&mut paths, Some(role));
    let handlers = contract::keep(&mut paths, handlers);
    (schemas, paths, handlers.layer(needs(role, state)))
}

/// Operations whose bodies may be of this size, in bytes.
pub fn with_limit(limit: usize, routes: UtoipaMethodRouter<AppState>) -> UtoipaMethodRouter<AppState> {
    let (schemas, paths, handlers) = routes;
    (schemas, paths, handlers.layer(DefaultBodyLimit::max(limit)))
}

/// Operations for whoever comes.
pub fn for_anyone(routes: UtoipaMethodRouter<AppState>) -> UtoipaMethodRouter<AppState> {
    let (schemas, mut paths, handlers) = routes;
    describe_all(&mut paths, None);
    let handlers = contract::keep(&mut paths, handlers);
    (schemas, paths, handlers)
}

fn describe_all(paths: &mut Paths, role: Option<Role>) {
    for (path, item) in &mut paths.paths {
        for (method, operation) in operations(item) {
            describe(operation, path, role);
            describe_conditions(operation, method, role);
        }
    }
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = (HttpMethod, &mut Operation)> {
    [
        (HttpMethod::Get, &mut item.get),
        (HttpMethod::Put, &mut item.put),
        (HttpMethod::Post, &mut item.post),
        (HttpMethod::Delete, &mut item.delete),
        (HttpMethod::Patch, &mut item.patch),
    ]
    .into_iter()
    .filter_map(|(method, operation)| Some((method, operation.as_mut()?)))
}

/// The headers that `etag` and `idempotency` heed, and what they answer.
fn describe_conditions(operation: &mut Operation, method: HttpMethod, role: Option<Role>) {
    let (header, pattern, answers): (_, _, &[_]) = match method {
        HttpMethod::Get => {
            let is_json = operation.responses.responses.get("200").is_some_and(
                |answer| matches!(answer, RefOr::T(answer) if answer.content.contains_key("application/json")),
            );
            if !is_json {
                return;
            }
            ("If-None-Match", None, &[("304", "What is known still holds.")])
        }
        HttpMethod::Put | HttpMethod::Delete => ("If-Match", None, &[("412", "Somebody has changed it since.")]),
        // Nobody's repeats cannot be told from each other's.
        _ if role.is_none() => return,
        _ => (
            "Idempotency-Key",
            Some("^[!-~]{1,255}$"),
            &[
                ("400", "A parameter, a header or the body cannot be read."),
                ("409", "A request with this key is under way, or has made something with a secret."),
                (
                    "422",
                    "Values that can be read and not be used: `errors` has them by field; or a key of another body.",
                ),
            ],
        ),
    };
    let schema = ObjectBuilder::new().schema_type(Type::String).pattern(pattern).build();
    let parameter = ParameterBuilder::new().name(header).parameter_in(ParameterIn::Header).required(Required::False);
    operation.parameters.get_or_insert_default().push(RefOr::T(parameter.schema(Some(schema)).build()));
    for (status, description) in answers {
        let answer = || match *status {
            "304" => response::Response::new(*description),
            _ => problem(description),
        };
        operation.responses.responses.entry((*status).to_owned()).or_insert_with(|| RefOr::T(answer()));
    }
}

fn describe(operation: &mut Operation, path: &str, role: Option<Role>) {
    let mut answers = vec![
        ("401", "Neither logged in nor a good token."),
        ("403", "Role or token do not allow it, or another site's page asked."),
        ("429", "Too many requests: again after `Retry-After` seconds."),
    ];
    let parameters = operation.parameters.get_or_insert_default();
    for name in path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}')) {
        let is_known = parameters.iter().any(|known| matches!(known, RefOr::T(known) if known.name == name));
        if !is_known {
            parameters.push(RefOr::T(of_path(name)));
        }
    }
    if path.contains('{') {
        answers.push(("404", "There is nothing of this id."));
    }
    let has_query =
        parameters.iter().any(|known| matches!(known, RefOr::T(known) if known.parameter_in == ParameterIn::Query));
    if has_query || operation.request_body.is_some() {
        answers.push(("400", "A parameter or the body cannot be read."));
    }
    if operation.request_body.is_some() {
        answers.push(("413", "The body is too large."));
        answers.push(("415", "The content type is not application/json."));
        answers.push(("422", "Values that can be read and not be used: `errors` has them by field."));
    }
    for (status, description) in answers {
        operation.responses.responses.entry(status.to_owned()).or_insert_with(|| RefOr::T(problem(description)));
    }
    for (status, answer) in &mut operation.responses.responses {
        // A handler that names an error names what it means; that it is a problem document goes without saying.
        if let RefOr::T(answer) = answer
            && status.starts_with(['4', '5'])
            && answer.content.is_empty()
        {
            answer.content = problem("").content;
        }
    }
    operation.extensions = Some(ExtensionsBuilder::new().add(ROLE, role.map_or("anyone", Role::as_str)).build());
    if role.is_none() {
        operation.security = Some(Vec::new());
    }
    let least = role.map_or_else(|| "For anyone.".to_owned(), |role| format!("Least role: **{role}**."));
    operation.description = Some(match operation.description.take() {
        Some(text) if !text.is_empty() => format!("{text}\n\n{least}"),
        _ => least,
    });
}

fn of_path(name: &str) -> Parameter {
    let id = ParameterBuilder::new().name(name).parameter_in(ParameterIn::Path).required(Required::True);
    let uuid =
        ObjectBuilder::new().schema_type(Type::String).format(Some(SchemaFormat::KnownFormat(KnownFormat::Uuid)));
    id.schema(Some(uuid)).build()
}

/// An answer that is a problem document.
pub fn problem(description: &str) -> response::Response {
    let mut response = response::Response::new(description);
    let schema = RefOr::Ref(Ref::from_schema_name("Problem"));
    response.content.insert("application/problem+json".to_owned(), RefOr::T(Content::new(Some(schema))));
    response
}
