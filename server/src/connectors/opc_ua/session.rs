//! One session on one server, and how it ended.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use app::model::failure::FailureKind;
use futures::StreamExt as _;
use opcua::{
    client::{SessionPollResult, SubscriptionActivity},
    types::{AttributeId, DataValue, NamespaceMap, NodeId, QualifiedName, ReadValueId, StatusCode, TimestampsToReturn},
};
use tokio::{
    net::TcpStream,
    sync::watch,
    task::JoinHandle,
    time::{Instant, timeout},
};

use super::{options::Options, security, status};
use crate::connectors::ConnectorError;

/// Nodes of one request where the server does not say how many it takes.
pub const BATCH: usize = 500;
/// How long a session that is given up may take to say good-bye.
const GOODBYE: Duration = Duration::from_secs(2);

pub struct Session {
    pub client: Arc<opcua::client::Session>,
    pub namespaces: NamespaceMap,
    end: watch::Receiver<Option<StatusCode>>,
    heard: Arc<Heard>,
    driver: JoinHandle<()>,
    url: String,
}

/// When the server last answered a request for publishing.
pub struct Heard(Mutex<Instant>);

impl Heard {
    pub fn ago(&self) -> Duration {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).elapsed()
    }

    fn now(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
    }
}

/// Reaches the port. The protocol's own client says less of why it could not.
pub async fn knock(options: &Options) -> Result<(), ConnectorError> {
    let Options { host, port, .. } = options;
    TcpStream::connect((host.as_str(), *port))
        .await
        .map(drop)
        .map_err(|error| ConnectorError::from_io(&error, &format!("{host}:{port}")))
}

impl Session {
    pub async fn open(options: &Options) -> Result<Self, ConnectorError> {
        knock(options).await?;
        let way = security::choose(options).await?;
        Self::activate(options, way).await
    }

    /// Opens the secure channel, creates the session and logs in.
    pub async fn activate(options: &Options, way: security::Way) -> Result<Self, ConnectorError> {
        let (client, events) = way.session(options)?;
        let (ended, end) = watch::channel(None);
        let heard = Arc::new(Heard(Mutex::new(Instant::now())));
        let told = Arc::clone(&heard);
        let driver = tokio::spawn(async move {
            let mut events = std::pin::pin!(events.enter());
            let status = loop {
                match events.next().await {
                    Some(Ok(SessionPollResult::Subscription(SubscriptionActivity::Publish))) => told.now(),
                    // Connecting anew is the poller's affair: nodes may have other numbers then.
                    Some(Ok(SessionPollResult::ConnectionLost(status)) | Err(status)) => break status,
                    Some(Ok(_)) => {}
                    None => break StatusCode::BadConnectionClosed,
                }
            };
            let _ = ended.send(Some(status));
        });
        let mut session =
            Self { client, namespaces: NamespaceMap::new(), end, heard, driver, url: options.url.clone() };
        let client = Arc::clone(&session.client);
        tokio::select! {
            biased;
            connected = client.wait_for_connection() => if !connected { return Err(session.ended().await) },
            error = session.ended() => return Err(error),
        }
        session.namespaces = session.check(session.client.read_namespace_array().await)?;
        Ok(session)
    }

    /// Waits until the connection is gone, and says why.
    pub async fn ended(&self) -> ConnectorError {
        let mut end = self.end.clone();
        let code = match end.wait_for(Option::is_some).await {
            Ok(code) => code.unwrap_or(StatusCode::BadConnectionClosed),
            Err(_) => StatusCode::BadConnectionClosed,
        };
        status::of(code, &self.url)
    }

    pub fn heard(&self) -> Arc<Heard> {
        Arc::clone(&self.heard)
    }

    /// The result of a service, or what went wrong in words.
    pub fn check<T>(&self, result: Result<T, opcua::types::Error>) -> Result<T, ConnectorError> {
        result.map_err(|error| {
            // A connection that broke says better why than the request that it took along.
            let ended = *self.end.borrow();
            ended.map_or_else(|| status::error(&error, &self.url), |code| status::of(code, &self.url))
        })
    }

    /// The value of each of these nodes; a node that cannot be read has its status.
    pub async fn read(&self, nodes: &[NodeId]) -> Result<Vec<DataValue>, ConnectorError> {
        self.read_attributes(nodes, AttributeId::Value).await
    }

    pub async fn read_attributes(
        &self,
        nodes: &[NodeId],
        attribute: AttributeId,
    ) -> Result<Vec<DataValue>, ConnectorError> {
        let mut values = Vec::with_capacity(nodes.len());
        for nodes in nodes.chunks(BATCH) {
            let wanted: Vec<_> = nodes
                .iter()
                .map(|node| ReadValueId {
                    node_id: node.clone(),
                    attribute_id: attribute as u32,
                    index_range: opcua::types::NumericRange::None,
                    data_encoding: QualifiedName::null(),
                })
                .collect();
            let some = self.check(self.client.read(&wanted, TimestampsToReturn::Both, 0.0).await)?;
            if some.len() != nodes.len() {
                let detail = format!("{}: {} values for {} nodes", self.url, some.len(), nodes.len());
                return Err(ConnectorError::new(FailureKind::Protocol, detail));
            }
            values.extend(some);
        }
        Ok(values)
    }
}

impl Drop for Session {
    /// Says good-bye, so that the server need not keep the session until its timeout; many allow only a few.
    fn drop(&mut self) {
        let (client, driver) = (Arc::clone(&self.client), self.driver.abort_handle());
        let over = self.end.borrow().is_some();
        match tokio::runtime::Handle::try_current() {
            Ok(runtime) if !over => drop(runtime.spawn(async move {
                let _ = timeout(GOODBYE, client.disconnect()).await;
                driver.abort();
            })),
            _ => driver.abort(),
        }
    }
}
