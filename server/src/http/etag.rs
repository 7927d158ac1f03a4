//! Conditional requests (RFC 9110, section 13), for every resource of the API at once.
//!
//! An answer to `GET` in JSON gets a strong `ETag`, and `If-None-Match` with it saves sending it again. `PUT` and `DELETE` with `If-Match` go through only as long as the resource is what the client has seen: what `GET` would answer
//! is asked for here, and no other `PUT` or `DELETE` of the same resource gets in between.
//!
//! A tag has two halves. The second changes with any byte. The first leaves out what the server notes by itself, such as
//! when an oven last answered: `If-Match` compares that half alone, for else a tag of a connected oven would be out of date
//! within a minute although nobody has changed anything.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use axum::{
    body::{Body, HttpBody as _, to_bytes},
    extract::{Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use tokio::sync::Mutex;

use super::{AppState, body, error::Problem};

/// Answers that are longer get no tag, and streams have none either.
const LARGEST: usize = 1024 * 1024;
/// Bytes of what can be changed with `If-Match`; a long body is a chart or a list.
const LONGEST_RESOURCE: usize = 64 * 1024;
/// What the server notes by itself.
const NOTED: [&str; 7] = [
    "iot_connection_status",
    "iot_last_connected",
    "last_login_at",
    "last_used_at",
    "last_used_ip",
    "last_seen_at",
    "last_seen_ip",
];
/// Changes of resources that fall on the same lock wait for each other, which is rare among so many.
const LOCKS: usize = 64;

/// Held while a resource is changed.
pub struct Changing([Mutex<()>; LOCKS]);

impl Default for Changing {
    fn default() -> Self {
        Self(std::array::from_fn(|_| Mutex::default()))
    }
}

impl Changing {
    /// That of a resource and of all below it: `/equipment/{id}` and `/equipment/{id}/retention` have the same one.
    fn of(&self, path: &str) -> &Mutex<()> {
        let mut hasher = DefaultHasher::new();
        for part in path.split('/').filter(|part| !part.is_empty()).take(2) {
            part.hash(&mut hasher);
        }
        &self.0[(hasher.finish() % LOCKS as u64) as usize]
    }
}

pub async fn conditional(State(state): State<AppState>, request: Request, next: Next) -> Response {
    match *request.method() {
        Method::GET | Method::HEAD => tagged(request, next).await,
        Method::PUT | Method::DELETE => {
            // Before others have to wait: a client may take its time, or go away half-way.
            let (parts, sent) = request.into_parts();
            let request = match body::whole(sent).await {
                Ok(body) => Request::from_parts(parts, Body::from(body)),
                Err(problem) => return problem.into_response(),
            };
            let _changing = state.changing.of(request.uri().path()).lock().await;
            if let Some(precondition) = Precondition::of(&request)
                && precondition.turns_out_stale(next.clone()).await
            {
                let title = "the resource is not the one of this ETag any more: read it again";
                return Problem::new(StatusCode::PRECONDITION_FAILED, "precondition_failed", title).into_response();
            }
            next.run(request).await
        }
        _ => next.run(request).await,
    }
}

async fn tagged(mut request: Request, next: Next) -> Response {
    let known = tags(request.headers(), &header::IF_NONE_MATCH);
    // The body is needed for its hash; whoever sends the answer leaves it out for HEAD.
    *request.method_mut() = Method::GET;
    let response = next.run(request).await;
    let (response, tag) = match with_tag(response).await {
        (response, Some(tag)) => (response, tag),
        (response, None) => return response,
    };
    if known.iter().any(|known| known == "*" || whole(known) == whole(&tag)) {
        let mut unchanged = StatusCode::NOT_MODIFIED.into_response();
        if let Some(tag) = response.headers().get(header::ETAG) {
            unchanged.headers_mut().insert(header::ETAG, tag.clone());
        }
        return unchanged;
    }
    response
}

/// What a client has seen of the resource that it changes.
struct Precondition {
    known: Vec<String>,
    method: Method,
    /// Asks for what the resource is now.
    asking: Request,
    /// Asks what can be done with it: of no handler, so that the answer names the methods that have one.
    probing: Request,
}

impl Precondition {
    fn of(request: &Request) -> Option<Self> {
        if !request.headers().contains_key(header::IF_MATCH) {
            return None;
        }
        let same = |method| {
            let mut same = Request::new(Body::empty());
            *same.method_mut() = method;
            request.uri().clone_into(same.uri_mut());
            same.extensions_mut().extend(request.extensions().clone());
            same
        };
        Some(Self {
            known: tags(request.headers(), &header::IF_MATCH),
            method: request.method().clone(),
            asking: same(Method::GET),
            probing: same(Method::TRACE),
        })
    }

    async fn turns_out_stale(self, next: Next) -> bool {
        let present = next.clone().run(self.asking).await;
        if present.status().is_client_error() && present.status() != StatusCode::METHOD_NOT_ALLOWED {
            // Nothing is there, or not for this client, and the change itself will be told so. Of what cannot be read nobody
            // has a tag: whoever sends one means something else.
            return false;
        }
        let (_, tag) = with_tag(present).await;
        let fits = |known: &String| {
            // A weak tag never matches here, by RFC 9110, section 13.1.1.
            let is_same = |tag: &String| !known.starts_with("W/") && settings(known) == settings(tag);
            known == "*" || tag.as_ref().is_some_and(is_same)
        };
        if self.known.iter().any(fits) {
            return false;
        }
        // That a method is none is said first, by RFC 9110, section 13.2.1.
        let probed = next.run(self.probing).await;
        let allowed = probed.headers().get(header::ALLOW).and_then(|allowed| allowed.to_str().ok());
        allowed.is_none_or(|allowed| allowed.split(',').any(|method| method.trim() == self.method.as_str()))
    }
}

/// Puts the tag on an answer that can have one.
async fn with_tag(response: Response) -> (Response, Option<String>) {
    let is_json = response.headers().get(header::CONTENT_TYPE).is_some_and(|kind| kind == "application/json");
    let is_short = response.body().size_hint().exact().is_some_and(|length| length <= LARGEST as u64);
    if response.status() != StatusCode::OK || !is_json || !is_short {
        return (response, None);
    }
    let (mut parts, body) = response.into_parts();
    // A body whose length is known is all there.
    let Ok(bytes) = to_bytes(body, LARGEST).await else {
        return (StatusCode::INTERNAL_SERVER_ERROR.into_response(), None);
    };
    let tag = tag_of(&bytes);
    if let Ok(value) = HeaderValue::from_str(&format!("\"{tag}\"")) {
        parts.headers.insert(header::ETAG, value);
    }
    (Response::from_parts(parts, Body::from(bytes)), Some(tag))
}

fn tag_of(body: &[u8]) -> String {
    let all = short_hash(body);
    // Nothing that is changed by anybody is so long, and charts should not wait to be looked through.
    if body.len() > LONGEST_RESOURCE {
        return format!("{all}-{all}");
    }
    let quiet = match serde_json::from_slice::<Value>(body) {
        Ok(Value::Object(mut fields)) if NOTED.iter().any(|name| fields.contains_key(*name)) => {
            fields.retain(|name, _| !NOTED.contains(&name.as_str()));
            short_hash(Value::Object(fields).to_string().as_bytes())
        }
        _ => all.clone(),
    };
    format!("{quiet}-{all}")
}

/// 64 bits: enough to tell the versions of one resource apart.
fn short_hash(bytes: &[u8]) -> String {
    let mut first = [0; 8];
    first.copy_from_slice(&Sha256::digest(bytes)[..8]);
    format!("{:016x}", u64::from_be_bytes(first))
}

/// The tags of a header without their quotes, `W/` kept.
fn tags(headers: &HeaderMap, name: &HeaderName) -> Vec<String> {
    let values = headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).map(|tag| tag.trim().replace('"', "")).collect()
}

/// A tag without the mark of weakness and without that of an encoding.
fn whole(tag: &str) -> String {
    tag.trim_start_matches("W/").split('-').take(2).collect::<Vec<_>>().join("-")
}

fn settings(tag: &str) -> &str {
    tag.split('-').next().unwrap_or_default()
}

/// Marks the tag of an answer that was compressed: with other bytes it has to be another one.
pub async fn of_encoding(mut response: Response) -> Response {
    let marked = || {
        let encoding = response.headers().get(header::CONTENT_ENCODING)?.to_str().ok()?;
        let tag = response.headers().get(header::ETAG)?.to_str().ok()?.strip_suffix('"')?;
        HeaderValue::from_str(&format!("{tag}-{encoding}\"")).ok()
    };
    if let Some(tag) = marked() {
        response.headers_mut().insert(header::ETAG, tag);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_half_leaves_out_what_the_server_notes() {
        let tag = |body: &str| tag_of(body.as_bytes());
        let before = tag(r#"{"name":"A","iot_last_connected":"1"}"#);
        let noted = tag(r#"{"name":"A","iot_last_connected":"2"}"#);
        let changed = tag(r#"{"name":"B","iot_last_connected":"1"}"#);
        assert_eq!(settings(&before), settings(&noted));
        assert_ne!(whole(&before), whole(&noted));
        assert_ne!(settings(&before), settings(&changed));
        assert_eq!(tag("[1]"), tag("[1]"));
        assert_ne!(tag("[1]"), tag("[2]"));
        assert_eq!(before.len(), 33);
    }

    #[test]
    fn tags_come_in_lists_weak_and_encoded() {
        let mut headers = HeaderMap::new();
        headers.append(header::IF_MATCH, HeaderValue::from_static("\"a-b\", W/\"c-d-gzip\""));
        headers.append(header::IF_MATCH, HeaderValue::from_static("*"));
        let tags = tags(&headers, &header::IF_MATCH);
        assert_eq!(tags, ["a-b", "W/c-d-gzip", "*"]);
        assert_eq!((whole(&tags[1]).as_str(), settings(&tags[0])), ("c-d", "a"));
    }

    #[test]
    fn a_resource_and_what_is_below_it_have_one_lock() {
        let changing = Changing::default();
        let same = |a: &str, b: &str| std::ptr::eq(changing.of(a), changing.of(b));
        assert!(same("/equipment/1", "/equipment/1/retention"));
        assert!((2..50).any(|number| !same("/equipment/1", &format!("/equipment/{number}"))));
    }

    #[tokio::test]
    async fn a_compressed_answer_has_a_tag_of_its_own() {
        let answer = |encoding: Option<&'static str>| {
            let mut response = StatusCode::OK.into_response();
            response.headers_mut().insert(header::ETAG, HeaderValue::from_static("\"a-b\""));
            if let Some(encoding) = encoding {
                response.headers_mut().insert(header::CONTENT_ENCODING, HeaderValue::from_static(encoding));
            }
            response
        };
        assert_eq!(of_encoding(answer(None)).await.headers()[header::ETAG], "\"a-b\"");
        assert_eq!(of_encoding(answer(Some("gzip"))).await.headers()[header::ETAG], "\"a-b-gzip\"");
    }
}
