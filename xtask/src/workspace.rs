//! Where things are in this workspace, and running cargo in it.

use std::{
    env,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use walkdir::{DirEntry, WalkDir};

/// Cargo's word for it at run time: checkouts that share a target directory also share this binary.
pub fn root() -> PathBuf {
    let xtask = env::var_os("CARGO_MANIFEST_DIR").expect("xtask is run as `cargo xtask`");
    Path::new(&xtask).parent().expect("xtask is a directory of the workspace").to_owned()
}

/// The bundle, which the server embeds from here whatever `CARGO_TARGET_DIR` is.
pub fn site() -> PathBuf {
    root().join("target/site")
}

/// The files below `path`, in a stable order, without hidden ones and installed packages.
pub fn files(path: &Path) -> Result<Vec<PathBuf>> {
    let is_source = |entry: &DirEntry| {
        let name = entry.file_name().to_string_lossy();
        !name.starts_with('.') && name != "node_modules"
    };
    let mut files = Vec::new();
    for entry in WalkDir::new(path).sort_by_file_name().into_iter().filter_entry(is_source) {
        let entry = entry?;
        if entry.file_type().is_file() {
            files.push(entry.into_path());
        }
    }
    Ok(files)
}

/// Runs `cargo build` and returns where it put the file of this name.
pub fn cargo_build(args: &[&str], file_name: &str) -> Result<PathBuf> {
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.current_dir(root()).arg("build").args(args);
    // Cargo's own account of what it made holds for any target directory and profile.
    cargo.args(["--message-format", "json-render-diagnostics"]).stdout(Stdio::piped());
    // These describe xtask. Build scripts that watch them would run again on each change of caller.
    for (name, _) in env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("CARGO_PKG_") || text.starts_with("CARGO_MANIFEST_") {
            cargo.env_remove(&name);
        }
    }
    let output = cargo.spawn().context("starting cargo")?.wait_with_output()?;
    ensure!(output.status.success(), "cargo build {} failed", args.join(" "));
    String::from_utf8(output.stdout)?
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .filter_map(|message| message["filenames"].as_array().cloned())
        .flatten()
        .filter_map(|path| path.as_str().map(PathBuf::from))
        .find(|path| path.file_name().is_some_and(|name| name == file_name))
        .with_context(|| format!("cargo build {} made no {file_name}", args.join(" ")))
}
