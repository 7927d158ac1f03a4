//! Protocol peers in processes of their own, in Python, from `end2end/peers`.

use std::{path::PathBuf, process::Stdio};

use tokio::{
    io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines},
    process::{Child, ChildStdin, ChildStdout, Command},
    time::timeout,
};

use crate::harness::PATIENCE;

pub struct Peer {
    child: Child,
    stdin: ChildStdin,
    lines: Lines<BufReader<ChildStdout>>,
    /// The first line that it printed: its port or address.
    pub line: String,
}

impl Peer {
    /// Starts a script with the environment that `scripts/setup.sh test` made.
    pub async fn start(script: &str, args: &[&str]) -> Self {
        let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..");
        let python = root.join("target/peers/bin/python");
        assert!(python.exists(), "run `scripts/setup.sh test` first: it installs the Python peers");
        let mut child = Command::new(python)
            .arg(root.join("end2end/peers").join(script))
            .args(args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let stdin = child.stdin.take().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let line = timeout(PATIENCE, lines.next_line()).await.expect("it prints its port").unwrap().expect("it runs");
        Self { child, stdin, lines, line }
    }

    /// Gives a command to a peer that takes them, and waits until it is done.
    pub async fn tell(&mut self, command: &str) {
        self.stdin.write_all(format!("{command}\n").as_bytes()).await.unwrap();
        let answer = timeout(PATIENCE, self.lines.next_line()).await.expect("it answers").unwrap();
        assert_eq!(answer.as_deref(), Some("done"), "{command}");
    }

    pub async fn kill(mut self) {
        self.child.kill().await.unwrap();
    }
}
