//! HTTP and JSON: `rest_api`.
//!
//! # Layout
//! - `mod.rs` the connection: asks the configured addresses and maps the answers
//! - [`manifest`] fields, labels and defaults
//! - [`options`] settings to typed options, with an error a field
//! - [`request`] one request: authentication, size limit, redirects, errors in words
//! - [`stages`] the connection test, step by step

mod manifest;
mod options;
mod request;
mod stages;

use std::{collections::BTreeMap, time::Duration};

use app::model::mapping::Source;
use async_trait::async_trait;
use serde_json::Value;
use tokio::time::Instant;
use url::Url;

use super::{Built, Connection, ConnectorError, Driver, Sample, Settings, TestOutcome, mapping::Mapping, tls::Trust};
use options::Options;
use request::Http;

pub static DRIVER: Driver = Driver { manifest: manifest::MANIFEST, build, replay: None };

fn build(settings: Settings) -> Built {
    let Options { data_url, status_url, auth, timeout, trust, mapping } = Options::parse(&settings)?;
    let mapping = if mapping.is_empty() {
        Mapping::by_name(settings.timezone)
    } else {
        Mapping::compile(mapping, settings.timezone)?
    };
    // The secrets move on: only what sends them keeps them.
    let http = Http::new(auth, &trust, &data_url, settings.response_limit)?;
    Ok(Box::new(RestApi { data_url, status_url, timeout, trust, mapping, http }))
}

struct RestApi {
    data_url: Url,
    status_url: Option<Url>,
    timeout: Duration,
    trust: Trust,
    mapping: Mapping,
    http: Http,
}

#[async_trait]
impl Connection for RestApi {
    fn timeout(&self) -> Duration {
        self.timeout
    }

    /// HTTP opens its connection with the first request and keeps it for the next ones.
    async fn connect(&mut self) -> Result<(), ConnectorError> {
        Ok(())
    }

    async fn next(&mut self) -> Result<Sample, ConnectorError> {
        let started = Instant::now();
        let mut answers = BTreeMap::new();
        for (source, url) in self.urls() {
            answers.insert(source, self.http.get_json(url).await?);
        }
        let response_time = started.elapsed();
        self.sample(&answers, response_time)
    }

    async fn test(&mut self) -> TestOutcome {
        stages::run(self).await
    }
}

impl RestApi {
    /// The addresses that the mapping needs.
    fn urls(&self) -> impl Iterator<Item = (Source, &Url)> {
        let status = self.status_url.as_ref().filter(|_| self.mapping.uses(Source::Status));
        std::iter::once((Source::Data, &self.data_url)).chain(status.map(|url| (Source::Status, url)))
    }

    fn sample(&self, answers: &BTreeMap<Source, Value>, response_time: Duration) -> Result<Sample, ConnectorError> {
        let found = self.mapping.apply(answers)?;
        Ok(found.into_sample(response_time))
    }
}
