//! The content of `target/site`: names, references between files, compressed copies.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    io::Write,
    path::Path,
};

use anyhow::{Context, Result};
use flate2::{Compression, write::GzEncoder};
use sha2::{Digest, Sha256};
use walkdir::WalkDir;

use crate::{bundle::Profile, workspace};

/// Maps the name of each file in the sources to its URL; the server reads it to write pages.
pub const ASSETS_JSON: &str = "assets.json";

/// Kinds of files that shrink; images and fonts are compressed by their own formats.
const COMPRESSIBLE: [&str; 9] = ["css", "html", "ico", "js", "json", "svg", "txt", "wasm", "webmanifest"];

#[derive(Default)]
pub struct Site {
    /// Content by path below `target/site`.
    files: BTreeMap<String, Vec<u8>>,
    /// URL by source name.
    urls: BTreeMap<String, String>,
}

impl Site {
    /// Adds a file under a URL that changes with its content, so that browsers may keep it forever.
    pub fn add_hashed(&mut self, name: &str, content: Vec<u8>) {
        let path = Path::new("assets").join(hashed_name(name, &content));
        self.add(name, &path.to_string_lossy(), content);
    }

    /// Adds a file under a URL that never changes.
    pub fn add_fixed(&mut self, name: &str, content: Vec<u8>) {
        self.add(name, name, content);
    }

    fn add(&mut self, name: &str, path: &str, content: Vec<u8>) {
        self.urls.insert(name.to_owned(), format!("/{path}"));
        self.files.insert(path.to_owned(), content);
    }

    /// Replaces `/name` of files added so far by their URL, where it is quoted or the argument of a CSS `url(…)`.
    pub fn link(&self, text: &str) -> String {
        self.urls.iter().fold(text.to_owned(), |text, (name, url)| {
            [('"', '"'), ('\'', '\''), ('(', ')')].iter().fold(text, |text, (open, close)| {
                text.replace(&format!("{open}/{name}{close}"), &format!("{open}{url}{close}"))
            })
        })
    }

    /// Makes `target/site` hold exactly this site. Files that are the same already are left
    /// untouched, so that a server that embeds them is not rebuilt.
    pub fn write(mut self, profile: Profile) -> Result<()> {
        for (path, content) in self.files.clone() {
            if is_compressible(&path) {
                self.files.insert(format!("{path}.br"), brotli(&content, brotli_quality(profile))?);
                self.files.insert(format!("{path}.gz"), gzip(&content)?);
            }
        }
        self.files.insert(ASSETS_JSON.to_owned(), serde_json::to_vec_pretty(&self.urls)?);

        let root = workspace::site();
        for (path, content) in &self.files {
            let path = root.join(path);
            if fs::read(&path).is_ok_and(|current| current == *content) {
                continue;
            }
            fs::create_dir_all(path.parent().expect("it is below the site's root"))?;
            fs::write(&path, content).with_context(|| format!("writing {}", path.display()))?;
        }
        remove_all_but(&root, &self.files.keys().map(String::as_str).collect())
    }
}

pub fn is_compressible(name: &str) -> bool {
    Path::new(name).extension().and_then(|it| it.to_str()).is_some_and(|it| COMPRESSIBLE.contains(&it))
}

/// `icons/icon.svg` becomes `icons/icon.0123456789.svg`.
fn hashed_name(name: &str, content: &[u8]) -> String {
    let hash = format!("{:x}", Sha256::digest(content));
    let hash = &hash[..10];
    let suffix = match Path::new(name).extension() {
        Some(extension) => format!("{hash}.{}", extension.to_string_lossy()),
        None => hash.to_owned(),
    };
    Path::new(name).with_extension(suffix).to_string_lossy().into_owned()
}

fn brotli_quality(profile: Profile) -> u32 {
    match profile {
        Profile::Dev => 5,
        Profile::Release => 11,
    }
}

pub fn brotli(content: &[u8], quality: u32) -> Result<Vec<u8>> {
    let mut writer = brotli::CompressorWriter::new(Vec::new(), 4096, quality, 22);
    writer.write_all(content)?;
    Ok(writer.into_inner())
}

pub fn gzip(content: &[u8]) -> Result<Vec<u8>> {
    let mut writer = GzEncoder::new(Vec::new(), Compression::best());
    writer.write_all(content)?;
    Ok(writer.finish()?)
}

fn remove_all_but(root: &Path, keep: &BTreeSet<&str>) -> Result<()> {
    for entry in WalkDir::new(root).min_depth(1).contents_first(true) {
        let entry = entry?;
        if entry.file_type().is_dir() {
            // Fails, as it should, unless the directory has become empty.
            let _ = fs::remove_dir(entry.path());
        } else if !entry.path().strip_prefix(root)?.to_str().is_some_and(|path| keep.contains(path)) {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_change_with_content_and_keep_their_extension() {
        let name = hashed_name("icons/icon.svg", b"<svg/>");
        assert_eq!(name.split('.').map(str::len).collect::<Vec<_>>(), ["icons/icon".len(), 10, "svg".len()]);
        assert_ne!(name, hashed_name("icons/icon.svg", b"<svg></svg>"));
    }

    #[test]
    fn references_follow_hashed_names() {
        let mut site = Site::default();
        site.add_hashed("a.js", b"a".to_vec());
        site.add_fixed("robots.txt", b"".to_vec());
        let url = &site.urls["a.js"];
        assert_eq!(
            site.link(r#"import("/a.js"), '/a.js', url(/a.js), "/a.json", "/robots.txt""#),
            format!(r#"import("{url}"), '{url}', url({url}), "/a.json", "/robots.txt""#),
        );
    }
}
