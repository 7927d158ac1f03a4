//! Encryption of the ovens' credentials. Nothing outside this folder sees a master key.
//!
//! A sealed blob, all of it bytes in this order:
//!
//! | length | what |
//! |---|---|
//! | 1 | format version, `0xA1` |
//! | 4 | key id: the first bytes of the SHA-256 of the master key |
//! | 12 | nonce, random |
//! | rest | AES-256-GCM ciphertext of the credentials as a JSON object, then the tag of 16 bytes |
//!
//! Format version, key id, the UUID of the oven and a label of the purpose are authenticated along with it, so that a
//! blob that was moved to another oven, or altered in any bit, does not open.
//!
//! The nonce is 96 bits from the system's random source. NIST SP 800-38D, section 8.3, allows 2^32 messages a key with
//! such nonces; a bakery that saves credentials a thousand times a day gets there in eleven thousand years.
//!
//! To change the master key, put a new one first ([`Keyring::rotate_file`]), seal again what
//! [`Keyring::needs_rotation`], and then take the old line out. Key ids come from the keys, so there is nothing else to
//! administer.
//!
//! # Layout
//! - `credentials` names and values, wiped from memory when they are dropped
//! - `keyring` the master keys: parsed, generated, never shown
//! - `key_file` the file they are in, and who may read it
//! - [`passphrase`] secrets in a file that leaves this machine, under a passphrase
//! - here: sealing and opening

use aes_gcm::{
    Aes256Gcm, KeyInit as _, Nonce,
    aead::{Aead as _, OsRng, Payload, rand_core::RngCore as _},
};
use uuid::Uuid;
use zeroize::Zeroizing;

mod credentials;
mod key_file;
mod keyring;
pub mod passphrase;

pub use credentials::{Credentials, CredentialsError};
pub use keyring::{KeyError, Keyring};

use keyring::KeyId;

const FORMAT_V1: u8 = 0xA1;
const KEY_ID_BYTES: usize = size_of::<KeyId>();
const NONCE_BYTES: usize = 12;
const TAG_BYTES: usize = 16;
const HEADER_BYTES: usize = 1 + KEY_ID_BYTES + NONCE_BYTES;

/// Keeps a blob made for another purpose, should there ever be one, from opening as credentials.
const PURPOSE: &[u8] = b"hornero: credentials of an oven";

/// Why a blob does not open.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SecretError {
    #[error(
        "the credentials of oven {equipment} are encrypted with master key {key_id}, which is not here: put its line \
         back into the master key file, or enter the credentials again"
    )]
    UnknownKey { equipment: Uuid, key_id: String },

    #[error(
        "the credentials of oven {equipment} are stored incompletely ({length} bytes): enter them again, or restore \
         the database from a backup"
    )]
    Truncated { equipment: Uuid, length: usize },

    #[error(
        "the credentials of oven {equipment} are stored in format {version:#04x}, which this version of Hornero does \
         not know: run the version that stored them, or enter them again"
    )]
    UnknownVersion { equipment: Uuid, version: u8 },

    #[error(
        "the credentials of oven {equipment} were altered or belong to another oven: enter them again, and find out \
         who wrote to the database"
    )]
    AuthenticationFailed { equipment: Uuid },
}

impl Keyring {
    /// Encrypts with the current key. The same credentials give another blob each time.
    pub fn seal(&self, equipment: Uuid, credentials: &Credentials) -> Vec<u8> {
        let key = self.current();
        let mut nonce = [0; NONCE_BYTES];
        OsRng.fill_bytes(&mut nonce);
        let aad = associated_data(FORMAT_V1, key.id, equipment);
        let json = credentials.to_json();
        let ciphertext = Aes256Gcm::new_from_slice(key.bytes.as_slice())
            .expect("a key has 32 bytes")
            .encrypt(&Nonce::from(nonce), Payload { msg: &json, aad: &aad })
            .expect("credentials are far below the 64 GiB that AES-GCM can encrypt");

        let mut blob = Vec::with_capacity(HEADER_BYTES + ciphertext.len());
        blob.push(FORMAT_V1);
        blob.extend(key.id);
        blob.extend(nonce);
        blob.extend(ciphertext);
        blob
    }

    /// Decrypts with whichever key the blob names.
    pub fn open(&self, equipment: Uuid, blob: &[u8]) -> Result<Credentials, SecretError> {
        let truncated = || SecretError::Truncated { equipment, length: blob.len() };
        let (&version, rest) = blob.split_first().ok_or_else(truncated)?;
        if version != FORMAT_V1 {
            return Err(SecretError::UnknownVersion { equipment, version });
        }
        let (&id, rest) = rest.split_first_chunk::<KEY_ID_BYTES>().ok_or_else(truncated)?;
        let (&nonce, ciphertext) = rest.split_first_chunk::<NONCE_BYTES>().ok_or_else(truncated)?;
        if ciphertext.len() < TAG_BYTES {
            return Err(truncated());
        }
        let Some(key) = self.key(id) else {
            return Err(SecretError::UnknownKey { equipment, key_id: keyring::hex(&id) });
        };
        let aad = associated_data(version, id, equipment);
        let json = Aes256Gcm::new_from_slice(key.bytes.as_slice())
            .expect("a key has 32 bytes")
            .decrypt(&Nonce::from(nonce), Payload { msg: ciphertext, aad: &aad })
            .map(Zeroizing::new)
            .map_err(|_| SecretError::AuthenticationFailed { equipment })?;
        // What authenticates was written by `seal`, so anything but an object of strings is somebody else's with our key.
        serde_json::from_slice(&json)
            .ok()
            .and_then(|value| Credentials::from_json(value).ok())
            .ok_or(SecretError::AuthenticationFailed { equipment })
    }

    /// Whether the blob should be opened and sealed again, because its key or its format is not the current one.
    pub fn needs_rotation(&self, blob: &[u8]) -> bool {
        let current = blob.strip_prefix(&[FORMAT_V1]).is_some_and(|rest| rest.starts_with(&self.current().id));
        !current
    }
}

fn associated_data(version: u8, key_id: KeyId, equipment: Uuid) -> Vec<u8> {
    let mut data = Vec::with_capacity(1 + KEY_ID_BYTES + 16 + PURPOSE.len());
    data.push(version);
    data.extend(key_id);
    data.extend(equipment.as_bytes());
    data.extend(PURPOSE);
    data
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    const OVEN: Uuid = Uuid::from_u128(1);

    fn keyring(seeds: &[u8]) -> Keyring {
        let keys = seeds.iter().map(|seed| format!("{seed:02x}").repeat(31) + "aa").collect::<Vec<_>>();
        Keyring::parse_variable(&keys.join(",")).expect("the keys are right")
    }

    fn login() -> Credentials {
        Credentials::from_json(json!({ "username": "horno", "password": "pan de cañada" })).unwrap()
    }

    fn entries(credentials: &Credentials) -> BTreeMap<String, String> {
        let entry = |name: &str| (name.to_owned(), credentials.get(name).expect("the name is there").to_owned());
        credentials.names().map(entry).collect()
    }

    /// `Credentials` have no `Debug`, so `unwrap_err` is not to be had.
    fn error(result: Result<Credentials, SecretError>) -> SecretError {
        result.err().expect("this does not open")
    }

    #[test]
    fn the_layout_is_as_documented() {
        let ring = keyring(&[1]);
        let blob = ring.seal(OVEN, &Credentials::default());
        assert_eq!(blob[0], 0xA1);
        assert_eq!(blob[1..5], ring.current().id);
        assert_eq!(blob.len(), 1 + 4 + 12 + "{}".len() + 16);
    }

    /// A blob that was stored once has to open for ever. This one was made with OpenSSL's AES-GCM.
    #[test]
    fn a_stored_blob_opens() {
        let blob = "a1250c1e6e000102030405060708090a0bbda10212d0e3d90f45f4b22500883cb298d19288b5254700a949e2ba7ec64db01f65\
                    e0acbc52df3d364f5e323a227ace8caca058e14c4e1a3c219bd11557f419";
        let byte = |at| u8::from_str_radix(&blob[at..at + 2], 16).expect("these are digits");
        let blob: Vec<u8> = (0..blob.len()).step_by(2).map(byte).collect();
        let opened = keyring(&[7]).open(OVEN, &blob).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(entries(&opened), entries(&login()));
    }

    #[test]
    fn equal_credentials_give_unequal_blobs() {
        let ring = keyring(&[1]);
        assert_ne!(ring.seal(OVEN, &login()), ring.seal(OVEN, &login()));
    }

    #[test]
    fn rotation_opens_old_blobs_and_seals_with_the_new_key() {
        let (old, both, new) = (keyring(&[1]), keyring(&[2, 1]), keyring(&[2]));
        let blob = old.seal(OVEN, &login());
        assert!(!old.needs_rotation(&blob) && both.needs_rotation(&blob));

        let opened = both.open(OVEN, &blob).unwrap_or_else(|error| panic!("{error}"));
        let resealed = both.seal(OVEN, &opened);
        assert!(!both.needs_rotation(&resealed));
        assert!(new.open(OVEN, &resealed).is_ok());
        assert!(matches!(error(old.open(OVEN, &resealed)), SecretError::UnknownKey { .. }));
    }

    #[test]
    fn errors_tell_what_to_do() {
        let blob = keyring(&[1]).seal(OVEN, &login());
        let id = keyring::hex(&keyring(&[1]).current().id);
        assert_eq!(
            error(keyring(&[2]).open(OVEN, &blob)).to_string(),
            format!(
                "the credentials of oven {OVEN} are encrypted with master key {id}, which is not here: put its line \
                 back into the master key file, or enter the credentials again"
            )
        );
        let mut other = blob;
        other[0] = 0xA2;
        assert_eq!(
            error(keyring(&[1]).open(OVEN, &other)),
            SecretError::UnknownVersion { equipment: OVEN, version: 0xA2 }
        );
    }

    /// The purpose is part of the authentication: the same key, nonce and oven with another label do not open.
    #[test]
    fn another_purpose_never_opens() {
        let ring = keyring(&[1]);
        let mut aad = associated_data(FORMAT_V1, ring.current().id, OVEN);
        *aad.last_mut().unwrap() ^= 1;
        let payload = Payload { msg: b"{}", aad: &aad };
        let cipher = Aes256Gcm::new_from_slice(ring.current().bytes.as_slice()).unwrap();
        let mut blob = vec![FORMAT_V1];
        blob.extend(ring.current().id);
        blob.extend([0; NONCE_BYTES]);
        blob.extend(cipher.encrypt(&Nonce::from([0; NONCE_BYTES]), payload).unwrap());
        assert_eq!(error(ring.open(OVEN, &blob)), SecretError::AuthenticationFailed { equipment: OVEN });
    }

    fn any_entries() -> impl Strategy<Value = BTreeMap<String, String>> {
        prop::collection::btree_map(any::<String>(), any::<String>(), 0..5)
    }

    proptest! {
        #[test]
        fn what_is_sealed_opens(secrets in any_entries(), oven: u128) {
            let (ring, oven) = (keyring(&[1, 2]), Uuid::from_u128(oven));
            let credentials: Credentials = secrets.clone().into_iter().collect();
            let opened = ring.open(oven, &ring.seal(oven, &credentials)).unwrap_or_else(|error| panic!("{error}"));
            prop_assert_eq!(entries(&opened), secrets);
        }

        #[test]
        fn an_altered_bit_never_opens(secrets in any_entries(), at: prop::sample::Index) {
            let ring = keyring(&[1, 2]);
            let mut blob = ring.seal(OVEN, &secrets.into_iter().collect());
            let bit = at.index(blob.len() * 8);
            blob[bit / 8] ^= 1 << (bit % 8);
            prop_assert!(ring.open(OVEN, &blob).is_err());
        }

        #[test]
        fn a_part_never_opens(secrets in any_entries(), at: prop::sample::Index) {
            let ring = keyring(&[1]);
            let blob = ring.seal(OVEN, &secrets.into_iter().collect());
            prop_assert!(ring.open(OVEN, &blob[..at.index(blob.len())]).is_err());
        }

        #[test]
        fn a_blob_of_another_oven_never_opens(secrets in any_entries(), (here, there) in any::<(u128, u128)>()) {
            prop_assume!(here != there);
            let ring = keyring(&[1]);
            let blob = ring.seal(Uuid::from_u128(there), &secrets.into_iter().collect());
            let equipment = Uuid::from_u128(here);
            prop_assert_eq!(error(ring.open(equipment, &blob)), SecretError::AuthenticationFailed { equipment });
        }

        #[test]
        fn noise_neither_opens_nor_panics(blob: Vec<u8>) {
            let ring = keyring(&[1]);
            prop_assert!(ring.open(OVEN, &blob).is_err());
            ring.needs_rotation(&blob);
        }
    }
}
