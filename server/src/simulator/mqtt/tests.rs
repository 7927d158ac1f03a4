//! The simulated gateway asked by a client of both versions over real sockets.

use std::time::Duration;

use rumqttc::v5;
use rumqttc::{AsyncClient, ConnectionError, Event, EventLoop, Incoming, MqttOptions, Publish, QoS};
use serde_json::Value;
use tokio::time::timeout;
use tokio_util::sync::{CancellationToken, DropGuard};

use super::{availability_topic, state_topic};
use crate::simulator::bakery::{FleetKind, fleet_of};
use crate::simulator::spec::Credentials;
use crate::simulator::{Fault, RunningOven, Simulator};

const DEADLINE: Duration = Duration::from_secs(20);
const ID: &str = "oven-0001";

struct Gateway {
    simulator: Simulator,
    oven: RunningOven,
    _guard: DropGuard,
}

impl Gateway {
    fn start() -> Self {
        let shutdown = CancellationToken::new();
        let simulator = Simulator::start(fleet_of(FleetKind::Mqtt, 1), shutdown.clone()).expect("the oven starts");
        let oven = simulator.ovens().remove(0);
        Self { simulator, oven, _guard: shutdown.drop_guard() }
    }

    fn login(&self) -> (String, String) {
        match &self.oven.spec.credentials {
            Credentials::Basic { username, password } => (username.clone(), password.clone()),
            _ => panic!("a gateway wants a password"),
        }
    }

    fn client(&self, password: &str) -> (AsyncClient, EventLoop) {
        let mut options = MqttOptions::new("test", "127.0.0.1", self.oven.addr.port());
        options.set_credentials(self.login().0, password).set_max_packet_size(8 << 20, 8 << 20);
        options.set_keep_alive(Duration::from_secs(5));
        AsyncClient::new(options, 10)
    }

    async fn fault(&self, fault: Fault) {
        self.simulator.set_fault(ID, fault).await.expect("the fault is set");
    }
}

/// The next message on this topic.
async fn message(events: &mut EventLoop, topic: &str) -> Publish {
    let waiting = async {
        loop {
            match events.poll().await.expect("the connection stays") {
                Event::Incoming(Incoming::Publish(message)) if message.topic == topic => return message,
                _ => {}
            }
        }
    };
    timeout(DEADLINE, waiting).await.unwrap_or_else(|_| panic!("no message on {topic}"))
}

async fn refused(events: &mut EventLoop) -> ConnectionError {
    let waiting = async {
        loop {
            if let Err(error) = events.poll().await {
                return error;
            }
        }
    };
    timeout(DEADLINE, waiting).await.expect("the connection ends")
}

#[tokio::test]
async fn the_state_comes_at_once_and_then_each_second() {
    let gateway = Gateway::start();
    let (client, mut events) = gateway.client(&gateway.login().1);
    client.subscribe("panaderia/+/estado", QoS::AtLeastOnce).await.expect("asked");
    let first = message(&mut events, &state_topic(ID)).await;
    assert!(first.retain && first.qos == QoS::AtLeastOnce, "{first:?}");
    let json = |message: &Publish| serde_json::from_slice::<Value>(&message.payload).expect("JSON");
    let a = json(&first);
    // Who comes just before the second is over gets the same state twice: as the kept one, and as the new one.
    let b = loop {
        let next = message(&mut events, &state_topic(ID)).await;
        assert!(!next.retain, "{next:?}");
        let next = json(&next);
        if next["time"] != a["time"] {
            break next;
        }
    };
    assert!(b["chamber"]["actual"].is_number() && b["state"].is_string(), "{b}");
}

#[tokio::test]
async fn version_5_is_spoken_too() {
    let gateway = Gateway::start();
    let (username, password) = gateway.login();
    let mut options = v5::MqttOptions::new("test", "127.0.0.1", gateway.oven.addr.port());
    options.set_credentials(username, password);
    let (client, mut events) = v5::AsyncClient::new(options, 10);
    client.subscribe("#", v5::mqttbytes::QoS::AtLeastOnce).await.expect("asked");
    let waiting = async {
        let mut topics = Vec::new();
        while topics.len() < 3 {
            if let v5::Event::Incoming(v5::Incoming::Publish(message)) =
                events.poll().await.expect("the connection stays")
            {
                topics.push(String::from_utf8(message.topic.to_vec()).expect("text"));
            }
        }
        topics
    };
    let topics = timeout(DEADLINE, waiting).await.expect("messages");
    assert!(topics.contains(&availability_topic(ID)) && topics.contains(&state_topic(ID)), "{topics:?}");
}

#[tokio::test]
async fn more_messages_than_may_be_in_flight_arrive() {
    let gateway = Gateway::start();
    let (client, mut events) = gateway.client(&gateway.login().1);
    // Each subscription makes a retained message, and each of those an acknowledgement.
    for _ in 0..super::session::MAX_UNACKNOWLEDGED * 2 {
        client.subscribe(state_topic(ID), QoS::AtLeastOnce).await.expect("asked");
        message(&mut events, &state_topic(ID)).await;
    }
}

#[tokio::test]
async fn a_wrong_password_is_refused_and_a_fault_refuses_the_right_one() {
    let gateway = Gateway::start();
    let (_client, mut events) = gateway.client("wrong");
    assert!(matches!(refused(&mut events).await, ConnectionError::ConnectionRefused(_)));
    let (client, mut events) = gateway.client(&gateway.login().1);
    client.subscribe(state_topic(ID), QoS::AtMostOnce).await.expect("asked");
    message(&mut events, &state_topic(ID)).await;
    gateway.fault(Fault::WrongPassword).await;
    refused(&mut events).await;
    assert!(matches!(refused(&mut events).await, ConnectionError::ConnectionRefused(_)));
}

#[tokio::test]
async fn an_oven_that_leaves_its_gateway_is_offline_and_silent() {
    let gateway = Gateway::start();
    let (client, mut events) = gateway.client(&gateway.login().1);
    client.subscribe(availability_topic(ID), QoS::AtLeastOnce).await.expect("asked");
    assert_eq!(message(&mut events, &availability_topic(ID)).await.payload, "online");
    gateway.fault(Fault::ServerError).await;
    let will = message(&mut events, &availability_topic(ID)).await;
    assert!(will.payload == "offline" && !will.retain, "{will:?}");
    client.subscribe(state_topic(ID), QoS::AtMostOnce).await.expect("asked");
    assert!(message(&mut events, &state_topic(ID)).await.retain, "the last state is kept");
    gateway.fault(Fault::None).await;
    assert_eq!(message(&mut events, &availability_topic(ID)).await.payload, "online");
}

#[tokio::test]
async fn payloads_can_be_spoiled_and_lines_cut() {
    let gateway = Gateway::start();
    let (client, mut events) = gateway.client(&gateway.login().1);
    for (fault, is_json) in [(Fault::Garbage, false), (Fault::WrongShape, true), (Fault::Huge, true)] {
        gateway.fault(fault).await;
        client.subscribe(state_topic(ID), QoS::AtMostOnce).await.expect("asked");
        let spoiled = loop {
            let message = message(&mut events, &state_topic(ID)).await;
            if message.retain {
                break message;
            }
        };
        let parsed = serde_json::from_slice::<Value>(&spoiled.payload);
        assert_eq!(parsed.is_ok(), is_json, "{fault:?}");
        assert!(parsed.map_or(Value::Null, |value| value["chamber"].clone()).is_null(), "{fault:?}");
        assert!(spoiled.payload.len() > 2 << 20 || fault != Fault::Huge);
    }
    gateway.fault(Fault::Down).await;
    refused(&mut events).await;
}

#[tokio::test]
async fn publishers_fill_a_broker() {
    let gateway = Gateway::start();
    // The gateway's broker forgets what it is sent, so all there is to see is that it takes it.
    let (username, password) = gateway.login();
    let target = super::fleet::Target {
        host: "127.0.0.1".to_owned(),
        port: gateway.oven.addr.port(),
        login: Some((username, password)),
        period: Duration::from_secs(1),
        quality: 1,
    };
    let shutdown = CancellationToken::new();
    let ovens = fleet_of(FleetKind::Mqtt, 300);
    let tasks = super::fleet::publish(ovens, &target, &shutdown).await.expect("the broker answers");
    assert_eq!(tasks.len(), 4, "two gateways, each with a line and a clock");
    shutdown.cancel();
    timeout(DEADLINE, tasks.wait()).await.expect("all of them end");
}
