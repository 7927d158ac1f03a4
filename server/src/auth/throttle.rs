//! Slows down whoever guesses passwords, by username and by client address.
//!
//! After 5 failures within 15 minutes the next attempt has to wait a second, after each further one twice as long, up to
//! 15 minutes. The count is forgotten after 15 minutes in which an attempt would have been let through and none failed.
//!
//! An attempt counts from the moment it is let through: verifying a password takes time, and a thousand attempts sent at
//! once would otherwise all pass before the first has failed. An attempt of which nobody hears again counts as failed.
//!
//! The counts are in memory and bounded. A restart forgets them, which helps only who can restart the server.

use std::{
    collections::{HashMap, VecDeque},
    hash::Hash,
    net::{IpAddr, Ipv6Addr},
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

const FREE_FAILURES: usize = 5;
const WINDOW: Duration = Duration::from_secs(15 * 60);
const MAX_WAIT: Duration = WINDOW;
/// From here on the wait is the longest, so more need not be remembered: 2^(15 − 5) s are more than 15 min.
const MAX_FAILURES: usize = 15;
/// Of each of usernames and addresses; about 2 MB when full.
const MAX_ENTRIES: usize = 4_096;
/// Usernames are shorter. Longer input shares the count of its beginning rather than filling the memory.
const MAX_USERNAME_CHARS: usize = 64;

/// How long to wait before the next attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetryAfter(pub Duration);

impl RetryAfter {
    /// Whole seconds for the `Retry-After` header, rounded up, so that an obedient client does not come too early.
    pub fn seconds(self) -> u64 {
        self.0.as_secs() + u64::from(self.0.subsec_nanos() > 0)
    }
}

/// Ask [`check`](Self::check) before a password is verified, and report what became of it.
pub struct LoginThrottle {
    counts: Mutex<Counts>,
}

struct Counts {
    usernames: Table<String>,
    addresses: Table<IpAddr>,
}

impl LoginThrottle {
    pub fn new() -> Self {
        Self::with_capacity(MAX_ENTRIES)
    }

    fn with_capacity(max_entries: usize) -> Self {
        let counts = Counts { usernames: Table::new(max_entries), addresses: Table::new(max_entries) };
        Self { counts: Mutex::new(counts) }
    }

    /// Lets an attempt through, and counts it, unless the username or the address has to wait. One that has to wait does
    /// not count.
    pub fn check(&self, username: &str, ip: IpAddr, now: Instant) -> Result<(), RetryAfter> {
        let (username, address) = keys(username, ip);
        let mut counts = self.counts();
        let wait = counts.usernames.wait(&username, now).max(counts.addresses.wait(&address, now));
        if !wait.is_zero() {
            return Err(RetryAfter(wait));
        }
        counts.usernames.started(username, now);
        counts.addresses.started(address, now);
        Ok(())
    }

    /// The attempt failed: wrong password, no such user, user disabled.
    pub fn failed(&self, username: &str, ip: IpAddr, now: Instant) {
        let (username, address) = keys(username, ip);
        let mut counts = self.counts();
        counts.usernames.failed(username, now);
        counts.addresses.failed(address, now);
    }

    /// The attempt succeeded. Clears the count of the username, but not that of the address: otherwise a guesser who has
    /// an account could log in with it between guesses.
    pub fn succeeded(&self, username: &str, ip: IpAddr) {
        let (username, address) = keys(username, ip);
        let mut counts = self.counts();
        counts.usernames.entries.remove(&username);
        counts.addresses.withdraw(&address);
    }

    fn counts(&self) -> MutexGuard<'_, Counts> {
        // Counts that a panic left half-changed are still good enough to slow somebody down.
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Slows down an address alone, for what has no user name.
pub struct AddressThrottle(Mutex<Table<IpAddr>>);

impl AddressThrottle {
    pub fn new() -> Self {
        Self(Mutex::new(Table::new(MAX_ENTRIES)))
    }

    /// Lets an attempt through, and counts it, like [`LoginThrottle::check`]: for what can be guessed.
    pub fn check(&self, ip: IpAddr, now: Instant) -> Result<(), RetryAfter> {
        let mut table = self.table();
        match table.wait(&client(ip), now) {
            Duration::ZERO => {
                table.started(client(ip), now);
                Ok(())
            }
            wait => Err(RetryAfter(wait)),
        }
    }

    /// Counts a failure, unless the address has to wait already: then that is the answer. For what cannot be guessed,
    /// where only the noise of failures is to be less, and who is right is never held up.
    pub fn fail(&self, ip: IpAddr, now: Instant) -> Result<(), RetryAfter> {
        let mut table = self.table();
        match table.wait(&client(ip), now) {
            Duration::ZERO => {
                table.failed(client(ip), now);
                Ok(())
            }
            wait => Err(RetryAfter(wait)),
        }
    }

    /// The attempt that was let through failed.
    pub fn failed(&self, ip: IpAddr, now: Instant) {
        self.table().failed(client(ip), now);
    }

    /// The attempt that was let through succeeded.
    pub fn succeeded(&self, ip: IpAddr) {
        self.table().withdraw(&client(ip));
    }

    fn table(&self) -> MutexGuard<'_, Table<IpAddr>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for AddressThrottle {
    fn default() -> Self {
        Self::new()
    }
}

impl Default for LoginThrottle {
    fn default() -> Self {
        Self::new()
    }
}

fn keys(username: &str, ip: IpAddr) -> (String, IpAddr) {
    let username = username.trim().chars().take(MAX_USERNAME_CHARS).flat_map(char::to_lowercase).collect();
    (username, client(ip))
}

/// Who is behind an address. An IPv6 customer has a /64 at least, and must not get a count for each address in it.
pub fn client(ip: IpAddr) -> IpAddr {
    match ip.to_canonical() {
        IpAddr::V6(ip) => IpAddr::V6(Ipv6Addr::from_bits(ip.to_bits() >> 64 << 64)),
        v4 @ IpAddr::V4(_) => v4,
    }
}

struct Table<K> {
    entries: HashMap<K, Entry>,
    max_entries: usize,
}

/// The attempts that have not succeeded, oldest first.
#[derive(Default)]
struct Entry {
    attempts: VecDeque<Instant>,
    /// How many of them have been let through and not been reported yet.
    pending: usize,
}

impl<K: Clone + Eq + Hash> Table<K> {
    fn new(max_entries: usize) -> Self {
        Self { entries: HashMap::new(), max_entries }
    }

    fn wait(&mut self, key: &K, now: Instant) -> Duration {
        let Some(entry) = self.entries.get_mut(key) else { return Duration::ZERO };
        entry.forget(now);
        if entry.attempts.is_empty() {
            self.entries.remove(key);
            return Duration::ZERO;
        }
        entry.free_at().map_or(Duration::ZERO, |free_at| free_at.saturating_duration_since(now))
    }

    fn started(&mut self, key: K, now: Instant) {
        let entry = self.entry(key, now);
        entry.push(now);
        entry.pending = (entry.pending + 1).min(MAX_FAILURES);
    }

    fn failed(&mut self, key: K, now: Instant) {
        let entry = self.entry(key, now);
        if entry.pending > 0 {
            // It has been counted when it started; the wait begins now.
            entry.pending -= 1;
            entry.attempts.pop_back();
        }
        entry.push(now);
    }

    fn withdraw(&mut self, key: &K) {
        let Some(entry) = self.entries.get_mut(key) else { return };
        if entry.pending > 0 {
            entry.pending -= 1;
            entry.attempts.pop_back();
        }
        if entry.attempts.is_empty() {
            self.entries.remove(key);
        }
    }

    /// The entry of `key`; where it is a new one and the table is full, in the place of the one quiet for longest.
    fn entry(&mut self, key: K, now: Instant) -> &mut Entry {
        if self.entries.len() >= self.max_entries && !self.entries.contains_key(&key) {
            self.entries.retain(|_, entry| {
                entry.forget(now);
                !entry.attempts.is_empty()
            });
            if self.entries.len() >= self.max_entries {
                let oldest = self.entries.iter().min_by_key(|(_, entry)| entry.attempts.back().copied());
                if let Some(oldest) = oldest.map(|(key, _)| key.clone()) {
                    self.entries.remove(&oldest);
                }
            }
        }
        let entry = self.entries.entry(key).or_default();
        entry.forget(now);
        entry
    }
}

impl Entry {
    fn push(&mut self, now: Instant) {
        if self.attempts.len() == MAX_FAILURES {
            self.attempts.pop_front();
        }
        self.attempts.push_back(now);
    }

    /// When the next attempt is let through, if it has to wait.
    fn free_at(&self) -> Option<Instant> {
        let doublings = self.attempts.len().checked_sub(FREE_FAILURES)?;
        let wait = Duration::from_secs(1 << doublings).min(MAX_WAIT);
        self.attempts.back().map(|last| *last + wait)
    }

    fn forget(&mut self, now: Instant) {
        if let Some(free_at) = self.free_at() {
            // All or nothing: were old failures dropped one by one, the wait would shrink while the guessing goes on.
            if now.saturating_duration_since(free_at) >= WINDOW {
                self.attempts.clear();
            }
        } else {
            self.attempts.retain(|at| now.saturating_duration_since(*at) < WINDOW);
        }
        self.pending = self.pending.min(self.attempts.len());
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    const HOME: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 168, 1, 7));

    fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn wait(throttle: &LoginThrottle, username: &str, ip: IpAddr, now: Instant) -> u64 {
        throttle.check(username, ip, now).err().map_or(0, RetryAfter::seconds)
    }

    fn other_ip(number: u32) -> IpAddr {
        IpAddr::V4(Ipv4Addr::from_bits(0x0a00_0000 + number))
    }

    /// Each failure from another address, so that only the username counts.
    fn fail_username(throttle: &LoginThrottle, username: &str, times: u32, now: Instant) {
        for number in 0..times {
            throttle.failed(username, other_ip(number), now);
        }
    }

    #[test]
    fn the_wait_doubles_from_the_fifth_failure_up_to_a_quarter_of_an_hour() {
        let throttle = LoginThrottle::new();
        let mut now = Instant::now();
        let mut waits = Vec::new();
        for _ in 0..18 {
            let wait = wait(&throttle, "maria", HOME, now);
            waits.push(wait);
            now += seconds(wait);
            if wait > 0 {
                assert_eq!(throttle.check("maria", HOME, now), Ok(()));
            }
            throttle.failed("maria", HOME, now);
        }
        assert_eq!(waits, [0, 0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900]);
    }

    #[test]
    fn four_failures_cost_nothing_and_older_ones_do_not_count() {
        let throttle = LoginThrottle::new();
        let start = Instant::now();
        fail_username(&throttle, "maria", 4, start);
        assert_eq!(wait(&throttle, "maria", HOME, start), 0);
        let throttle = LoginThrottle::new();
        fail_username(&throttle, "maria", 4, start);
        fail_username(&throttle, "maria", 4, start + WINDOW);
        assert_eq!(wait(&throttle, "maria", HOME, start + WINDOW), 0);
    }

    #[test]
    fn username_and_address_count_apart() {
        let throttle = LoginThrottle::new();
        let now = Instant::now();
        fail_username(&throttle, "maria", 5, now);
        assert_eq!(wait(&throttle, " MARIA ", HOME, now), 1);
        assert_eq!(wait(&throttle, "jose", HOME, now), 0);

        let throttle = LoginThrottle::new();
        for name in ["a", "b", "c", "d", "e", "f"] {
            throttle.failed(name, HOME, now);
        }
        assert_eq!(wait(&throttle, "maria", HOME, now), 2);
        assert_eq!(wait(&throttle, "maria", other_ip(0), now), 0);
    }

    #[test]
    fn an_attempt_that_has_to_wait_does_not_count() {
        let throttle = LoginThrottle::new();
        let now = Instant::now();
        fail_username(&throttle, "maria", 6, now);
        for _ in 0..100 {
            assert_eq!(throttle.check("maria", HOME, now), Err(RetryAfter(seconds(2))));
        }
        let left = RetryAfter(Duration::from_millis(1_500));
        assert_eq!(throttle.check("maria", HOME, now + Duration::from_millis(500)), Err(left));
        assert_eq!(left.seconds(), 2, "rounded up");
        assert_eq!(throttle.check("maria", HOME, now + seconds(2)), Ok(()));
    }

    #[test]
    fn attempts_sent_at_once_are_let_through_only_as_long_as_they_could_all_fail() {
        let throttle = LoginThrottle::new();
        let now = Instant::now();
        let passed = (0..1_000).filter(|_| throttle.check("maria", HOME, now).is_ok()).count();
        assert_eq!(passed, FREE_FAILURES);
    }

    #[test]
    fn success_clears_the_username_and_takes_its_own_attempt_back_from_the_address() {
        let throttle = LoginThrottle::new();
        let now = Instant::now();
        for _ in 0..4 {
            throttle.failed("maria", HOME, now);
        }
        for _ in 0..100 {
            assert_eq!(throttle.check("maria", HOME, now), Ok(()));
            throttle.succeeded("maria", HOME);
        }
        throttle.failed("jose", HOME, now);
        assert_eq!(wait(&throttle, "maria", HOME, now), 1, "the address keeps its failures");
        assert_eq!(wait(&throttle, "maria", other_ip(0), now), 0);
    }

    #[test]
    fn a_quiet_quarter_of_an_hour_after_the_wait_forgets_all() {
        let throttle = LoginThrottle::new();
        let start = Instant::now();
        fail_username(&throttle, "maria", 8, start);
        let almost = start + seconds(8 + 15 * 60 - 1);
        throttle.failed("maria", HOME, almost);
        assert_eq!(wait(&throttle, "maria", HOME, almost), 16, "it was remembered");
        let later = almost + seconds(16) + WINDOW;
        throttle.failed("maria", HOME, later);
        assert_eq!(wait(&throttle, "maria", HOME, later), 0, "it was forgotten");
    }

    #[test]
    fn an_address_that_fails_waits_and_does_not_extend_its_wait_by_trying() {
        let throttle = AddressThrottle::new();
        let now = Instant::now();
        for _ in 0..FREE_FAILURES {
            assert_eq!(throttle.fail(HOME, now), Ok(()));
        }
        for _ in 0..100 {
            assert_eq!(throttle.fail(HOME, now), Err(RetryAfter(seconds(1))));
        }
        assert_eq!(throttle.fail(other_ip(0), now), Ok(()));
        assert_eq!(throttle.fail(HOME, now + seconds(1)), Ok(()));
        assert_eq!(throttle.fail(HOME, now + seconds(1)), Err(RetryAfter(seconds(2))));
    }

    #[test]
    fn attempts_at_codes_count_from_their_start() {
        let throttle = AddressThrottle::new();
        let now = Instant::now();
        assert_eq!((0..1_000).filter(|_| throttle.check(HOME, now).is_ok()).count(), FREE_FAILURES);
        throttle.succeeded(HOME);
        assert_eq!(throttle.check(HOME, now), Ok(()));
        throttle.failed(HOME, now);
        assert_eq!(throttle.check(HOME, now), Err(RetryAfter(seconds(1))));
    }

    #[test]
    fn memory_is_bounded_and_the_oldest_goes_first() {
        let throttle = LoginThrottle::with_capacity(10);
        let now = Instant::now();
        fail_username(&throttle, "maria", 5, now);
        fail_username(&throttle, "jose", 5, now + seconds(1));
        for number in 0..9 {
            throttle.failed(&format!("user {number}"), HOME, now + seconds(2));
        }
        let later = now + seconds(1);
        assert_eq!(wait(&throttle, "jose", other_ip(99), later), 1);
        assert_eq!(throttle.counts().usernames.entries.len(), 10);
        assert!(!throttle.counts().usernames.entries.contains_key("maria"));

        let long = "x".repeat(1_000_000);
        throttle.failed(&long, HOME, later);
        assert!(throttle.counts().usernames.entries.keys().all(|name| name.chars().count() <= MAX_USERNAME_CHARS));
    }

    #[test]
    fn addresses_of_one_client_count_together() {
        let ip = |text: &str| -> IpAddr { text.parse().unwrap() };
        assert_eq!(client(ip("2001:db8:1:2::5")), client(ip("2001:db8:1:2:ffff::1")));
        assert_ne!(client(ip("2001:db8:1:2::5")), client(ip("2001:db8:1:3::5")));
        assert_eq!(client(ip("::ffff:192.168.1.7")), HOME);
    }
}
