//! HTTP and JSON, shared by every driver that speaks REST.
//!
//! # Layout
//! - `mod.rs` the connection: asks the endpoints, logs in again where a token ran out, maps the answers
//! - [`profile`] what an oven is asked, as a text; [`plan`] the same with addresses and credentials filled in
//! - [`settings`] address, credentials and trust; [`fields`] the same in manifests
//! - [`request`] one request: authentication, size limit, redirects, errors in words
//! - [`session`] the login step and its token
//! - [`parts`] endpoints that do not answer, for the log
//! - [`vendor`] drivers that are a built-in profile
//! - [`alarms`] faults that an oven lists; [`discover`] and [`suggest`] what could be mapped
//! - [`stages`] the connection test; [`replay`] recorded answers without I/O

pub mod alarms;
mod discover;
pub mod fields;
mod parts;
pub mod plan;
pub mod profile;
pub mod replay;
pub mod request;
mod session;
pub mod settings;
mod stages;
mod suggest;
pub mod vendor;

use std::time::Duration;

use app::model::{
    discovery::{Discovery, Search},
    failure::FailureKind,
};
use async_trait::async_trait;
use jiff::Timestamp;
use serde_json::{Map, Value};
use tokio::time::{Instant, timeout};

use super::{Connection, ConnectorError, Sample, TestOutcome};
use parts::Parts;
use plan::Plan;
use request::{Http, Request};
use session::Token;

/// One oven, asked over HTTP.
pub struct RestOven {
    plan: Plan,
    http: Http,
    token: Option<Token>,
    /// The last good answers, each under the name of its endpoint.
    kept: Map<String, Value>,
    parts: Parts,
    polls: u64,
}

/// What a round of requests gave.
struct Round {
    /// Endpoints that did not answer as they should; never the first one.
    failed: Vec<(String, ConnectorError)>,
    response_time: Duration,
}

impl RestOven {
    pub fn new(plan: Plan, http: Http) -> Self {
        Self { plan, http, token: None, kept: Map::new(), parts: Parts::default(), polls: 0 }
    }

    /// A token that is still good, where one is needed.
    async fn log_in(&mut self) -> Result<(), ConnectorError> {
        let Some(login) = &self.plan.login else { return Ok(()) };
        if !self.token.as_ref().is_some_and(Token::is_fresh) {
            self.token = None;
            self.token = Some(login.run(&self.http).await?);
        }
        Ok(())
    }

    /// Asks every endpoint that is due, or `all` of them.
    async fn ask(&mut self, all: bool) -> Result<Round, ConnectorError> {
        let started = Instant::now();
        let deadline = started + self.plan.timeout;
        self.log_in().await?;
        let mut logins_left = 1;
        let mut failed = Vec::new();
        let mut response_time = Duration::ZERO;
        for index in 0..self.plan.endpoints.len() {
            let endpoint = &self.plan.endpoints[index];
            let name = endpoint.name.clone();
            let due = all || self.polls.is_multiple_of(endpoint.every) || !self.kept.contains_key(&name);
            if !all && (!due || !self.plan.reads(index)) {
                continue;
            }
            // The first may take all the time there is, which the poller watches; a later one must not take it from
            // those behind it.
            let answer = if index == 0 {
                self.ask_one(index, &mut logins_left).await
            } else {
                let limit = deadline.saturating_duration_since(Instant::now()) / 2;
                let late = || ConnectorError::new(FailureKind::Timeout, format!("no answer within {limit:.1?}"));
                timeout(limit, self.ask_one(index, &mut logins_left)).await.unwrap_or_else(|_| Err(late()))
            };
            match answer {
                Ok(answer) => {
                    self.kept.insert(name, answer);
                }
                Err(error) => {
                    self.kept.remove(&name);
                    if index == 0 {
                        return Err(error);
                    }
                    failed.push((name, error));
                }
            }
            if index == 0 {
                response_time = started.elapsed();
            }
        }
        self.polls += 1;
        Ok(Round { failed, response_time })
    }

    /// One answer; a token that is no longer accepted is renewed once a poll.
    async fn ask_one(&mut self, index: usize, logins_left: &mut u8) -> Result<Value, ConnectorError> {
        loop {
            let endpoint = &self.plan.endpoints[index];
            let url = endpoint.url(Timestamp::now())?;
            let token = self.token.as_ref();
            let body = endpoint.body.as_ref();
            let request = Request { method: endpoint.method, url: &url, body, token, anonymous: false };
            match self.http.json(&request).await {
                Err(error) if error.code == "http_401" && self.plan.login.is_some() => {
                    // It is forgotten even when no login is left, so that the next poll does not begin with it.
                    self.token = None;
                    if *logins_left == 0 {
                        return Err(error);
                    }
                    *logins_left -= 1;
                    self.log_in().await?;
                }
                answer => return answer,
            }
        }
    }

    fn sample(&mut self, response_time: Duration) -> Result<Sample, ConnectorError> {
        self.plan.sample(&self.kept, response_time)
    }
}

#[async_trait]
impl Connection for RestOven {
    fn timeout(&self) -> Duration {
        self.plan.timeout
    }

    /// HTTP opens its connection with the first request and keeps it for the next ones; so does a login.
    async fn connect(&mut self) -> Result<(), ConnectorError> {
        self.kept.clear();
        self.parts.forget();
        self.log_in().await
    }

    async fn next(&mut self) -> Result<Sample, ConnectorError> {
        let round = self.ask(false).await?;
        let sample = self.sample(round.response_time).map_err(|error| parts::blame(error, &round.failed))?;
        Ok(Sample { notes: self.parts.news(&round.failed), ..sample })
    }

    async fn test(&mut self) -> TestOutcome {
        stages::run(self).await
    }

    async fn discover(&mut self, search: &Search) -> Result<Discovery, ConnectorError> {
        self.ask(true).await?;
        let endpoints: Vec<&str> = self.plan.endpoints.iter().map(|endpoint| endpoint.name.as_str()).collect();
        Ok(discover::list(&endpoints, &self.kept, search))
    }
}
