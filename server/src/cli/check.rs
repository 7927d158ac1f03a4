//! `hornero check`: whether the database is what it should be.

use std::io::Write as _;

use anyhow::Context as _;
use server::{config::Config, store::Store};

/// Prints what was looked at; an error where something is wrong. The server may run meanwhile.
pub async fn run(config: &Config) -> anyhow::Result<()> {
    let path = config.database_path();
    anyhow::ensure!(path.exists(), "there is no database at {}", path.display());
    // Looking at it should not change it.
    anyhow::ensure!(
        !Store::needs_migration(&path),
        "{} has the schema of another version: start `hornero serve` of this version once, or check it with the version that \
         wrote it",
        path.display()
    );
    let store = Store::open(&path).await?;
    let mut out = std::io::stdout();
    let mut flaws = store.integrity().await?;
    let _ = writeln!(out, "{}: {}", path.display(), if flaws.is_empty() { "sound" } else { "damaged" });
    for oven in store.equipment_list().await? {
        let difference = store.rollups_differ(oven.id).await.with_context(|| format!("oven {}", oven.name))?;
        let _ = match &difference {
            None => writeln!(out, "{}: history and rollups agree", oven.name),
            Some(_) => writeln!(out, "{}: history and rollups differ", oven.name),
        };
        flaws.extend(difference.map(|difference| format!("{}: {difference}", oven.name)));
    }
    store.close().await;
    anyhow::ensure!(flaws.is_empty(), "{}", flaws.join("\n"));
    Ok(())
}
