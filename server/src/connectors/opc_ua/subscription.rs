//! A subscription: what the server sends when values change, gathered until the connection takes it.

use std::{
    collections::{HashSet, VecDeque},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use app::model::failure::FailureKind;
use opcua::{
    client::{MonitoredItemMap, OnSubscriptionNotificationCore},
    types::{
        AttributeId, DataChangeFilter, DataChangeNotification, DataChangeTrigger, DataValue, EventNotificationList,
        ExtensionObject, MonitoredItemCreateRequest, MonitoringMode, MonitoringParameters, NodeId, NotificationMessage,
        QualifiedName, ReadValueId, StatusChangeNotification, StatusCode, TimestampsToReturn, Variant,
        match_extension_object_owned,
    },
};
use tokio::sync::Notify;

use super::{
    Open, alarms,
    options::Options,
    session::{BATCH, Heard},
    state::{Point, State},
    status,
    value::Grade,
};
use crate::connectors::ConnectorError;

/// Changes that may wait while the database takes nothing; beyond them the connection is given up and begun anew,
/// which starts from the values as they are then.
const MAX_WAITING: usize = 100_000;
/// A server says at least this often that it lives.
const LONGEST_SILENCE: Duration = Duration::from_secs(10);
/// Handle of the item that events come by; values have those from 1 on.
const EVENTS: u32 = u32::MAX;
/// OPC 10000-4, 7.22.2: deadband in the value's own unit.
const ABSOLUTE_DEADBAND: u32 = 1;

pub struct Subscription {
    inbox: Arc<Inbox>,
    heard: Arc<Heard>,
    keep_alive: Duration,
    source: Option<alarms::Source>,
}

#[derive(Default)]
struct Inbox {
    waiting: Mutex<VecDeque<Change>>,
    came: Notify,
}

enum Change {
    Value(usize, DataValue),
    Event(Vec<Variant>),
    /// The server ended the subscription.
    Ended(StatusCode),
}

impl Subscription {
    /// Subscribes to every point of the plan; nothing where the server offers no subscriptions.
    pub async fn start(open: &mut Open, options: &Options) -> Result<Option<Self>, ConnectorError> {
        let half = options.interval / 2;
        let publishing =
            options.publishing.unwrap_or_else(|| half.clamp(Duration::from_millis(50), Duration::from_secs(1)));
        let keep_alive = options.interval.min(LONGEST_SILENCE).max(publishing);
        let count = keep_alive.as_secs_f64().div_euclid(publishing.as_secs_f64()).max(1.0) as u32;
        let inbox = Arc::new(Inbox::default());
        let client = Arc::clone(&open.session.client);
        let made = client
            .create_subscription(publishing, (count * 10).max(100), count, 0, 0, true, Mailbox(Arc::clone(&inbox)))
            .await;
        let id = match made {
            Ok(id) => id,
            Err(error) if is_unsupported(error.status()) => return Ok(None),
            Err(error) => return open.session.check(Err(error)),
        };
        let mut subscription = Self { inbox, heard: open.session.heard(), keep_alive, source: None };
        subscription.watch_values(id, open, options, publishing).await?;
        subscription.source = alarms::subscribe(&open.session, &open.state.plan, id, EVENTS).await?;
        open.state.listens = subscription.source.is_some();
        open.due = tokio::time::Instant::now() + options.interval;
        Ok(Some(subscription))
    }

    async fn watch_values(
        &self,
        id: u32,
        open: &mut Open,
        options: &Options,
        publishing: Duration,
    ) -> Result<(), ConnectorError> {
        let points = open.state.plan.points.clone();
        let mut all: Vec<usize> = (0..points.len()).collect();
        // Servers may refuse the filter of a node; they are asked again without one.
        for deadband in [options.deadband, 0.0] {
            let mut refused = Vec::new();
            for some in all.chunks(BATCH) {
                let wanted =
                    some.iter().map(|index| request(*index, &points[*index], options, publishing, deadband)).collect();
                let made = open.session.client.create_monitored_items(id, TimestampsToReturn::Both, wanted).await;
                let made = open.session.check(made)?;
                for (index, made) in some.iter().zip(made) {
                    let status = made.result.status_code;
                    if status.is_good() {
                        continue;
                    }
                    if deadband > 0.0 && is_about_the_filter(status) {
                        refused.push(*index);
                        continue;
                    }
                    // A node that cannot be watched is bad; the others are not.
                    open.state.set(*index, None, Grade::Bad, None);
                }
            }
            all = refused;
            if all.is_empty() {
                break;
            }
        }
        Ok(())
    }

    /// Waits until something changed.
    pub async fn changed(&self) -> Result<(), ConnectorError> {
        loop {
            let came = self.inbox.came.notified();
            {
                let waiting = self.inbox.waiting();
                if waiting.len() > MAX_WAITING {
                    let detail = "values change faster than they can be stored";
                    return Err(ConnectorError::new(FailureKind::Limit, detail));
                }
                if !waiting.is_empty() {
                    return Ok(());
                }
            }
            came.await;
        }
    }

    /// Takes over changes up to one that would hide another of the same value. Says whether there was any value.
    pub fn apply(&self, state: &mut State) -> bool {
        let mut waiting = self.inbox.waiting();
        let (mut seen, mut any) = (HashSet::new(), false);
        while let Some(change) = waiting.pop_front() {
            match change {
                Change::Value(index, value) => {
                    if !seen.insert(index) {
                        waiting.push_front(Change::Value(index, value));
                        break;
                    }
                    state.take(index, value);
                    any = true;
                }
                Change::Event(fields) => {
                    let is_ours = self.source.as_ref().is_some_and(|source| source.apply(&fields, &mut state.events));
                    state.events_known |= is_ours;
                    any |= is_ours;
                }
                Change::Ended(status) => {
                    tracing::debug!(%status, "the server ended a subscription");
                    waiting.clear();
                    waiting.push_back(Change::Ended(status));
                    return any;
                }
            }
        }
        any
    }

    /// Fails when the server ended the subscription, or no longer says that it lives.
    pub fn check_alive(&self) -> Result<(), ConnectorError> {
        if let Some(Change::Ended(status)) = self.inbox.waiting().front() {
            return Err(status::of(*status, "the server ended the subscription"));
        }
        let silence = self.heard.ago();
        if silence > self.keep_alive * 3 + Duration::from_secs(2) {
            let detail = format!("the server has published nothing for {:.0} s", silence.as_secs_f64());
            return Err(ConnectorError::new(FailureKind::Timeout, detail));
        }
        Ok(())
    }

    /// Whether the server has said by now which conditions stand.
    pub fn is_refreshed(&self) -> bool {
        self.source.as_ref().is_some_and(|source| source.refreshed)
    }

    /// Whether the server said lately that what it sent still holds.
    pub fn confirms(&self) -> bool {
        self.heard.ago() <= self.keep_alive + self.keep_alive / 2 + Duration::from_secs(1)
    }
}

impl Inbox {
    fn waiting(&self) -> std::sync::MutexGuard<'_, VecDeque<Change>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What the client hands notifications to.
struct Mailbox(Arc<Inbox>);

impl OnSubscriptionNotificationCore for Mailbox {
    fn on_subscription_notification(&mut self, notification: NotificationMessage, items: MonitoredItemMap<'_>) {
        let mut waiting = self.0.waiting();
        if waiting.len() > MAX_WAITING {
            // Whoever waits for changes finds so many and gives the connection up.
            return;
        }
        for part in notification.notification_data.into_iter().flatten() {
            match_extension_object_owned!(part,
                v: DataChangeNotification => {
                    for change in v.monitored_items.into_iter().flatten() {
                        if items.get(change.client_handle).is_some() && change.client_handle != EVENTS {
                            waiting.push_back(Change::Value(change.client_handle as usize - 1, change.value));
                        }
                    }
                },
                v: EventNotificationList => {
                    for event in v.events.into_iter().flatten() {
                        waiting.push_back(Change::Event(event.event_fields.unwrap_or_default()));
                    }
                },
                v: StatusChangeNotification => waiting.push_back(Change::Ended(v.status)),
            );
        }
        drop(waiting);
        self.0.came.notify_one();
    }
}

fn request(
    index: usize,
    point: &Point,
    options: &Options,
    publishing: Duration,
    deadband: f64,
) -> MonitoredItemCreateRequest {
    let filter = if deadband > 0.0 && point.is_measured {
        ExtensionObject::from_message(DataChangeFilter {
            trigger: DataChangeTrigger::StatusValue,
            deadband_type: ABSOLUTE_DEADBAND,
            deadband_value: deadband,
        })
    } else {
        ExtensionObject::null()
    };
    MonitoredItemCreateRequest {
        item_to_monitor: attribute(&point.node, AttributeId::Value),
        monitoring_mode: MonitoringMode::Reporting,
        requested_parameters: MonitoringParameters {
            client_handle: index as u32 + 1,
            sampling_interval: publishing.as_secs_f64() * 1_000.0,
            filter,
            queue_size: options.queue,
            discard_oldest: true,
        },
    }
}

pub fn attribute(node: &NodeId, attribute: AttributeId) -> ReadValueId {
    ReadValueId {
        node_id: node.clone(),
        attribute_id: attribute as u32,
        index_range: opcua::types::NumericRange::None,
        data_encoding: QualifiedName::null(),
    }
}

fn is_unsupported(status: StatusCode) -> bool {
    [StatusCode::BadServiceUnsupported, StatusCode::BadTooManySubscriptions, StatusCode::BadNotImplemented]
        .iter()
        .any(|code| code.sub_code() == status.sub_code())
}

fn is_about_the_filter(status: StatusCode) -> bool {
    [
        StatusCode::BadFilterNotAllowed,
        StatusCode::BadMonitoredItemFilterUnsupported,
        StatusCode::BadMonitoredItemFilterInvalid,
        StatusCode::BadDeadbandFilterInvalid,
    ]
    .iter()
    .any(|code| code.sub_code() == status.sub_code())
}
