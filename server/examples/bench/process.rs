//! The processes that are measured, and what they use.

use std::{path::Path, process::Stdio, time::Duration};

use anyhow::Context as _;
use serde_json::Value;
use tokio::{
    io::{AsyncBufReadExt as _, BufReader, Lines},
    process::{Child, ChildStdout, Command},
    time::timeout,
};

const PATIENCE: Duration = Duration::from_secs(30);
const KEY: &str = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";

fn lines(child: &mut Child) -> anyhow::Result<Lines<BufReader<ChildStdout>>> {
    Ok(BufReader::new(child.stdout.take().context("no output")?).lines())
}

async fn next(lines: &mut Lines<BufReader<ChildStdout>>) -> anyhow::Result<String> {
    timeout(PATIENCE, lines.next_line()).await.context("nothing was printed")??.context("the process ended")
}

pub struct Simulator {
    child: Child,
    /// `{"equipment": …, "credentials": …}`
    pub ovens: Vec<Value>,
}

impl Simulator {
    /// Ovens of this kind; with a broker they publish there.
    pub async fn start(hornero: &Path, kind: &str, ovens: usize, broker: Option<&str>) -> anyhow::Result<Self> {
        let mut command = Command::new(hornero);
        command.args(["simulate", "--kind", kind, "--ovens", &ovens.to_string()]);
        if let Some(broker) = broker {
            command.args(["--broker", broker]);
        }
        let mut child = command.stdout(Stdio::piped()).kill_on_drop(true).spawn()?;
        let (mut lines, mut ovens) = (lines(&mut child)?, Vec::new());
        loop {
            match next(&mut lines).await?.as_str() {
                "ready" => return Ok(Self { child, ovens }),
                line => ovens.push(serde_json::from_str(line)?),
            }
        }
    }

    pub async fn stop(&mut self) {
        let _ = self.child.kill().await;
    }
}

pub struct Server {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
    code: Option<String>,
    pub base: String,
}

impl Server {
    /// On an empty folder, with a code for the first admin.
    pub async fn start(hornero: &Path, folder: &Path) -> anyhow::Result<Self> {
        let mut server = Self::start_again(hornero, folder).await?;
        while server.code.is_none() {
            let line = next(&mut server.lines).await?;
            server.code = code(&line);
        }
        Ok(server)
    }

    pub async fn start_again(hornero: &Path, folder: &Path) -> anyhow::Result<Self> {
        let mut child = Command::new(hornero)
            .arg("serve")
            .current_dir(folder)
            .env("HORNERO_MASTER_KEY", KEY)
            .env("HORNERO_LISTEN", "127.0.0.1:0")
            .env("HORNERO_LOG", "warn")
            // One admin makes hundreds of ovens, and asks for charts as fast as they come.
            .env("HORNERO_API_REQUESTS_PER_SECOND", "1000000")
            .env("HORNERO_API_BURST", "1000000")
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let mut lines = lines(&mut child)?;
        let (mut found, mut base) = (None, None);
        while base.is_none() {
            let line = next(&mut lines).await?;
            found = found.or_else(|| code(&line));
            base = line.split_once("Hornero is on ").map(|(_, base)| base.trim().to_owned());
        }
        Ok(Self { child, lines, code: found, base: base.unwrap_or_default() })
    }

    pub fn setup_code(&mut self) -> anyhow::Result<String> {
        self.code.take().context("the code was used")
    }

    pub fn pid(&self) -> u32 {
        self.child.id().unwrap_or_default()
    }

    /// As a power cut would end it.
    pub async fn kill(&mut self) -> anyhow::Result<()> {
        Ok(self.child.kill().await?)
    }

    pub async fn stop(mut self) -> anyhow::Result<()> {
        Command::new("kill").args(["-TERM", &self.pid().to_string()]).status().await?;
        let status = timeout(PATIENCE, self.child.wait()).await.context("the server does not stop")??;
        drop(self.lines);
        anyhow::ensure!(status.success(), "the server ended with {status}");
        Ok(())
    }
}

fn code(line: &str) -> Option<String> {
    Some(line.split_once("one-time code: ")?.1.trim().to_owned())
}

/// What a process has used, from `/proc` (proc(5)).
pub struct Usage {
    pub cpu_seconds: f64,
    pub rss_mb: f64,
    pub peak_mb: f64,
}

impl Usage {
    pub fn of(pid: u32) -> anyhow::Result<Self> {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat"))?;
        // The name in parentheses may hold spaces; fields are counted after it. utime and stime are 14 and 15.
        let after_name = stat.rsplit_once(')').context("an odd stat line")?.1;
        let fields: Vec<&str> = after_name.split_whitespace().collect();
        let ticks = |index: usize| fields.get(index).and_then(|text| text.parse::<f64>().ok()).unwrap_or_default();
        let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
        let kib = |name: &str| {
            let line = status.lines().find(|line| line.starts_with(name));
            line.and_then(|line| line.split_whitespace().nth(1)?.parse::<f64>().ok()).unwrap_or_default()
        };
        // USER_HZ is 100 on every Linux that Rust's std supports.
        let cpu_seconds = (ticks(11) + ticks(12)) / 100.0;
        Ok(Self { cpu_seconds, rss_mb: kib("VmRSS:") / 1024.0, peak_mb: kib("VmHWM:") / 1024.0 })
    }
}
