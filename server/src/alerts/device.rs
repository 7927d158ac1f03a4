//! Faults that ovens report of themselves, as alerts that stand until the oven says otherwise.
//!
//! What stands is compared with what the database has, not with what was said before: a restart neither raises an alert
//! again nor leaves one behind that is over.

use std::{
    collections::HashMap,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use app::model::{
    alert::{Alert, AlertType, DeviceAlarm},
    equipment::EquipmentId,
};
use jiff::Timestamp;
use serde_json::{Map, Value};
use tokio::{sync::Notify, time::sleep};
use tokio_util::sync::CancellationToken;

use crate::store::{Store, StoreError};

/// Wait before a database that failed is tried again.
const RETRY: Duration = Duration::from_secs(1);

/// The latest word of each oven that is not in the database yet.
#[derive(Default)]
pub struct DeviceAlarms {
    said: Mutex<HashMap<EquipmentId, Vec<DeviceAlarm>>>,
    came: Notify,
    /// Changes that could not be stored before the server stopped.
    pub lost: AtomicU64,
}

impl DeviceAlarms {
    /// All faults of an oven as they stand now. Never waits: of two words the later one counts.
    pub fn report(&self, id: EquipmentId, alarms: Vec<DeviceAlarm>) {
        self.said.lock().unwrap_or_else(PoisonError::into_inner).insert(id, alarms);
        self.came.notify_one();
    }

    /// Stores what is reported until shutdown, then what is left.
    pub async fn run(&self, store: Store, shutdown: CancellationToken) {
        while shutdown.run_until_cancelled(self.came.notified()).await.is_some() {
            if self.store_all(&store).await.is_err() {
                let _ = shutdown.run_until_cancelled(sleep(RETRY)).await;
                self.came.notify_one();
            }
        }
        if let Err(error) = self.store_all(&store).await {
            let left = self.said.lock().unwrap_or_else(PoisonError::into_inner).len();
            self.lost.fetch_add(left as u64, Ordering::Relaxed);
            tracing::error!(ovens = left, "faults of ovens were not stored: {error}");
        }
    }

    async fn store_all(&self, store: &Store) -> Result<(), StoreError> {
        loop {
            let next = {
                let said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
                said.iter().next().map(|(id, alarms)| (*id, alarms.clone()))
            };
            let Some((id, alarms)) = next else { return Ok(()) };
            match reconcile(store, id, &alarms).await {
                // Deleted meanwhile: its alerts are gone with it.
                Ok(()) | Err(StoreError::NotFound(_)) => {}
                Err(error) => return Err(error),
            }
            let mut said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
            // Unless something newer was said while this was stored.
            if said.get(&id) == Some(&alarms) {
                said.remove(&id);
            }
        }
    }
}

/// Raises what is new and resolves what is over.
async fn reconcile(store: &Store, id: EquipmentId, alarms: &[DeviceAlarm]) -> Result<(), StoreError> {
    let now = Timestamp::now();
    let standing = store.standing_alerts(Some(id)).await?;
    let standing: Vec<Alert> =
        standing.into_iter().filter(|alert| alert.alert_type == AlertType::EquipmentError).collect();
    for alert in &standing {
        match alarms.iter().find(|alarm| code(alert) == Some(alarm.code.as_str())) {
            None => store.end_alert(alert.id, now).await?,
            Some(alarm) if alarm.message != alert.message || alarm.severity != alert.severity => {
                store.reword_alert(alert.id, &alarm.message, alarm.severity).await?;
            }
            Some(_) => {}
        }
    }
    for alarm in alarms.iter().filter(|alarm| !standing.iter().any(|alert| code(alert) == Some(alarm.code.as_str()))) {
        store.save_alert(&raised(id, alarm, now)).await?;
    }
    Ok(())
}

fn code(alert: &Alert) -> Option<&str> {
    alert.data.get("code")?.as_str()
}

fn raised(id: EquipmentId, alarm: &DeviceAlarm, now: Timestamp) -> Alert {
    // An oven whose clock runs ahead reports faults of the future.
    let raised_at = alarm.since.unwrap_or(now).min(now);
    Alert {
        title: alarm.code.clone(),
        message: alarm.message.clone(),
        data: Map::from_iter([("code".to_owned(), Value::String(alarm.code.clone()))]),
        ..Alert::new(id, AlertType::EquipmentError, alarm.severity, raised_at)
    }
}
