//! The master keys. The first is the current one and encrypts; all of them decrypt.

use std::{
    fmt::{self, Write as _},
    path::{Path, PathBuf},
};

use aes_gcm::aead::{OsRng, rand_core::RngCore as _};
use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use hmac::{Hmac, Mac as _};
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use super::key_file;

pub(super) type KeyId = [u8; 4];
type KeyBytes = Zeroizing<[u8; 32]>;

/// One or more master keys. `Debug` shows their ids, which tell nothing of the keys.
pub struct Keyring {
    /// Never empty.
    keys: Vec<Key>,
}

pub(super) struct Key {
    pub(super) id: KeyId,
    pub(super) bytes: KeyBytes,
}

/// Why there are no master keys. No message repeats a key or a part of it.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    #[error("{0}")]
    Variable(KeyFault),

    #[error("master key file {}, line {line}: {fault}", path.display())]
    Line { path: PathBuf, line: usize, fault: KeyFault },

    #[error("master key file {} holds no key: restore it from its copy, or remove it to start with a new key", path.display())]
    Empty { path: PathBuf },

    #[error("master key file {} is open to others than its owner (mode {mode:03o}): run `chmod 600 {}`", path.display(), path.display())]
    OpenToOthers { path: PathBuf, mode: u32 },

    #[error("cannot {action} the master key file {}: {source}", path.display())]
    Io { action: &'static str, path: PathBuf, source: std::io::Error },
}

/// What is wrong with one key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyFault {
    #[error("{characters} characters are neither 64 hexadecimal digits nor 44 of base64")]
    Length { characters: usize },
    #[error("not hexadecimal")]
    NotHex,
    #[error("not base64 of 32 bytes")]
    NotBase64,
    #[error("not of the form KEYID:KEY, with 8 and 64 hexadecimal digits")]
    NotALine,
    #[error("the key id does not belong to the key, so one of them has a typing error")]
    WrongId,
    #[error("one byte over and over is no key; `openssl rand -hex 32` makes one")]
    Constant,
    #[error("the key is given twice")]
    Twice,
}

impl Keyring {
    /// From a variable: 64 hexadecimal digits or 44 characters of base64. While keys are being changed, several with
    /// commas between them.
    pub fn parse_variable(text: &str) -> Result<Self, KeyError> {
        let mut keys = Vec::new();
        for part in text.split(',') {
            Key::parse(part.trim()).and_then(|key| push(&mut keys, key)).map_err(KeyError::Variable)?;
        }
        Ok(Self { keys })
    }

    /// From a file that its owner alone may read.
    pub fn load_file(path: &Path) -> Result<Self, KeyError> {
        Self::parse_file(path, &key_file::read(path)?)
    }

    /// Makes a key and a file with it. Never overwrites: with the old key gone, no stored credentials would open.
    pub fn generate_file(path: &Path) -> Result<Self, KeyError> {
        let ring = Self { keys: vec![Key::generate()] };
        key_file::create(path, &ring.file_text())?;
        Ok(ring)
    }

    /// Puts a new key in front of those in the file and gives them all. The file is written anew, without comments that
    /// somebody may have added. A server that runs goes on with the keys it has loaded.
    pub fn rotate_file(path: &Path) -> Result<Self, KeyError> {
        let mut ring = Self::load_file(path)?;
        ring.keys.insert(0, Key::generate());
        key_file::replace(path, &ring.file_text())?;
        Ok(ring)
    }

    /// The id of the key that encrypts, to show which one is in force.
    pub fn current_id(&self) -> String {
        hex(&self.current().id)
    }

    /// A fingerprint by which to know a text again, and which tells nobody else anything of it, however little there is
    /// to guess (HMAC-SHA256). Another one under another key.
    pub fn fingerprint(&self, purpose: &str, text: &[u8]) -> [u8; 32] {
        let mut mac = Hmac::<Sha256>::new_from_slice(self.current().bytes.as_slice()).expect("any length is a key");
        mac.update(purpose.as_bytes());
        mac.update(&[0]);
        mac.update(text);
        mac.finalize().into_bytes().into()
    }

    pub(super) fn current(&self) -> &Key {
        &self.keys[0]
    }

    pub(super) fn key(&self, id: KeyId) -> Option<&Key> {
        self.keys.iter().find(|key| key.id == id)
    }

    fn parse_file(path: &Path, text: &str) -> Result<Self, KeyError> {
        let mut keys = Vec::new();
        for (index, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            Key::parse_line(line).and_then(|key| push(&mut keys, key)).map_err(|fault| KeyError::Line {
                path: path.to_owned(),
                line: index + 1,
                fault,
            })?;
        }
        if keys.is_empty() {
            return Err(KeyError::Empty { path: path.to_owned() });
        }
        Ok(Self { keys })
    }

    fn file_text(&self) -> Zeroizing<String> {
        let mut text = Zeroizing::new(String::with_capacity(256 + 80 * self.keys.len()));
        text.push_str(
            "# Master keys of Hornero, one KEYID:KEY a line. The first encrypts, all of them decrypt.\n\
             # Keep a copy in a safe place. Without it the stored credentials of the ovens are lost.\n",
        );
        for key in &self.keys {
            // Byte by byte into the text at hand, so that no piece of the key is left behind in another string.
            push_hex(&mut text, &key.id);
            text.push(':');
            push_hex(&mut text, key.bytes.as_slice());
            text.push('\n');
        }
        text
    }
}

impl fmt::Debug for Keyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.keys.iter().map(|key| hex(&key.id))).finish()
    }
}

impl Key {
    fn new(bytes: KeyBytes) -> Result<Self, KeyFault> {
        if bytes.iter().all(|byte| *byte == bytes[0]) {
            return Err(KeyFault::Constant);
        }
        Ok(Self::with_id(bytes))
    }

    fn with_id(bytes: KeyBytes) -> Self {
        let digest = Sha256::digest(bytes.as_slice());
        let id = [digest[0], digest[1], digest[2], digest[3]];
        Self { id, bytes }
    }

    fn generate() -> Self {
        let mut bytes = KeyBytes::default();
        OsRng.fill_bytes(bytes.as_mut_slice());
        Self::with_id(bytes)
    }

    fn parse(text: &str) -> Result<Self, KeyFault> {
        match text.len() {
            64 => Self::new(unhex(text).ok_or(KeyFault::NotHex)?),
            44 => {
                // The decoder asks for room for its estimate, which may be a byte or two more than the key.
                let mut buffer = Zeroizing::new([0; 36]);
                let length = BASE64.decode_slice(text, buffer.as_mut_slice()).map_err(|_| KeyFault::NotBase64)?;
                let mut bytes = KeyBytes::default();
                if length != bytes.len() {
                    return Err(KeyFault::NotBase64);
                }
                bytes.copy_from_slice(&buffer[..length]);
                Self::new(bytes)
            }
            _ => Err(KeyFault::Length { characters: text.chars().count() }),
        }
    }

    fn parse_line(line: &str) -> Result<Self, KeyFault> {
        let (id, key) = line.split_once(':').ok_or(KeyFault::NotALine)?;
        if id.len() != 8 || key.len() != 64 {
            return Err(KeyFault::NotALine);
        }
        let key = Self::parse(key)?;
        if id.to_ascii_lowercase() != hex(&key.id) {
            return Err(KeyFault::WrongId);
        }
        Ok(key)
    }
}

fn push(keys: &mut Vec<Key>, key: Key) -> Result<(), KeyFault> {
    if keys.iter().any(|known| known.id == key.id) {
        return Err(KeyFault::Twice);
    }
    keys.push(key);
    Ok(())
}

pub(super) fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(2 * bytes.len());
    push_hex(&mut text, bytes);
    text
}

fn push_hex(text: &mut String, bytes: &[u8]) {
    for byte in bytes {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
}

/// The bytes of exactly 64 hexadecimal digits.
fn unhex(text: &str) -> Option<KeyBytes> {
    let mut bytes = KeyBytes::default();
    for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
        let high = char::from(pair[0]).to_digit(16)?;
        let low = char::from(pair[1]).to_digit(16)?;
        *byte = (high << 4 | low) as u8;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEX: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
    const BASE64_OF_SAME: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
    /// `printf 000102…1f | xxd -r -p | sha256sum | head -c 8`
    const ID: &str = "630dcd29";

    fn parse_file(text: &str) -> Result<Keyring, String> {
        Keyring::parse_file(Path::new("master.key"), text).map_err(|error| error.to_string())
    }

    #[test]
    fn hex_and_base64_give_the_same_key() {
        for text in [HEX, &HEX.to_uppercase(), BASE64_OF_SAME, &format!(" {HEX}\n")] {
            let ring = Keyring::parse_variable(text).unwrap();
            assert_eq!(ring.current_id(), ID);
            assert_eq!(*ring.current().bytes, std::array::from_fn(|index| index as u8));
        }
    }

    #[test]
    fn a_variable_that_is_no_key_is_refused_without_repeating_it() {
        for (bad, reason) in [
            ("", "0 characters are neither"),
            (&HEX[..62], "62 characters are neither"),
            (&HEX.replace('a', "x"), "not hexadecimal"),
            (&HEX.replacen("00", "+0", 1), "not hexadecimal"),
            (&BASE64_OF_SAME.replace('=', "*"), "not base64"),
            (&BASE64_OF_SAME.replace('=', "A"), "not base64"),
            (&"ñ".repeat(32), "not hexadecimal"),
            (&"00".repeat(32), "one byte over and over"),
            (&format!("{HEX},{BASE64_OF_SAME}"), "given twice"),
            (&format!("{HEX},"), "0 characters are neither"),
        ] {
            let error = Keyring::parse_variable(bad).unwrap_err().to_string();
            assert!(error.contains(reason), "{bad}: {error}");
            assert!(!error.contains("0405") && !error.contains("AwQF"), "{error}");
        }
    }

    #[test]
    fn the_first_line_of_a_file_is_the_current_key() {
        let other = Keyring::parse_variable(&format!("{}cd", "ab".repeat(31))).unwrap();
        let lines = other.file_text().to_string();
        let ring = parse_file(&format!("# comment\n\n  {}:{HEX}  \n{lines}", ID.to_uppercase())).unwrap();
        assert_eq!(ring.current_id(), ID);
        assert!(ring.key(other.current().id).is_some());
        assert_eq!(format!("{ring:?}"), format!("[\"{ID}\", \"{}\"]", other.current_id()));
    }

    #[test]
    fn a_wrong_line_is_named_by_its_number() {
        let error = |text: &str| parse_file(text).unwrap_err();
        assert_eq!(
            error(&format!("# x\n{HEX}")),
            "master key file master.key, line 2: not of the form KEYID:KEY, with 8 and 64 hexadecimal digits"
        );
        assert!(error(&format!("630dcd28:{HEX}")).contains("line 1: the key id does not belong to the key"));
        assert!(error(&format!("{ID}:{HEX}\n{ID}:{HEX}")).contains("line 2: the key is given twice"));
        assert!(error("# nothing\n").contains("holds no key"));
    }

    #[test]
    fn generated_keys_differ_and_their_text_reads_back() {
        let (a, b) = (Keyring { keys: vec![Key::generate()] }, Keyring { keys: vec![Key::generate()] });
        assert_ne!(a.current().bytes, b.current().bytes);
        let read = parse_file(&a.file_text()).unwrap();
        assert_eq!(read.current().bytes, a.current().bytes);
    }
}
