//! The packets that a broker receives and sends, whichever version the client speaks.

use bytes::{Bytes, BytesMut};
use rumqttc::mqttbytes::{self, v4};
use rumqttc::v5::mqttbytes::{self as mqttbytes5, v5};

/// Largest packet taken from a client, in bytes.
const MAX_BYTES: usize = 64 * 1024;
/// Nothing that the simulator sends is larger.
const MAX_SENT: usize = 8 * 1024 * 1024;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    V4,
    V5,
}

pub enum Received {
    Connect {
        login: Option<(String, String)>,
        keep_alive_s: u16,
    },
    /// Filters with the quality that the client asks for.
    Subscribe {
        id: u16,
        filters: Vec<(String, u8)>,
    },
    Unsubscribe {
        id: u16,
        filters: Vec<String>,
    },
    /// Somebody's message, with an id where it wants an acknowledgement.
    Message {
        id: Option<u16>,
    },
    Acknowledged(u16),
    Ping,
    /// The client goes, or sent what this broker has no use for.
    End,
}

pub enum Sent {
    Accepted,
    Refused,
    /// Granted qualities, in the order of the filters.
    Subscribed {
        id: u16,
        granted: Vec<u8>,
    },
    Unsubscribed {
        id: u16,
        count: usize,
    },
    Acknowledged(u16),
    Pong,
    /// With an id at QoS 1, without at QoS 0.
    Message {
        topic: String,
        payload: Bytes,
        id: Option<u16>,
        retain: bool,
    },
}

/// The bytes are no MQTT.
#[derive(Debug)]
pub struct Broken;

impl Version {
    /// The version that a client announces in its first packet; nothing while too few bytes are there.
    pub fn of(bytes: &[u8]) -> Result<Option<Self>, Broken> {
        // Fixed header of 2 to 5 bytes, the name "MQTT" with its length, and then the level.
        let Some(end) = bytes.iter().skip(1).position(|byte| byte & 0x80 == 0) else {
            return if bytes.len() > 5 { Err(Broken) } else { Ok(None) };
        };
        let Some(name) = bytes.get(end + 2..end + 8) else { return Ok(None) };
        if name != b"\x00\x04MQTT" {
            return Err(Broken);
        }
        match bytes.get(end + 8) {
            None => Ok(None),
            Some(4) => Ok(Some(Self::V4)),
            Some(5) => Ok(Some(Self::V5)),
            Some(_) => Err(Broken),
        }
    }

    /// Takes the next packet out of the bytes, if it is complete.
    pub fn read(self, bytes: &mut BytesMut) -> Result<Option<Received>, Broken> {
        match self {
            Self::V4 => match v4::Packet::read(bytes, MAX_BYTES) {
                Ok(packet) => Ok(Some(from_v4(packet))),
                Err(mqttbytes::Error::InsufficientBytes(_)) => Ok(None),
                Err(_) => Err(Broken),
            },
            Self::V5 => match v5::Packet::read(bytes, Some(MAX_BYTES as u32)) {
                Ok(packet) => Ok(Some(from_v5(packet))),
                Err(mqttbytes5::Error::InsufficientBytes(_)) => Ok(None),
                Err(_) => Err(Broken),
            },
        }
    }

    pub fn write(self, packet: Sent, bytes: &mut BytesMut) -> Result<(), Broken> {
        match self {
            Self::V4 => to_v4(packet).write(bytes, MAX_SENT).map(drop).map_err(|_| Broken),
            Self::V5 => to_v5(packet).write(bytes, Some(MAX_SENT as u32)).map(drop).map_err(|_| Broken),
        }
    }
}

fn from_v4(packet: v4::Packet) -> Received {
    use mqttbytes::QoS;
    match packet {
        v4::Packet::Connect(connect) => Received::Connect {
            login: connect.login.map(|login| (login.username, login.password)),
            keep_alive_s: connect.keep_alive,
        },
        v4::Packet::Subscribe(subscribe) => Received::Subscribe {
            id: subscribe.pkid,
            filters: subscribe.filters.into_iter().map(|filter| (filter.path, filter.qos as u8)).collect(),
        },
        v4::Packet::Unsubscribe(unsubscribe) => {
            Received::Unsubscribe { id: unsubscribe.pkid, filters: unsubscribe.topics }
        }
        v4::Packet::Publish(publish) if publish.qos != QoS::ExactlyOnce => {
            Received::Message { id: (publish.qos == QoS::AtLeastOnce).then_some(publish.pkid) }
        }
        v4::Packet::PubAck(ack) => Received::Acknowledged(ack.pkid),
        v4::Packet::PingReq => Received::Ping,
        _ => Received::End,
    }
}

fn from_v5(packet: v5::Packet) -> Received {
    use mqttbytes5::QoS;
    match packet {
        v5::Packet::Connect(connect, _, login) => Received::Connect {
            login: login.map(|login| (login.username, login.password)),
            keep_alive_s: connect.keep_alive,
        },
        v5::Packet::Subscribe(subscribe) => Received::Subscribe {
            id: subscribe.pkid,
            filters: subscribe.filters.into_iter().map(|filter| (filter.path, filter.qos as u8)).collect(),
        },
        v5::Packet::Unsubscribe(unsubscribe) => {
            Received::Unsubscribe { id: unsubscribe.pkid, filters: unsubscribe.filters }
        }
        v5::Packet::Publish(publish) if publish.qos != QoS::ExactlyOnce => {
            Received::Message { id: (publish.qos == QoS::AtLeastOnce).then_some(publish.pkid) }
        }
        v5::Packet::PubAck(ack) => Received::Acknowledged(ack.pkid),
        v5::Packet::PingReq(_) => Received::Ping,
        _ => Received::End,
    }
}

fn to_v4(packet: Sent) -> v4::Packet {
    use mqttbytes::QoS;
    use v4::{ConnAck, ConnectReturnCode, Packet, PubAck, Publish, SubAck, SubscribeReasonCode, UnsubAck};
    match packet {
        Sent::Accepted => Packet::ConnAck(ConnAck { session_present: false, code: ConnectReturnCode::Success }),
        Sent::Refused => {
            Packet::ConnAck(ConnAck { session_present: false, code: ConnectReturnCode::BadUserNamePassword })
        }
        Sent::Subscribed { id, granted } => {
            let quality = |qos: u8| if qos == 0 { QoS::AtMostOnce } else { QoS::AtLeastOnce };
            let codes = granted.into_iter().map(|qos| SubscribeReasonCode::Success(quality(qos))).collect();
            Packet::SubAck(SubAck::new(id, codes))
        }
        Sent::Unsubscribed { id, .. } => Packet::UnsubAck(UnsubAck::new(id)),
        Sent::Acknowledged(id) => Packet::PubAck(PubAck::new(id)),
        Sent::Pong => Packet::PingResp,
        Sent::Message { topic, payload, id, retain } => {
            let qos = if id.is_some() { QoS::AtLeastOnce } else { QoS::AtMostOnce };
            Packet::Publish(Publish { dup: false, qos, retain, topic, pkid: id.unwrap_or_default(), payload })
        }
    }
}

fn to_v5(packet: Sent) -> v5::Packet {
    use mqttbytes5::QoS;
    use v5::{
        ConnAck, ConnectReturnCode, Packet, PingResp, PubAck, Publish, SubAck, SubscribeReasonCode, UnsubAck,
        UnsubAckReason,
    };
    let connack = |code| Packet::ConnAck(ConnAck { session_present: false, code, properties: None });
    match packet {
        Sent::Accepted => connack(ConnectReturnCode::Success),
        Sent::Refused => connack(ConnectReturnCode::BadUserNamePassword),
        Sent::Subscribed { id, granted } => {
            let quality = |qos: u8| if qos == 0 { QoS::AtMostOnce } else { QoS::AtLeastOnce };
            let return_codes = granted.into_iter().map(|qos| SubscribeReasonCode::Success(quality(qos))).collect();
            Packet::SubAck(SubAck { pkid: id, return_codes, properties: None })
        }
        Sent::Unsubscribed { id, count } => {
            Packet::UnsubAck(UnsubAck { pkid: id, reasons: vec![UnsubAckReason::Success; count], properties: None })
        }
        Sent::Acknowledged(id) => Packet::PubAck(PubAck::new(id, None)),
        Sent::Pong => Packet::PingResp(PingResp),
        Sent::Message { topic, payload, id, retain } => {
            let qos = if id.is_some() { QoS::AtLeastOnce } else { QoS::AtMostOnce };
            let pkid = id.unwrap_or_default();
            Packet::Publish(Publish { dup: false, qos, retain, topic: topic.into(), pkid, payload, properties: None })
        }
    }
}
