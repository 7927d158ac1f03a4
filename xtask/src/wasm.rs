//! The `app` crate as a WebAssembly module and the script that loads it.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context, Result, ensure};
use wasm_bindgen_cli_support::Bindgen;

use crate::{bundle::Profile, workspace};

/// What rustc's WASM target and wasm-bindgen use and all supported browsers know. It is not
/// `--all-features`: browsers reject a module that uses the experimental ones.
const WASM_OPT_FLAGS: [&str; 7] = [
    "-Oz",
    "--enable-bulk-memory",
    "--enable-nontrapping-float-to-int",
    "--enable-sign-ext",
    "--enable-mutable-globals",
    "--enable-reference-types",
    "--enable-multivalue",
];

pub struct Module {
    pub js: Vec<u8>,
    pub wasm: Vec<u8>,
}

/// The wasm-opt that `xtask/package.json` pins. One from elsewhere is never used: binaryen 108,
/// which Debian 12 has, corrupts the table of external references.
pub fn find_wasm_opt(profile: Profile) -> Option<PathBuf> {
    let script = workspace::root().join("xtask/node_modules/.bin/wasm-opt");
    let usable = || {
        let node = Command::new("node").arg("--version").stdout(Stdio::null()).status();
        script.exists() && node.is_ok_and(|status| status.success())
    };
    (profile == Profile::Release && usable()).then_some(script)
}

pub fn build(profile: Profile, wasm_opt: Option<&Path>) -> Result<Module> {
    let cargo_profile = match profile {
        Profile::Dev => "dev",
        Profile::Release => "wasm-release",
    };
    let args = ["-p", "app", "--lib", "--target", "wasm32-unknown-unknown"];
    let features = ["--no-default-features", "--features", "hydrate", "--profile", cargo_profile];
    let compiled = workspace::cargo_build(&[args, features].concat(), "app.wasm")?;

    let out = compiled.with_file_name("app-bindgen");
    // Snippets of an earlier run would look like those of this one.
    let _ = fs::remove_dir_all(&out);
    Bindgen::new()
        .input_path(&compiled)
        .out_name("app")
        .web(true)?
        .typescript(false)
        .remove_name_section(profile == Profile::Release)
        .remove_producers_section(profile == Profile::Release)
        .generate(&out)
        .context("running wasm-bindgen")?;
    ensure!(
        !out.join("snippets").exists(),
        "a dependency of app brings JavaScript files of its own, which the bundle does not carry; see {}",
        out.join("snippets").display(),
    );

    let wasm = out.join("app_bg.wasm");
    if let Some(script) = wasm_opt {
        optimise(script, &wasm)?;
    } else if profile == Profile::Release {
        println!(
            "Note: wasm-opt is skipped, so the module is larger than need be; `make run` installs it where node and npm are."
        );
    }
    Ok(Module { js: fs::read(out.join("app.js"))?, wasm: fs::read(wasm)? })
}

fn optimise(script: &Path, wasm: &Path) -> Result<()> {
    let status = Command::new("node").arg(script).args(WASM_OPT_FLAGS).arg(wasm).arg("-o").arg(wasm).status()?;
    ensure!(status.success(), "wasm-opt failed on {}", wasm.display());
    Ok(())
}
