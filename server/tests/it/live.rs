//! The websocket.

use std::time::Duration;

use app::model::live::{Frame, FrameKind};
use futures::{SinkExt as _, StreamExt as _};
use serde_json::json;
use tokio::net::TcpStream;
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{Message, client::IntoClientRequest as _},
};

use crate::harness::{Bakery, Ovens, PATIENCE, Visitor};

pub type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

pub async fn connect(bakery: &Bakery, visitor: &Visitor) -> Socket {
    let mut request = format!("ws://{}/ws/live", bakery.server.address).into_client_request().unwrap();
    request.headers_mut().insert("cookie", visitor.cookie.as_ref().unwrap().parse().unwrap());
    connect_async(request).await.unwrap().0
}

async fn message(socket: &mut Socket) -> Message {
    tokio::time::timeout(PATIENCE, socket.next()).await.expect("something comes").expect("still open").unwrap()
}

/// The next frame, as it comes.
pub async fn text(socket: &mut Socket) -> String {
    loop {
        if let Message::Text(text) = message(socket).await {
            return text.to_string();
        }
    }
}

async fn frame(socket: &mut Socket) -> Frame {
    serde_json::from_str(&text(socket).await).unwrap()
}

#[tokio::test]
async fn a_snapshot_then_changes_in_order() {
    let (bakery, ovens) = (Bakery::open().await, Ovens::start(1));
    let admin = bakery.login("admin").await;
    let id = bakery.add(&admin, &ovens.get(0)).await;
    let display = bakery.login("display").await;
    let mut socket = connect(&bakery, &display).await;
    let Frame { kind: FrameKind::Snapshot, mut seq, ovens: shown, .. } = frame(&mut socket).await else {
        panic!("no snapshot")
    };
    assert_eq!(shown.iter().map(|oven| oven.id).collect::<Vec<_>>(), [id]);
    let mut updates = 0;
    while updates < 3 {
        let Frame { kind, seq: next, ovens, .. } = frame(&mut socket).await;
        assert_ne!(kind, FrameKind::Snapshot, "a second snapshot");
        if kind == FrameKind::Update {
            assert!(next > seq, "{next} after {seq}");
            seq = next;
            updates += usize::from(ovens.iter().any(|oven| oven.values.is_some()));
        }
    }
}

#[tokio::test]
async fn a_quiet_bakery_still_sends_a_heartbeat() {
    let bakery = Bakery::open().await;
    let staff = bakery.login("staff").await;
    let mut socket = connect(&bakery, &staff).await;
    let first = frame(&mut socket).await;
    assert_eq!((first.kind, first.ovens.len()), (FrameKind::Snapshot, 0));
    assert_eq!(frame(&mut socket).await.kind, FrameKind::Heartbeat);
}

#[tokio::test]
async fn logging_out_closes_the_socket_with_its_reason() {
    let bakery = Bakery::open().await;
    let mut staff = bakery.login("staff").await;
    let mut socket = connect(&bakery, &staff).await;
    frame(&mut socket).await;
    staff.submit("/logout", &[]).await;
    let close = loop {
        if let Message::Close(close) = message(&mut socket).await {
            break close.unwrap();
        }
    };
    assert_eq!(u16::from(close.code), 4401);
}

#[tokio::test]
async fn a_client_that_does_not_read_holds_up_nobody() {
    let (bakery, ovens) = (Bakery::open().await, Ovens::start(5));
    let admin = bakery.login("admin").await;
    for oven in ovens.simulator.ovens() {
        bakery.add(&admin, &oven).await;
    }
    let _deaf = connect(&bakery, &admin).await;
    let mut socket = connect(&bakery, &admin).await;
    frame(&mut socket).await;
    for _ in 0..5 {
        frame(&mut socket).await;
    }
    socket.send(Message::Text("hello".into())).await.unwrap();
    frame(&mut socket).await;
}

#[tokio::test]
async fn a_stopping_server_says_goodbye() {
    let bakery = Bakery::open().await;
    let admin = bakery.login("admin").await;
    let mut socket = connect(&bakery, &admin).await;
    frame(&mut socket).await;
    let stopping = tokio::time::timeout(Duration::from_secs(4), bakery.server.stop());
    let (stopped, last) = tokio::join!(stopping, message(&mut socket));
    stopped.expect("open sockets do not hold up the end").unwrap();
    assert!(matches!(last, Message::Close(Some(close)) if u16::from(close.code) == 1001));
}

#[tokio::test]
async fn removed_ovens_disappear() {
    let bakery = Bakery::open().await;
    let admin = bakery.login("admin").await;
    let made = admin.post("/api/v1/equipment", &json!({"name": "Horno", "iot_enabled": false})).await;
    let id = made.json::<serde_json::Value>().await.unwrap()["id"].as_str().unwrap().to_owned();
    let mut socket = connect(&bakery, &admin).await;
    frame(&mut socket).await;
    admin.request(reqwest::Method::DELETE, &format!("/api/v1/equipment/{id}")).send().await.unwrap();
    loop {
        let removed = frame(&mut socket).await.removed;
        if !removed.is_empty() {
            assert_eq!(removed[0].to_string(), id);
            break;
        }
    }
}

#[tokio::test]
async fn without_a_session_the_socket_closes_with_its_reason() {
    let bakery = Bakery::open().await;
    let request = format!("ws://{}/ws/live", bakery.server.address).into_client_request().unwrap();
    let (mut socket, _) = connect_async(request).await.unwrap();
    assert!(matches!(message(&mut socket).await, Message::Close(Some(close)) if u16::from(close.code) == 4401));
}
