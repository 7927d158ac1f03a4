//! A mosquitto of our own, on a free port.

use std::process::Stdio;

use tempfile::TempDir;
use tokio::{
    net::{TcpListener, TcpStream},
    process::{Child, Command},
};

use crate::harness::eventually;

/// Stops with its test.
pub struct Broker {
    child: Child,
    folder: TempDir,
    pub port: u16,
    login: Option<(&'static str, &'static str)>,
}

/// Debian keeps it where only root looks.
fn path() -> String {
    format!("{}:/usr/sbin", std::env::var("PATH").unwrap_or_default())
}

pub async fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port()
}

impl Broker {
    pub async fn start() -> Self {
        Self::with(&["allow_anonymous true"], None).await
    }

    pub async fn with(lines: &[&str], login: Option<(&'static str, &'static str)>) -> Self {
        let folder = TempDir::new().unwrap();
        let port = free_port().await;
        let mut config: Vec<String> = vec![format!("listener {port} 127.0.0.1"), "persistence false".to_owned()];
        config.extend(lines.iter().map(|line| line.replace("FOLDER", folder.path().to_str().unwrap())));
        std::fs::write(folder.path().join("mosquitto.conf"), config.join("\n")).unwrap();
        if let Some((name, password)) = login {
            let file = folder.path().join("passwords");
            std::fs::write(&file, "").unwrap();
            let made = Command::new("mosquitto_passwd").arg("-b").arg(&file).args([name, password]).output().await;
            assert!(made.expect("run `scripts/setup.sh test` first").status.success());
        }
        let child = Self::run(&folder);
        let broker = Self { child, folder, port, login };
        broker.answers().await;
        broker
    }

    fn run(folder: &TempDir) -> Child {
        let file = folder.path().join("mosquitto.conf");
        Command::new("mosquitto")
            .env("PATH", path())
            .arg("-c")
            .arg(file)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .expect("run `scripts/setup.sh test` first: it installs mosquitto")
    }

    async fn answers(&self) {
        eventually("mosquitto answers", || async { TcpStream::connect(("127.0.0.1", self.port)).await.ok() }).await;
    }

    pub async fn kill(&mut self) {
        self.child.kill().await.unwrap();
    }

    pub async fn again(&mut self) {
        self.child = Self::run(&self.folder);
        self.answers().await;
    }

    /// Publishes with mosquitto's own client.
    pub async fn publish(&self, topic: &str, payload: &str, more: &[&str]) {
        let port = self.port.to_string();
        let mut command = Command::new("mosquitto_pub");
        command.args(["-h", "127.0.0.1", "-p", &port, "-t", topic, "-m", payload]).args(more);
        if let Some((name, password)) = self.login {
            command.args(["-u", name, "-P", password]);
        }
        assert!(command.status().await.unwrap().success(), "{topic} is published");
    }
}
