//! Passwords: how they are hashed and which ones are accepted.
//!
//! Hashing takes 19 MiB and some tens of milliseconds each time, which is the point of it. Handlers call the `_async`
//! functions, which do it off the runtime's threads and no more than two at once, so that a burst of logins can exhaust
//! neither the memory nor the processor of a small box.

use std::{hint::black_box, sync::LazyLock};

use argon2::{
    Algorithm, Argon2, Params, PasswordHash, PasswordHasher as _, PasswordVerifier as _, Version,
    password_hash::{self, Salt, SaltString, rand_core::OsRng},
};
use tokio::{
    sync::Semaphore,
    task::{JoinError, spawn_blocking},
};
use zeroize::Zeroizing;

/// Unicode scalar values. NIST SP 800-63B asks for at least 8, and for 64 to be possible.
pub const MIN_CHARS: usize = 10;
pub const MAX_CHARS: usize = 128;

/// OWASP Password Storage Cheat Sheet, Argon2id: m = 19456 (19 MiB), t = 2, p = 1.
/// <https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html>
const MEMORY_KIB: u32 = 19_456;
const PASSES: u32 = 2;
const LANES: u32 = 1;

const HASHES_AT_ONCE: usize = 2;

static ARGON2: LazyLock<Argon2<'static>> = LazyLock::new(|| {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None).expect("the parameters are in range");
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
});

static PERMITS: Semaphore = Semaphore::const_new(HASHES_AT_ONCE);

/// Common passwords of the permitted length, in lower case: from published lists of leaked ones, those in the languages
/// of the product, and those that its own name suggests. Shorter ones are refused for their length.
const COMMON: &[&str] = &[
    "0123456789",
    "0987654321",
    "1029384756",
    "1111111112",
    "11223344556677889900",
    "1122334455",
    "1234512345",
    "123456789a",
    "1234567890",
    "1234567891",
    "12345678900",
    "12345678910",
    "123456789012",
    "123123123123",
    "1q2w3e4r5t",
    "1q2w3e4r5t6y",
    "1qaz2wsx3edc",
    "9876543210",
    "abcd123456",
    "abcdefghij",
    "admin12345",
    "admin123456",
    "administrador",
    "administrator",
    "adminadmin",
    "asdfasdfasdf",
    "asdfghjkl1",
    "asdfghjklñ",
    "changeme123",
    "contrasena",
    "contrasena1",
    "contrasena123",
    "contraseña",
    "contraseña1",
    "contraseña123",
    "football123",
    "hallo12345",
    "hornero123",
    "hornero1234",
    "horneroadmin",
    "iloveyou123",
    "letmein123",
    "panaderia1",
    "panaderia123",
    "panadería1",
    "panadería123",
    "passw0rd123",
    "password01",
    "password10",
    "password12",
    "password123",
    "password1234",
    "password12345",
    "passwordpassword",
    "passwort12",
    "passwort123",
    "passwort1234",
    "princess123",
    "q1w2e3r4t5",
    "q1w2e3r4t5y6",
    "qazwsxedcrfv",
    "qwer123456",
    "qwerty1234",
    "qwerty12345",
    "qwerty123456",
    "qwertyuiop",
    "qwertyuiop123",
    "qwertzuiop",
    "teamo12345",
    "welcome123",
    "willkommen",
    "willkommen1",
    "zxcvbnm123",
];

/// What became of a password that was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    Ok,
    /// Right, but hashed with other parameters than today's: store a new hash now that the password is at hand.
    OkNeedsRehash,
    Wrong,
}

/// Why a new password is refused. The reader's language makes a sentence of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    TooShort { min_chars: usize },
    TooLong { max_chars: usize },
    SameAsUsername,
    TooCommon,
}

#[derive(Debug, thiserror::Error)]
pub enum PasswordError {
    #[error("cannot hash a password: {0}")]
    Hash(#[from] password_hash::Error),
    #[error("the thread that hashes passwords failed: {0}")]
    Thread(#[from] JoinError),
}

/// Whether this may become somebody's password.
pub fn check_policy(password: &str, username: &str) -> Result<(), Refusal> {
    let chars = password.chars().count();
    if chars < MIN_CHARS {
        return Err(Refusal::TooShort { min_chars: MIN_CHARS });
    }
    if chars > MAX_CHARS {
        return Err(Refusal::TooLong { max_chars: MAX_CHARS });
    }
    let folded = Zeroizing::new(password.trim().to_lowercase());
    if *folded == username.trim().to_lowercase() {
        return Err(Refusal::SameAsUsername);
    }
    let first = folded.chars().next();
    let is_one_char_over_and_over = folded.chars().all(|char| Some(char) == first);
    if is_one_char_over_and_over || COMMON.contains(&folded.as_str()) {
        return Err(Refusal::TooCommon);
    }
    Ok(())
}

/// The hash as a PHC string, with a new salt and today's parameters in it.
pub fn hash(password: &str) -> Result<String, PasswordError> {
    let salt = SaltString::generate(&mut OsRng);
    Ok(ARGON2.hash_password(password.as_bytes(), &salt)?.to_string())
}

/// A hash that cannot be read is logged and lets nobody in.
pub fn verify(password: &str, hash: &str) -> Verdict {
    // Of somebody who was not given a password yet: as nobody's, whose name must not be told from others.
    if hash.is_empty() {
        verify_dummy(password);
        return Verdict::Wrong;
    }
    let hash = match PasswordHash::new(hash) {
        Ok(hash) => hash,
        Err(error) => {
            tracing::error!(%error, "a stored password hash is unreadable, so its user cannot log in; set a new password");
            return Verdict::Wrong;
        }
    };
    // Takes algorithm and parameters from the hash, so old ones go on working.
    match ARGON2.verify_password(password.as_bytes(), &hash) {
        Ok(()) if is_current(&hash) => Verdict::Ok,
        Ok(()) => Verdict::OkNeedsRehash,
        Err(password_hash::Error::Password) => Verdict::Wrong,
        Err(error) => {
            tracing::error!(%error, "a stored password hash is unusable, so its user cannot log in; set a new password");
            Verdict::Wrong
        }
    }
}

/// Takes as long as [`verify`] does. For a user who does not exist: an answer that came sooner would tell which names do.
pub fn verify_dummy(password: &str) {
    let _ = black_box(dummy_hash(password));
}

fn dummy_hash(password: &str) -> password_hash::Result<PasswordHash<'static>> {
    // 16 bytes, as long as a generated one.
    ARGON2.hash_password(password.as_bytes(), Salt::from_b64("aG9ybmVybyBob3JuZXJvIQ")?)
}

/// [`hash`], waiting for its turn.
pub async fn hash_async(password: Zeroizing<String>) -> Result<String, PasswordError> {
    in_turn(move || hash(&password)).await?
}

/// [`verify`], waiting for its turn.
pub async fn verify_async(password: Zeroizing<String>, hash: String) -> Result<Verdict, PasswordError> {
    in_turn(move || verify(&password, &hash)).await
}

/// [`verify_dummy`], waiting for its turn.
pub async fn verify_dummy_async(password: Zeroizing<String>) -> Result<(), PasswordError> {
    in_turn(move || verify_dummy(&password)).await
}

pub async fn in_turn<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, PasswordError> {
    let permit = PERMITS.acquire().await.expect("the semaphore is never closed");
    let worked = spawn_blocking(move || {
        // Given back by the thread: when the caller goes away, the thread goes on and still holds its memory.
        let _permit = permit;
        work()
    });
    Ok(worked.await?)
}

fn is_current(hash: &PasswordHash<'_>) -> bool {
    let today = ARGON2.params();
    let same_params = Params::try_from(hash).is_ok_and(|params| {
        params.m_cost() == today.m_cost() && params.t_cost() == today.t_cost() && params.p_cost() == today.p_cost()
    });
    same_params
        && hash.algorithm == Algorithm::Argon2id.ident()
        && hash.version == Some(Version::V0x13.into())
        && hash.hash.is_some_and(|output| output.len() == Params::DEFAULT_OUTPUT_LEN)
}

#[cfg(test)]
mod tests {
    use std::{
        sync::atomic::{AtomicUsize, Ordering},
        thread::sleep,
        time::Duration,
    };

    use super::*;

    #[test]
    fn a_hash_verifies_its_password_alone_and_names_its_parameters() {
        let stored = hash("masa madre").unwrap();
        assert!(stored.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{stored}");
        assert_eq!(verify("masa madre", &stored), Verdict::Ok);
        assert_eq!(verify("masa padre", &stored), Verdict::Wrong);
    }

    /// Cheaper parameters than today's, as an older version or another program may have used.
    fn hashed_with(algorithm: Algorithm, memory_kib: u32) -> String {
        let params = Params::new(memory_kib, 1, 1, None).unwrap();
        let salt = SaltString::generate(&mut OsRng);
        let hasher = Argon2::new(algorithm, Version::V0x13, params);
        hasher.hash_password(b"masa madre", &salt).unwrap().to_string()
    }

    #[test]
    fn an_old_hash_is_right_but_needs_a_new_one() {
        for old in [hashed_with(Algorithm::Argon2id, 64), hashed_with(Algorithm::Argon2i, 64)] {
            assert_eq!(verify("masa madre", &old), Verdict::OkNeedsRehash);
            assert_eq!(verify("masa padre", &old), Verdict::Wrong);
        }
    }

    #[test]
    fn an_unreadable_hash_lets_nobody_in() {
        for broken in ["", "x", "$argon2id$", "$2b$12$abc", "$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHQ"] {
            assert_eq!(verify("", broken), Verdict::Wrong, "{broken}");
        }
    }

    /// One that failed would return at once and give the secret away.
    #[test]
    fn the_dummy_is_a_hash_like_a_real_one() {
        let (dummy, real) = (dummy_hash("masa madre").unwrap().to_string(), hash("masa madre").unwrap());
        assert!(is_current(&PasswordHash::new(&dummy).unwrap()));
        assert_eq!(dummy.len(), real.len());
    }

    #[test]
    fn length_is_counted_in_characters() {
        assert_eq!(check_policy("ñandúñand", ""), Err(Refusal::TooShort { min_chars: 10 }));
        assert_eq!(check_policy("ñandúñandú", ""), Ok(()));
        let long = |chars: usize| "añ".chars().cycle().take(chars).collect::<String>();
        assert_eq!(check_policy(&long(128), ""), Ok(()));
        assert_eq!(check_policy(&long(129), ""), Err(Refusal::TooLong { max_chars: 128 }));
    }

    #[test]
    fn the_username_and_common_passwords_are_refused() {
        assert_eq!(check_policy("Maria.Gutierrez", " maria.gutierrez"), Err(Refusal::SameAsUsername));
        for common in ["Password123", "CONTRASEÑA", "1234567890", "zzzzzzzzzz", "          "] {
            assert_eq!(check_policy(common, "maria"), Err(Refusal::TooCommon), "{common}");
        }
        assert_eq!(check_policy("tres hogazas de centeno", "maria"), Ok(()));
    }

    #[test]
    fn every_common_password_would_pass_for_its_length_and_is_in_lower_case() {
        for common in COMMON {
            assert!(common.chars().count() >= MIN_CHARS, "{common} is refused for its length already");
            assert_eq!(*common, common.to_lowercase());
        }
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
    async fn no_more_than_two_hash_at_once() {
        static NOW: AtomicUsize = AtomicUsize::new(0);
        static MOST: AtomicUsize = AtomicUsize::new(0);
        let work = || {
            MOST.fetch_max(NOW.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            // Stands for the work; nothing waits for it to be over.
            sleep(Duration::from_millis(5));
            NOW.fetch_sub(1, Ordering::SeqCst);
        };
        let jobs: Vec<_> = (0..10).map(|_| tokio::spawn(in_turn(work))).collect();
        for job in jobs {
            job.await.unwrap().unwrap();
        }
        assert!(MOST.load(Ordering::SeqCst) <= HASHES_AT_ONCE);
    }

    #[tokio::test]
    async fn the_async_functions_give_what_the_others_give() {
        let password = || Zeroizing::new("masa madre".to_owned());
        let stored = hash_async(password()).await.unwrap();
        assert_eq!(verify_async(password(), stored).await.unwrap(), Verdict::Ok);
        verify_dummy_async(password()).await.unwrap();
    }
}
