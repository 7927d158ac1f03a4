//! One queue per TCP connection or serial line. Many gateways take a single connection and mix up what comes at the same
//! time, so ovens with the same address and port share one line and take turns.

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
    Error, ExceptionCode, ProtocolError, Request, Response, Slave,
    client::{Client as _, Context, rtu, tcp},
    slave::SlaveContext as _,
};

use super::serial::{self, Wire};
use crate::connectors::ConnectorError;

static LINES: LazyLock<Mutex<HashMap<Place, Weak<Line>>>> = LazyLock::new(Mutex::default);

/// Where a line leads and how it is spoken there: what makes two ovens share it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Place {
    Net { host: String, port: u16, framing: Framing },
    Serial { device: String, wire: Wire },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Framing {
    Tcp,
    Rtu,
}

pub struct Line {
    place: Place,
    slot: tokio::sync::Mutex<Slot>,
}

struct Slot {
    context: Option<Context>,
    /// Nothing is sent before: the pause after the last frame, as its own oven wants it.
    quiet_until: Instant,
    last_frame: Instant,
}

impl Line {
    /// The line to this place; made where there is none, closed when the last oven on it is gone.
    pub fn shared(place: &Place) -> Arc<Self> {
        let mut lines = LINES.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(line) = lines.get(place).and_then(Weak::upgrade) {
            return line;
        }
        lines.retain(|_, line| line.strong_count() > 0);
        let now = Instant::now();
        let slot = tokio::sync::Mutex::new(Slot { context: None, quiet_until: now, last_frame: now });
        let line = Arc::new(Self { place: place.clone(), slot });
        lines.insert(place.clone(), Arc::downgrade(&line));
        line
    }

    /// How many ovens take turns on it.
    pub fn ovens(self: &Arc<Self>) -> u32 {
        u32::try_from(Arc::strong_count(self)).unwrap_or(u32::MAX)
    }

    /// Waits for the others to finish.
    pub async fn turn(&self) -> Turn<'_> {
        Turn { line: self, slot: self.slot.lock().await }
    }

    async fn connect(&self) -> Result<Context, ConnectorError> {
        let (host, port, framing) = match &self.place {
            Place::Net { host, port, framing } => (host, *port, *framing),
            Place::Serial { device, wire } => return serial::open(device, *wire),
        };
        let stream = TcpStream::connect((host.as_str(), port))
            .await
            .map_err(|error| ConnectorError::from_io(&error, &format!("{host}:{port}")))?;
        // Small frames that wait for an answer: Nagle's delay would be added to each.
        let _ = stream.set_nodelay(true);
        Ok(match framing {
            Framing::Tcp => tcp::attach(stream),
            Framing::Rtu => rtu::attach(stream),
        })
    }
}

/// The line is ours, and perhaps not connected yet.
pub struct Turn<'a> {
    line: &'a Line,
    slot: MutexGuard<'a, Slot>,
}

impl<'a> Turn<'a> {
    /// Connects where nobody did.
    pub async fn open(mut self, unit: u8, frame_delay: Duration) -> Result<Session<'a>, ConnectorError> {
        let mut context = match self.slot.context.take() {
            Some(context) => context,
            None => self.line.connect().await?,
        };
        context.set_slave(Slave(unit));
        let silence = match &self.line.place {
            Place::Net { .. } => Duration::ZERO,
            Place::Serial { wire, .. } => wire.silence(),
        };
        Ok(Session { slot: self.slot, context, unit, frame_delay: frame_delay.max(silence) })
    }
}

/// A connected line. Dropped without [`keep`](Self::keep), be it by an error or by a poll that took too long, the
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
        // The longer pause counts: the one that the last oven wants after its frame, or this one's before.
        let quiet_until = self.slot.quiet_until.max(self.slot.last_frame + self.frame_delay);
        if quiet_until > Instant::now() {
            sleep_until(quiet_until).await;
        }
        // The client's own functions for each table take it for granted that the answer is as long as was asked for.
        let request = match table {
            Table::Holding => Request::ReadHoldingRegisters(start, length),
            Table::Input => Request::ReadInputRegisters(start, length),
            Table::Coil => Request::ReadCoils(start, length),
            Table::Discrete => Request::ReadDiscreteInputs(start, length),
        };
        let answer = self.context.call(request).await;
        self.slot.last_frame = Instant::now();
        self.slot.quiet_until = self.slot.last_frame + self.frame_delay;
        let words = match answer.map_err(|error| self.classify(error))? {
            Ok(Response::ReadHoldingRegisters(words) | Response::ReadInputRegisters(words)) => words,
            Ok(Response::ReadCoils(bits) | Response::ReadDiscreteInputs(bits)) => {
                // Bits come eight at a time.
                bits.into_iter().take(usize::from(length)).map(u16::from).collect()
            }
            Ok(_) => Vec::new(),
            Err(code) => return Ok(Err(code)),
        };
        if words.len() == usize::from(length) {
            return Ok(Ok(words));
        }
        let detail = format!("unit {} was asked for {length} registers and gave {}", self.unit, words.len());
        Err(ConnectorError::new(FailureKind::Protocol, detail))
    }

    fn no_frame(&self, error: &std::io::Error) -> ConnectorError {
        ConnectorError::new(FailureKind::Protocol, format!("unit {}: not a Modbus frame: {error}", self.unit))
    }

    fn classify(&self, error: Error) -> ConnectorError {
        match error {
            Error::Transport(error) => {
                use std::io::ErrorKind;
                // The codec's word for a connection that was closed in the middle of a frame.
                let is_cut = error.to_string().contains("bytes remaining on stream");
                match error.kind() {
                    ErrorKind::Other if !is_cut => self.no_frame(&error),
                    // The client reports a closed connection as one that would block, too.
                    ErrorKind::Other
                    | ErrorKind::WouldBlock
                    | ErrorKind::UnexpectedEof
                    | ErrorKind::BrokenPipe
                    | ErrorKind::ConnectionReset
                    | ErrorKind::ConnectionAborted => ConnectorError::new(
                        FailureKind::Unreachable,
                        format!("unit {}: the other side closed the connection", self.unit),
                    )
                    .with_code("closed"),
                    ErrorKind::InvalidData | ErrorKind::InvalidInput => self.no_frame(&error),
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
