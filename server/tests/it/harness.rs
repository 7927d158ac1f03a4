//! What tests share.

use std::{
    collections::BTreeMap,
    future::Future,
    path::Path,
    sync::Once,
    time::{Duration, Instant},
};

use app::model::{equipment::EquipmentId, reading::Reading, user::Role};
use jiff::Timestamp;
use reqwest::{Client, RequestBuilder, Response, StatusCode, header, redirect::Policy};
use serde_json::{Value, json};
use server::{
    Server,
    auth::password,
    config::Config,
    demo,
    secrets::Keyring,
    simulator::{OvenSpec, RunningOven, Simulator, fleet},
};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

/// Longest wait for anything that has to happen.
pub const PATIENCE: Duration = Duration::from_secs(20);
pub const PASSWORD: &str = "una-clave-larga";
pub const KEY: &str = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";

/// A server with the users `admin`, `staff` and `display` in a folder of its own.
pub struct Bakery {
    pub server: Server,
    pub folder: TempDir,
}

pub fn config(folder: &Path, more: &[(&str, &str)]) -> Config {
    let data = folder.to_string_lossy().into_owned();
    let fixed = [
        ("listen", "127.0.0.1:0"),
        ("data_dir", data.as_str()),
        ("commit_interval_ms", "20"),
        ("backoff_max_seconds", "1"),
        // Tests ask again and again until something has happened.
        ("api_requests_per_second", "1000000"),
        ("api_burst", "1000000"),
    ];
    let overrides = fixed.iter().chain(more).map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
    Config::load(None, [], overrides.collect::<Vec<_>>()).expect("the test's settings are valid")
}

impl Bakery {
    pub async fn open() -> Self {
        Self::open_with(&[]).await
    }

    pub async fn open_with(settings: &[(&str, &str)]) -> Self {
        let folder = TempDir::new().unwrap();
        let server = start(folder.path(), KEY, settings).await;
        let hash = password::hash_async(PASSWORD.to_owned().into()).await.unwrap();
        for (name, role) in [("admin", Role::Admin), ("staff", Role::Staff), ("display", Role::Display)] {
            server.service.store.create_user(name, &hash, role).await.unwrap();
        }
        Self { server, folder }
    }

    /// Stops the server and starts it again on the same data.
    pub async fn reopen(self) -> Self {
        self.reopen_with_key(KEY).await
    }

    pub async fn reopen_with_key(self, key: &str) -> Self {
        self.server.stop().await.unwrap();
        let server = start(self.folder.path(), key, &[]).await;
        Self { server, folder: self.folder }
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.server.address)
    }

    pub async fn login(&self, username: &str) -> Visitor {
        let mut visitor = self.visitor();
        let response = visitor.submit("/login", &[("username", username), ("password", PASSWORD)]).await;
        assert_eq!(response.status(), StatusCode::SEE_OTHER, "{username} gets in");
        visitor
    }

    pub fn visitor(&self) -> Visitor {
        install_tls();
        let client = Client::builder().redirect(Policy::none()).no_proxy().build().unwrap();
        Visitor { client, base: self.url(""), cookie: None, token: None }
    }

    /// A program that shows this token.
    pub fn program(&self, token: &str) -> Visitor {
        Visitor { token: Some(token.to_owned()), ..self.visitor() }
    }

    /// Makes an oven as an admin would through the API: the oven, then its connection.
    pub async fn add(&self, admin: &Visitor, oven: &RunningOven) -> EquipmentId {
        let (equipment, credentials) = demo::connection_json(&oven.spec, oven.addr, 1);
        admin.add(equipment, credentials).await
    }

    pub async fn log(&self, admin: &Visitor, id: EquipmentId) -> Vec<Value> {
        let body = admin.json(&format!("/api/v1/equipment/{id}/connection-logs")).await;
        body["items"].as_array().unwrap().clone()
    }

    /// Waits until the newest log entry of this event is there.
    pub async fn logged(&self, admin: &Visitor, id: EquipmentId, event: &str) -> Value {
        eventually(&format!("a log entry {event}"), || async {
            self.log(admin, id).await.into_iter().find(|entry| entry["event_type"] == event)
        })
        .await
    }

    /// The names of the log entries, newest first.
    pub async fn events(&self, admin: &Visitor, id: EquipmentId) -> Vec<String> {
        let log = self.log(admin, id).await;
        log.iter().map(|entry| entry["event_type"].as_str().unwrap().to_owned()).collect()
    }

    /// The readings in the database, oldest first.
    pub async fn history(&self, id: EquipmentId) -> Vec<Reading> {
        self.server.service.store.readings(id, Timestamp::MIN, Timestamp::now(), 1_000).await.unwrap()
    }

    /// Attempts that have failed so far.
    pub fn failures(&self, id: EquipmentId) -> u64 {
        self.server.service.poller.health(id).failures
    }

    /// Waits until an oven whose peer is back has recovered: by itself, within two steps of the back-off. `failures` are
    /// those when the peer was back.
    pub async fn recovers(&self, admin: &Visitor, id: EquipmentId, failures: u64) {
        self.logged(admin, id, "recovered").await;
        let more = self.failures(id) - failures;
        assert!(more <= 2, "{more} attempts failed after the peer was back");
    }

    /// Waits until so many readings are in the history, all with this temperature.
    pub async fn stored(&self, id: EquipmentId, count: usize, celsius: Option<f64>) {
        let readings = eventually("readings in the history", || async {
            let readings = self.history(id).await;
            (readings.len() >= count).then_some(readings)
        })
        .await;
        assert!(readings.iter().all(|reading| reading.values.temperature == celsius), "{readings:?}");
    }

    /// Waits until the newest reading is as wanted.
    pub async fn reading(&self, id: EquipmentId, what: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        eventually(what, || async {
            let reading = self.server.service.live.last_reading(id)?;
            let reading = serde_json::to_value(&*reading).unwrap();
            wanted(&reading).then_some(reading)
        })
        .await
    }
}

/// What is wrong with a field of a reading; null where nothing is.
pub fn issue(reading: &Value, field: &str) -> Value {
    let issues = reading["quality_issues"].as_array().cloned().unwrap_or_default();
    issues.into_iter().find(|issue| issue["field"] == field).map(|issue| issue["reason"].clone()).unwrap_or_default()
}

/// A server on data that another one left.
pub async fn start_in(folder: &Path) -> Server {
    start(folder, KEY, &[]).await
}

async fn start(folder: &Path, key: &str, settings: &[(&str, &str)]) -> Server {
    install_tls();
    let config = config(folder, settings);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    Server::start(&config, Keyring::parse_variable(key).unwrap(), listener, None).await.unwrap()
}

fn install_tls() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let _ = rustls::crypto::ring::default_provider().install_default();
    });
}

/// A browser, as far as tests need one: keeps its cookie and follows no redirect.
pub struct Visitor {
    client: Client,
    base: String,
    pub cookie: Option<String>,
    /// Sent as a bearer token.
    pub token: Option<String>,
}

impl Visitor {
    fn with_cookie(&self, request: RequestBuilder) -> RequestBuilder {
        let request = match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        };
        match &self.cookie {
            Some(cookie) => request.header(header::COOKIE, cookie),
            None => request,
        }
    }

    pub async fn get(&self, path: &str) -> Response {
        self.with_cookie(self.client.get(format!("{}{path}", self.base))).send().await.unwrap()
    }

    pub async fn text(&self, path: &str) -> String {
        self.get(path).await.text().await.unwrap()
    }

    pub async fn json(&self, path: &str) -> Value {
        let response = self.get(path).await;
        assert_eq!(response.status(), StatusCode::OK, "{path}");
        response.json().await.unwrap()
    }

    pub async fn post(&self, path: &str, body: &Value) -> Response {
        self.with_cookie(self.client.post(format!("{}{path}", self.base))).json(body).send().await.unwrap()
    }

    pub async fn put(&self, path: &str, body: &Value) -> Response {
        self.request(reqwest::Method::PUT, path).json(body).send().await.unwrap()
    }

    pub async fn delete(&self, path: &str) -> Response {
        self.request(reqwest::Method::DELETE, path).send().await.unwrap()
    }

    /// Goes to another server from now on, with the same cookie.
    pub fn redirect_to(&mut self, base: &str) {
        base.clone_into(&mut self.base);
    }

    pub fn request(&self, method: reqwest::Method, path: &str) -> RequestBuilder {
        self.with_cookie(self.client.request(method, format!("{}{path}", self.base)))
    }

    pub async fn submit(&mut self, path: &str, fields: &[(&str, &str)]) -> Response {
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let request = self.client.post(format!("{}{path}", self.base)).body(body);
        let request = request
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header("sec-fetch-site", "same-origin");
        let response = self.with_cookie(request).send().await.unwrap();
        for cookie in response.headers().get_all(header::SET_COOKIE) {
            let pair = cookie.to_str().unwrap().split(';').next().unwrap().to_owned();
            if pair.starts_with("hornero=") {
                self.cookie = Some(pair);
            }
        }
        response
    }

    /// Submits a form as a browser has it, follows no redirect, and returns the page.
    pub async fn submit_all(&mut self, path: &str, fields: &[(String, String)]) -> String {
        let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        self.submit(path, &fields).await.text().await.unwrap()
    }

    pub async fn add(&self, equipment: Value, credentials: Value) -> EquipmentId {
        let mut off = equipment.clone();
        off["iot_enabled"] = json!(false);
        for field in ["iot_protocol", "iot_endpoint", "iot_port", "iot_config"] {
            off.as_object_mut().unwrap().remove(field);
        }
        let id = self.make(&off).await;
        let connection = json!({
            "protocol": equipment["iot_protocol"],
            "endpoint": equipment["iot_endpoint"],
            "port": equipment["iot_port"],
            "credentials": credentials,
            "additional_config": equipment["iot_config"],
            "poll_interval_seconds": equipment["poll_interval_seconds"],
        });
        self.configure(id, &connection).await;
        id
    }

    /// Makes an oven as it is given.
    pub async fn make(&self, equipment: &Value) -> EquipmentId {
        let made = self.post("/api/v1/equipment", equipment).await;
        let (status, text) = (made.status(), made.text().await.unwrap());
        assert_eq!(status, StatusCode::CREATED, "{text}");
        serde_json::from_str::<Value>(&text).unwrap()["id"].as_str().unwrap().parse().unwrap()
    }

    /// Gives an oven its connection.
    pub async fn configure(&self, id: EquipmentId, connection: &Value) {
        let saved = self.post(&format!("/api/v1/equipment/{id}/iot-config"), connection).await;
        let status = saved.status();
        assert_eq!(status, StatusCode::OK, "{}", saved.text().await.unwrap());
    }

    /// Tests a connection that is not saved.
    pub async fn test(&self, id: EquipmentId, connection: &Value) -> Value {
        self.post(&format!("/api/v1/equipment/{id}/test-connection"), connection).await.json().await.unwrap()
    }

    /// Waits for an oven's first live values.
    pub async fn live(&self, id: EquipmentId) -> Value {
        let path = format!("/api/v1/equipment/{id}/realtime-data");
        eventually("live values", || async {
            let answer = self.get(&path).await;
            if answer.status() == StatusCode::OK { Some(answer.json().await.unwrap()) } else { None }
        })
        .await
    }
}

/// Simulated ovens that stop with the test.
pub struct Ovens {
    pub simulator: Simulator,
    shutdown: CancellationToken,
}

impl Drop for Ovens {
    fn drop(&mut self) {
        self.shutdown.cancel();
    }
}

impl Ovens {
    pub fn start(count: usize) -> Self {
        Self::of(fleet(count))
    }

    pub fn of(specs: Vec<OvenSpec>) -> Self {
        let shutdown = CancellationToken::new();
        Self { simulator: Simulator::start(specs, shutdown.clone()).unwrap(), shutdown }
    }

    pub fn get(&self, index: usize) -> RunningOven {
        self.simulator.ovens()[index].clone()
    }
}

/// Asks again until there is an answer; fails loudly after [`PATIENCE`].
pub async fn eventually<T, F: Future<Output = Option<T>>>(what: &str, mut ask: impl FnMut() -> F) -> T {
    let started = Instant::now();
    loop {
        if let Some(found) = ask().await {
            return found;
        }
        assert!(started.elapsed() < PATIENCE, "{what}: not within {PATIENCE:?}");
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
}

/// Status and code of a refusal.
pub async fn refusal(answer: Response) -> (u16, String) {
    let status = answer.status().as_u16();
    let problem: Value = answer.json().await.unwrap();
    (status, problem["code"].as_str().unwrap_or_default().to_owned())
}

/// What an answer has, which has to be this status.
pub async fn answered(answer: Response, status: StatusCode) -> Value {
    let (found, text) = (answer.status(), answer.text().await.unwrap());
    assert_eq!(found, status, "{text}");
    serde_json::from_str(&text).unwrap()
}

/// Names of the fields of an object, sorted.
pub fn fields(value: &Value) -> Vec<String> {
    let names: BTreeMap<_, _> = value.as_object().unwrap().iter().collect();
    names.into_keys().cloned().collect()
}
