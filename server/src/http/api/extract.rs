//! Bodies, ids and queries whose errors are problem documents.

use app::model::equipment::EquipmentId;
use axum::{
    body::Bytes,
    extract::{FromRequest, FromRequestParts, Path, Query, Request},
    http::{HeaderMap, StatusCode, header, request::Parts},
};
use serde::de::DeserializeOwned;
use serde_path_to_error::Segment;
use uuid::Uuid;

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
        let body = Bytes::from_request(request, state)
            .await
            .map_err(|rejection| Problem::new(rejection.status(), "body_unreadable", rejection.body_text()))?;
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

/// A body that is no JSON, or not of the shape that is needed at `path`.
fn unreadable(path: &serde_path_to_error::Path, error: &serde_json::Error) -> Problem {
    let names = path.iter().filter_map(|segment| match segment {
        Segment::Seq { index } => Some(index.to_string()),
        Segment::Map { key } => Some(key.clone()),
        Segment::Enum { .. } | Segment::Unknown => None,
    });
    Problem::new(StatusCode::BAD_REQUEST, "body_invalid", error.to_string()).at(&names.collect::<Vec<_>>())
}

fn is_json(headers: &HeaderMap) -> bool {
    let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    content_type.split(';').next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/json"))
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
    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let query = Query::<T>::from_request_parts(parts, state).await;
        query
            .map(|Query(value)| Self(value))
            .map_err(|rejection| Problem::new(StatusCode::BAD_REQUEST, "query_invalid", rejection.body_text()))
    }
}
