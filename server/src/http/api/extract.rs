//! Bodies, ids and queries whose errors are problem documents.

use app::model::equipment::EquipmentId;
use axum::{
    body::Bytes,
    extract::{FromRequest, FromRequestParts, Path, Request},
    http::{HeaderMap, StatusCode, header, request::Parts},
};
use serde::de::DeserializeOwned;
use serde_path_to_error::Segment;
use uuid::Uuid;

use crate::http::error::Problem;

/// A JSON body.
pub struct Body<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = Problem;
    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        OptionalBody::from_request(request, state)
            .await?
            .0
            .map(Self)
            .ok_or_else(|| Problem::new(StatusCode::BAD_REQUEST, "no_body", "a JSON body is needed"))
    }
}

/// A JSON body, or none: nothing at all, or null.
pub struct OptionalBody<T>(pub Option<T>);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for OptionalBody<T> {
    type Rejection = Problem;
    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let is_json = is_json(request.headers());
        let body = whole(request, state).await?;
        if body.is_empty() {
            return Ok(Self(None));
        }
        if !is_json {
            let title = "the content type has to be application/json";
            return Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "content_type", title));
        }
        let mut json = serde_json::Deserializer::from_slice(&body);
        let value = serde_path_to_error::deserialize::<_, Option<T>>(&mut json).map_err(|error| {
            let path = error.path().clone();
            unreadable(&path, &error.into_inner())
        })?;
        json.end().map_err(|error| Problem::new(StatusCode::BAD_REQUEST, "body_invalid", error.to_string()))?;
        Ok(Self(value))
    }
}

/// All of a body.
pub async fn whole<S: Send + Sync>(request: Request, state: &S) -> Result<Bytes, Problem> {
    Bytes::from_request(request, state).await.map_err(|rejection| unread(rejection.status(), rejection.body_text()))
}

/// A body that did not arrive.
pub fn unread(status: StatusCode, detail: String) -> Problem {
    match status {
        StatusCode::PAYLOAD_TOO_LARGE => Problem::new(status, "body_too_large", "the body is too large"),
        status => Problem::new(status, "body_unreadable", detail),
    }
}

/// A body that is no JSON, or not of the shape that is needed at `path`.
fn unreadable(path: &serde_path_to_error::Path, error: &serde_json::Error) -> Problem {
    let message = error.to_string();
    // Where the text is no JSON at all, no field is to blame.
    let place = if error.is_data() { place(path, &message) } else { Vec::new() };
    Problem::new(StatusCode::BAD_REQUEST, "body_invalid", message).at(&place)
}

/// The names that lead to what is wrong. A field that is missing or unknown is in the message alone; the path ends at its
/// object.
fn place(path: &serde_path_to_error::Path, message: &str) -> Vec<String> {
    let names = path.iter().filter_map(|segment| match segment {
        Segment::Seq { index } => Some(index.to_string()),
        Segment::Map { key } => Some(key.clone()),
        Segment::Enum { .. } | Segment::Unknown => None,
    });
    let mut names: Vec<_> = names.collect();
    let starts = ["missing field `", "unknown field `", "duplicate field `"];
    let told = starts.iter().find_map(|start| message.strip_prefix(start)?.split_once('`'));
    if let Some((name, _)) = told
        && names.last().is_none_or(|last| last != name)
    {
        names.push(name.to_owned());
    }
    names
}

fn is_json(headers: &HeaderMap) -> bool {
    media_type(headers).is_some_and(|kind| kind.eq_ignore_ascii_case("application/json"))
}

/// The content type without its parameters.
pub fn media_type(headers: &HeaderMap) -> Option<&str> {
    headers.get(header::CONTENT_TYPE)?.to_str().ok()?.split(';').next().map(str::trim)
}

/// The `{id}` of the path.
pub struct Id(pub EquipmentId);

impl<S: Send + Sync> FromRequestParts<S> for Id {
    type Rejection = Problem;
    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let unknown = || Problem::new(StatusCode::NOT_FOUND, "not_found", "no such equipment");
        let Path(id) = Path::<String>::from_request_parts(parts, state).await.map_err(|_| unknown())?;
        id.parse().map(Self).map_err(|_| unknown())
    }
}

/// The `{id}` of the path as a number.
pub struct Number(pub i64);

impl<S: Send + Sync> FromRequestParts<S> for Number {
    type Rejection = Problem;
    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let Name(text) = Name::from_request_parts(parts, state).await?;
        text.parse().map(Self).map_err(|_| nothing_there())
    }
}

/// The `{id}` of the path as a UUID of something else than an oven.
pub struct Uid(pub Uuid);

impl<S: Send + Sync> FromRequestParts<S> for Uid {
    type Rejection = Problem;
    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let Name(text) = Name::from_request_parts(parts, state).await?;
        text.parse().map(Self).map_err(|_| nothing_there())
    }
}

/// The `{id}` of the path as it is.
pub struct Name(pub String);

impl<S: Send + Sync> FromRequestParts<S> for Name {
    type Rejection = Problem;
    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let Path(text) = Path::<String>::from_request_parts(parts, state).await.map_err(|_| nothing_there())?;
        Ok(Self(text))
    }
}

fn nothing_there() -> Problem {
    Problem::new(StatusCode::NOT_FOUND, "not_found", "there is nothing of this id")
}

/// The query.
pub struct Params<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Params<T> {
    type Rejection = Problem;
    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        query(parts.uri.query().unwrap_or_default()).map(Self)
    }
}

fn query<T: DeserializeOwned>(text: &str) -> Result<T, Problem> {
    let pairs = serde_urlencoded::Deserializer::new(url::form_urlencoded::parse(text.as_bytes()));
    serde_path_to_error::deserialize(pairs).map_err(|error| {
        let name = place(error.path(), &error.inner().to_string()).join(".");
        let title = format!("{name}: {}", error.inner());
        Problem::new(StatusCode::BAD_REQUEST, "query_invalid", title).about(&name)
    })
}

#[cfg(test)]
mod tests {
    use app::model::{api::IotConfigRequest, retention::HistoryPolicy};
    use serde::Deserialize;
    use serde_json::{Value, json};

    use super::*;

    fn errors(problem: &Problem) -> Value {
        serde_json::to_value(problem).unwrap()["errors"][0].clone()
    }

    fn of_body<T: DeserializeOwned>(text: &str) -> Value {
        let mut json = serde_json::Deserializer::from_str(text);
        let error = serde_path_to_error::deserialize::<_, T>(&mut json).err().expect("it cannot be used");
        let path = error.path().clone();
        errors(&unreadable(&path, &error.into_inner()))
    }

    #[test]
    fn errors_point_to_the_field_of_the_body() {
        let with = |key: &str, value: Value| {
            let mut body = json!({"protocol": "rest_api", "endpoint": "http://oven"});
            body[key] = value;
            of_body::<IotConfigRequest>(&body.to_string())["pointer"].clone()
        };
        assert_eq!(with("port", json!("x")), "/port");
        assert_eq!(with("colour", json!(1)), "/colour");
        assert_eq!(with("credentials", json!({"a/b": 1})), "/credentials/a~1b");
        assert_eq!(of_body::<IotConfigRequest>(r#"{"endpoint": "http://oven"}"#)["pointer"], "/protocol");
        let inside = of_body::<HistoryPolicy>(r#"{"retention": {"colour": 1}}"#);
        assert_eq!((&inside["field"], &inside["pointer"]), (&json!("retention.colour"), &json!("/retention/colour")));
    }

    #[test]
    fn what_is_no_json_blames_no_field() {
        for text in ["{", "", r#"{"protocol": }"#] {
            assert_eq!(of_body::<IotConfigRequest>(text), Value::Null, "{text}");
        }
    }

    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Wanted {
        #[serde(rename = "limit")]
        _limit: u32,
    }

    #[test]
    fn errors_name_the_parameter() {
        for (text, name) in [("limit=x", "limit"), ("limit=1&limit=2", "limit"), ("limit=1&x=1", "x"), ("", "limit")] {
            let error = errors(&query::<Wanted>(text).err().expect("it cannot be used"));
            assert_eq!((&error["field"], &error["pointer"]), (&json!(name), &Value::Null), "{text}");
        }
    }
}
