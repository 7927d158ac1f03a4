//! Carries the bytes between a client and a server inside the simulator, and lets a line's faults happen in between.
//!
//! Libraries that serve a protocol own their connections: nothing outside can cut them, hold them back or spoil them.
//! So the client's connection ends here, where all of that is possible.

use std::time::Duration;

use bytes::Bytes;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};

use super::fault::Fault;
use super::line::Line;
use super::station::{Station, when_due};

/// What a client receives instead of an answer, and then the end of the connection; nothing for faults that spoil none.
pub type Spoiled = fn(Fault) -> Option<Bytes>;

/// Carries bytes until either side ends, the line is cut, or the oven begins to refuse passwords.
pub async fn carry(station: &Station, client: Line, server: impl AsyncRead + AsyncWrite, spoiled: Spoiled) {
    let (mut client_read, mut client_write) = tokio::io::split(client);
    let (mut server_read, mut server_write) = tokio::io::split(server);
    let answers = async {
        let mut piece = vec![0; 16 * 1024];
        loop {
            let length = server_read.read(&mut piece).await.unwrap_or(0);
            if length == 0 || pass(station, &mut client_write, &piece[..length], spoiled).await.is_none() {
                return;
            }
        }
    };
    tokio::select! {
        _ = tokio::io::copy(&mut client_read, &mut server_write) => {}
        () = answers => {}
        () = refusing(station) => {}
    }
}

/// Passes on a piece of an answer as the fault in force lets it; nothing when the connection is over.
async fn pass(station: &Station, client: &mut (impl AsyncWrite + Unpin), piece: &[u8], spoiled: Spoiled) -> Option<()> {
    let fault = when_due(station).await.fault;
    if let Some(bytes) = spoiled(fault) {
        let _ = client.write_all(&bytes).await;
        let _ = client.shutdown().await;
        return None;
    }
    if fault != Fault::Drip {
        return client.write_all(piece).await.ok();
    }
    for byte in piece {
        client.write_all(&[*byte]).await.ok()?;
        if station.fault() == Fault::Drip {
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    }
    Some(())
}

/// Waits until the oven begins to refuse passwords. A session outlives the change of its password in most protocols;
/// cutting it makes the client log in again, and see.
async fn refusing(station: &Station) {
    let mut faults = station.faults();
    loop {
        // The sender lives in the station, so this is never an error.
        let _ = faults.changed().await;
        if faults.borrow_and_update().fault == Fault::WrongPassword {
            return;
        }
    }
}
