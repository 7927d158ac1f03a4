//! `cargo xtask`: builds, measures and live-rebuilds what browsers load.
//!
//! # Layout
//!
//! - [`bundle`]: the steps from sources to `target/site`; the place to start reading
//! - [`stamp`]: tells whether there is anything to do
//! - [`wasm`], [`css`]: one kind of input each
//! - [`site`]: hashed names, compressed copies, `assets.json`
//! - [`size`]: what a first visit transfers, held to a budget
//! - [`dev`]: rebuilds and restarts on change
//! - [`workspace`]: where things are, and running cargo

mod bundle;
mod css;
mod dev;
mod site;
mod size;
mod stamp;
mod wasm;
mod workspace;

use std::{env, path::Path, process::ExitCode};

use anyhow::Result;
use bundle::Profile;

const USAGE: &str = "\
Usage: cargo xtask <command>

  bundle [--dev]      build target/site: WASM, CSS and static files
  size [--html PATH]  print what a first visit to the board transfers; fail when over budget
  dev [ARGS]          rebuild on change and keep `hornero demo ARGS` running
";

fn main() -> Result<ExitCode> {
    let args: Vec<String> = env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    match args.as_slice() {
        ["bundle"] => bundle::run(Profile::Release)?,
        ["bundle", "--dev"] => bundle::run(Profile::Dev)?,
        ["size"] => return size::run(None),
        ["size", "--html", page] => return size::run(Some(Path::new(page))),
        ["dev", demo_args @ ..] => dev::run(demo_args)?,
        _ => {
            eprint!("{USAGE}");
            return Ok(ExitCode::from(2));
        }
    }
    Ok(ExitCode::SUCCESS)
}
