//! Bearer tokens: `hor_<id>_<secret>`, 16 and 64 hexadecimal digits.
//!
//! The prefix lets scanners of source code find one that somebody published. The secret is 256 random bits, so that its
//! plain SHA-256 is as good as a slow hash of a password, and a request costs no argon2.

use std::fmt::Write as _;

use rand::{TryRngCore as _, rngs::OsRng};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

const PREFIX: &str = "hor_";
const ID_BYTES: usize = 8;
const SECRET_BYTES: usize = 32;

/// What is kept of a secret.
pub type SecretHash = [u8; 32];

/// A new token: its text is shown once.
pub struct Minted {
    pub id: String,
    pub hash: SecretHash,
    pub text: Zeroizing<String>,
}

/// A token as a request shows it.
pub struct Shown<'a> {
    pub id: &'a str,
    secret: Zeroizing<[u8; SECRET_BYTES]>,
}

pub fn mint() -> Minted {
    let (mut id, mut secret) = ([0; ID_BYTES], Zeroizing::new([0; SECRET_BYTES]));
    OsRng.try_fill_bytes(&mut id).expect("the system has random numbers");
    OsRng.try_fill_bytes(secret.as_mut_slice()).expect("the system has random numbers");
    let id = hex(&id);
    let text = Zeroizing::new(format!("{PREFIX}{id}_{}", Zeroizing::new(hex(secret.as_slice())).as_str()));
    Minted { hash: Sha256::digest(secret.as_slice()).into(), id, text }
}

/// The parts of a token; nothing where it has not the form of one.
pub fn parse(text: &str) -> Option<Shown<'_>> {
    let (id, secret) = text.strip_prefix(PREFIX)?.split_once('_')?;
    if id.len() != 2 * ID_BYTES || !id.bytes().all(is_digit) {
        return None;
    }
    Some(Shown { id, secret: bytes(secret)? })
}

impl Shown<'_> {
    /// Whether the secret is the one that this hash was made of, in a time that tells nothing of it.
    pub fn fits(&self, hash: &[u8]) -> bool {
        Sha256::digest(self.secret.as_slice()).as_slice().ct_eq(hash).into()
    }
}

fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        let _ = write!(text, "{byte:02x}");
    }
    text
}

const fn is_digit(byte: u8) -> bool {
    matches!(byte, b'0'..=b'9' | b'a'..=b'f')
}

fn bytes(hex: &str) -> Option<Zeroizing<[u8; SECRET_BYTES]>> {
    if hex.len() != 2 * SECRET_BYTES || !hex.bytes().all(is_digit) {
        return None;
    }
    let mut secret = Zeroizing::new([0; SECRET_BYTES]);
    for (index, byte) in secret.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&hex[2 * index..2 * index + 2], 16).ok()?;
    }
    Some(secret)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_fits_its_own_hash_alone() {
        let (one, other) = (mint(), mint());
        assert_eq!(one.text.len(), 4 + 16 + 1 + 64);
        assert_ne!((&one.id, one.hash), (&other.id, other.hash));
        let shown = parse(&one.text).unwrap();
        assert_eq!(shown.id, one.id);
        assert!(shown.fits(&one.hash));
        assert!(!shown.fits(&other.hash) && !shown.fits(&[]) && !shown.fits(&one.hash[..31]));
        assert_eq!(one.text.as_str(), format!("hor_{}_{}", one.id, hex(shown.secret.as_slice())));
    }

    #[test]
    fn what_is_no_token_is_none() {
        let good = mint().text;
        let upper = good.to_uppercase();
        let long = format!("{}0", good.as_str());
        for bad in ["", "hor_", "hor__", "hor_a_b", &good[..84], &good[1..], &upper, &long, &good.replace("hor", "hör")]
        {
            assert!(parse(bad).is_none(), "{bad}");
        }
        let sign = format!("{}+{}", &good[..21], &good[22..]);
        assert!(parse(&sign).is_none(), "from_str_radix alone would take a sign");
    }
}
