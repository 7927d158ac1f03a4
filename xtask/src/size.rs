//! `cargo xtask size`: what a first visit to the board transfers, held to a budget.

use std::{collections::BTreeMap, fs, path::Path, process::ExitCode};

use anyhow::{Context, Result};

use crate::{
    site::{self, ASSETS_JSON},
    workspace,
};

/// What a first visit to the board may transfer, compressed with brotli.
const BUDGET_BYTES: usize = 150_000;

/// The quality at which the server compresses pages, which it cannot do ahead of time.
const PAGE_BROTLI_QUALITY: u32 = 5;

struct Size {
    raw: usize,
    gzip: usize,
    brotli: usize,
}

pub fn run(html: Option<&Path>) -> Result<ExitCode> {
    let mut sizes = first_visit()?;
    if let Some(path) = html {
        let page = fs::read(path).with_context(|| format!("reading {}", path.display()))?;
        let size = Size {
            raw: page.len(),
            gzip: site::gzip(&page)?.len(),
            brotli: site::brotli(&page, PAGE_BROTLI_QUALITY)?.len(),
        };
        sizes.push((path.display().to_string(), size));
    }

    println!("{:<32}{:>10}{:>10}{:>10}", "first visit, bytes", "raw", "gzip", "brotli");
    let mut total = Size { raw: 0, gzip: 0, brotli: 0 };
    for (name, size) in &sizes {
        print_row(name, size);
        total.raw += size.raw;
        total.gzip += size.gzip;
        total.brotli += size.brotli;
    }
    print_row("total", &total);

    if total.brotli > BUDGET_BYTES {
        eprintln!("Over the budget of {BUDGET_BYTES} bytes by {}.", total.brotli - BUDGET_BYTES);
        return Ok(ExitCode::FAILURE);
    }
    println!("Within the budget of {BUDGET_BYTES} bytes.");
    Ok(ExitCode::SUCCESS)
}

fn print_row(name: &str, size: &Size) {
    println!("{name:<32}{:>10}{:>10}{:>10}", size.raw, size.gzip, size.brotli);
}

fn first_visit() -> Result<Vec<(String, Size)>> {
    let root = workspace::site();
    let assets = fs::read(root.join(ASSETS_JSON)).context("no bundle to measure; run `cargo xtask bundle` first")?;
    let assets: BTreeMap<String, String> = serde_json::from_slice(&assets)?;
    let mut sizes = Vec::new();
    for (name, url) in assets.into_iter().filter(|(name, _)| is_loaded_at_first(name)) {
        let length = |suffix: &str| -> Result<usize> {
            let path = root.join(format!("{}{suffix}", url.trim_start_matches('/')));
            let meta = fs::metadata(&path).with_context(|| format!("measuring {}", path.display()))?;
            Ok(meta.len() as usize)
        };
        let raw = length("")?;
        let size = if site::is_compressible(&name) {
            Size { raw, gzip: length(".gz")?, brotli: length(".br")? }
        } else {
            Size { raw, gzip: raw, brotli: raw }
        };
        sizes.push((name, size));
    }
    Ok(sizes)
}

/// Whether a browser may load the file with its first page. Of the icons it takes the scalable ones;
/// bitmaps are for home screens and other pages.
fn is_loaded_at_first(name: &str) -> bool {
    let extension = Path::new(name).extension().and_then(|it| it.to_str()).unwrap_or_default();
    ["css", "js", "svg", "wasm", "webmanifest", "woff2"].contains(&extension)
}
