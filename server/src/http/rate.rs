//! How many requests the API takes of one client: a token bucket for each account, token or address.
//!
//! Written here rather than taken from a crate: it is two numbers a client under one lock, its size has to be bounded as
//! that of the login throttle is, and the answer has to say how much is left.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use axum::{
    extract::{Request, State},
    http::{HeaderName, HeaderValue},
    middleware::Next,
    response::{IntoResponse as _, Response},
};

use super::{
    AppState,
    access::{ClientIp, Credential, Login},
    error::{self, Problem},
};
use crate::auth::throttle::{RetryAfter, client};

const POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
const LIMIT: HeaderName = HeaderName::from_static("ratelimit");
/// Clients that are remembered; about 1 MB when full.
const MAX_CLIENTS: usize = 10_000;

/// Whose requests count together.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Client {
    User(i64),
    Token(String),
    Address(IpAddr),
}

pub struct RateLimit {
    /// Requests a second in the long run, 1 at least.
    per_second: u32,
    /// Requests that may come at once after a quiet time.
    burst: u32,
    max_clients: usize,
    buckets: Mutex<HashMap<Client, Bucket>>,
}

#[derive(Clone, Copy)]
struct Bucket {
    left: f64,
    at: Instant,
}

/// What is left of a client's bucket after a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Left {
    pub requests: u64,
    /// Until the bucket is full again.
    pub full_in: RetryAfter,
}

impl RateLimit {
    pub fn new(per_second: u32, burst: u32) -> Self {
        Self { per_second, burst, max_clients: MAX_CLIENTS, buckets: Mutex::default() }
    }

    /// Takes one request out of a client's bucket, or says when there will be one.
    pub fn take(&self, who: Client, now: Instant) -> Result<Left, RetryAfter> {
        let rate = f64::from(self.per_second);
        let full = f64::from(self.burst);
        let refilled =
            |bucket: Bucket| (bucket.left + now.saturating_duration_since(bucket.at).as_secs_f64() * rate).min(full);
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        if buckets.len() >= self.max_clients && !buckets.contains_key(&who) {
            // A full bucket says no more than none at all.
            buckets.retain(|_, bucket| refilled(*bucket) < full);
            if buckets.len() >= self.max_clients
                && let Some(oldest) = buckets.iter().min_by_key(|(_, bucket)| bucket.at).map(|(who, _)| who.clone())
            {
                buckets.remove(&oldest);
            }
        }
        let bucket = buckets.entry(who).or_insert(Bucket { left: full, at: now });
        *bucket = Bucket { left: refilled(*bucket), at: now };
        let wait = |missing: f64| RetryAfter(Duration::from_secs_f64(missing.max(0.0) / rate));
        if bucket.left < 1.0 {
            return Err(wait(1.0 - bucket.left));
        }
        bucket.left -= 1.0;
        Ok(Left { requests: bucket.left as u64, full_in: wait(full - bucket.left) })
    }

    /// As the header has it: so many requests in so many seconds.
    fn policy(&self) -> String {
        format!("\"api\";q={};w={}", self.burst, self.burst.div_ceil(self.per_second))
    }
}

/// Answers 429 to who asks too much of the API, and tells everybody how much is left (draft-ietf-httpapi-ratelimit-headers).
pub async fn limit(State(state): State<AppState>, ClientIp(ip): ClientIp, request: Request, next: Next) -> Response {
    if !error::is_of_api(&request) {
        return next.run(request).await;
    }
    let who = match request.extensions().get::<Login>() {
        Some(login) => match &login.by {
            Credential::Session => Client::User(login.user().id),
            Credential::Token { id, .. } | Credential::Display { token: id, .. } => Client::Token(id.clone()),
        },
        None => Client::Address(client(ip)),
    };
    let limit = &state.rate_limit;
    let (mut response, left) = match limit.take(who, Instant::now()) {
        Ok(left) => (next.run(request).await, left),
        Err(wait) => {
            let problem = Problem::rate_limited(wait);
            (problem.into_response(), Left { requests: 0, full_in: wait })
        }
    };
    let left = format!("\"api\";r={};t={}", left.requests, left.full_in.seconds());
    for (name, text) in [(POLICY, limit.policy()), (LIMIT, left)] {
        if let Ok(value) = HeaderValue::from_str(&text) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn who(number: i64) -> Client {
        Client::User(number)
    }

    fn passed(limit: &RateLimit, count: usize, now: Instant) -> usize {
        (0..count).filter(|_| limit.take(who(1), now).is_ok()).count()
    }

    #[test]
    fn a_burst_then_the_steady_rate() {
        let (limit, start) = (RateLimit::new(50, 200), Instant::now());
        assert_eq!(passed(&limit, 1_000, start), 200);
        assert_eq!(limit.take(who(1), start), Err(RetryAfter(Duration::from_millis(20))));
        assert_eq!(passed(&limit, 1_000, start + Duration::from_secs(1)), 50);
        assert_eq!(passed(&limit, 1_000, start + Duration::from_secs(60)), 200, "it fills up to the burst and no more");
        assert!(matches!(limit.take(who(2), start), Ok(Left { requests: 199, .. })), "each has its own");
    }

    #[test]
    fn it_says_what_is_left() {
        let (limit, start) = (RateLimit::new(2, 4), Instant::now());
        let left = limit.take(who(1), start).unwrap();
        assert_eq!((left.requests, left.full_in.0), (3, Duration::from_millis(500)));
        assert_eq!(limit.policy(), "\"api\";q=4;w=2");
    }

    #[test]
    fn memory_is_bounded_and_who_asks_most_is_remembered() {
        let (mut limit, start) = (RateLimit::new(1, 100), Instant::now());
        limit.max_clients = 10;
        passed(&limit, 100, start);
        for number in 2..1_000 {
            let now = start + Duration::from_millis(number);
            let _ = limit.take(who(number as i64), now);
            let _ = limit.take(who(1), now);
        }
        assert!(limit.buckets.lock().unwrap().len() <= 10);
        assert!(passed(&limit, 10, start + Duration::from_secs(1)) <= 1, "a second brings one");
    }
}
