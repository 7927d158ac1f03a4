//! One session on a broker, in either version of the protocol.

use std::{sync::Arc, time::Duration};

use app::model::failure::FailureKind;
use bytes::Bytes;
use rumqttc::{
    TlsConfiguration, Transport,
    mqttbytes::{QoS, v4},
    v5::{self, mqttbytes as v5bytes},
};
use tokio::{sync::mpsc, task::JoinHandle, time::timeout};

use super::options::{Options, Version};
use crate::connectors::ConnectorError;

/// Messages that may wait for the connection; then the broker waits.
const WAITING: usize = 256;
/// Requests to the broker that may wait: acknowledgements above all.
const REQUESTS: usize = 1_000;
/// How long a broker keeps a persistent session, s: over a weekend.
const SESSION_EXPIRY_S: u32 = 7 * 24 * 3_600;
const GOODBYE: Duration = Duration::from_millis(300);
/// Shortest time between two signs of life that the client of MQTT 5 takes; it panics on a shorter one.
const SHORTEST_KEEP_ALIVE_V5: Duration = Duration::from_secs(5);

pub struct Message {
    pub topic: String,
    pub payload: Bytes,
    /// The broker kept it from some time before.
    pub retained: bool,
    /// Nothing for quality of service 0.
    pub ack: Option<Ack>,
}

/// What the broker waits for.
pub enum Ack {
    V3(v4::Publish),
    V5(v5bytes::v5::Publish),
}

enum Event {
    Connected,
    Subscribed(Vec<bool>),
    Message(Box<Message>),
}

enum Client {
    V3(rumqttc::AsyncClient),
    V5(v5::AsyncClient),
}

pub struct Broker {
    client: Client,
    events: mpsc::Receiver<Result<Event, ConnectorError>>,
    driver: JoinHandle<()>,
    /// Came before the subscription was confirmed: what a persistent session held.
    early: std::collections::VecDeque<Message>,
}

impl Drop for Broker {
    fn drop(&mut self) {
        self.driver.abort();
    }
}

impl Broker {
    /// A session beside the oven's own, to look: it leaves nothing behind at the broker.
    pub async fn look(options: &Options, purpose: &str) -> Result<Self, ConnectorError> {
        Self::start(options, format!("{}-{purpose}", options.client_id), true).await
    }

    /// Connects and logs in.
    pub async fn open(options: &Options) -> Result<Self, ConnectorError> {
        Self::start(options, options.client_id.clone(), false).await
    }

    async fn start(options: &Options, client_id: String, passing: bool) -> Result<Self, ConnectorError> {
        let (send, events) = mpsc::channel(WAITING);
        let (client, driver) = match options.version {
            Version::V3 => {
                let (client, events) = v3(options, client_id, passing);
                (Client::V3(client), tokio::spawn(drive_v3(events, send, address(options))))
            }
            Version::V5 => {
                let (client, events) = v5_client(options, client_id, passing);
                (Client::V5(client), tokio::spawn(drive_v5(events, send, address(options))))
            }
        };
        let mut broker = Self { client, events, driver, early: std::collections::VecDeque::new() };
        loop {
            match broker.event().await? {
                Event::Connected => return Ok(broker),
                Event::Message(message) => broker.early.push_back(*message),
                Event::Subscribed(_) => {}
            }
        }
    }

    /// Subscribes to every filter; one that the broker refuses is a lack of rights.
    pub async fn subscribe(&mut self, filters: &[String], qos: u8) -> Result<(), ConnectorError> {
        if filters.is_empty() {
            return Ok(());
        }
        let sent = match &self.client {
            Client::V3(client) => {
                let qos = if qos == 0 { QoS::AtMostOnce } else { QoS::AtLeastOnce };
                let filters = filters.iter().map(|path| rumqttc::SubscribeFilter::new(path.clone(), qos));
                client.subscribe_many(filters).await.is_ok()
            }
            Client::V5(client) => {
                let qos = if qos == 0 { v5bytes::QoS::AtMostOnce } else { v5bytes::QoS::AtLeastOnce };
                let filters = filters.iter().map(|path| v5bytes::v5::Filter::new(path.clone(), qos));
                client.subscribe_many(filters).await.is_ok()
            }
        };
        if !sent {
            return Err(gone());
        }
        loop {
            match self.event().await? {
                Event::Connected => {}
                Event::Message(message) => self.early.push_back(*message),
                Event::Subscribed(granted) => {
                    let refused: Vec<_> =
                        filters.iter().zip(granted).filter(|(_, granted)| !granted).map(|(f, _)| f.as_str()).collect();
                    if refused.is_empty() {
                        return Ok(());
                    }
                    let detail = format!("the broker does not allow reading {}", refused.join(", "));
                    return Err(ConnectorError::new(FailureKind::Auth, detail).with_code("mqtt_not_authorized"));
                }
            }
        }
    }

    /// Waits for a message.
    pub async fn next(&mut self) -> Result<Message, ConnectorError> {
        if let Some(message) = self.early.pop_front() {
            return Ok(message);
        }
        loop {
            if let Event::Message(message) = self.event().await? {
                return Ok(*message);
            }
        }
    }

    async fn event(&mut self) -> Result<Event, ConnectorError> {
        self.events.recv().await.unwrap_or_else(|| Err(gone()))
    }

    pub async fn acknowledge(&self, ack: Ack) -> Result<(), ConnectorError> {
        let sent = match (&self.client, ack) {
            (Client::V3(client), Ack::V3(message)) => client.ack(&message).await.is_ok(),
            (Client::V5(client), Ack::V5(message)) => client.ack(&message).await.is_ok(),
            _ => false,
        };
        if sent { Ok(()) } else { Err(gone()) }
    }

    /// Only ever asks a Sparkplug node for its birth.
    pub async fn publish(&self, topic: &str, payload: Vec<u8>) -> Result<(), ConnectorError> {
        let sent = match &self.client {
            Client::V3(client) => client.publish(topic, QoS::AtMostOnce, false, payload).await.is_ok(),
            Client::V5(client) => client.publish(topic, v5bytes::QoS::AtMostOnce, false, payload).await.is_ok(),
        };
        if sent { Ok(()) } else { Err(gone()) }
    }

    /// Says good-bye, so that the broker does not publish the last will.
    pub async fn close(mut self) {
        let _ = match &self.client {
            Client::V3(client) => client.try_disconnect().is_ok(),
            Client::V5(client) => client.try_disconnect().is_ok(),
        };
        self.events.close();
        let _ = timeout(GOODBYE, &mut self.driver).await;
    }
}

fn address(options: &Options) -> String {
    format!("{}:{}", options.host, options.port)
}

fn gone() -> ConnectorError {
    ConnectorError::new(FailureKind::Unreachable, "the connection to the broker is gone").with_code("closed")
}

fn transport(options: &Options) -> Transport {
    match &options.tls {
        Some(config) => Transport::tls_with_config(TlsConfiguration::Rustls(Arc::clone(config))),
        None => Transport::Tcp,
    }
}

fn v3(options: &Options, client_id: String, passing: bool) -> (rumqttc::AsyncClient, rumqttc::EventLoop) {
    let mut mqtt = rumqttc::MqttOptions::new(client_id, &options.host, options.port);
    mqtt.set_keep_alive(options.keep_alive)
        .set_transport(transport(options))
        .set_clean_session(passing || !options.persistent)
        .set_max_packet_size(options.packet_limit, options.packet_limit)
        .set_manual_acks(true);
    if let Some((name, password)) = &options.login {
        mqtt.set_credentials(name, password);
    }
    if let Some((topic, payload)) = options.will.as_ref().filter(|_| !passing) {
        mqtt.set_last_will(rumqttc::LastWill::new(topic, payload.as_bytes(), QoS::AtLeastOnce, true));
    }
    let (client, mut events) = rumqttc::AsyncClient::new(mqtt, REQUESTS);
    events.network_options.set_connection_timeout(options.timeout.as_secs().max(1));
    events.network_options.set_tcp_nodelay(true);
    (client, events)
}

fn v5_client(options: &Options, client_id: String, passing: bool) -> (v5::AsyncClient, v5::EventLoop) {
    let mut mqtt = v5::MqttOptions::new(client_id, &options.host, options.port);
    mqtt.set_keep_alive(options.keep_alive.max(SHORTEST_KEEP_ALIVE_V5))
        .set_transport(transport(options))
        .set_clean_start(passing || !options.persistent)
        .set_session_expiry_interval((options.persistent && !passing).then_some(SESSION_EXPIRY_S))
        .set_max_packet_size(u32::try_from(options.packet_limit).ok())
        .set_manual_acks(true);
    mqtt.set_connection_timeout(options.timeout.as_secs().max(1));
    if let Some((name, password)) = &options.login {
        mqtt.set_credentials(name, password);
    }
    if let Some((topic, payload)) = options.will.as_ref().filter(|_| !passing) {
        let will =
            v5bytes::v5::LastWill::new(topic, payload.clone().into_bytes(), v5bytes::QoS::AtLeastOnce, true, None);
        mqtt.set_last_will(will);
    }
    v5::AsyncClient::new(mqtt, REQUESTS)
}

type Sender = mpsc::Sender<Result<Event, ConnectorError>>;

/// Keeps the protocol going until it fails: connecting anew is the poller's affair.
async fn drive_v3(mut events: rumqttc::EventLoop, send: Sender, at: String) {
    use rumqttc::{Incoming, SubscribeReasonCode};
    loop {
        let event = match events.poll().await {
            Ok(rumqttc::Event::Incoming(Incoming::ConnAck(_))) => Event::Connected,
            Ok(rumqttc::Event::Incoming(Incoming::SubAck(ack))) => Event::Subscribed(
                ack.return_codes.iter().map(|code| matches!(code, SubscribeReasonCode::Success(_))).collect(),
            ),
            Ok(rumqttc::Event::Incoming(Incoming::Publish(publish))) => {
                let waits = publish.qos != QoS::AtMostOnce;
                Event::Message(Box::new(Message {
                    topic: publish.topic.clone(),
                    payload: publish.payload.clone(),
                    retained: publish.retain,
                    ack: waits.then(|| Ack::V3(v4::Publish { payload: Bytes::new(), ..publish })),
                }))
            }
            Ok(rumqttc::Event::Incoming(Incoming::Disconnect)) => {
                let _ = send.send(Err(kicked(&at, ""))).await;
                return;
            }
            Ok(_) => {
                if send.is_closed() {
                    return;
                }
                continue;
            }
            Err(error) => {
                let _ = send.send(Err(classify_v3(&error, &at))).await;
                return;
            }
        };
        if send.send(Ok(event)).await.is_err() {
            return;
        }
    }
}

async fn drive_v5(mut events: v5::EventLoop, send: Sender, at: String) {
    use v5bytes::v5::{Packet, SubscribeReasonCode};
    loop {
        let event = match events.poll().await {
            Ok(v5::Event::Incoming(Packet::ConnAck(_))) => Event::Connected,
            Ok(v5::Event::Incoming(Packet::SubAck(ack))) => Event::Subscribed(
                ack.return_codes.iter().map(|code| matches!(code, SubscribeReasonCode::Success(_))).collect(),
            ),
            Ok(v5::Event::Incoming(Packet::Publish(publish))) => {
                let waits = publish.qos != v5bytes::QoS::AtMostOnce;
                Event::Message(Box::new(Message {
                    topic: String::from_utf8_lossy(&publish.topic).into_owned(),
                    payload: publish.payload.clone(),
                    retained: publish.retain,
                    ack: waits.then(|| Ack::V5(v5bytes::v5::Publish { payload: Bytes::new(), ..publish })),
                }))
            }
            Ok(_) => {
                if send.is_closed() {
                    return;
                }
                continue;
            }
            Err(error) => {
                let _ = send.send(Err(classify_v5(&error, &at))).await;
                return;
            }
        };
        if send.send(Ok(event)).await.is_err() {
            return;
        }
    }
}

fn kicked(at: &str, reason: &str) -> ConnectorError {
    let detail = format!(
        "{at}: the broker ended the session{reason}; another client with the same id, or a change of its settings"
    );
    ConnectorError::new(FailureKind::Protocol, detail).with_code("mqtt_disconnected")
}

fn refused(at: &str, code: &str) -> ConnectorError {
    let (kind, what) = match code {
        "BadUserNamePassword" | "BadUsernamePassword" => (FailureKind::Auth, "does not accept the user or password"),
        "NotAuthorized" | "Banned" | "BadAuthenticationMethod" => (FailureKind::Auth, "does not let this client in"),
        "RefusedProtocolVersion" | "UnsupportedProtocolVersion" => {
            (FailureKind::Protocol, "does not speak this version of MQTT; choose the other one")
        }
        "BadClientId" | "ClientIdentifierNotValid" => (FailureKind::Protocol, "does not accept the client id"),
        "PacketTooLarge" | "QuotaExceeded" | "ConnectionRateExceeded" => (FailureKind::Limit, "sets a limit"),
        _ => (FailureKind::Protocol, "refuses the session"),
    };
    ConnectorError::new(kind, format!("{at}: the broker {what} ({code})")).with_code(format!("mqtt_{code}"))
}

fn of_io(error: &std::io::Error, at: &str) -> ConnectorError {
    use std::io::ErrorKind;
    if error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()).is_some() {
        return ConnectorError::new(FailureKind::Tls, format!("{at}: {error}"));
    }
    match error.kind() {
        ErrorKind::UnexpectedEof
        | ErrorKind::ConnectionReset
        | ErrorKind::ConnectionAborted
        | ErrorKind::BrokenPipe => ConnectorError::new(FailureKind::Unreachable, closed(at)).with_code("closed"),
        // The codec reports bytes that it could not read as an error of no kind.
        ErrorKind::InvalidData | ErrorKind::Other => {
            ConnectorError::new(FailureKind::Protocol, format!("{at}: not what an MQTT broker says: {error}"))
        }
        _ => ConnectorError::from_io(error, at),
    }
}

fn of_tls(error: &rumqttc::TlsError, at: &str) -> ConnectorError {
    match error {
        rumqttc::TlsError::Io(error) => {
            let of_io = of_io(error, at);
            // The handshake failed, whatever the other side did to make it.
            if of_io.code == "closed" { ConnectorError::new(FailureKind::Tls, of_io.detail) } else { of_io }
        }
        other => ConnectorError::new(FailureKind::Tls, format!("{at}: {other}")),
    }
}

fn closed(at: &str) -> String {
    format!("{at}: the broker closed the connection, as it does too when another client comes with the same id")
}

fn silent(at: &str) -> ConnectorError {
    ConnectorError::new(FailureKind::Timeout, format!("{at}: the broker does not answer"))
}

fn classify_v3(error: &rumqttc::ConnectionError, at: &str) -> ConnectorError {
    use rumqttc::{ConnectionError as E, StateError as S, mqttbytes::Error as Codec};
    match error {
        E::NetworkTimeout | E::FlushTimeout | E::MqttState(S::AwaitPingResp | S::CollisionTimeout) => silent(at),
        E::Tls(error) => of_tls(error, at),
        E::Io(error) | E::MqttState(S::Io(error) | S::Deserialization(Codec::Io(error))) => of_io(error, at),
        E::ConnectionRefused(code) => refused(at, &format!("{code:?}")),
        E::MqttState(S::Deserialization(Codec::PayloadSizeLimitExceeded(size))) => too_large(at, *size),
        E::MqttState(S::ConnectionAborted) | E::RequestsDone => {
            ConnectorError::new(FailureKind::Unreachable, closed(at)).with_code("closed")
        }
        other => ConnectorError::new(FailureKind::Protocol, format!("{at}: not what an MQTT broker says: {other}")),
    }
}

fn classify_v5(error: &v5::ConnectionError, at: &str) -> ConnectorError {
    use v5::{ConnectionError as E, StateError as S};
    use v5bytes::Error as Codec;
    match error {
        E::Timeout(_) | E::MqttState(S::AwaitPingResp | S::CollisionTimeout) => silent(at),
        E::Tls(error) => of_tls(error, at),
        E::Io(error) | E::MqttState(S::Io(error) | S::Deserialization(Codec::Io(error))) => of_io(error, at),
        E::ConnectionRefused(code) | E::MqttState(S::ConnFail { reason: code }) => refused(at, &format!("{code:?}")),
        E::MqttState(S::IncomingPacketTooLarge { pkt_size, .. }) => too_large(at, *pkt_size),
        E::MqttState(S::ServerDisconnect { reason_code, .. }) => kicked(at, &format!(" ({reason_code:?})")),
        E::MqttState(S::ConnectionAborted) | E::RequestsDone => {
            ConnectorError::new(FailureKind::Unreachable, closed(at)).with_code("closed")
        }
        other => ConnectorError::new(FailureKind::Protocol, format!("{at}: not what an MQTT broker says: {other}")),
    }
}

fn too_large(at: &str, size: usize) -> ConnectorError {
    ConnectorError::new(FailureKind::Limit, format!("{at}: a message of {size} bytes is larger than allowed"))
}
