//! A mosquitto of our own, on a free port.

use std::{net::TcpListener, process::Stdio, time::Duration};

use anyhow::Context as _;
use tempfile::TempDir;
use tokio::{
    net::TcpStream,
    process::{Child, Command},
    time::{Instant, sleep},
};

const PATIENCE: Duration = Duration::from_secs(10);

pub struct Broker {
    _child: Child,
    _folder: TempDir,
    /// `127.0.0.1:port`
    pub address: String,
}

impl Broker {
    pub async fn start() -> anyhow::Result<Self> {
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let folder = TempDir::new()?;
        let file = folder.path().join("mosquitto.conf");
        let lines = [
            format!("listener {port} 127.0.0.1"),
            "allow_anonymous true".to_owned(),
            "persistence false".to_owned(),
            "max_queued_messages 100000".to_owned(),
            "max_inflight_messages 0".to_owned(),
        ];
        std::fs::write(&file, lines.join("\n"))?;
        // Debian keeps it where only root looks.
        let path = format!("{}:/usr/sbin", std::env::var("PATH").unwrap_or_default());
        let child = Command::new("mosquitto")
            .env("PATH", path)
            .arg("-c")
            .arg(&file)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .context("mosquitto does not start; is the package mosquitto installed?")?;
        let address = format!("127.0.0.1:{port}");
        let deadline = Instant::now() + PATIENCE;
        while TcpStream::connect(&address).await.is_err() {
            anyhow::ensure!(Instant::now() < deadline, "mosquitto does not answer at {address}");
            sleep(Duration::from_millis(20)).await;
        }
        Ok(Self { _child: child, _folder: folder, address })
    }
}
