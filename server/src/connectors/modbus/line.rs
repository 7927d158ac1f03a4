//! One queue per TCP connection or serial line. Many gateways take a single connection and mix up what comes at the same
//! time, so ovens with the same address and port share one line and take turns.

use std::{
    collections::HashMap,
    sync::{
        Arc, LazyLock, Mutex, PoisonError, Weak,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use app::model::{failure::FailureKind, wire::Table};
use tokio::{
    io::{AsyncRead, AsyncReadExt as _},
    net::TcpStream,
    sync::MutexGuard,
    time::{Instant, sleep_until, timeout_at},
};
use tokio_modbus::{
    Error, ExceptionCode, ProtocolError, Request, Response, Slave,
    client::{Client as _, Context, rtu, tcp},
    slave::SlaveContext as _,
};

use super::serial::{self, Wire};
use crate::connectors::ConnectorError;

static LINES: LazyLock<Mutex<HashMap<Key, Weak<Line>>>> = LazyLock::new(Mutex::default);

/// Where a line leads and how it is spoken there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    Net { host: String, port: u16, framing: Framing },
    Serial { device: String, wire: Wire },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Framing {
    Tcp,
    Rtu,
}

/// What makes two ovens share a line. An adapter is opened once, whatever their settings for it are.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Key {
    Net(String, u16, Framing),
    Serial(String),
}

impl Place {
    fn key(&self) -> Key {
        match self {
            Self::Net { host, port, framing } => Key::Net(host.clone(), *port, *framing),
            Self::Serial { device, .. } => Key::Serial(device.clone()),
        }
    }

    /// RTU frames do not say which question they answer.
    const fn is_rtu(&self) -> bool {
        !matches!(self, Self::Net { framing: Framing::Tcp, .. })
    }

    /// The pause that the line itself needs between two frames.
    fn silence(&self) -> Duration {
        match self {
            Self::Net { .. } => Duration::ZERO,
            Self::Serial { wire, .. } => wire.silence(),
        }
    }

    async fn connect(&self, drain_until: Option<Instant>) -> Result<Context, ConnectorError> {
        let (host, port, framing) = match self {
            Self::Net { host, port, framing } => (host, *port, *framing),
            Self::Serial { device, wire } => return serial::open(device, *wire, drain_until).await,
        };
        let mut stream = TcpStream::connect((host.as_str(), port))
            .await
            .map_err(|error| ConnectorError::from_io(&error, &format!("{host}:{port}")))?;
        // Small frames that wait for an answer: Nagle's delay would be added to each.
        let _ = stream.set_nodelay(true);
        if let Some(until) = drain_until {
            drain(&mut stream, until).await;
        }
        Ok(match framing {
            Framing::Tcp => tcp::attach(stream),
            Framing::Rtu => rtu::attach(stream),
        })
    }
}

/// Throws away what comes until then, and what was kept for whoever connects next.
pub async fn drain(stream: &mut (impl AsyncRead + Unpin), until: Instant) {
    let mut bytes = [0; 256];
    let until = until.max(Instant::now() + HANDED_ON);
    while let Ok(Ok(1..)) = timeout_at(until, stream.read(&mut bytes)).await {}
}

/// How an oven uses its line.
#[derive(Clone, Debug)]
pub struct Use {
    pub place: Place,
    pub unit: u8,
    /// The least pause before and after each of its requests.
    pub frame_delay: Duration,
    /// The most that a poll may take, from its turn on.
    pub timeout: Duration,
}

pub struct Line {
    slot: tokio::sync::Mutex<Slot>,
    /// The longest timeout of the ovens that share it, in milliseconds.
    longest_ms: AtomicU64,
}

struct Slot {
    context: Option<Context>,
    /// How the connection was opened.
    place: Option<Place>,
    /// Nothing is sent before: the pause after the last frame, as its own oven wants it.
    quiet_until: Instant,
    last_frame: Instant,
    /// An answer that nobody waited for may come until then.
    suspect_until: Option<Instant>,
}

impl Slot {
    /// Opens the line, and throws away what may still come for somebody else.
    async fn connect(&mut self, place: &Place) -> Result<Context, ConnectorError> {
        let context = place.connect(self.suspect_until).await?;
        self.place = Some(place.clone());
        self.suspect_until = None;
        Ok(context)
    }
}

/// A serial server may have kept what came while nobody was connected, and hands it on at once.
const HANDED_ON: Duration = Duration::from_millis(200);

/// The code of a connection that the other side has closed.
const CLOSED: &str = "closed";

/// An RTU line is listened to for so long after a question that got no proper answer, but no longer than half of the
/// oven's timeout.
const LISTENED: Duration = Duration::from_millis(500);

impl Line {
    /// The line to this place; made where there is none, closed when the last oven on it is gone.
    pub fn shared(mine: &Use) -> Arc<Self> {
        let key = mine.place.key();
        let mut lines = LINES.lock().unwrap_or_else(PoisonError::into_inner);
        let line = lines.get(&key).and_then(Weak::upgrade).unwrap_or_else(|| {
            lines.retain(|_, line| line.strong_count() > 0);
            let now = Instant::now();
            let slot = Slot { context: None, place: None, quiet_until: now, last_frame: now, suspect_until: None };
            let line = Arc::new(Self { slot: tokio::sync::Mutex::new(slot), longest_ms: AtomicU64::default() });
            lines.insert(key, Arc::downgrade(&line));
            line
        });
        let millis = u64::try_from(mine.timeout.as_millis()).unwrap_or(u64::MAX);
        line.longest_ms.fetch_max(millis, Ordering::Relaxed);
        line
    }

    /// The longest that an oven may have to wait for its turn and its values: all others take all their time first.
    pub fn patience(self: &Arc<Self>) -> Duration {
        let ovens = u32::try_from(Arc::strong_count(self)).unwrap_or(u32::MAX);
        let longest = Duration::from_millis(self.longest_ms.load(Ordering::Relaxed));
        (longest + LISTENED).saturating_mul(ovens)
    }

    /// Waits for the others to finish, and until the line is fit for use.
    pub async fn turn<'a>(&'a self, mine: &'a Use) -> Turn<'a> {
        let mut slot = self.slot.lock().await;
        if slot.place.as_ref().is_some_and(|place| *place != mine.place) {
            slot.context = None;
        }
        if let Some(until) = slot.suspect_until {
            // Where this fails or is given up, opening it drains it.
            let limit = until.max(Instant::now()) + LISTENED;
            if let Ok(Ok(context)) = timeout_at(limit, slot.connect(&mine.place)).await {
                slot.context = Some(context);
            }
        }
        Turn { slot, mine }
    }
}

/// The line is ours, and perhaps not connected yet.
pub struct Turn<'a> {
    slot: MutexGuard<'a, Slot>,
    mine: &'a Use,
}

impl<'a> Turn<'a> {
    /// Connects where nobody did.
    pub async fn open(mut self) -> Result<Session<'a>, ConnectorError> {
        let kept = self.slot.context.take();
        let is_kept = kept.is_some();
        let mut context = match kept {
            Some(context) => context,
            None => self.slot.connect(&self.mine.place).await?,
        };
        context.set_slave(Slave(self.mine.unit));
        Ok(Session { context: Some(context), slot: self.slot, mine: self.mine, is_kept, is_clean: true })
    }
}

/// A connected line. Dropped while an answer is due, be it by an error or by a poll that took too long, the connection is
/// closed: an answer that comes late must not be taken for the next one.
pub struct Session<'a> {
    context: Option<Context>,
    slot: MutexGuard<'a, Slot>,
    mine: &'a Use,
    /// Another oven's or an earlier poll's connection, which may have been closed meanwhile.
    is_kept: bool,
    /// Each question has got its answer.
    is_clean: bool,
}

impl Drop for Session<'_> {
    fn drop(&mut self) {
        if self.is_clean {
            self.slot.context = self.context.take();
            return;
        }
        // Closed before the line is given on.
        self.context = None;
        if self.mine.place.is_rtu() {
            self.slot.suspect_until = Some(Instant::now() + LISTENED.min(self.mine.timeout / 2));
        }
    }
}

impl Session<'_> {
    /// The registers, or bits as 0 and 1; the inner error is the device's own.
    pub async fn read(
        &mut self,
        table: Table,
        start: u16,
        length: u16,
    ) -> Result<Result<Vec<u16>, ExceptionCode>, ConnectorError> {
        let frame_delay = self.mine.frame_delay.max(self.mine.place.silence());
        // The longer pause counts: the one that the last oven wants after its frame, or this one's before.
        let quiet_until = self.slot.quiet_until.max(self.slot.last_frame + frame_delay);
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
        self.is_clean = false;
        let mut answer = self.call(request.clone()).await;
        if std::mem::take(&mut self.is_kept) && answer.as_ref().is_err_and(|error| error.code == CLOSED) {
            // Many gateways close a connection that was idle for a while.
            self.context = None;
            // The question may have been passed on before.
            self.slot.suspect_until = self.mine.place.is_rtu().then(Instant::now);
            let mut context = self.slot.connect(&self.mine.place).await?;
            context.set_slave(Slave(self.mine.unit));
            self.context = Some(context);
            answer = self.call(request).await;
        }
        self.slot.last_frame = Instant::now();
        self.slot.quiet_until = self.slot.last_frame + frame_delay;
        let words = match answer? {
            Ok(Response::ReadHoldingRegisters(words) | Response::ReadInputRegisters(words)) => words,
            Ok(Response::ReadCoils(bits) | Response::ReadDiscreteInputs(bits)) => {
                // Bits come eight at a time.
                bits.into_iter().take(usize::from(length)).map(u16::from).collect()
            }
            Ok(_) => Vec::new(),
            Err(code) => {
                self.is_clean = true;
                return Ok(Err(code));
            }
        };
        if words.len() == usize::from(length) {
            self.is_clean = true;
            return Ok(Ok(words));
        }
        let detail = format!("unit {} was asked for {length} registers and gave {}", self.mine.unit, words.len());
        Err(ConnectorError::new(FailureKind::Protocol, detail))
    }

    async fn call(&mut self, request: Request<'_>) -> Result<Result<Response, ExceptionCode>, ConnectorError> {
        let answer = match &mut self.context {
            Some(context) => context.call(request).await,
            None => Err(Error::Transport(std::io::ErrorKind::NotConnected.into())),
        };
        answer.map_err(|error| self.classify(error))
    }

    fn classify(&self, error: Error) -> ConnectorError {
        match error {
            Error::Transport(error) => {
                use std::io::ErrorKind;
                // The codec's word for a connection that was closed in the middle of a frame. Of one that was closed
                // before it, the client reports whatever the operating system said last.
                let is_cut = error.to_string().contains("bytes remaining on stream");
                let is_broken = matches!(
                    error.kind(),
                    ErrorKind::UnexpectedEof
                        | ErrorKind::NotConnected
                        | ErrorKind::BrokenPipe
                        | ErrorKind::ConnectionReset
                        | ErrorKind::ConnectionAborted
                );
                if is_cut || is_broken || error.raw_os_error().is_some() {
                    let detail = format!("unit {}: the other side closed the connection", self.mine.unit);
                    return ConnectorError::new(FailureKind::Unreachable, detail).with_code(CLOSED);
                }
                let detail = format!("unit {}: not a Modbus frame: {error}", self.mine.unit);
                ConnectorError::new(FailureKind::Protocol, detail)
            }
            Error::Protocol(ProtocolError::HeaderMismatch { message, .. }) => ConnectorError::new(
                FailureKind::Protocol,
                format!("unit {}: an answer to another question: {message}", self.mine.unit),
            ),
            Error::Protocol(ProtocolError::FunctionCodeMismatch { .. }) => ConnectorError::new(
                FailureKind::Protocol,
                format!("unit {}: an answer of another kind", self.mine.unit),
            ),
        }
    }
}
