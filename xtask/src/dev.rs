//! `cargo xtask dev`: keeps `hornero demo` running on the sources as they are.

use std::{
    fs,
    process::{Child, Command},
    thread,
    time::{Duration, SystemTime},
};

use anyhow::Result;

use crate::{
    bundle::{self, Profile},
    workspace,
};

const WATCHED: [&str; 5] = ["app", "migrations", "public", "server", "style"];
const POLL: Duration = Duration::from_millis(300);

/// Runs until Ctrl-C, which the terminal also sends to the server and to a build under way.
pub fn run(demo_args: &[&str]) -> Result<()> {
    let mut built = None;
    let mut server = None;
    loop {
        let sources = sources()?;
        if built != Some(sources) {
            built = Some(sources);
            if let Err(error) = rebuild(&mut server, demo_args) {
                eprintln!("{error:#}\nWaiting for the next change.");
            }
        }
        thread::sleep(POLL);
    }
}

/// How many files there are, and when one last changed.
fn sources() -> Result<(usize, Option<SystemTime>)> {
    let mut files = Vec::new();
    for directory in WATCHED {
        files.extend(workspace::files(&workspace::root().join(directory))?);
    }
    // A file that an editor has just replaced has no time now and a new one at the next look.
    let last_change = files.iter().filter_map(|path| fs::metadata(path).ok()?.modified().ok()).max();
    Ok((files.len(), last_change))
}

/// Leaves the running server alone unless everything compiles.
fn rebuild(server: &mut Option<Child>, demo_args: &[&str]) -> Result<()> {
    bundle::run(Profile::Dev)?;
    let hornero = workspace::cargo_build(&["-p", "server", "--bin", "hornero"], "hornero")?;
    if let Some(mut old) = server.take() {
        // Not worth waiting for it to drain: this is demo data, and the database recovers.
        old.kill()?;
        old.wait()?;
    }
    *server = Some(Command::new(hornero).arg("demo").args(demo_args).spawn()?);
    Ok(())
}
