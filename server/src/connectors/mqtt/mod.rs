//! MQTT 3.1.1 and 5, JSON and plain payloads, Sparkplug B: `mqtt`.
//!
//! # Layout
//! - `mod.rs` the connection: waits for messages, one sample each, and acknowledges what is stored
//! - [`manifest`] fields, labels and defaults; [`options`] settings to typed options
//! - [`topics`] filters, and where a value is: `bakery/oven1/state /temp`
//! - [`client`] one session on a broker, in either version of the protocol
//! - [`state`] the latest value of every rule with its age, and the sample that they make
//! - [`payload`] bytes to JSON; [`sparkplug`] births, aliases, sequence numbers and deaths
//! - [`discover`] topics that are seen, with proposals by [`suggest`]; [`stages`] the connection test
//! - [`replay`] recorded cases

mod client;
mod discover;
mod manifest;
mod options;
mod payload;
mod replay;
mod sparkplug;
mod stages;
mod state;
mod suggest;
mod topics;

use std::{collections::VecDeque, time::Duration};

use app::model::{
    connector::Delivery,
    discovery::{Discovery, Search},
    failure::FailureKind,
    reading::Committed,
};
use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use tokio::sync::oneshot;

use super::{Built, Connection, ConnectorError, Driver, Sample, Settings, TestOutcome};
use crate::ingest::SKEW_TOLERANCE;
use client::{Ack, Broker, Message};
use options::{Options, Payload};
use sparkplug::Edge;
use state::State;

pub static DRIVER: Driver = Driver { manifest: manifest::MANIFEST, build, replay: Some(replay::replay) };

fn build(settings: Settings) -> Built {
    let options = Options::parse(&settings)?;
    let state = State::new(&options)?;
    Ok(Box::new(Mqtt {
        reader: Reader::new(&options, state),
        options,
        broker: None,
        unsettled: VecDeque::new(),
        gap: None,
        newest: settings.last_reading_at,
    }))
}

struct Mqtt {
    options: Options,
    reader: Reader,
    broker: Option<Broker>,
    /// Messages that the broker waits to hear of, in the order in which they came; so they are acknowledged
    /// (MQTT-4.6.0-2).
    unsettled: VecDeque<Unsettled>,
    /// The gap before this connection, which a persistent session fills.
    gap: Option<Gap>,
    /// The time of the last reading.
    newest: Option<Timestamp>,
}

struct Unsettled {
    ack: Ack,
    /// Nothing for messages that make no reading.
    receipt: Option<oneshot::Receiver<Committed>>,
}

#[async_trait]
impl Connection for Mqtt {
    fn timeout(&self) -> Duration {
        self.options.timeout
    }

    fn delivery(&self) -> Delivery {
        Delivery::Push
    }

    async fn connect(&mut self) -> Result<(), ConnectorError> {
        self.broker = None;
        self.unsettled.clear();
        self.reader.begin_anew();
        self.gap = self.newest.filter(|_| self.options.persistent).map(Gap::until_now);
        let mut broker = Broker::open(&self.options).await?;
        broker.subscribe(&self.options.filters(), self.options.qos).await?;
        if let Some(rebirth) = self.reader.rebirth() {
            broker.publish(&rebirth.topic, rebirth.payload).await?;
        }
        self.broker = Some(broker);
        Ok(())
    }

    async fn next(&mut self) -> Result<Sample, ConnectorError> {
        loop {
            let Some(broker) = self.broker.as_mut() else {
                return Err(ConnectorError::new(FailureKind::Protocol, "the session is not open"));
            };
            let message = tokio::select! {
                fate = front(&mut self.unsettled) => {
                    let Some(done) = self.unsettled.pop_front() else { continue };
                    if let Committed::Lost { reason } = fate {
                        let detail = format!("a message was not stored and is asked for again: {reason}");
                        return Err(ConnectorError::new(FailureKind::Limit, detail).with_code("not_stored"));
                    }
                    broker.acknowledge(done.ack).await?;
                    continue;
                }
                message = broker.next() => message?,
            };
            let made = self.reader.read(&message);
            if let Some(rebirth) = self.reader.rebirth() {
                broker.publish(&rebirth.topic, rebirth.payload).await?;
            }
            let (told, receipt) = oneshot::channel();
            let is_reading = matches!(made, Ok(Some(_)));
            if let Some(ack) = message.ack {
                self.unsettled.push_back(Unsettled { ack, receipt: is_reading.then_some(receipt) });
            }
            if let Some(mut sample) = made? {
                sample.receipt = Some(told);
                let now = Timestamp::now();
                if let Some(at) = self.gap.as_mut().and_then(|gap| gap.place(sample.measured_at?, now)) {
                    sample.measured_at = Some(at);
                    return Ok(sample.of_the_past());
                }
                // A clock that is far off says nothing of when this was.
                let is_near = |at: &Timestamp| now.duration_since(*at) <= SKEW_TOLERANCE;
                self.newest = Some(sample.measured_at.filter(is_near).map_or(now, |at| at.min(now)));
                return Ok(sample);
            }
        }
    }

    async fn close(&mut self) {
        if let Some(broker) = self.broker.take() {
            broker.close().await;
        }
    }

    async fn test(&mut self) -> TestOutcome {
        stages::run(self).await
    }

    async fn discover(&mut self, search: &Search) -> Result<Discovery, ConnectorError> {
        discover::run(&self.options, search).await
    }
}

/// The time in which the broker held messages for us.
struct Gap {
    since: Timestamp,
    until: Timestamp,
    /// The last source time in it, and how many messages have come with it.
    last: Option<(Timestamp, i64)>,
}

impl Gap {
    fn until_now(since: Timestamp) -> Self {
        Self { since, until: Timestamp::now(), last: None }
    }

    /// The time under which a message of the gap is kept; nothing for others. What is only a little late is shown like any
    /// other, and an oven whose clock is behind its own last reading, or falls behind while it is connected, has a wrong
    /// clock. Several messages of one source time are kept a microsecond apart, for history has one reading a time.
    fn place(&mut self, measured_at: Timestamp, now: Timestamp) -> Option<Timestamp> {
        let is_held = measured_at > self.since && measured_at < self.until;
        if !is_held || now.duration_since(measured_at) <= SKEW_TOLERANCE {
            return None;
        }
        let repeats = self.last.filter(|(at, _)| *at == measured_at).map_or(0, |(_, repeats)| repeats + 1);
        self.last = Some((measured_at, repeats));
        measured_at.checked_add(SignedDuration::from_micros(repeats)).ok()
    }
}

/// What became of the oldest message that is not acknowledged; waits for ever where there is none.
async fn front(unsettled: &mut VecDeque<Unsettled>) -> Committed {
    match unsettled.front_mut() {
        None => std::future::pending().await,
        Some(Unsettled { receipt: None, .. }) => Committed::Kept,
        // Whoever drops the promise will not store it any more.
        Some(Unsettled { receipt: Some(receipt), .. }) => {
            receipt.await.unwrap_or(Committed::Lost { reason: "the reading was given up".to_owned() })
        }
    }
}

/// Messages to samples, without any I/O.
struct Reader {
    state: State,
    /// Where payloads are Sparkplug B.
    edge: Option<Edge>,
    availability: Option<(String, String)>,
}

impl Reader {
    fn new(options: &Options, state: State) -> Self {
        let edge = match &options.payload {
            Payload::Plain => None,
            Payload::Sparkplug(address) => Some(Edge::new(address.clone())),
        };
        Self { state, edge, availability: options.availability.clone() }
    }

    fn begin_anew(&mut self) {
        self.state.clear();
        if let Some(edge) = &mut self.edge {
            edge.forget();
        }
    }

    /// The sample that a message makes; nothing where no rule looks at it.
    fn read(&mut self, message: &Message) -> Result<Option<Sample>, ConnectorError> {
        let made = self.made(message);
        // What was so before the oven went away is not carried over to when it is back.
        if made.as_ref().is_err_and(|error| error.kind == FailureKind::Unreachable) {
            self.state.clear();
        }
        made
    }

    fn made(&mut self, message: &Message) -> Result<Option<Sample>, ConnectorError> {
        if let Some((topic, offline)) = &self.availability
            && *topic == message.topic
        {
            return if payload::availability(&message.payload).eq_ignore_ascii_case(offline) {
                Err(ConnectorError::oven_away(format!("{topic} says {offline}")))
            } else {
                Ok(None)
            };
        }
        let changed = match &mut self.edge {
            Some(edge) => edge.take(&message.topic, &message.payload, &mut self.state)?,
            None => self.state.take(message),
        };
        if changed { self.state.sample().map(Some) } else { Ok(None) }
    }

    fn rebirth(&mut self) -> Option<sparkplug::Rebirth> {
        self.edge.as_mut()?.rebirth()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_measured_in_the_gap_is_of_the_past() {
        let at = |second: i64| Timestamp::from_second(1_800_000_000 + second).unwrap();
        let mut gap = Gap { since: at(0), until: at(3_600), last: None };
        let now = at(4_000);
        assert_eq!(gap.place(at(1_800), now), Some(at(1_800)));
        let again = gap.place(at(1_800), now).unwrap();
        assert_eq!(again.duration_since(at(1_800)), SignedDuration::from_micros(1));
        assert_eq!(gap.place(at(0), now), None, "from before the last reading: a wrong clock");
        assert_eq!(gap.place(at(3_590), at(3_601)), None, "a little late");
        assert_eq!(gap.place(at(3_800), now), None, "a clock that fell behind while it is connected");
    }
}
