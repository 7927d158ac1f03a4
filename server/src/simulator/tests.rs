//! Every vendor and every fault over a real socket, asked in plain HTTP/1.1 so that nothing a client library does can
//! hide what the oven really sends.

use std::io;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;
use tokio_util::sync::{CancellationToken, DropGuard};

use super::bakery::http_ovens;
use super::*;

/// Longest any step of a test may take; reached only when something is broken.
const DEADLINE: Duration = Duration::from_secs(20);

struct Bakery {
    simulator: Simulator,
    shutdown: CancellationToken,
    _guard: DropGuard,
}

fn bakery() -> Bakery {
    let shutdown = CancellationToken::new();
    let simulator = Simulator::start(http_ovens(), shutdown.clone()).expect("the demo starts");
    Bakery { simulator, _guard: shutdown.clone().drop_guard(), shutdown }
}

impl Bakery {
    fn oven(&self, vendor: Vendor) -> RunningOven {
        self.simulator.ovens().into_iter().find(|oven| oven.spec.vendor == vendor).expect("the demo has all vendors")
    }

    async fn with_fault(fault: Fault) -> (Self, RunningOven) {
        let bakery = bakery();
        let oven = bakery.oven(Vendor::Generic);
        bakery.simulator.set_fault(&oven.spec.id, fault).await.expect("the fault is set");
        (bakery, oven)
    }
}

struct Answer {
    status: u16,
    head: String,
    body: Vec<u8>,
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error} in {:?}", self.head))
    }
}

/// The header line that carries the oven's credentials.
fn key(oven: &RunningOven) -> String {
    match &oven.spec.credentials {
        Credentials::Open => unreachable!("an oven without credentials speaks no HTTP"),
        Credentials::Basic { username, password } => {
            format!("Authorization: Basic {}\r\n", BASE64_STANDARD.encode(format!("{username}:{password}")))
        }
        Credentials::Token(token) => format!("Authorization: Bearer {token}\r\n"),
        Credentials::ApiKey(key) => format!("X-Api-Key: {key}\r\n"),
        Credentials::Login { username, password } => {
            format!("Authorization: Bearer {}\r\n", vendor::login::issue(username, password, jiff::Timestamp::now()))
        }
    }
}

/// Sends a request and leaves the connection open for the answer.
async fn send(addr: SocketAddr, method: &str, path: &str, headers: &str, body: &str) -> io::Result<TcpStream> {
    let mut stream = TcpStream::connect(addr).await?;
    let length = body.len();
    let request = format!(
        "{method} {path} HTTP/1.1\r\nHost: oven\r\n{headers}Content-Length: {length}\r\nConnection: close\r\n\r\n{body}"
    );
    stream.write_all(request.as_bytes()).await?;
    Ok(stream)
}

async fn receive(mut stream: TcpStream) -> io::Result<Answer> {
    let mut bytes = Vec::new();
    timeout(DEADLINE, stream.read_to_end(&mut bytes)).await??;
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n").ok_or(io::ErrorKind::UnexpectedEof)?;
    let body = bytes.split_off(end + 4);
    let head = String::from_utf8_lossy(&bytes).into_owned();
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).ok_or(io::ErrorKind::InvalidData)?;
    Ok(Answer { status, head, body })
}

async fn get(oven: &RunningOven, path: &str, headers: &str) -> io::Result<Answer> {
    receive(send(oven.addr, "GET", path, headers, "").await?).await
}

async fn values(oven: &RunningOven) -> Answer {
    get(oven, &oven.spec.data_path(), &key(oven)).await.expect("the oven answers")
}

#[tokio::test]
async fn every_oven_answers_at_its_own_port() {
    let bakery = bakery();
    let mut ports = HashSet::new();
    for oven in bakery.simulator.ovens() {
        assert!(ports.insert(oven.addr.port()));
        let answer = values(&oven).await;
        assert_eq!(answer.status, 200, "{}", oven.spec.id);
        let value = answer.json();
        let ours = ["timestamp", "oven", "unit", "horno"].iter().any(|name| value.get(name).is_some());
        assert!(ours, "{value}");
        if let Some(path) = oven.spec.status_path() {
            assert_eq!(get(&oven, &path, &key(&oven)).await.expect("an answer").status, 200);
        }
    }
}

#[tokio::test]
async fn wrong_credentials_are_401_and_wrong_ids_404_in_json() {
    let bakery = bakery();
    for vendor in Vendor::HTTP {
        let oven = bakery.oven(vendor);
        for headers in ["", "Authorization: Bearer wrong\r\n", "X-Api-Key: wrong\r\n"] {
            let answer = get(&oven, &oven.spec.data_path(), headers).await.expect("an answer");
            assert_eq!(answer.status, 401);
            assert!(answer.json().is_object() && answer.head.to_lowercase().contains("www-authenticate"));
        }
        let path = oven.spec.data_path().replace(&oven.spec.id, "horno-999");
        let answer = get(&oven, &path, &key(&oven)).await.expect("an answer");
        assert_eq!(answer.status, 404);
        assert!(answer.json().is_object());
    }
    let combi = bakery.oven(Vendor::Combi);
    let Credentials::ApiKey(key) = &combi.spec.credentials else { panic!("a combi wants an API key") };
    let path = format!("{}?api_key={key}", combi.spec.data_path());
    assert_eq!(get(&combi, &path, "").await.expect("an answer").status, 200);
}

#[tokio::test]
async fn one_connection_serves_many_requests() {
    let bakery = bakery();
    let oven = bakery.oven(Vendor::Decks);
    let mut stream = TcpStream::connect(oven.addr).await.expect("a connection");
    let request = format!("HEAD {} HTTP/1.1\r\nHost: oven\r\n{}\r\n", oven.spec.data_path(), key(&oven));
    for _ in 0..3 {
        stream.write_all(request.as_bytes()).await.expect("the request is taken");
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(timeout(DEADLINE, stream.read_u8()).await.expect("an answer").expect("an open connection"));
        }
        assert!(head.starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(&head));
    }
}

#[tokio::test]
async fn a_down_oven_cuts_its_connections_and_comes_back_at_the_same_port() {
    let bakery = bakery();
    let oven = bakery.oven(Vendor::Generic);
    let id = &oven.spec.id;
    for _ in 0..3 {
        let mut idle = TcpStream::connect(oven.addr).await.expect("a connection");
        idle.write_all(b"GET / HTTP/1.1\r\nHost: oven\r\n\r\n").await.expect("the request is taken");
        assert_eq!(idle.read_u8().await.expect("an answer"), b'H');

        bakery.simulator.set_fault(id, Fault::Down).await.expect("the oven goes down");
        let refused = TcpStream::connect(oven.addr).await.expect_err("the port refuses");
        assert_eq!(refused.kind(), io::ErrorKind::ConnectionRefused);
        // Either sort of end will do, so long as it is one.
        let _ = timeout(DEADLINE, idle.read_to_end(&mut Vec::new())).await.expect("the connection is cut");
        bakery.simulator.set_fault(id, Fault::Down).await.expect("down twice is down");

        bakery.simulator.set_fault(id, Fault::None).await.expect("the oven comes back");
        assert_eq!(values(&oven).await.status, 200);
    }
}

#[tokio::test]
async fn going_down_ends_answers_under_way() {
    for fault in [Fault::Hang, Fault::Drip, Fault::Slow { delay_ms: 3_600_000 }, Fault::Huge] {
        let (bakery, oven) = Bakery::with_fault(fault).await;
        let mut stream = send(oven.addr, "GET", &oven.spec.data_path(), &key(&oven), "").await.expect("a connection");
        if matches!(fault, Fault::Drip | Fault::Huge) {
            // Only an answer that has begun is under way.
            stream.read_u8().await.expect("an answer");
        }
        let down = bakery.simulator.set_fault(&oven.spec.id, Fault::Down);
        timeout(DEADLINE, down).await.expect("nothing holds the oven up").expect("the oven goes down");
        let mut rest = Vec::new();
        let _ = timeout(DEADLINE, stream.read_to_end(&mut rest)).await.expect("the connection is cut");
        assert!(!rest.ends_with(b"}"), "{fault:?} was answered in full");
    }
}

#[tokio::test]
async fn a_slow_oven_answers_late() {
    let (_bakery, oven) = Bakery::with_fault(Fault::Slow { delay_ms: 150 }).await;
    let asked = Instant::now();
    assert_eq!(values(&oven).await.status, 200);
    assert!(asked.elapsed() >= Duration::from_millis(150));
}

#[tokio::test]
async fn a_hanging_oven_answers_only_when_the_fault_is_lifted() {
    let (bakery, oven) = Bakery::with_fault(Fault::Hang).await;
    let mut stream = send(oven.addr, "GET", &oven.spec.data_path(), &key(&oven), "").await.expect("a connection");
    timeout(Duration::from_millis(150), stream.read_u8()).await.expect_err("there is no answer");
    bakery.simulator.set_fault(&oven.spec.id, Fault::None).await.expect("the fault is lifted");
    assert_eq!(receive(stream).await.expect("an answer").status, 200);
}

#[tokio::test]
async fn garbage_is_200_and_not_json() {
    let (_bakery, oven) = Bakery::with_fault(Fault::Garbage).await;
    let answer = values(&oven).await;
    assert_eq!(answer.status, 200);
    assert!(serde_json::from_slice::<Value>(&answer.body).is_err() && !answer.body.is_empty());
}

#[tokio::test]
async fn a_wrong_shape_is_json_without_a_temperature() {
    let (_bakery, oven) = Bakery::with_fault(Fault::WrongShape).await;
    let answer = values(&oven).await;
    assert_eq!(answer.status, 200);
    assert!(answer.json().get("temperature").is_none());
}

#[tokio::test]
async fn a_wrong_password_is_401_for_the_right_one_too() {
    let (_bakery, oven) = Bakery::with_fault(Fault::WrongPassword).await;
    assert_eq!(values(&oven).await.status, 401);
}

#[tokio::test]
async fn a_frozen_oven_repeats_itself_until_thawed() {
    let (bakery, oven) = Bakery::with_fault(Fault::Frozen).await;
    let frozen = values(&oven).await.body;
    let truth = || bakery.simulator.snapshot(&oven.spec.id).expect("the oven exists").time;
    let began = truth();
    // Time stamps count milliseconds, so the truth moves on within a few requests.
    while truth() == began {
        assert_eq!(values(&oven).await.body, frozen);
    }
    assert_eq!(values(&oven).await.body, frozen);
    bakery.simulator.set_fault(&oven.spec.id, Fault::None).await.expect("the fault is lifted");
    assert_ne!(values(&oven).await.body, frozen);
}

#[tokio::test]
async fn a_huge_answer_is_over_two_mebibytes_and_not_announced() {
    let (_bakery, oven) = Bakery::with_fault(Fault::Huge).await;
    let answer = values(&oven).await;
    assert_eq!(answer.status, 200);
    assert!(answer.body.len() > 2 * 1024 * 1024);
    assert!(!answer.head.to_lowercase().contains("content-length"));
}

#[tokio::test]
async fn a_dripping_oven_begins_but_does_not_end() {
    let (_bakery, oven) = Bakery::with_fault(Fault::Drip).await;
    let mut stream = send(oven.addr, "GET", &oven.spec.data_path(), &key(&oven), "").await.expect("a connection");
    let mut got = Vec::new();
    while !got.ends_with(b"{") {
        got.push(timeout(DEADLINE, stream.read_u8()).await.expect("an answer").expect("an open connection"));
    }
    let rest = timeout(Duration::from_millis(150), stream.read_to_end(&mut Vec::new())).await;
    rest.expect_err("the answer goes on");
}

#[tokio::test]
async fn a_server_error_is_503() {
    let (_bakery, oven) = Bakery::with_fault(Fault::ServerError).await;
    assert_eq!(values(&oven).await.status, 503);
}

#[tokio::test]
async fn out_of_range_is_9999_degrees_in_every_shape() {
    let bakery = bakery();
    let shows = [
        (Vendor::Generic, "/temperature", json!(9999.0)),
        (Vendor::Decks, "/kammer/ist", json!(999_900)),
        (Vendor::Combi, "/cabinet/actual", json!("18030.2")),
    ];
    for (vendor, pointer, expected) in shows {
        let oven = bakery.oven(vendor);
        bakery.simulator.set_fault(&oven.spec.id, Fault::OutOfRange).await.expect("the fault is set");
        assert_eq!(values(&oven).await.json().pointer(pointer), Some(&expected));
    }
}

#[tokio::test]
async fn a_redirect_leads_to_another_host() {
    let (_bakery, oven) = Bakery::with_fault(Fault::Redirect).await;
    let answer = values(&oven).await;
    assert_eq!(answer.status, 302);
    assert!(answer.head.contains("http://otro-horno.invalid/"), "{}", answer.head);
}

#[tokio::test]
async fn the_control_api_lists_ovens_and_sets_faults() {
    let bakery = bakery();
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let control = listener.local_addr().expect("an address");
    let router = bakery.simulator.control_router();
    let served = axum::serve(listener, router.into_make_service_with_connect_info::<SocketAddr>());
    tokio::spawn(served.with_graceful_shutdown(bakery.shutdown.clone().cancelled_owned()).into_future());
    let put = async |path: &str, body: Value| {
        let json = "Content-Type: application/json\r\n";
        receive(send(control, "PUT", path, json, &body.to_string()).await.expect("sent"))
            .await
            .expect("an answer")
            .status
    };
    let oven = bakery.oven(Vendor::Combi);
    let id = &oven.spec.id;

    assert_eq!(put(&format!("/sim/ovens/{id}/fault"), json!({"fault": "down"})).await, 204);
    TcpStream::connect(oven.addr).await.expect_err("the port refuses at once");
    assert_eq!(put(&format!("/sim/ovens/{id}/fault"), json!({"fault": "slow", "delay_ms": 5})).await, 204);
    assert_eq!(put(&format!("/sim/ovens/{id}/door"), json!({"door": "open"})).await, 204);
    assert_eq!(values(&oven).await.json()["door"], 1);
    assert_eq!(put("/sim/ovens/none/fault", json!({"fault": "down"})).await, 404);
    assert_eq!(put("/sim/ovens/none/door", json!({"door": "open"})).await, 404);
    assert_eq!(put(&format!("/sim/ovens/{id}/fault"), json!({"fault": "fire"})).await, 422);

    let list = receive(send(control, "GET", "/sim/ovens", "", "").await.expect("sent")).await.expect("a list").json();
    let listed = list.as_array().expect("a list").iter().find(|listed| listed["id"] == id.as_str()).expect("the oven");
    assert_eq!(
        (&listed["fault"], &listed["delay_ms"], &listed["vendor"]),
        (&json!("slow"), &json!(5), &json!("combi"))
    );
    assert_eq!(listed["address"], oven.addr.to_string());
    assert_eq!(listed["snapshot"]["door_open"], true);
}

#[tokio::test]
async fn shutdown_ends_every_task_and_cuts_every_connection() {
    let bakery = bakery();
    let oven = bakery.oven(Vendor::Generic);
    let mut idle = TcpStream::connect(oven.addr).await.expect("a connection");
    bakery.simulator.set_fault("combi-3", Fault::Down).await.expect("the oven goes down");
    bakery.shutdown.cancel();
    timeout(DEADLINE, bakery.simulator.stopped()).await.expect("all ovens end");
    let _ = timeout(DEADLINE, idle.read_to_end(&mut Vec::new())).await.expect("the connection is cut");
    TcpStream::connect(oven.addr).await.expect_err("nobody listens");
    bakery.simulator.set_fault(&oven.spec.id, Fault::None).await.expect_err("there is no oven left");
}

#[tokio::test]
async fn two_ovens_with_one_id_do_not_start() {
    let twice = [http_ovens(), http_ovens()].concat();
    assert!(Simulator::start(twice, CancellationToken::new()).is_err());
}

#[tokio::test]
async fn a_fleet_of_hundreds_starts_and_answers() {
    let shutdown = CancellationToken::new();
    let _guard = shutdown.clone().drop_guard();
    let simulator = Simulator::start(fleet(200), shutdown).expect("the fleet starts");
    let ovens = simulator.ovens();
    let answers = futures::future::join_all(ovens.iter().map(values)).await;
    assert!(answers.iter().all(|answer| answer.status == 200));
}
