//! Secrets in a file that leaves this machine: sealed under a passphrase rather than under the master key.
//!
//! Argon2id makes a key of the passphrase and of a salt that is in the file; each value is sealed by itself with
//! AES-256-GCM. A sealed value is base64 of a nonce of 12 bytes and of ciphertext with its tag. The oven's UUID, the
//! value's name and a label of the purpose are authenticated along with it, so that one that was moved to another oven or
//! name, or altered in any bit, does not open.

use aes_gcm::{
    Aes256Gcm, KeyInit as _, Nonce,
    aead::{Aead as _, OsRng, Payload, rand_core::RngCore as _},
};
use argon2::{Algorithm, Argon2, Params, Version};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde::{Deserialize, Serialize};
use uuid::Uuid;
use zeroize::Zeroizing;

/// RFC 9106, section 4, second recommended option: 64 MiB, 3 passes, 4 lanes. More than a login takes, because who has the
/// file can try passphrases for as long as they like.
const MEMORY_KIB: u32 = 65_536;
const PASSES: u32 = 3;
const LANES: u32 = 4;
/// Another file may ask for more, but not for all the memory there is.
const MAX_MEMORY_KIB: u32 = 262_144;
const MAX_PASSES: u32 = 16;
const MAX_LANES: u32 = 16;

const SALT_BYTES: usize = 16;
const NONCE_BYTES: usize = 12;

const OF_OVEN: &[u8] = b"hornero: credential of an oven in a configuration file";
const OF_CHECK: &[u8] = b"hornero: check of a passphrase in a configuration file";

/// How the key is made of the passphrase. It is in the file, and tells nothing of either.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Derivation {
    pub kdf: Kdf,
    pub memory_kib: u32,
    pub passes: u32,
    pub lanes: u32,
    /// Base64 of 16 bytes.
    pub salt: String,
    /// Something sealed with the key, which tells a wrong passphrase from an altered value.
    pub check: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kdf {
    Argon2id,
}

/// Why secrets of a file do not open. No message repeats one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PassphraseError {
    #[error("the passphrase is not the one that the file was made with")]
    Wrong,
    #[error(
        "how the key is made of the passphrase was altered: memory_kib is from 8 * lanes to {MAX_MEMORY_KIB}, passes from 1 \
         to {MAX_PASSES}, lanes from 1 to {MAX_LANES}, salt base64 of {SALT_BYTES} bytes"
    )]
    Derivation,
    #[error("the sealed value was altered, or belongs to another oven or name")]
    Altered,
}

/// A key made of a passphrase; wiped from memory when dropped, and without `Debug`.
pub struct FileKey {
    bytes: Zeroizing<[u8; 32]>,
    derivation: Derivation,
}

impl FileKey {
    /// For a new file, with a salt of its own. Takes a moment and 64 MiB, which is the point of it.
    pub fn new(passphrase: &str) -> Result<Self, PassphraseError> {
        let mut salt = [0; SALT_BYTES];
        OsRng.fill_bytes(&mut salt);
        Self::with_salt(passphrase, salt)
    }

    fn with_salt(passphrase: &str, salt: [u8; SALT_BYTES]) -> Result<Self, PassphraseError> {
        let mut derivation = Derivation {
            kdf: Kdf::Argon2id,
            memory_kib: MEMORY_KIB,
            passes: PASSES,
            lanes: LANES,
            salt: BASE64_STANDARD.encode(salt),
            check: String::new(),
        };
        let bytes = derive(passphrase, &derivation)?;
        derivation.check = seal(&bytes, OF_CHECK, b"");
        Ok(Self { bytes, derivation })
    }

    /// For the secrets of a file.
    pub fn of_file(passphrase: &str, derivation: &Derivation) -> Result<Self, PassphraseError> {
        let bytes = derive(passphrase, derivation)?;
        open(&bytes, OF_CHECK, &derivation.check).ok_or(PassphraseError::Wrong)?;
        Ok(Self { bytes, derivation: derivation.clone() })
    }

    pub const fn derivation(&self) -> &Derivation {
        &self.derivation
    }

    /// The same value is another text each time.
    pub fn seal(&self, oven: Uuid, name: &str, value: &str) -> String {
        seal(&self.bytes, &associated_data(oven, name), value.as_bytes())
    }

    pub fn open(&self, oven: Uuid, name: &str, sealed: &str) -> Result<Zeroizing<String>, PassphraseError> {
        let value = open(&self.bytes, &associated_data(oven, name), sealed).ok_or(PassphraseError::Altered)?;
        std::str::from_utf8(&value).map(|value| value.to_owned().into()).map_err(|_| PassphraseError::Altered)
    }
}

fn derive(passphrase: &str, derivation: &Derivation) -> Result<Zeroizing<[u8; 32]>, PassphraseError> {
    let Derivation { kdf: Kdf::Argon2id, memory_kib, passes, lanes, ref salt, .. } = *derivation;
    let salt = BASE64_STANDARD.decode(salt).ok().filter(|salt| salt.len() == SALT_BYTES);
    let salt = salt.ok_or(PassphraseError::Derivation)?;
    if memory_kib > MAX_MEMORY_KIB || passes > MAX_PASSES || lanes > MAX_LANES {
        return Err(PassphraseError::Derivation);
    }
    let params = Params::new(memory_kib, passes, lanes, Some(32)).map_err(|_| PassphraseError::Derivation)?;
    let mut bytes = Zeroizing::new([0; 32]);
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_into(passphrase.as_bytes(), &salt, bytes.as_mut_slice())
        .map_err(|_| PassphraseError::Derivation)?;
    Ok(bytes)
}

fn associated_data(oven: Uuid, name: &str) -> Vec<u8> {
    [OF_OVEN, oven.as_bytes(), name.as_bytes()].concat()
}

fn seal(key: &[u8; 32], aad: &[u8], msg: &[u8]) -> String {
    let mut nonce = [0; NONCE_BYTES];
    OsRng.fill_bytes(&mut nonce);
    let ciphertext = Aes256Gcm::new(key.into())
        .encrypt(&Nonce::from(nonce), Payload { msg, aad })
        .expect("a secret is far below the 64 GiB that AES-GCM can encrypt");
    BASE64_STANDARD.encode([nonce.as_slice(), &ciphertext].concat())
}

fn open(key: &[u8; 32], aad: &[u8], sealed: &str) -> Option<Zeroizing<Vec<u8>>> {
    let sealed = BASE64_STANDARD.decode(sealed).ok()?;
    let (&nonce, msg) = sealed.split_first_chunk::<NONCE_BYTES>()?;
    Aes256Gcm::new(key.into()).decrypt(&Nonce::from(nonce), Payload { msg, aad }).ok().map(Zeroizing::new)
}

#[cfg(test)]
mod tests {
    use super::*;

    const OVEN: Uuid = Uuid::from_u128(1);

    fn key() -> FileKey {
        FileKey::with_salt("tres hogazas", [7; SALT_BYTES]).unwrap()
    }

    fn refused(result: Result<FileKey, PassphraseError>) -> PassphraseError {
        result.err().expect("this makes no key")
    }

    #[test]
    fn what_is_sealed_opens_with_the_same_passphrase_alone() {
        let key = key();
        let sealed = key.seal(OVEN, "password", "cañada");
        let again = FileKey::of_file("tres hogazas", key.derivation()).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(*again.open(OVEN, "password", &sealed).unwrap(), "cañada");
        assert_eq!(refused(FileKey::of_file("tres hogaza", key.derivation())), PassphraseError::Wrong);
        assert_ne!(sealed, key.seal(OVEN, "password", "cañada"), "a nonce of its own");
        assert_ne!(FileKey::new("tres hogazas").unwrap().derivation().salt, key.derivation().salt);
    }

    /// A file that was made once has to open for ever. This one was made with another library (pyca/cryptography).
    #[test]
    fn a_file_made_earlier_opens() {
        let derivation = Derivation {
            kdf: Kdf::Argon2id,
            memory_kib: MEMORY_KIB,
            passes: PASSES,
            lanes: LANES,
            salt: "BwcHBwcHBwcHBwcHBwcHBw==".to_owned(),
            check: "AAECAwQFBgcICQoLZOBWUWQYctCX8smcBem03g==".to_owned(),
        };
        let key = FileKey::of_file("tres hogazas", &derivation).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(*key.open(OVEN, "password", "AAECAwQFBgcICQoLtr/cnPDaLpHZrrHOOWi9JMHdwRL4Iww=").unwrap(), "cañada");
    }

    #[test]
    fn a_value_opens_only_where_it_belongs_and_as_it_was() {
        let key = key();
        let sealed = key.seal(OVEN, "password", "pan");
        for (oven, name) in [(Uuid::from_u128(2), "password"), (OVEN, "passwords"), (OVEN, "")] {
            assert_eq!(key.open(oven, name, &sealed).unwrap_err(), PassphraseError::Altered);
        }
        let bytes = BASE64_STANDARD.decode(&sealed).unwrap();
        for bit in 0..bytes.len() * 8 {
            let mut altered = bytes.clone();
            altered[bit / 8] ^= 1 << (bit % 8);
            let altered = BASE64_STANDARD.encode(altered);
            assert_eq!(key.open(OVEN, "password", &altered).unwrap_err(), PassphraseError::Altered, "bit {bit}");
        }
        for noise in ["", "ñ", "AAAA", &sealed[..sealed.len() - 4]] {
            assert!(key.open(OVEN, "password", noise).is_err(), "{noise}");
        }
        assert!(key.open(Uuid::nil(), "", &key.derivation().check).is_err(), "a check is no value");
    }

    #[test]
    fn a_file_cannot_ask_for_all_the_memory() {
        let good = key().derivation().clone();
        let wrong = [
            Derivation { memory_kib: MAX_MEMORY_KIB + 1, ..good.clone() },
            Derivation { memory_kib: 7, ..good.clone() },
            Derivation { passes: 0, ..good.clone() },
            Derivation { passes: u32::MAX, ..good.clone() },
            Derivation { lanes: 0, ..good.clone() },
            Derivation { lanes: 1_000, ..good.clone() },
            Derivation { salt: "AAAA".to_owned(), ..good.clone() },
            Derivation { salt: "?".to_owned(), ..good },
        ];
        for derivation in wrong {
            assert_eq!(refused(FileKey::of_file("tres hogazas", &derivation)), PassphraseError::Derivation);
        }
    }
}
