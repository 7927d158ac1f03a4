//! Listening, and connections that can be cut.
//!
//! A controller that loses power leaves every client with a dead connection. `axum::serve` spawns the connections
//! itself and gives no way to end them, so the cut is made underneath, in the stream: once [`Lines::cut`] is cancelled
//! every read and write fails, and the connection's task ends.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::pin::Pin;
use std::task::{Context, Poll};

use axum::serve::Listener;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};
use tokio_util::task::TaskTracker;
use tokio_util::task::task_tracker::TaskTrackerToken;

/// Clients that may wait to be accepted; a fleet is polled in bursts.
const BACKLOG: u32 = 256;

/// Listens on a port of 127.0.0.1; 0 takes any free one. Does not wait, but needs the runtime.
pub fn listen(port: u16) -> io::Result<TcpListener> {
    reserve(SocketAddr::from((Ipv4Addr::LOCALHOST, port)))?.listen(BACKLOG)
}

/// Keeps an address without listening, so that it refuses connections and yet nobody else is given its port.
pub fn reserve(addr: SocketAddr) -> io::Result<TcpSocket> {
    let socket = TcpSocket::new_v4()?;
    // Connections that were cut a moment ago still occupy the port in TIME_WAIT.
    socket.set_reuseaddr(true)?;
    socket.bind(addr)?;
    Ok(socket)
}

/// Turns a reserved address back into a listening one.
pub fn listen_again(socket: TcpSocket) -> io::Result<TcpListener> {
    socket.listen(BACKLOG)
}

/// A listener whose connections can all be cut.
pub struct Lines {
    pub listener: TcpListener,
    pub cut: CancellationToken,
    /// Counts the connections that are open.
    pub open: TaskTracker,
}

impl Listener for Lines {
    type Io = Line;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Line, SocketAddr) {
        let (stream, peer) = Listener::accept(&mut self.listener).await;
        // Answers are one small write; a stream that cannot do without Nagle is only slower.
        let _ = stream.set_nodelay(true);
        (Line::new(stream, &self.cut, &self.open), peer)
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}

/// One connection.
pub struct Line {
    // Declared before the token, hence closed before the token says so.
    stream: TcpStream,
    cut: Pin<Box<WaitForCancellationFutureOwned>>,
    _open: TaskTrackerToken,
}

impl Line {
    /// A connection that `cut` ends and `open` counts.
    pub fn new(stream: TcpStream, cut: &CancellationToken, open: &TaskTracker) -> Self {
        Self { stream, cut: Box::pin(cut.clone().cancelled_owned()), _open: open.token() }
    }

    /// The stream, unless it has been cut; the task is woken when it is.
    fn alive(&mut self, cx: &mut Context<'_>) -> io::Result<Pin<&mut TcpStream>> {
        match self.cut.as_mut().poll(cx) {
            Poll::Ready(()) => Err(io::ErrorKind::ConnectionReset.into()),
            Poll::Pending => Ok(Pin::new(&mut self.stream)),
        }
    }
}

impl AsyncRead for Line {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        self.alive(cx)?.poll_read(cx, buf)
    }
}

impl AsyncWrite for Line {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        self.alive(cx)?.poll_write(cx, buf)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.alive(cx)?.poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.alive(cx)?.poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.alive(cx)?.poll_shutdown(cx)
    }
}
