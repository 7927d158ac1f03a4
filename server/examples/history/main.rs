//! How fast history is written, shown, exported and deleted, each beside what SQLite itself does on this machine.
//!
//! Makes a year of one oven's readings, puts the server on it, and asks for charts of every length.
//! `make bench-history ARGS="--days 365 --interval 5"`

#[path = "../bench/api.rs"]
#[expect(dead_code, reason = "shared with the bench of live values")]
mod api;
mod charts;
mod crash;
mod ingest;
mod oven;
#[path = "../bench/process.rs"]
#[expect(dead_code, reason = "shared with the bench of live values")]
mod process;
mod retention;

use std::path::PathBuf;

use anyhow::Context as _;
use clap::Parser;

/// What is measured.
#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Part {
    Ingest,
    Charts,
    Retention,
    Crash,
}

#[derive(Parser)]
pub struct Options {
    /// Length of the history.
    #[arg(long, default_value_t = 365)]
    days: i64,
    /// Seconds between two readings.
    #[arg(long, default_value_t = 5)]
    interval: i64,
    /// Where the database is made; a temporary folder where absent. One that is there already is used as it is.
    #[arg(long)]
    folder: Option<PathBuf>,
    /// Rows that retention deletes while readings come.
    #[arg(long, default_value_t = 1_000_000)]
    delete: u64,
    /// Ovens that are read every second while the server is killed.
    #[arg(long, default_value_t = 1_000)]
    ovens: usize,
    /// Times that it is killed.
    #[arg(long, default_value_t = 20)]
    kills: usize,
    /// Only this part.
    #[arg(long)]
    only: Option<Part>,
    /// The server's binary; the one beside this program where absent.
    #[arg(long)]
    hornero: Option<PathBuf>,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let options = Options::parse();
    let _ = rustls::crypto::ring::default_provider().install_default();
    let hornero = match &options.hornero {
        // It is started in another folder.
        Some(path) => std::path::absolute(path)?,
        None => beside_this()?,
    };
    let temporary = tempfile::TempDir::new()?;
    let folder = options.folder.clone().unwrap_or_else(|| temporary.path().to_owned());
    // Where the server looks for it.
    let data = folder.join("data");
    std::fs::create_dir_all(&data)?;
    // One that does not hold keeps no other from being measured.
    let mut failed = Vec::new();
    let mut note = |part: anyhow::Result<()>| failed.extend(part.err().map(|error| format!("{error:#}")));
    let wanted = |part| options.only.is_none_or(|only| only == part);
    if wanted(Part::Ingest) || wanted(Part::Charts) || wanted(Part::Retention) {
        let (oven, is_fast) = ingest::measure(&options, &data).await?;
        note(is_fast);
        if wanted(Part::Charts) {
            note(charts::measure(&options, &hornero, &folder, oven).await);
        }
        if wanted(Part::Retention) {
            note(retention::measure(&options, &data, oven).await);
        }
    }
    if wanted(Part::Crash) {
        note(crash::measure(&options, &hornero).await);
    }
    anyhow::ensure!(failed.is_empty(), "{}", failed.join("; "));
    Ok(())
}

/// `target/release/examples/history` and `target/release/hornero`.
fn beside_this() -> anyhow::Result<PathBuf> {
    let this = std::env::current_exe()?;
    let folder = this.parent().and_then(|examples| examples.parent()).context("this program has no folder")?;
    let path = folder.join("hornero");
    anyhow::ensure!(path.exists(), "{} is not built; run `make bench-history`", path.display());
    Ok(path)
}

/// Of sorted values.
fn percentile(sorted: &[f64], share: f64) -> f64 {
    let index = ((sorted.len() as f64 * share) as usize).min(sorted.len().saturating_sub(1));
    sorted.get(index).copied().unwrap_or_default()
}
