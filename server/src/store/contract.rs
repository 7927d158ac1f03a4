//! What any database behind [`Store`] has to do, as functions over `&Store`; [`contract!`] runs each on a new file.
//! `open` and `writer` also have what is true of SQLite alone.

mod access;
mod alerts;
mod changing;
mod equipment;
mod open;
mod readings;
mod records;
mod rollups;
mod users;
mod writer;

use std::{collections::BTreeMap, time::Duration};

use app::model::{
    equipment::{EquipmentDraft, EquipmentId, EquipmentKind},
    reading::{CycleStage, DoorStatus, OperationalStatus, Quality, QualityIssue, QualityReason, Reading, Values},
};
use jiff::Timestamp;
use serde_json::json;
use tempfile::TempDir;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::{Store, Tuning, WriteOp, WriterConfig, WriterHandle};

/// Declares a test for each function.
macro_rules! contract {
    ($($name:ident),+ $(,)?) => {
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                let (store, _folder) = crate::store::contract::new_store().await;
                super::$name(&store).await;
            })+
        }
    };
}
use contract;

/// A database of its own, gone with the folder. Waits little for locks, so that tests of them are quick.
async fn new_store() -> (Store, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let tuning = Tuning { busy_timeout: Duration::from_millis(200), ..Tuning::default() };
    let store = Store::open_with(&folder.path().join("hornero.db"), tuning).await.unwrap();
    (store, folder)
}

/// A writer that is running.
struct Running {
    handle: WriterHandle,
    stop: CancellationToken,
    task: JoinHandle<()>,
}

impl Running {
    fn start(store: &Store, config: WriterConfig) -> Self {
        let (handle, writer) = store.writer(config).unwrap();
        let stop = CancellationToken::new();
        let task = tokio::spawn(writer.run(stop.clone()));
        Self { handle, stop, task }
    }

    async fn reading(&self, equipment: EquipmentId, reading: Reading) {
        let op = WriteOp::Reading { equipment, reading: reading.into(), done: None };
        self.handle.submit(op).await.unwrap();
    }

    async fn stop(self) -> WriterHandle {
        self.stop.cancel();
        self.task.await.unwrap();
        self.handle
    }
}

/// Stores the readings and stops the writer.
async fn write(store: &Store, equipment: EquipmentId, readings: &[Reading]) {
    let writer = Running::start(store, WriterConfig::default());
    for reading in readings {
        writer.reading(equipment, reading.clone()).await;
    }
    let stats = writer.stop().await.stats();
    assert_eq!((stats.lost, stats.dropped), (0, 0), "{stats:?}");
}

async fn new_oven(store: &Store, name: &str) -> EquipmentId {
    let id = EquipmentId(Uuid::new_v4());
    let draft = EquipmentDraft { name: name.to_owned(), ..EquipmentDraft::default() };
    store.create_equipment(id, &draft, None).await.unwrap();
    id
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_772_000_000 + seconds).unwrap()
}

fn plain_reading(seconds: i64) -> Reading {
    Reading {
        reading_time: at(seconds),
        received_at: at(seconds),
        values: Values { temperature: Some(200.5), ..Values::default() },
        active_batch_id: None,
        quality: Quality::Good,
        quality_issues: Vec::new(),
    }
}

/// Every field filled.
fn full_reading(seconds: i64) -> Reading {
    Reading {
        reading_time: at(seconds),
        received_at: Timestamp::from_microsecond(at(seconds).as_microsecond() + 123_456).unwrap(),
        values: Values {
            temperature: Some(230.125),
            target_temperature: Some(235.0),
            temperature_zones: BTreeMap::from([("bóveda".to_owned(), 241.5), ("suela/底".to_owned(), -0.25)]),
            humidity: Some(65.0),
            target_humidity: Some(70.0),
            energy_consumption_kwh: Some(12_345.678),
            power_kw: Some(17.2),
            operational_status: Some(OperationalStatus::Running),
            cycle_stage: Some(CycleStage::Baking),
            cycle_progress_percentage: Some(45.0),
            time_remaining_minutes: Some(12.5),
            motor_speed_rpm: Some(1_400.0),
            door_status: Some(DoorStatus::Closed),
            steam_level: Some(3.0),
            product_weight_kg: Some(24.75),
            moisture_content: Some(0.4),
            additional_sensors: BTreeMap::from([
                ("fan \"2\"".to_owned(), json!(55)),
                ("modo".to_owned(), json!("Aire caliente 🔥")),
                ("nested".to_owned(), json!({"a": [1, null, true]})),
            ]),
        },
        active_batch_id: Some(Uuid::new_v4()),
        quality: Quality::Bad,
        quality_issues: vec![
            QualityIssue { field: "temperature_zones.suela/底".to_owned(), reason: QualityReason::OutOfRange },
            QualityIssue { field: "humidity".to_owned(), reason: QualityReason::ClockSkew },
        ],
    }
}

/// Every field filled.
fn full_draft() -> EquipmentDraft {
    let config = json!({"data_endpoint": "/x/{equipment_id}", "timeout": 10, "verify_ssl": false, "ñ": ["😀"]});
    EquipmentDraft {
        name: "Horno Principal #1 — 窯 'quoted' \"double\"".to_owned(),
        location: "Obrador".to_owned(),
        kind: EquipmentKind::Combi,
        serial_number: Some("SN-1".to_owned()),
        manufacturer: Some("RATIONAL".to_owned()),
        model: Some("iCombi Pro".to_owned()),
        firmware_version: Some("1.2.3".to_owned()),
        iot_enabled: false,
        iot_protocol: Some("rational".to_owned()),
        iot_endpoint: Some("https://oven.example/api".to_owned()),
        iot_port: Some(65_535),
        iot_config: config.as_object().unwrap().clone(),
        supports_realtime: false,
        poll_interval_seconds: 86_400,
        temperature_zones: 7,
        supports_humidity: true,
        supports_energy_monitoring: true,
        supports_remote_control: true,
    }
}

/// Polls until the condition holds.
async fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    let deadline = tokio::time::Instant::now() + Duration::from_secs(20);
    while !holds() {
        assert!(tokio::time::Instant::now() < deadline, "never came to pass: {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
