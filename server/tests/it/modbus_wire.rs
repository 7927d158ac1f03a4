//! What a Modbus device can do wrong on the wire: each its own log entry, no wrong value stored, other ovens unaffected.

use std::{
    collections::BTreeSet,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

use app::model::{equipment::EquipmentId, reading::Quality};
use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};

use crate::harness::{Bakery, Visitor, eventually};

/// What a device does with a request instead of answering it well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    /// Takes the request and says nothing: a half-open connection.
    Silent,
    /// Half of the answer, then nothing more.
    Half,
    /// Half of the answer, then the connection is closed: restarted while it was read.
    Cut,
    /// The answer comes when nobody waits for it any more.
    Late,
    OtherTransaction,
    OtherUnit,
    OtherFunction,
    /// Fewer registers than were asked for.
    Short,
    /// A frame that says it is as long as frames cannot be.
    Huge,
    Garbage,
    /// Answers well and closes the connection.
    HangUp,
    Exception(u8),
}

struct Device {
    port: u16,
    broken: Arc<AtomicBool>,
    asked: Arc<Mutex<BTreeSet<u16>>>,
    requests: Arc<AtomicUsize>,
    connections: Arc<AtomicUsize>,
    serving: JoinHandle<()>,
}

impl Drop for Device {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

const TEMPERATURE: u16 = 2_315;

/// What a faulty device says, were anyone to believe it.
const WRONG: u16 = 999;

impl Device {
    async fn start(fault: Fault) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (broken, asked, requests) = (Arc::default(), Arc::default(), Arc::default());
        let (is_broken, addresses, count) = (Arc::clone(&broken), Arc::clone(&asked), Arc::clone(&requests));
        let connections = Arc::new(AtomicUsize::new(0));
        let accepted = Arc::clone(&connections);
        let serving = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                accepted.fetch_add(1, Ordering::SeqCst);
                tokio::spawn(serve(stream, fault, Arc::clone(&is_broken), Arc::clone(&addresses), Arc::clone(&count)));
            }
        });
        Self { port, broken, asked, requests, connections, serving }
    }
}

/// Registers from 900 on are missing; unit 9 never answers.
async fn serve(
    mut stream: TcpStream,
    fault: Fault,
    broken: Arc<AtomicBool>,
    asked: Arc<Mutex<BTreeSet<u16>>>,
    requests: Arc<AtomicUsize>,
) -> Option<()> {
    loop {
        let mut request = [0; 12];
        stream.read_exact(&mut request).await.ok()?;
        requests.fetch_add(1, Ordering::SeqCst);
        let (unit, function) = (request[6], request[7]);
        let (start, count) =
            (u16::from_be_bytes([request[8], request[9]]), u16::from_be_bytes([request[10], request[11]]));
        asked.lock().unwrap().extend(start..start + count);
        let transaction = [request[0], request[1]];
        if unit == 9 {
            continue;
        }
        if !broken.load(Ordering::SeqCst) {
            let answer = if start + count > 900 {
                frame(transaction, unit, &[function | 0x80, 2])
            } else {
                registers(transaction, unit, function, TEMPERATURE, count)
            };
            stream.write_all(&answer).await.ok()?;
            continue;
        }
        let wrong = registers(transaction, unit, function, WRONG, count);
        let other = [transaction[0] ^ 1, transaction[1]];
        let answer = match fault {
            Fault::Silent => continue,
            Fault::Half | Fault::Cut => wrong[..wrong.len() / 2].to_vec(),
            Fault::Late => {
                tokio::time::sleep(std::time::Duration::from_millis(1_500)).await;
                wrong
            }
            Fault::OtherTransaction => registers(other, unit, function, WRONG, count),
            Fault::OtherUnit => registers(transaction, unit + 1, function, WRONG, count),
            Fault::OtherFunction => registers(transaction, unit, function ^ 7, WRONG, count),
            Fault::Short => registers(transaction, unit, function, WRONG, count - 1),
            Fault::Huge => [&transaction[..], &[0, 0, 0xFF, 0xFF, unit, function], &vec![0x55; 70_000]].concat(),
            Fault::Garbage => b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec(),
            Fault::HangUp => registers(transaction, unit, function, TEMPERATURE, count),
            Fault::Exception(code) => frame(transaction, unit, &[function | 0x80, code]),
        };
        stream.write_all(&answer).await.ok()?;
        if matches!(fault, Fault::Cut | Fault::HangUp) {
            return None;
        }
    }
}

fn registers(transaction: [u8; 2], unit: u8, function: u8, value: u16, count: u16) -> Vec<u8> {
    let words: Vec<u8> = (0..count).flat_map(|_| value.to_be_bytes()).collect();
    frame(transaction, unit, &[&[function, words.len() as u8][..], &words].concat())
}

fn frame(transaction: [u8; 2], unit: u8, pdu: &[u8]) -> Vec<u8> {
    let length = (pdu.len() as u16 + 1).to_be_bytes();
    [&transaction[..], &[0, 0], &length, &[unit], pdu].concat()
}

async fn oven(admin: &Visitor, name: &str, port: u16, unit: u8, more: &[&str]) -> EquipmentId {
    oven_with(admin, name, port, unit, more, json!({"timeout": 1.0})).await
}

async fn oven_with(admin: &Visitor, name: &str, port: u16, unit: u8, more: &[&str], mut config: Value) -> EquipmentId {
    let mut mapping = vec![
        json!({"target": "temperature", "path": "holding 1 i16", "scale": 0.1}),
        json!({"target": "target_temperature", "path": "holding 2 i16", "scale": 0.1}),
    ];
    mapping.extend(more.iter().map(|path| json!({"target": format!("additional_sensors.{path}"), "path": path})));
    config["unit_id"] = json!(unit);
    config["mapping"] = json!(mapping);
    admin
        .make(&json!({
            "name": name, "kind": "deck", "poll_interval_seconds": 1, "iot_protocol": "modbus",
            "iot_endpoint": "127.0.0.1", "iot_port": port, "iot_config": config,
        }))
        .await
}

#[tokio::test]
async fn each_fault_of_a_device_is_told_apart_and_over_when_it_is_back() {
    let cases = [
        (Fault::Silent, "timeout", "no complete answer within 1 s"),
        (Fault::Half, "timeout", "no complete answer within 1 s"),
        (Fault::Late, "timeout", "no complete answer within 1 s"),
        (Fault::Cut, "disconnected", "the other side closed the connection"),
        (Fault::OtherTransaction, "protocol_failed", "an answer to another question"),
        (Fault::OtherUnit, "protocol_failed", "an answer to another question"),
        (Fault::OtherFunction, "protocol_failed", "an answer of another kind"),
        (Fault::Short, "protocol_failed", "was asked for 2 registers and gave 1"),
        (Fault::Huge, "protocol_failed", "not a Modbus frame"),
        // Read as a Modbus header, it announces more than ever comes.
        (Fault::Garbage, "timeout", "no complete answer within 1 s"),
        (Fault::Exception(4), "protocol_failed", "reports a failure of its own (exception 04)"),
        (Fault::Exception(6), "protocol_failed", "is busy (exception 06)"),
        (Fault::Exception(11), "disconnected", "does not answer the gateway (exception 11)"),
        (Fault::Exception(1), "parse_failed", "does not know this kind of register"),
        (Fault::Exception(2), "parse_failed", "has none of the registers"),
    ];
    let bakery = Bakery::open().await;
    let admin = bakery.login("admin").await;
    let mut ovens = Vec::new();
    for (index, (fault, ..)) in cases.iter().enumerate() {
        let device = Device::start(*fault).await;
        let id = oven(&admin, &format!("Regulador {index}"), device.port, 1, &[]).await;
        ovens.push((device, id));
    }
    let healthy = Device::start(Fault::Silent).await;
    let neighbour = oven(&admin, "Vecino", healthy.port, 1, &[]).await;
    for (_, id) in &ovens {
        bakery.logged(&admin, *id, "connected").await;
    }
    for (device, _) in &ovens {
        device.broken.store(true, Ordering::SeqCst);
    }
    for ((fault, event, says), (_, id)) in cases.iter().zip(&ovens) {
        let failed = async || bakery.log(&admin, *id).await.into_iter().find(|entry| !entry["error_message"].is_null());
        let entry = eventually(&format!("{fault:?}"), failed).await;
        assert_eq!(entry["event_type"], *event, "{fault:?}: {entry}");
        assert!(entry["error_message"].as_str().unwrap().contains(says), "{fault:?}: {entry}");
    }
    for (device, _) in &ovens {
        device.broken.store(false, Ordering::SeqCst);
    }
    for (_, id) in &ovens {
        bakery.logged(&admin, *id, "recovered").await;
    }
    for ((fault, ..), (_, id)) in cases.iter().zip(&ovens) {
        let stored = bakery.history(*id).await;
        let temperatures = stored.iter().filter(|reading| reading.quality == Quality::Good);
        let temperatures: Vec<_> = temperatures.map(|reading| reading.values.temperature).collect();
        assert!(temperatures.iter().all(|value| *value == Some(231.5)), "{fault:?}: {temperatures:?}");
    }
    let events = bakery.events(&admin, neighbour).await;
    assert!(!events.iter().any(|event| event != "connected" && event != "config_changed"), "{events:?}");
}

#[tokio::test]
async fn a_dead_unit_does_not_stop_the_others_on_its_line() {
    let bakery = Bakery::open().await;
    let admin = bakery.login("admin").await;
    let gateway = Device::start(Fault::Silent).await;
    // It waits longer than the living one does.
    let dead = oven_with(&admin, "Apagado", gateway.port, 9, &[], json!({"timeout": 3.0})).await;
    let alive = oven(&admin, "Encendido", gateway.port, 1, &[]).await;
    bakery.logged(&admin, dead, "timeout").await;
    let began = Timestamp::now();
    let store = &bakery.server.service.store;
    eventually("four readings of the living unit", || async {
        (store.readings(alive, began, Timestamp::now(), 10).await.unwrap().len() >= 4).then_some(())
    })
    .await;
    let events = bakery.events(&admin, alive).await;
    assert!(!events.contains(&"timeout".to_owned()) && !events.contains(&"disconnected".to_owned()), "{events:?}");
}

#[tokio::test]
async fn ovens_of_one_gateway_share_a_connection_that_exceptions_leave_open() {
    let bakery = Bakery::open().await;
    let admin = bakery.login("admin").await;
    let gateway = Device::start(Fault::Exception(11)).await;
    let ids =
        [oven(&admin, "Uno", gateway.port, 1, &[]).await, oven(&admin, "Dos", gateway.port, 2, &["holding 950"]).await];
    for id in ids {
        bakery.logged(&admin, id, "connected").await;
    }
    gateway.broken.store(true, Ordering::SeqCst);
    for id in ids {
        bakery.logged(&admin, id, "disconnected").await;
    }
    gateway.broken.store(false, Ordering::SeqCst);
    for id in ids {
        bakery.logged(&admin, id, "recovered").await;
    }
    assert_eq!(gateway.connections.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_connection_that_was_closed_meanwhile_costs_no_poll() {
    let bakery = Bakery::open().await;
    let admin = bakery.login("admin").await;
    let device = Device::start(Fault::HangUp).await;
    device.broken.store(true, Ordering::SeqCst);
    let id = oven(&admin, "Regulador", device.port, 1, &[]).await;
    bakery.stored(id, 3, Some(231.5)).await;
    let events = bakery.events(&admin, id).await;
    assert!(!events.contains(&"disconnected".to_owned()), "{events:?}");
    assert!(device.connections.load(Ordering::SeqCst) >= 3, "it hung up after each answer");
}

#[tokio::test]
async fn a_late_answer_on_an_rtu_line_is_thrown_away() {
    let bakery = Bakery::open().await;
    let admin = bakery.login("admin").await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let late = Arc::new(AtomicUsize::new(0));
    let answered_late = Arc::clone(&late);
    let serving = tokio::spawn(async move {
        // A serial server: an answer that comes too late goes to whoever is connected next.
        let (mut requests, mut kept) = (0, Vec::new());
        while let Ok((mut stream, _)) = listener.accept().await {
            let _ = stream.write_all(&std::mem::take(&mut kept)).await;
            let mut request = [0; 8];
            while stream.read_exact(&mut request).await.is_ok() {
                let register = u16::from_be_bytes([request[2], request[3]]);
                let value: u16 = if register == 1 { TEMPERATURE } else { 2_400 };
                let [high, low] = value.to_be_bytes();
                let answer = with_crc(&[request[0], request[1], 2, high, low]);
                requests += 1;
                if register == 500 && requests % 4 == 0 {
                    answered_late.fetch_add(1, Ordering::SeqCst);
                    kept = answer;
                } else {
                    let _ = stream.write_all(&answer).await;
                }
            }
        }
    });
    let id = admin
        .make(&json!({
            "name": "Regulador", "kind": "deck", "poll_interval_seconds": 1, "iot_protocol": "modbus",
            "iot_endpoint": "127.0.0.1", "iot_port": port,
            "iot_config": {"transport": "rtu_over_tcp", "timeout": 1.0, "max_gap": 0, "mapping": [
                {"target": "temperature", "path": "holding 1", "scale": 0.1},
                {"target": "target_temperature", "path": "holding 500", "scale": 0.1},
            ]},
        }))
        .await;
    let stored = eventually("readings after two late answers", || async {
        let readings = bakery.history(id).await;
        (late.load(Ordering::SeqCst) >= 2 && readings.len() >= 4).then_some(readings)
    })
    .await;
    for reading in stored {
        let values = reading.values;
        assert_eq!((values.temperature, values.target_temperature), (Some(231.5), Some(240.0)));
    }
    serving.abort();
}

#[tokio::test]
async fn a_serial_server_that_hangs_up_between_polls_costs_none() {
    let bakery = Bakery::open().await;
    let admin = bakery.login("admin").await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let serving = tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut request = [0; 8];
            if stream.read_exact(&mut request).await.is_ok() {
                let [high, low] = TEMPERATURE.to_be_bytes();
                let _ = stream.write_all(&with_crc(&[request[0], request[1], 2, high, low])).await;
            }
        }
    });
    let id = admin
        .make(&json!({
            "name": "Regulador", "kind": "deck", "poll_interval_seconds": 1, "iot_protocol": "modbus",
            "iot_endpoint": "127.0.0.1", "iot_port": port,
            "iot_config": {"transport": "rtu_over_tcp", "timeout": 5.0, "mapping": [
                {"target": "temperature", "path": "holding 1", "scale": 0.1},
            ]},
        }))
        .await;
    bakery.stored(id, 3, Some(231.5)).await;
    let events = bakery.events(&admin, id).await;
    assert!(
        !events.contains(&"disconnected".to_owned()) && !events.contains(&"protocol_failed".to_owned()),
        "{events:?}"
    );
    serving.abort();
}

/// A frame with its checksum (Modbus over Serial Line V1.02, 6.2.2).
fn with_crc(frame: &[u8]) -> Vec<u8> {
    let mut crc = 0xFFFF_u16;
    for byte in frame {
        crc ^= u16::from(*byte);
        for _ in 0..8 {
            crc = if crc & 1 == 1 { crc >> 1 ^ 0xA001 } else { crc >> 1 };
        }
    }
    [frame, &crc.to_le_bytes()].concat()
}

#[tokio::test]
async fn a_refused_register_is_not_asked_for_again_after_a_reconnect() {
    let bakery = Bakery::open().await;
    let admin = bakery.login("admin").await;
    let device = Device::start(Fault::Cut).await;
    let id = oven(&admin, "Regulador", device.port, 1, &["holding 900"]).await;
    let live = bakery.reading(id, "values", |reading| reading["temperature"] == 231.5).await;
    assert_eq!(crate::harness::issue(&live, "additional_sensors.holding 900"), "missing");
    assert!(device.asked.lock().unwrap().contains(&900), "it was tried once");
    device.broken.store(true, Ordering::SeqCst);
    bakery.logged(&admin, id, "disconnected").await;
    device.asked.lock().unwrap().clear();
    device.broken.store(false, Ordering::SeqCst);
    bakery.logged(&admin, id, "recovered").await;
    let requests = device.requests.load(Ordering::SeqCst);
    eventually("more polls", || async { (device.requests.load(Ordering::SeqCst) >= requests + 2).then_some(()) }).await;
    assert_eq!(*device.asked.lock().unwrap(), BTreeSet::from([1, 2]));
}

#[tokio::test]
async fn a_host_that_nobody_knows_is_unreachable() {
    let bakery = Bakery::open().await;
    let admin = bakery.login("admin").await;
    let id = admin.make(&json!({"name": "Regulador", "kind": "deck", "iot_enabled": false})).await;
    let result = admin
        .test(
            id,
            &json!({
                "protocol": "modbus", "endpoint": "no-such-host.invalid",
                "additional_config": {"timeout": 2, "mapping": [{"target": "temperature", "path": "holding 1"}]},
            }),
        )
        .await;
    assert_eq!(
        (&result["error_kind"], &result["stages"][1]["stage"]),
        (&json!("unreachable"), &json!("address")),
        "{result}"
    );
}
