//! When to poll next.

use std::{sync::LazyLock, time::Duration};

use rand::Rng;
use tokio::time::Instant;

/// A fixed rate with a random phase: the polls of many ovens spread over the interval, and each keeps its rhythm.
#[derive(Debug)]
pub struct Schedule {
    interval: Duration,
    due: Instant,
}

impl Schedule {
    pub fn new(interval: Duration, now: Instant, rng: &mut impl Rng) -> Self {
        let phase = interval.mul_f64(rng.random_range(0.0..1.0)).min(Self::MAX_PHASE);
        Self { interval, due: on_the_beat(now + phase) }
    }

    /// An admin who saved an oven does not wait minutes for its first value.
    const MAX_PHASE: Duration = Duration::from_secs(5);

    pub fn due(&self) -> Instant {
        self.due
    }

    /// Whether a poll that begins now is on time: within a tenth of the interval, at least 50 ms.
    pub fn is_on_time(&self, now: Instant) -> bool {
        now.saturating_duration_since(self.due) <= (self.interval / 10).max(Duration::from_millis(50))
    }

    /// Goes on to the next time that is not past, and says how many were skipped.
    pub fn advance(&mut self, now: Instant) -> u64 {
        self.due += self.interval;
        let behind = now.saturating_duration_since(self.due).as_nanos();
        let skipped = behind.div_ceil(self.interval.as_nanos().max(1)) as u32;
        self.due += self.interval * skipped;
        u64::from(skipped)
    }

    /// Puts the next poll after a back-off; the rhythm goes on from there.
    pub fn delay(&mut self, now: Instant, backoff: Duration) {
        self.due = on_the_beat(now + backoff);
    }
}

/// Polls of all ovens begin on a common beat: a thousand ovens wake the machine forty times a second instead of a thousand
/// times, and their values share frames. A beat of 25 ms costs a third less time than one of 10 ms, with the values no later
/// at the screens.
const BEAT: Duration = Duration::from_millis(25);

/// The next beat, for all ovens of this process.
fn on_the_beat(at: Instant) -> Instant {
    static FIRST: LazyLock<Instant> = LazyLock::new(Instant::now);
    let since = at.saturating_duration_since(*FIRST);
    let late = Duration::from_nanos((since.as_nanos() % BEAT.as_nanos()) as u64);
    if late.is_zero() { at } else { at + BEAT.saturating_sub(late) }
}

/// Exponential back-off with full jitter between one interval's tenth and the ceiling
/// (M. Brooker, “Exponential Backoff And Jitter”, AWS Architecture Blog, 2015).
pub fn backoff(interval: Duration, failures: u32, max: Duration, rng: &mut impl Rng) -> Duration {
    let base = interval.max(Duration::from_secs(1)).min(max);
    let ceiling = base.saturating_mul(1 << failures.saturating_sub(1).min(16)).min(max);
    // The floor keeps an unlucky draw from hammering a peer that just refused.
    ceiling.mul_f64(rng.random_range(0.0..1.0)).max(base / 10)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rand::{SeedableRng, rngs::StdRng};

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn keeps_its_rhythm_and_counts_what_it_skips() {
        let now = Instant::now();
        let mut schedule = Schedule::new(SECOND, now, &mut StdRng::seed_from_u64(1));
        let first = schedule.due();
        assert!(first >= now && first <= now + SECOND + BEAT);
        assert_eq!(schedule.advance(first + SECOND / 3), 0);
        assert_eq!(schedule.due(), first + SECOND);
        assert_eq!(schedule.advance(first + SECOND * 4 + SECOND / 2), 3);
        assert_eq!(schedule.due(), first + SECOND * 5);
    }

    #[test]
    fn is_late_after_a_tenth_of_the_interval() {
        let now = Instant::now();
        let schedule = Schedule { interval: SECOND, due: now };
        assert!(schedule.is_on_time(now + SECOND / 10) && !schedule.is_on_time(now + SECOND / 9));
    }

    #[test]
    fn the_first_poll_of_a_slow_oven_comes_soon() {
        let now = Instant::now();
        let schedule = Schedule::new(SECOND * 3_600, now, &mut StdRng::seed_from_u64(2));
        assert!(schedule.due() <= now + Schedule::MAX_PHASE + BEAT);
    }

    proptest! {
        #[test]
        fn backoff_stays_under_its_ceiling(seed in any::<u64>(), failures in 1u32..1_000, interval in 1u64..600, max in 1u64..3_600) {
            let max = Duration::from_secs(max);
            let wait = backoff(Duration::from_secs(interval), failures, max, &mut StdRng::seed_from_u64(seed));
            prop_assert!(wait <= max && wait >= Duration::from_secs(interval).min(max) / 10);
        }
    }
}
