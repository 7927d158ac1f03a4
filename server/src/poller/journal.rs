//! Outcomes of attempts become status, log entries and messages to the operator: once per change, not per attempt.

use std::{sync::Arc, time::Duration};

use app::model::{
    connection_log::{ConnectionEvent, ConnectionLogEntry},
    equipment::{ConnectionStatus, EquipmentId},
    failure::FailureKind,
    reading::QualityIssue,
};
use jiff::Timestamp;
use tokio::time::{Instant, timeout};

use super::PollContext;
use crate::{
    connectors::{ConnectorError, Note},
    ingest::Outcome,
    store::writer::WriteOp,
};

/// How often the time of the last contact is written while an oven answers.
const NOTE_CONTACT: Duration = Duration::from_secs(60);

/// How long a stopping connection waits for the database.
const STOP_LIMIT: Duration = Duration::from_millis(500);

pub struct Journal {
    id: EquipmentId,
    name: String,
    context: Arc<PollContext>,
    state: State,
    rejected: Vec<QualityIssue>,
    losing: bool,
    /// Opened, and nothing came yet.
    is_open: bool,
    noted: Option<Instant>,
}

#[derive(Clone, PartialEq, Eq)]
enum State {
    New,
    Up,
    /// The kind, and a protocol's own code: 404 and 503 are told apart.
    Down(FailureKind, String),
}

impl Journal {
    pub fn new(id: EquipmentId, name: String, context: Arc<PollContext>) -> Self {
        Self { id, name, context, state: State::New, rejected: Vec::new(), losing: false, is_open: false, noted: None }
    }

    pub async fn connecting(&mut self) {
        if self.state == State::New {
            self.set_status(ConnectionStatus::Connecting, None).await;
        }
    }

    /// A connection that waits for values stands. The log says so with its first value: until then the oven behind it
    /// may be away.
    pub async fn opened(&mut self) {
        self.is_open = true;
        self.set_status(ConnectionStatus::Connected, None).await;
    }

    pub async fn succeeded(&mut self, response_ms: f64, data_points: u32, outcome: Outcome) {
        self.is_open = false;
        if self.state != State::Up {
            let event = if self.state == State::New { ConnectionEvent::Connected } else { ConnectionEvent::Recovered };
            tracing::info!(oven = %self.name, id = %self.id, response_ms, "{event}");
            self.state = State::Up;
            self.noted = None;
            self.context.live.set_status(self.id, ConnectionStatus::Connected, None);
            self.log(event, ConnectionStatus::Connected, None, Some(response_ms), Some(data_points)).await;
        }
        if self.noted.is_none_or(|noted| noted.elapsed() >= NOTE_CONTACT) {
            self.note_contact().await;
        }
        match outcome {
            Outcome::Accepted { bad } => {
                self.losing = false;
                self.judge_values(bad, response_ms, data_points).await;
            }
            Outcome::Lost if !self.losing => {
                self.losing = true;
                tracing::error!(oven = %self.name, "readings are lost: the database takes none");
            }
            Outcome::Lost | Outcome::Repeated => {}
        }
    }

    /// What the driver says of a connection that stands; it says each thing once.
    pub async fn note(&self, notes: Vec<Note>) {
        for Note { event, message, code } in notes {
            tracing::info!(oven = %self.name, id = %self.id, code, "{event}: {message}");
            self.log(event, ConnectionStatus::Connected, Some((message, code)), None, None).await;
        }
    }

    async fn judge_values(&mut self, bad: Vec<QualityIssue>, response_ms: f64, data_points: u32) {
        if bad == self.rejected {
            return;
        }
        let (event, problem) = if bad.is_empty() {
            (ConnectionEvent::ValuesAccepted, None)
        } else {
            let named: Vec<_> = bad.iter().map(|issue| format!("{}: {}", issue.field, issue.reason)).collect();
            let detail = format!("not shown and not used: {}", named.join(", "));
            tracing::warn!(oven = %self.name, id = %self.id, "{detail}");
            (ConnectionEvent::ValueRejected, Some((detail, Some(event_code(&bad)))))
        };
        self.rejected = bad;
        self.log(event, ConnectionStatus::Connected, problem, Some(response_ms), Some(data_points)).await;
    }

    pub async fn failed(&mut self, error: &ConnectorError) {
        let state = State::Down(error.kind, error.code.clone());
        let was_open = std::mem::take(&mut self.is_open);
        if self.state == state {
            if was_open {
                self.set_status(error.kind.status(), Some(error.kind)).await;
            }
            return;
        }
        self.state = state;
        self.rejected.clear();
        tracing::warn!(oven = %self.name, id = %self.id, kind = %error.kind, code = %error.code, "{error}");
        let status = error.kind.status();
        self.set_status(status, Some(error.kind)).await;
        self.log(error.kind.event(), status, Some((error.detail.clone(), Some(error.code.clone()))), None, None).await;
    }

    pub async fn stopped(&mut self) {
        // What stays in the database must not claim a connection that nobody keeps. When the database takes nothing,
        // stopping matters more: statuses are reset at the next start.
        let _ = timeout(STOP_LIMIT, self.set_status(ConnectionStatus::Unknown, None)).await;
    }

    async fn set_status(&mut self, status: ConnectionStatus, failure: Option<FailureKind>) {
        self.context.live.set_status(self.id, status, failure);
        self.write_status(status, None).await;
    }

    /// Keeps the time of the last contact, which an admin sees once the oven is away.
    async fn note_contact(&mut self) {
        self.noted = Some(Instant::now());
        self.write_status(ConnectionStatus::Connected, Some(Timestamp::now())).await;
    }

    async fn write_status(&self, status: ConnectionStatus, last_connected: Option<Timestamp>) {
        let op = WriteOp::Status { equipment: self.id, status, last_connected };
        // The writer only refuses when the server stops.
        let _ = self.context.writer.submit(op).await;
    }

    async fn log(
        &self,
        event: ConnectionEvent,
        status: ConnectionStatus,
        message: Option<(String, Option<String>)>,
        response_ms: Option<f64>,
        data_points: Option<u32>,
    ) {
        let (error_message, error_code) = message.unzip();
        let entry = ConnectionLogEntry {
            event_type: event,
            event_time: Timestamp::now(),
            connection_status: status,
            error_message,
            error_code: error_code.flatten(),
            response_time_ms: response_ms.map(|ms| (ms * 100.0).round() / 100.0),
            data_points_received: data_points,
        };
        let _ = self.context.writer.submit(WriteOp::Log { equipment: self.id, entry }).await;
    }
}

fn event_code(bad: &[QualityIssue]) -> String {
    bad.first().map(|issue| issue.reason.to_string()).unwrap_or_default()
}
