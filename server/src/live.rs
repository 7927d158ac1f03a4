//! The latest state of every oven, and its fan-out to websockets.
//!
//! Each change gets the next sequence number. A publisher task gathers the changes of a few milliseconds into one
//! frame, serialised once and shared by all clients. A client that cannot keep up misses frames, never memory: it
//! then gets one frame with the latest state of every oven that changed since its last one.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use app::model::{
    alert::DeviceAlarm,
    equipment::{ConnectionStatus, Equipment, EquipmentId},
    failure::FailureKind,
    live::{LiveAlarm, LiveOven, LiveValues},
    reading::Reading,
};
use axum::extract::ws::Utf8Bytes;
use jiff::Timestamp;
use tokio::sync::{Notify, broadcast};
use tokio_util::sync::CancellationToken;

/// Changes that come within this time share a frame.
const GATHER: Duration = Duration::from_micros(2_500);
/// Frames that a client may fall behind before it gets a gathered one instead.
const BACKLOG: usize = 32;
/// Removed ovens are remembered for clients that fell behind; older ones get a snapshot.
const REMOVED_KEPT: usize = 256;

/// A serialised frame that brings a client at `from` to `to`.
#[derive(Clone, Debug)]
pub struct SharedFrame {
    pub from: u64,
    pub to: u64,
    pub text: Utf8Bytes,
}

struct Entry {
    oven: LiveOven,
    version: u64,
    /// The present connection has told the faults of the oven.
    alarms_known: bool,
    /// The oven as JSON, made when first needed after a change.
    json: Option<Arc<str>>,
    last_reading: Option<Arc<Reading>>,
}

#[derive(Default)]
struct Table {
    ovens: HashMap<EquipmentId, Entry>,
    seq: u64,
    published: u64,
    /// Ovens that changed since then, each once.
    unpublished: Vec<EquipmentId>,
    removed: Vec<(u64, EquipmentId)>,
    /// Removals before this are forgotten.
    removed_since: u64,
}

pub struct LiveHub {
    table: Mutex<Table>,
    changed: Notify,
    frames: broadcast::Sender<SharedFrame>,
    build: String,
}

impl LiveHub {
    /// `build` names the site's assets: pages of another build reload.
    pub fn new(build: String) -> Arc<Self> {
        let (frames, _) = broadcast::channel(BACKLOG);
        Arc::new(Self { table: Mutex::default(), changed: Notify::new(), frames, build })
    }

    pub fn build(&self) -> &str {
        &self.build
    }

    fn table(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Publishes changes until shutdown.
    pub async fn run(self: Arc<Self>, shutdown: CancellationToken) {
        while let Some(()) = shutdown.run_until_cancelled(self.changed.notified()).await {
            tokio::time::sleep(GATHER).await;
            let frame = {
                let mut table = self.table();
                let (from, to) = (table.published, table.seq);
                table.published = to;
                let changed = std::mem::take(&mut table.unpublished);
                (from < to).then(|| table.update(from, changed))
            };
            if let Some(frame) = frame {
                // Nobody listening is not an error.
                let _ = self.frames.send(frame);
            }
        }
    }

    /// Adds an oven or takes over its changed settings; values stay.
    pub fn configure(&self, equipment: &Equipment) {
        self.change(
            equipment.id,
            |entry| {
                let fresh = LiveOven::new(equipment);
                let oven = LiveOven { values: entry.oven.values.take(), failure: entry.oven.failure, ..fresh };
                entry.alarms_known = false;
                entry.oven = oven;
                true
            },
            Some(equipment),
        );
    }

    pub fn remove(&self, id: EquipmentId) {
        let mut table = self.table();
        if table.ovens.remove(&id).is_none() {
            return;
        }
        table.seq += 1;
        let seq = table.seq;
        table.removed.push((seq, id));
        if table.removed.len() > REMOVED_KEPT {
            table.removed_since = table.removed.remove(0).0;
        }
        drop(table);
        self.changed.notify_one();
    }

    pub fn set_status(&self, id: EquipmentId, status: ConnectionStatus, failure: Option<FailureKind>) {
        self.change(
            id,
            |entry| {
                let is_new = (entry.oven.status, entry.oven.failure) != (status, failure);
                entry.oven.status = status;
                entry.oven.failure = failure;
                is_new
            },
            None,
        );
    }

    /// A new reading from a connection that therefore works.
    pub fn publish(&self, id: EquipmentId, reading: Arc<Reading>) {
        let values = LiveValues::from(&*reading);
        self.change(
            id,
            |entry| {
                entry.oven.status = ConnectionStatus::Connected;
                entry.oven.failure = None;
                entry.oven.values = Some(values);
                entry.last_reading = Some(reading);
                true
            },
            None,
        );
    }

    /// The faults that an oven reports; says whether that is news. The first word of a connection always is.
    pub fn set_alarms(&self, id: EquipmentId, alarms: &[DeviceAlarm]) -> bool {
        let mut shown: Vec<LiveAlarm> = alarms.iter().map(LiveAlarm::from).collect();
        shown.sort_by_key(|alarm| std::cmp::Reverse(alarm.severity));
        let mut is_news = false;
        self.change(
            id,
            |entry| {
                let changed = entry.oven.alarms != shown;
                is_news = changed || !std::mem::replace(&mut entry.alarms_known, true);
                entry.oven.alarms = shown;
                changed
            },
            None,
        );
        is_news
    }

    /// Takes the next word of an oven about its faults for news, whether or not it is what it said before.
    pub fn hear_alarms_again(&self, id: EquipmentId) {
        self.change(
            id,
            |entry| {
                entry.alarms_known = false;
                false
            },
            None,
        );
    }

    /// The last stored reading, after a restart: shown with its age, without a claim on the connection.
    pub fn restore(&self, id: EquipmentId, reading: Reading) {
        self.change(
            id,
            |entry| {
                entry.oven.values = Some(LiveValues::from(&reading));
                entry.last_reading = Some(Arc::new(reading));
                true
            },
            None,
        );
    }

    /// `apply` says whether there is anything new to send.
    fn change(&self, id: EquipmentId, apply: impl FnOnce(&mut Entry) -> bool, create: Option<&Equipment>) {
        let mut table = self.table();
        let seq = table.seq + 1;
        let entry = match create {
            Some(equipment) => table.ovens.entry(id).or_insert_with(|| Entry {
                oven: LiveOven::new(equipment),
                version: 0,
                alarms_known: false,
                json: None,
                last_reading: None,
            }),
            None => match table.ovens.get_mut(&id) {
                Some(entry) => entry,
                // Deleted while its last reading was under way.
                None => return,
            },
        };
        if !apply(entry) {
            return;
        }
        let was = std::mem::replace(&mut entry.version, seq);
        entry.json = None;
        table.seq = seq;
        if was <= table.published {
            table.unpublished.push(id);
        }
        drop(table);
        self.changed.notify_one();
    }

    pub fn oven(&self, id: EquipmentId) -> Option<LiveOven> {
        self.table().ovens.get(&id).map(|entry| entry.oven.clone())
    }

    pub fn last_reading(&self, id: EquipmentId) -> Option<Arc<Reading>> {
        self.table().ovens.get(&id)?.last_reading.clone()
    }

    /// Every oven by area and name, and the sequence number that this is the state of.
    pub fn all(&self) -> (u64, Vec<LiveOven>) {
        let table = self.table();
        let mut ovens: Vec<_> = table.ovens.values().map(|entry| entry.oven.clone()).collect();
        let seq = table.seq;
        drop(table);
        ovens.sort_by(|a, b| (&a.location, &a.name, a.id).cmp(&(&b.location, &b.name, b.id)));
        (seq, ovens)
    }

    /// A snapshot frame, and the frames that follow it.
    pub fn subscribe(&self) -> (SharedFrame, broadcast::Receiver<SharedFrame>) {
        // Subscribed before the snapshot is taken: a frame may then overlap the snapshot, but none is missed.
        let frames = self.frames.subscribe();
        (self.table().snapshot(&self.build), frames)
    }

    /// All that changed since `from`, for a client that fell behind.
    pub fn catch_up(&self, from: u64) -> SharedFrame {
        let mut table = self.table();
        if from < table.removed_since { table.snapshot(&self.build) } else { table.update_since(from) }
    }
}

impl Entry {
    fn json(&mut self) -> Arc<str> {
        let oven = &self.oven;
        Arc::clone(
            self.json
                .get_or_insert_with(|| serde_json::to_string(oven).expect("a live oven has only text keys").into()),
        )
    }
}

impl Table {
    fn update_since(&mut self, from: u64) -> SharedFrame {
        let changed = self.ovens.iter().filter(|(_, entry)| entry.version > from).map(|(id, _)| *id).collect();
        self.update(from, changed)
    }

    /// Frames are put together from the ovens' ready JSON; `Frame` in `app::model::live` is their definition.
    fn update(&mut self, from: u64, changed: Vec<EquipmentId>) -> SharedFrame {
        // An oven that was removed meanwhile is among the removed ones.
        let ovens = join(changed.into_iter().filter_map(|id| Some(self.ovens.get_mut(&id)?.json())));
        let removed = join(self.removed.iter().filter(|(seq, _)| *seq > from).map(|(_, id)| format!("\"{id}\"")));
        let removed = if removed.is_empty() { removed } else { format!(r#","removed":[{removed}]"#) };
        let text = format!(
            r#"{{"type":"update","seq":{},"server_time_ms":{},"ovens":[{ovens}]{removed}}}"#,
            self.seq,
            Timestamp::now().as_millisecond(),
        );
        SharedFrame { from, to: self.seq, text: text.into() }
    }

    fn snapshot(&mut self, build: &str) -> SharedFrame {
        let ovens = join(self.ovens.values_mut().map(Entry::json));
        let text = format!(
            r#"{{"type":"snapshot","seq":{},"server_time_ms":{},"build":"{build}","ovens":[{ovens}]}}"#,
            self.seq,
            Timestamp::now().as_millisecond(),
        );
        SharedFrame { from: 0, to: self.seq, text: text.into() }
    }
}

fn join(parts: impl Iterator<Item = impl AsRef<str>>) -> String {
    let mut text = String::new();
    for part in parts {
        if !text.is_empty() {
            text.push(',');
        }
        text.push_str(part.as_ref());
    }
    text
}

#[cfg(test)]
mod tests {
    use app::model::{
        equipment::{EquipmentDraft, EquipmentKind},
        live::{Frame, FrameKind},
        reading::{Quality, Values},
    };

    use super::*;

    fn oven(name: &str) -> Equipment {
        let draft = EquipmentDraft { name: name.to_owned(), ..EquipmentDraft::default() };
        Equipment {
            id: EquipmentId(uuid::Uuid::new_v4()),
            name: draft.name,
            location: String::new(),
            kind: EquipmentKind::Deck,
            serial_number: None,
            manufacturer: None,
            model: None,
            firmware_version: None,
            iot_enabled: true,
            iot_protocol: Some("rest_api".to_owned()),
            iot_endpoint: None,
            iot_port: None,
            iot_connection_status: ConnectionStatus::Unknown,
            iot_last_connected: None,
            iot_config: serde_json::Map::new(),
            supports_realtime: true,
            poll_interval_seconds: 1,
            temperature_zones: 1,
            supports_humidity: false,
            supports_energy_monitoring: false,
            supports_remote_control: false,
            has_credentials: false,
            created_at: Timestamp::UNIX_EPOCH,
            updated_at: Timestamp::UNIX_EPOCH,
        }
    }

    fn reading(temperature: f64) -> Reading {
        Reading {
            reading_time: Timestamp::UNIX_EPOCH,
            received_at: Timestamp::UNIX_EPOCH,
            values: Values { temperature: Some(temperature), ..Values::default() },
            active_batch_id: None,
            quality: Quality::Good,
            quality_issues: Vec::new(),
        }
    }

    fn parse(frame: &SharedFrame) -> Frame {
        serde_json::from_str(&frame.text).unwrap()
    }

    fn ovens(frame: &SharedFrame) -> Vec<LiveOven> {
        parse(frame).ovens
    }

    #[tokio::test]
    async fn one_shared_frame_holds_only_what_changed() {
        let hub = LiveHub::new("b1".to_owned());
        let shutdown = CancellationToken::new();
        let publisher = tokio::spawn(Arc::clone(&hub).run(shutdown.clone()));
        let (first, second) = (oven("uno"), oven("dos"));
        hub.configure(&first);
        hub.configure(&second);
        let (snapshot, mut frames) = hub.subscribe();
        assert_eq!(ovens(&snapshot).len(), 2);

        hub.publish(first.id, reading(231.0).into());
        let frame = loop {
            let frame = frames.recv().await.unwrap();
            if frame.to > snapshot.to {
                break frame;
            }
        };
        let changed = ovens(&frame);
        assert_eq!(changed.iter().map(|oven| oven.id).filter(|id| *id == first.id).count(), 1);
        assert_eq!(hub.oven(first.id).unwrap().values.unwrap().temperature, Some(231.0));
        shutdown.cancel();
        publisher.await.unwrap();
    }

    #[test]
    fn a_slow_client_gets_the_latest_state_once() {
        let hub = LiveHub::new(String::new());
        let (first, second) = (oven("uno"), oven("dos"));
        hub.configure(&first);
        hub.configure(&second);
        let (snapshot, _frames) = hub.subscribe();
        for temperature in 1..=1_000 {
            hub.publish(first.id, reading(f64::from(temperature)).into());
        }
        hub.remove(second.id);
        let frame = hub.catch_up(snapshot.to);
        let Frame { ovens, removed, seq, .. } = parse(&frame);
        assert_eq!((ovens.len(), removed, seq), (1, vec![second.id], frame.to));
        assert_eq!(ovens[0].values.as_ref().unwrap().temperature, Some(1_000.0));
    }

    #[test]
    fn a_client_from_before_forgotten_removals_gets_a_snapshot() {
        let hub = LiveHub::new(String::new());
        for _ in 0..=REMOVED_KEPT {
            let equipment = oven("x");
            hub.configure(&equipment);
            hub.remove(equipment.id);
        }
        assert_eq!(parse(&hub.catch_up(0)).kind, FrameKind::Snapshot);
    }

    #[test]
    fn nothing_new_is_not_sent() {
        let hub = LiveHub::new(String::new());
        let equipment = oven("uno");
        hub.configure(&equipment);
        hub.set_status(equipment.id, ConnectionStatus::Connecting, None);
        let seq = hub.all().0;
        hub.set_status(equipment.id, ConnectionStatus::Connecting, None);
        assert_eq!(hub.all().0, seq);
        hub.publish(equipment.id, reading(231.0).into());
        let seq = hub.all().0;
        hub.set_status(equipment.id, ConnectionStatus::Connected, None);
        assert_eq!(hub.all().0, seq, "also once there are values");
    }
}
