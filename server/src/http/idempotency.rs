//! `Idempotency-Key`: a creation that is sent again, because its answer was lost, makes nothing twice.
//!
//! Concerns every `POST` of the API that comes with the header. The first request is carried out to its end, whether or
//! not its client still waits, and its answer is kept for [`KEPT`]; a repeat of the same body gets that answer again. One
//! that failed made nothing and is not kept. Nor is a secret: handlers mark an answer that holds one with [`HoldsSecret`],
//! and its repeat is told where to find what was made.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use axum::{
    body::{Body, to_bytes},
    extract::{OriginalUri, Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use jiff::{SignedDuration, Timestamp};

use super::{
    AppState,
    access::Login,
    body,
    error::{self, Problem},
};
use crate::{
    service::{Service, ServiceError},
    store::idempotency::{Earlier, KeptAnswer, RequestKey},
};

const KEY: HeaderName = HeaderName::from_static("idempotency-key");
const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");
const MAX_KEY: usize = 255;
/// How long an answer is kept.
pub const KEPT: SignedDuration = SignedDuration::from_hours(24);
/// Waits between attempts to keep an answer.
const RETRIES: [Duration; 4] =
    [Duration::from_secs(1), Duration::from_secs(5), Duration::from_secs(30), Duration::from_secs(300)];
/// Headers that are kept with it; the others are about one request alone.
const KEPT_HEADERS: [HeaderName; 2] = [header::CONTENT_TYPE, header::LOCATION];

/// In the extensions of an answer that must not be kept, because it shows a secret for the only time.
#[derive(Clone, Copy)]
pub struct HoldsSecret;

pub async fn once(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let key = match (request.method() == Method::POST).then(|| key_of(request.headers())).flatten() {
        None => return next.run(request).await,
        Some(Ok(key)) => key,
        Some(Err(problem)) => return problem.into_response(),
    };
    // Nobody's requests cannot be told from each other's; whoever has to be somebody is refused further in.
    let Some(login) = request.extensions().get::<Login>() else { return next.run(request).await };
    // Nor is who may only read shown what was answered to who may write.
    if !login.may_write() {
        return next.run(request).await;
    }
    // With the role, so that who lost one is not shown what was answered to it.
    let account = format!("user:{}:{}", login.user().id, login.user().role);
    let uri = request.extensions().get::<OriginalUri>().map_or(request.uri(), |uri| &uri.0);
    // With the query: it says what is done as much as the body does.
    let path = uri.path_and_query().map_or_else(|| uri.path().to_owned(), ToString::to_string);
    let key = RequestKey { account, path, key };
    match run(&state.service, key, request, next).await {
        Ok(response) => response,
        Err(problem) => problem.into_response(),
    }
}

/// The key, or what is wrong with it.
fn key_of(headers: &HeaderMap) -> Option<Result<String, Problem>> {
    let mut values = headers.get_all(KEY).iter();
    let (value, more) = (values.next()?, values.next());
    let is_good = |text: &&str| (1..=MAX_KEY).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
    let good = value.to_str().ok().filter(is_good).filter(|_| more.is_none());
    let title = || format!("an Idempotency-Key is one text of 1 to {MAX_KEY} visible ASCII characters");
    let invalid = || Problem::new(StatusCode::BAD_REQUEST, "idempotency_key_invalid", title());
    Some(good.map(str::to_owned).ok_or_else(invalid))
}

async fn run(service: &Arc<Service>, key: RequestKey, request: Request, next: Next) -> Result<Response, Problem> {
    let (parts, sent) = request.into_parts();
    let body = body::whole(sent).await?;
    // Under the master key: a body may hold a password, and its bare hash would be quicker to guess than the stored one.
    let hash = service.keyring.fingerprint("idempotency", &body);
    let oldest = Timestamp::now() - KEPT;
    let request = Request::from_parts(parts, Body::from(body));
    let (carried, entered) = (Arc::clone(service), key.clone());
    // From the entry on: one that nobody carried out would be under way for a day.
    let carried_out = tokio::spawn(error::in_this_request(async move {
        let begun = carried.store.begin_request(&key, &hash, oldest).await.map_err(ServiceError::from)?;
        if let Some(earlier) = begun {
            return repeated(earlier, &hash);
        }
        let response = next.run(request).await;
        Ok(keep(&carried, key, response).await)
    }));
    match carried_out.await {
        Ok(response) => response,
        Err(error) => {
            forget(service, &entered).await;
            Err(error::panicked_in_task(error))
        }
    }
}

fn repeated(earlier: Earlier, hash: &[u8]) -> Result<Response, Problem> {
    if earlier.request_hash != hash {
        let title = "this Idempotency-Key came with another body before";
        return Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "idempotency_key_reused", title));
    }
    let Some(answer) = earlier.answer else {
        let title = "the first request with this Idempotency-Key is still being carried out";
        return Err(Problem::new(StatusCode::CONFLICT, "in_progress", title));
    };
    let headers = answer
        .headers
        .iter()
        .filter_map(|(name, value)| Some((HeaderName::try_from(name).ok()?, HeaderValue::from_str(value).ok()?)));
    let Some(body) = answer.body else {
        let title = "made by an earlier request with this Idempotency-Key; its secret was shown then and is not kept";
        let mut problem = Problem::new(StatusCode::CONFLICT, "already_created", title);
        for (name, value) in headers.filter(|(name, _)| *name == header::LOCATION) {
            problem = problem.with(name, value);
        }
        return Err(problem);
    };
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::OK);
    response.headers_mut().extend(headers);
    response.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
    Ok(response)
}

async fn forget(service: &Service, key: &RequestKey) {
    if let Err(error) = service.store.forget_request(key).await {
        tracing::warn!("a request that failed is kept as being under way: {error}");
    }
}

/// Keeps what was answered, or forgets the request where it made nothing.
async fn keep(service: &Arc<Service>, key: RequestKey, response: Response) -> Response {
    if !response.status().is_success() {
        forget(service, &key).await;
        return response;
    }
    let (parts, body) = response.into_parts();
    let Ok(body) = to_bytes(body, usize::MAX).await else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let headers: BTreeMap<String, String> = KEPT_HEADERS
        .iter()
        .filter_map(|name| Some((name.as_str().to_owned(), parts.headers.get(name)?.to_str().ok()?.to_owned())))
        .collect();
    let answer = KeptAnswer {
        status: parts.status.as_u16(),
        headers,
        body: parts.extensions.get::<HoldsSecret>().is_none().then(|| body.to_vec()),
    };
    if service.store.finish_request(&key, &answer).await.is_err() {
        tokio::spawn(keep_later(Arc::clone(service), key, answer));
    }
    Response::from_parts(parts, Body::from(body))
}

/// The database is busy; until the answer is kept the request is under way for who repeats it.
async fn keep_later(service: Arc<Service>, key: RequestKey, answer: KeptAnswer) {
    for wait in RETRIES {
        tokio::time::sleep(wait).await;
        match service.store.finish_request(&key, &answer).await {
            Ok(()) => return,
            Err(error) => tracing::warn!("the answer to a request with an Idempotency-Key is not kept yet: {error}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `none` without a key, `bad` with one that is none.
    fn key(values: &[&'static str]) -> String {
        let headers = values.iter().map(|value| (KEY, HeaderValue::from_static(value))).collect();
        key_of(&headers).map_or_else(|| "none".to_owned(), |key| key.unwrap_or_else(|_| "bad".to_owned()))
    }

    #[test]
    fn keys_are_one_visible_text() {
        let longest: &'static str = "k".repeat(255).leak();
        let longer: &'static str = "k".repeat(256).leak();
        assert_eq!(key(&[]), "none");
        assert_eq!(key(&["a-1~"]), "a-1~");
        assert_eq!(key(&[longest]), longest);
        for bad in [&[""][..], &[longer], &["a b"], &["a\tb"], &["a", "a"]] {
            assert_eq!(key(bad), "bad", "{bad:?}");
        }
    }
}
