//! One queue per TCP connection. Many gateways take a single connection and mix up what comes at the same time, so
//! ovens with the same address and port share one line and take turns.

use std::{
    collections::HashMap,
    sync::{Arc, LazyLock, Mutex, PoisonError, Weak},
    time::Duration,
};

use app::model::{failure::FailureKind, wire::Table};
use tokio::{
    net::TcpStream,
    sync::MutexGuard,
    time::{Instant, sleep_until},
};
use tokio_modbus::{
    Error, ExceptionCode, ProtocolError, Slave,
    client::{Context, Reader as _, rtu, tcp},
    slave::SlaveContext as _,
};

use super::options::{Options, Transport};
use crate::connectors::ConnectorError;

/// Host, port and framing: what makes two ovens share a line.
type Key = (String, u16, Transport);

static LINES: LazyLock<Mutex<HashMap<Key, Weak<Line>>>> = LazyLock::new(Mutex::default);

pub struct Line {
    key: Key,
    frame_delay: Duration,
    slot: tokio::sync::Mutex<Slot>,
}

struct Slot {
    context: Option<Context>,
    last_frame: Instant,
}

impl Line {
    /// The line to this address; made where there is none, closed when the last oven on it is gone.
    pub fn shared(options: &Options) -> Arc<Self> {
        let key = (options.host.clone(), options.port, options.transport);
        let mut lines = LINES.lock().unwrap_or_else(PoisonError::into_inner);
        lines.retain(|_, line| line.strong_count() > 0);
        // The longest delay that any of the ovens asks for would need a place of its own; the first one's counts.
        if let Some(line) = lines.get(&key).and_then(Weak::upgrade) {
            return line;
        }
        let slot = tokio::sync::Mutex::new(Slot { context: None, last_frame: Instant::now() });
        let line = Arc::new(Self { key: key.clone(), frame_delay: options.frame_delay, slot });
        lines.insert(key, Arc::downgrade(&line));
        line
    }

    /// Waits for its turn and connects where nobody did.
    pub async fn session(&self, unit: u8) -> Result<Session<'_>, ConnectorError> {
        let mut slot = self.slot.lock().await;
        let mut context = match slot.context.take() {
            Some(context) => context,
            None => self.connect().await?,
        };
        context.set_slave(Slave(unit));
        Ok(Session { slot, context, unit, frame_delay: self.frame_delay })
    }

    async fn connect(&self) -> Result<Context, ConnectorError> {
        let (host, port, transport) = &self.key;
        let stream = TcpStream::connect((host.as_str(), *port))
            .await
            .map_err(|error| ConnectorError::from_io(&error, &format!("{host}:{port}")))?;
        // Small frames that wait for an answer: Nagle's delay would be added to each.
        let _ = stream.set_nodelay(true);
        Ok(match transport {
            Transport::Tcp => tcp::attach(stream),
            Transport::RtuOverTcp => rtu::attach(stream),
        })
    }
}

/// A turn on the line. Dropped without [`keep`](Self::keep), be it by an error or by a poll that took too long, the
/// connection is closed: an answer that comes late must not be taken for the next one.
pub struct Session<'a> {
    slot: MutexGuard<'a, Slot>,
    context: Context,
    unit: u8,
    frame_delay: Duration,
}

impl Session<'_> {
    pub fn keep(mut self) {
        self.slot.context = Some(self.context);
    }

    /// The registers, or bits as 0 and 1; the inner error is the device's own.
    pub async fn read(
        &mut self,
        table: Table,
        start: u16,
        length: u16,
    ) -> Result<Result<Vec<u16>, ExceptionCode>, ConnectorError> {
        sleep_until(self.slot.last_frame + self.frame_delay).await;
        let bits = |bits: Vec<bool>| bits.into_iter().map(u16::from).collect();
        let answer = match table {
            Table::Holding => self.context.read_holding_registers(start, length).await,
            Table::Input => self.context.read_input_registers(start, length).await,
            Table::Coil => self.context.read_coils(start, length).await.map(|answer| answer.map(bits)),
            Table::Discrete => self.context.read_discrete_inputs(start, length).await.map(|answer| answer.map(bits)),
        };
        self.slot.last_frame = Instant::now();
        let words = answer.map_err(|error| self.classify(error))?;
        match words {
            Ok(words) if words.len() != usize::from(length) => Err(ConnectorError::new(
                FailureKind::Protocol,
                format!("unit {} was asked for {length} registers and gave {}", self.unit, words.len()),
            )),
            other => Ok(other),
        }
    }

    fn classify(&self, error: Error) -> ConnectorError {
        match error {
            Error::Transport(error) => {
                use std::io::ErrorKind;
                match error.kind() {
                    // The client reports a closed connection as one that would block, too.
                    ErrorKind::WouldBlock
                    | ErrorKind::UnexpectedEof
                    | ErrorKind::BrokenPipe
                    | ErrorKind::ConnectionReset
                    | ErrorKind::ConnectionAborted => ConnectorError::new(
                        FailureKind::Unreachable,
                        format!("unit {}: the other side closed the connection", self.unit),
                    )
                    .with_code("closed"),
                    ErrorKind::InvalidData => ConnectorError::new(
                        FailureKind::Protocol,
                        format!("unit {}: not a Modbus frame: {error}", self.unit),
                    ),
                    _ => ConnectorError::from_io(&error, &format!("unit {}", self.unit)),
                }
            }
            Error::Protocol(ProtocolError::HeaderMismatch { message, .. }) => ConnectorError::new(
                FailureKind::Protocol,
                format!("unit {}: an answer to another question: {message}", self.unit),
            ),
            Error::Protocol(ProtocolError::FunctionCodeMismatch { .. }) => {
                ConnectorError::new(FailureKind::Protocol, format!("unit {}: an answer of another kind", self.unit))
            }
        }
    }
}
