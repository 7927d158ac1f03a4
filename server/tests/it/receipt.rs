//! When a broker is told that a message arrived: not before it is in the database.

use std::{
    array,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use app::model::equipment::EquipmentId;
use jiff::Timestamp;
use serde_json::{Value, json};
use sqlx::{Connection as _, SqliteConnection};
use tokio::{
    io::{self, AsyncReadExt as _, AsyncWriteExt as _},
    net::{
        TcpListener, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::Notify,
};

use crate::{
    broker::Broker,
    harness::{Bakery, Visitor, eventually},
    mqtt::add,
};

/// Packet types of MQTT (3.1.1, 2.2.1; the same in 5).
const PUBACK: usize = 4;
const PINGREQ: usize = 12;

/// Between Hornero and a broker: counts what Hornero says by the type of the packet, and can cut the line.
struct Relay {
    port: u16,
    said: Arc<[AtomicUsize; 16]>,
    scissors: Arc<Notify>,
}

impl Relay {
    async fn start(broker: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let said: Arc<[AtomicUsize; 16]> = Arc::new(array::from_fn(|_| AtomicUsize::new(0)));
        let scissors = Arc::new(Notify::new());
        let (counted, cut) = (Arc::clone(&said), Arc::clone(&scissors));
        tokio::spawn(async move {
            while let Ok((hornero, _)) = listener.accept().await {
                let (counted, cut) = (Arc::clone(&counted), Arc::clone(&cut));
                tokio::spawn(async move {
                    let (mut asked, mut told) = TcpStream::connect(("127.0.0.1", broker)).await.unwrap().into_split();
                    let (mut says, mut hears) = hornero.into_split();
                    tokio::select! {
                        () = cut.notified() => {}
                        _ = pass_on(&mut says, &mut told, &counted) => {}
                        _ = io::copy(&mut asked, &mut hears) => {}
                    }
                });
            }
        });
        Self { port, said, scissors }
    }

    fn said(&self, kind: usize) -> usize {
        self.said[kind].load(Ordering::SeqCst)
    }

    /// Waits until all is said that Hornero had to say before: pings come when there is nothing else.
    async fn is_quiet(&self) {
        let before = self.said(PINGREQ);
        eventually("two pings", || async { (self.said(PINGREQ) >= before + 2).then_some(()) }).await;
    }

    fn cut(&self) {
        self.scissors.notify_waiters();
    }
}

async fn pass_on(from: &mut OwnedReadHalf, to: &mut OwnedWriteHalf, said: &[AtomicUsize; 16]) -> io::Result<()> {
    loop {
        let mut packet = vec![from.read_u8().await?];
        let kind = usize::from(packet[0] >> 4);
        let mut length = 0;
        for place in 0..4 {
            let byte = from.read_u8().await?;
            packet.push(byte);
            length |= usize::from(byte & 0x7f) << (7 * place);
            if byte & 0x80 == 0 {
                break;
            }
        }
        let header = packet.len();
        packet.resize(header + length, 0);
        from.read_exact(&mut packet[header..]).await?;
        said[kind].fetch_add(1, Ordering::SeqCst);
        to.write_all(&packet).await?;
    }
}

/// Keeps everybody else from writing to the database.
async fn lock(bakery: &Bakery) -> SqliteConnection {
    let path = bakery.folder.path().join("hornero.db");
    let mut other = SqliteConnection::connect(path.to_str().unwrap()).await.unwrap();
    sqlx::query("BEGIN IMMEDIATE").execute(&mut other).await.unwrap();
    other
}

async fn stored(admin: &Visitor, id: EquipmentId) -> Vec<Value> {
    let history = admin.json(&format!("/api/v1/equipment/{id}/sensor-history")).await;
    history["readings"].as_array().unwrap().iter().map(|reading| reading["temperature"].clone()).collect()
}

#[tokio::test]
async fn a_message_is_acknowledged_after_the_commit_though_it_comes_twice() {
    let (bakery, broker) = (Bakery::open().await, Broker::start().await);
    let relay = Relay::start(broker.port).await;
    let admin = bakery.login("admin").await;
    let config = json!({
        "persistent_session": true, "keep_alive": 1,
        "mapping": [
            {"target": "temperature", "path": "oven /t"},
            {"target": "reading_time", "path": "oven /at", "time_format": "epoch_ms"},
        ],
    });
    let id = add(&bakery, &admin, relay.port, config, json!({})).await;

    let blocked = lock(&bakery).await;
    let now = Timestamp::now().as_millisecond();
    broker.publish("oven", &format!(r#"{{"t": 100, "at": {now}}}"#), &["-q", "1"]).await;
    bakery.reading(id, "it is shown at once", |reading| reading["temperature"] == 100.0).await;
    relay.is_quiet().await;
    assert_eq!(relay.said(PUBACK), 0, "it is not stored yet");

    relay.cut();
    let counters = &bakery.server.service.ingest.counters;
    eventually("it comes again", || async { (counters.repeated.load(Ordering::SeqCst) == 1).then_some(()) }).await;
    relay.is_quiet().await;
    assert_eq!(relay.said(PUBACK), 0, "neither copy is stored yet");

    drop(blocked);
    eventually("it is acknowledged", || async { (relay.said(PUBACK) > 0).then_some(()) }).await;
    assert_eq!(stored(&admin, id).await, [100.0], "once, and before the broker forgets it");
    assert_eq!(relay.said(PUBACK), 1);
}
