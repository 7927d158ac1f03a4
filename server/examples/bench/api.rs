//! The server as an admin uses it.

use anyhow::Context as _;
use futures::{StreamExt as _, TryStreamExt as _};
use reqwest::{Client, StatusCode, header, redirect::Policy};
use serde_json::{Value, json};

/// Ovens that are made at the same time.
const AT_ONCE: usize = 8;

pub struct Admin {
    client: Client,
    base: String,
    cookie: String,
}

#[derive(Clone, Copy)]
pub struct Stats {
    pub polls: u64,
    pub on_time: u64,
    pub skipped: u64,
    pub failures: u64,
    pub accepted: u64,
    pub lost: u64,
}

impl Admin {
    pub async fn set_up(base: &str, code: &str) -> anyhow::Result<Self> {
        let client = Client::builder().redirect(Policy::none()).no_proxy().build()?;
        let password = "pan-de-masa-madre";
        let body = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs([("code", code), ("username", "ana"), ("password", password), ("password_again", password)])
            .finish();
        let response = client
            .post(format!("{base}/setup"))
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(body)
            .send()
            .await?;
        anyhow::ensure!(response.status() == StatusCode::SEE_OTHER, "setup answered {}", response.status());
        let cookie = response.headers().get(header::SET_COOKIE).context("no session")?.to_str()?;
        let cookie = cookie.split(';').next().unwrap_or_default().to_owned();
        Ok(Self { client, base: base.to_owned(), cookie })
    }

    pub fn base(&self) -> &str {
        &self.base
    }

    /// The same session on a server that has another address since it was started again.
    pub fn move_to(&mut self, base: &str) {
        base.clone_into(&mut self.base);
    }

    pub fn cookie(&self) -> &str {
        &self.cookie
    }

    pub async fn add_all(&self, ovens: &[Value]) -> anyhow::Result<()> {
        let adding = ovens.iter().map(|oven| self.add(oven));
        futures::stream::iter(adding).buffer_unordered(AT_ONCE).try_collect().await
    }

    async fn add(&self, oven: &Value) -> anyhow::Result<()> {
        let equipment = &oven["equipment"];
        let named = json!({"name": equipment["name"], "location": equipment["location"], "kind": equipment["kind"], "iot_enabled": false});
        let made = self.post("/api/v1/equipment", &named).await?;
        let id = made["id"].as_str().context("an oven without an id")?;
        let config = json!({
            "protocol": equipment["iot_protocol"],
            "endpoint": equipment["iot_endpoint"],
            "port": equipment["iot_port"],
            "credentials": oven["credentials"],
            "additional_config": equipment["iot_config"],
            "poll_interval_seconds": equipment["poll_interval_seconds"],
        });
        let saved = self.post(&format!("/api/v1/equipment/{id}/iot-config"), &config).await?;
        anyhow::ensure!(saved["connection_test_result"]["success"] == true, "an oven does not answer: {saved}");
        Ok(())
    }

    async fn post(&self, path: &str, body: &Value) -> anyhow::Result<Value> {
        let request = self.client.post(format!("{}{path}", self.base)).header(header::COOKIE, &self.cookie);
        let response = request.json(body).send().await?;
        let status = response.status();
        let body: Value = response.json().await?;
        anyhow::ensure!(status.is_success(), "{path}: {status}: {body}");
        Ok(body)
    }

    pub async fn stats(&self) -> anyhow::Result<Stats> {
        let request = self.client.get(format!("{}/api/v1/system/stats", self.base));
        let body: Value = request.header(header::COOKIE, &self.cookie).send().await?.error_for_status()?.json().await?;
        let count =
            |part: &str, name: &str| body[part][name].as_u64().with_context(|| format!("{part}.{name} is missing"));
        Ok(Stats {
            polls: count("polls", "polls")?,
            on_time: count("polls", "on_time")?,
            skipped: count("polls", "skipped")?,
            failures: count("polls", "failures")?,
            accepted: count("readings", "accepted")?,
            lost: count("readings", "lost")?,
        })
    }
}
