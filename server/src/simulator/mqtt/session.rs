//! One client of the gateway's broker, from its CONNECT to its end.

use std::collections::HashSet;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use rumqttc::mqttbytes::{matches, valid_filter};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream};
use tokio::time::{Instant, MissedTickBehavior, sleep_until, timeout};

use super::packet::{Broken, Received, Sent, Version};
use super::{availability, availability_topic, is_online, state, state_topic};
use crate::simulator::fault::Fault;
use crate::simulator::spec::{Credentials, OvenSpec};
use crate::simulator::station::{InForce, Station};

/// How often the state is published.
const PERIOD: Duration = Duration::from_secs(1);
/// How long a client may take to introduce itself.
const HELLO: Duration = Duration::from_secs(10);
/// Messages that a client may leave unacknowledged; the next ones are left out, as there is always a newer state.
pub const MAX_UNACKNOWLEDGED: usize = 20;

struct Session<'a> {
    station: &'a Station,
    stream: DuplexStream,
    received: BytesMut,
    version: Version,
    /// Filters with granted qualities.
    filters: Vec<(String, u8)>,
    unacknowledged: HashSet<u16>,
    last_id: u16,
    /// What was last said of the oven's availability.
    said: Bytes,
}

/// Serves a client until it goes.
pub async fn run(station: &Station, stream: DuplexStream) -> Result<(), Broken> {
    let mut session = Session {
        station,
        stream,
        received: BytesMut::with_capacity(1024),
        version: Version::V4,
        filters: Vec::new(),
        unacknowledged: HashSet::new(),
        last_id: 0,
        said: availability(&station.faults().borrow()),
    };
    let keep_alive = timeout(HELLO, session.introduce()).await.map_err(|_| Broken)??;
    session.serve(keep_alive).await
}

impl Session<'_> {
    /// Takes the CONNECT; the silence after which the client is gone.
    async fn introduce(&mut self) -> Result<Option<Duration>, Broken> {
        self.version = loop {
            match Version::of(&self.received)? {
                Some(version) => break version,
                None => self.fill().await?,
            }
        };
        let Received::Connect { login, keep_alive_s } = self.next().await? else { return Err(Broken) };
        if self.station.fault() == Fault::WrongPassword || !is_allowed(self.station.spec(), login.as_ref()) {
            self.send(Sent::Refused).await?;
            return Err(Broken);
        }
        self.send(Sent::Accepted).await?;
        // One and a half times what the client promises (MQTT 3.1.1, 3.1.2.10).
        Ok((keep_alive_s > 0).then(|| Duration::from_secs(u64::from(keep_alive_s)) * 3 / 2))
    }

    async fn serve(&mut self, keep_alive: Option<Duration>) -> Result<(), Broken> {
        let mut faults = self.station.faults();
        let mut ticks = tokio::time::interval(PERIOD);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut heard = Instant::now();
        loop {
            let silence = heard + keep_alive.unwrap_or(Duration::from_secs(3600 * 24));
            tokio::select! {
                packet = self.next() => {
                    heard = Instant::now();
                    if !self.take(packet?).await? {
                        return Ok(());
                    }
                }
                _ = ticks.tick() => {
                    let in_force = faults.borrow_and_update().clone();
                    self.publish(&in_force).await?;
                }
                () = sleep_until(silence) => return Ok(()),
            }
        }
    }

    /// Does what a client asks; false when it goes.
    async fn take(&mut self, packet: Received) -> Result<bool, Broken> {
        match packet {
            Received::Subscribe { id, filters } => {
                if filters.iter().any(|(filter, _)| !valid_filter(filter)) {
                    return Err(Broken);
                }
                let granted: Vec<u8> = filters.iter().map(|(_, quality)| (*quality).min(1)).collect();
                self.send(Sent::Subscribed { id, granted: granted.clone() }).await?;
                for ((filter, _), quality) in filters.into_iter().zip(granted) {
                    self.filters.retain(|(known, _)| *known != filter);
                    self.filters.push((filter.clone(), quality));
                    self.greet(&filter, quality).await?;
                }
            }
            Received::Unsubscribe { id, filters } => {
                self.filters.retain(|(known, _)| !filters.contains(known));
                self.send(Sent::Unsubscribed { id, count: filters.len() }).await?;
            }
            Received::Message { id: Some(id) } => self.send(Sent::Acknowledged(id)).await?,
            Received::Message { id: None } => {}
            Received::Acknowledged(id) => {
                self.unacknowledged.remove(&id);
            }
            Received::Ping => self.send(Sent::Pong).await?,
            Received::Connect { .. } | Received::End => return Ok(false),
        }
        Ok(true)
    }

    /// The retained messages for a new filter.
    async fn greet(&mut self, filter: &str, quality: u8) -> Result<(), Broken> {
        let in_force = self.station.faults().borrow().clone();
        for (topic, payload) in [
            (availability_topic(&self.station.spec().id), availability(&in_force)),
            (state_topic(&self.station.spec().id), state(self.station, &in_force)),
        ] {
            if matches(&topic, filter) {
                self.message(topic, payload, quality, true).await?;
            }
        }
        Ok(())
    }

    async fn publish(&mut self, in_force: &InForce) -> Result<(), Broken> {
        let availability = availability(in_force);
        if self.said != availability {
            self.said = availability.clone();
            let topic = availability_topic(&self.station.spec().id);
            self.spread(topic, |_| availability).await?;
        }
        if is_online(in_force) {
            self.spread(state_topic(&self.station.spec().id), |station| state(station, in_force)).await?;
        }
        Ok(())
    }

    /// Sends a message once if any filter wants it, at the best of their qualities.
    async fn spread(&mut self, topic: String, payload: impl FnOnce(&Station) -> Bytes) -> Result<(), Broken> {
        let wanted = self.filters.iter().filter(|(filter, _)| matches(&topic, filter)).map(|(_, quality)| *quality);
        let Some(quality) = wanted.max() else { return Ok(()) };
        let payload = payload(self.station);
        self.message(topic, payload, quality, false).await
    }

    async fn message(&mut self, topic: String, payload: Bytes, quality: u8, retain: bool) -> Result<(), Broken> {
        let mut id = None;
        if quality > 0 {
            if self.unacknowledged.len() >= MAX_UNACKNOWLEDGED {
                return Ok(());
            }
            self.last_id = self.last_id.checked_add(1).unwrap_or(1);
            self.unacknowledged.insert(self.last_id);
            id = Some(self.last_id);
        }
        self.send(Sent::Message { topic, payload, id, retain }).await
    }

    /// The next packet. May be dropped while it waits, without losing any bytes.
    async fn next(&mut self) -> Result<Received, Broken> {
        loop {
            if let Some(packet) = self.version.read(&mut self.received)? {
                return Ok(packet);
            }
            self.fill().await?;
        }
    }

    async fn fill(&mut self) -> Result<(), Broken> {
        match self.stream.read_buf(&mut self.received).await {
            Ok(length) if length > 0 => Ok(()),
            _ => Err(Broken),
        }
    }

    async fn send(&mut self, packet: Sent) -> Result<(), Broken> {
        let mut bytes = BytesMut::new();
        self.version.write(packet, &mut bytes)?;
        self.stream.write_all(&bytes).await.map_err(|_| Broken)
    }
}

fn is_allowed(spec: &OvenSpec, login: Option<&(String, String)>) -> bool {
    let given = login.map(|(username, password)| (username.as_str(), password.as_str()));
    match &spec.credentials {
        Credentials::Open => true,
        Credentials::Basic { username, password } | Credentials::Login { username, password } => {
            given == Some((username, password))
        }
        // The key stands for the password, whoever the user says to be.
        Credentials::Token(key) | Credentials::ApiKey(key) => given.is_some_and(|(_, password)| password == key),
    }
}
