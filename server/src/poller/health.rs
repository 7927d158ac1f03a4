//! How well one connection does.

use std::{collections::VecDeque, time::Duration};

use app::model::{failure::Failure, health::ConnectionHealth};
use jiff::{SignedDuration, Timestamp};
use tokio::time::Instant;

use super::PollTotals;

/// Answers that the percentiles look back on.
const WINDOW: usize = 256;

#[derive(Default)]
pub struct HealthMeter {
    polls: u64,
    on_time: u64,
    skipped: u64,
    failures: u64,
    consecutive: u32,
    latencies_ms: VecDeque<f32>,
    up: Duration,
    since: Option<(Instant, bool)>,
    first: Option<Instant>,
    last_error: Option<(Failure, Timestamp)>,
    next: Option<Instant>,
}

impl HealthMeter {
    pub fn begun(&mut self, now: Instant, on_time: bool, skipped: u64) {
        self.polls += 1;
        self.on_time += u64::from(on_time);
        self.skipped += skipped;
        self.first.get_or_insert(now);
    }

    pub fn succeeded(&mut self, now: Instant, latency: Duration) {
        self.consecutive = 0;
        if self.latencies_ms.len() == WINDOW {
            self.latencies_ms.pop_front();
        }
        // What is pushed was not asked for, and took no time to answer.
        if !latency.is_zero() {
            self.latencies_ms.push_back((latency.as_secs_f64() * 1_000.0) as f32);
        }
        self.mark(now, true);
    }

    /// Returns how many failures in a row this makes.
    pub fn failed(&mut self, now: Instant, failure: Failure) -> u32 {
        self.failures += 1;
        self.consecutive = self.consecutive.saturating_add(1);
        self.last_error = Some((failure, Timestamp::now()));
        self.mark(now, false);
        self.consecutive
    }

    /// Connected, and waiting for what comes.
    pub fn listening(&mut self) {
        self.next = None;
    }

    pub fn next_attempt(&mut self, at: Instant) {
        self.next = Some(at);
    }

    fn mark(&mut self, now: Instant, up: bool) {
        if let Some((since, true)) = self.since {
            self.up += now - since;
        }
        self.since = Some((now, up));
    }

    pub fn add_to(&self, totals: &mut PollTotals) {
        totals.polls += self.polls;
        totals.on_time += self.on_time;
        totals.skipped += self.skipped;
        totals.failures += self.failures;
    }

    pub fn report(&self, now: Instant) -> ConnectionHealth {
        let mut sorted: Vec<f32> = self.latencies_ms.iter().copied().collect();
        sorted.sort_by(f32::total_cmp);
        let running = self.since.filter(|(_, up)| *up).map_or(Duration::ZERO, |(since, _)| now - since);
        let uptime = self.first.map(|first| (now - first).as_secs_f64()).filter(|all| *all > 0.0);
        ConnectionHealth {
            polls: self.polls,
            polls_on_time: self.on_time,
            polls_skipped: self.skipped,
            failures: self.failures,
            consecutive_failures: self.consecutive,
            uptime: uptime.map(|all| ((self.up + running).as_secs_f64() / all).min(1.0)),
            latency_p50_ms: percentile(&sorted, 0.50),
            latency_p95_ms: percentile(&sorted, 0.95),
            last_error: self.last_error.as_ref().map(|(failure, _)| failure.clone()),
            last_error_at: self.last_error.as_ref().map(|(_, at)| *at),
            next_attempt_at: self.next.map(|at| {
                Timestamp::now() + SignedDuration::try_from(at.saturating_duration_since(now)).unwrap_or_default()
            }),
        }
    }
}

/// Nearest-rank percentile of sorted values.
fn percentile(sorted: &[f32], share: f64) -> Option<f64> {
    let rank = (share * sorted.len() as f64).ceil() as usize;
    sorted.get(rank.saturating_sub(1)).map(|value| f64::from(*value))
}

#[cfg(test)]
mod tests {
    use app::model::failure::FailureKind;

    use super::*;

    #[test]
    fn percentiles_are_of_the_latest_answers() {
        let (mut meter, now) = (HealthMeter::default(), Instant::now());
        for ms in 1..=(WINDOW as u64 + 100) {
            meter.succeeded(now, Duration::from_millis(ms));
        }
        let report = meter.report(now);
        assert_eq!(report.latency_p50_ms, Some(228.0));
        assert_eq!(report.latency_p95_ms, Some(344.0));
        assert_eq!(percentile(&[], 0.5), None);
    }

    #[test]
    fn uptime_is_the_share_of_time_connected() {
        let (mut meter, start) = (HealthMeter::default(), Instant::now());
        let after = |seconds| start + Duration::from_secs(seconds);
        meter.begun(start, true, 0);
        meter.succeeded(start, Duration::from_millis(1));
        meter.failed(after(30), Failure { kind: FailureKind::Refused, detail: String::new() });
        assert_eq!(meter.report(after(40)).uptime, Some(0.75));
    }
}
