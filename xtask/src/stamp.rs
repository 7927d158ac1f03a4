//! A digest of everything a bundle is made from, kept beside the bundle.

use std::{fs, io::ErrorKind, path::PathBuf};

use anyhow::{Context, Result};
use sha2::{Digest, Sha256};

use crate::{bundle::Profile, workspace};

const INPUTS: [&str; 7] = ["Cargo.lock", "Cargo.toml", "rust-toolchain.toml", "app", "public", "style", "xtask"];

pub fn of_inputs(profile: Profile, optimised: bool) -> Result<String> {
    let root = workspace::root();
    let mut digest = Sha256::new();
    digest.update(format!("{profile:?} {optimised}"));
    for input in INPUTS {
        for path in workspace::files(&root.join(input))? {
            let content = fs::read(&path).with_context(|| format!("reading {}", path.display()))?;
            // Names and lengths keep content that moves from one file to the next from looking the same.
            digest.update(format!("\n{} {}\n", path.display(), content.len()));
            digest.update(&content);
        }
    }
    Ok(format!("{:x}", digest.finalize()))
}

pub fn is_current(stamp: &str) -> bool {
    fs::read_to_string(path()).is_ok_and(|last| last == stamp)
}

/// Called before the site changes: an interrupted bundle must not look complete.
pub fn clear() -> Result<()> {
    match fs::remove_file(path()) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error.into()),
        _ => Ok(()),
    }
}

pub fn set(stamp: &str) -> Result<()> {
    Ok(fs::write(path(), stamp)?)
}

fn path() -> PathBuf {
    workspace::site().join(".stamp")
}
