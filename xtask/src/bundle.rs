//! `cargo xtask bundle`: everything a browser loads, into `target/site`.

use std::{fs, time::Instant};

use anyhow::{Context, Result};

use crate::{css, site::Site, stamp, wasm, workspace};

/// Public files that browsers and crawlers look for under a fixed URL.
const FIXED_URLS: [&str; 4] = ["favicon.ico", "manifest.webmanifest", "robots.txt", "service-worker.js"];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Profile {
    /// Quick to build, large to load.
    Dev,
    /// Small to load, slow to build.
    Release,
}

pub fn run(profile: Profile) -> Result<()> {
    let started = Instant::now();
    let wasm_opt = wasm::find_wasm_opt(profile);
    let stamp = stamp::of_inputs(profile, wasm_opt.is_some())?;
    if stamp::is_current(&stamp) {
        println!("target/site is up to date.");
        return Ok(());
    }

    let module = wasm::build(profile, wasm_opt.as_deref())?;
    let mut site = Site::default();
    site.add_hashed("app.js", module.js);
    site.add_hashed("app.wasm", module.wasm);
    site.add_hashed("boot.js", site.link(include_str!("boot.js")).into());

    let public = workspace::root().join("public");
    let mut fixed = Vec::new();
    for path in workspace::files(&public)? {
        let content = fs::read(&path).with_context(|| format!("reading {}", path.display()))?;
        let name = path.strip_prefix(&public)?.to_str().context("a file name in public/ is not UTF-8")?;
        if FIXED_URLS.contains(&name) {
            fixed.push((name.to_owned(), content));
        } else {
            site.add_hashed(name, content);
        }
    }
    // Style sheets refer to fonts and images, the fixed files to all of these: each follows what it names.
    let style = css::bundle(&workspace::root().join("style/main.css"))?;
    site.add_hashed("main.css", site.link(&style).into());
    for (name, content) in fixed {
        let content = match String::from_utf8(content) {
            Ok(text) => site.link(&text).into(),
            Err(binary) => binary.into_bytes(),
        };
        site.add_fixed(&name, content);
    }

    stamp::clear()?;
    site.write(profile)?;
    stamp::set(&stamp)?;
    println!("target/site built in {:.1} s.", started.elapsed().as_secs_f32());
    Ok(())
}
