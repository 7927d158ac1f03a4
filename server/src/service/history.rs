//! The history of an oven: single readings page by page, or as many points as a chart can show.

use std::ops::Range;

use app::model::{
    api::{Gap, SensorHistory},
    equipment::EquipmentId,
    history::Resolution,
};
use jiff::{SignedDuration, Timestamp};

mod columns;

use columns::Columns;

use super::{Service, ServiceError};
use crate::store::rollups::Span;

/// Rollups that are read for one answer: more take longer than a chart may.
const MOST_ROLLUPS: i64 = 9_000;
/// Rollups that are read for one answer of a resolution that was asked for.
const MOST_ASKED_FOR: i64 = 100_000;
/// Readings that are put together for one answer.
const MOST_READINGS: u32 = 6_000;
/// Nothing for this long is a gap however often an oven is asked: those that send by themselves are silent while nothing
/// changes.
const GAP: SignedDuration = SignedDuration::from_mins(1);

/// What is asked of an oven's history.
#[derive(Clone, Debug)]
pub struct Asked {
    pub start: Timestamp,
    pub end: Timestamp,
    /// Readings of a page.
    pub limit: u32,
    /// A page goes on before this.
    pub before: Option<Timestamp>,
    /// Points of a chart; single readings where absent.
    pub max_points: Option<u32>,
    /// None chooses by the range and the points.
    pub resolution: Option<Resolution>,
    /// The series that are wanted, all where empty.
    pub fields: Vec<String>,
}

impl Asked {
    /// Up to here, exclusive.
    fn end(&self) -> Timestamp {
        self.before.map_or(self.end, |before| before.min(self.end))
    }

    /// Up to here it is known whether an oven was silent.
    fn past_end(&self) -> Timestamp {
        self.end().min(Timestamp::now())
    }

    /// The most that are returned, of readings or of buckets.
    fn points(&self) -> u32 {
        self.max_points.unwrap_or(self.limit)
    }
}

impl Service {
    pub async fn history(&self, id: EquipmentId, asked: &Asked) -> Result<SensorHistory, ServiceError> {
        let equipment = self.equipment(id).await?;
        let interval = SignedDuration::from_secs(i64::from(equipment.poll_interval_seconds));
        let silence = silence(equipment.poll_interval_seconds);
        let Some(span) = self.store.history_span(id).await? else {
            return Ok(SensorHistory::empty(id, asked.start, asked.end));
        };
        let bucket = match (asked.resolution, asked.max_points) {
            (Some(Resolution::Raw), _) | (None, None) => None,
            _ => self.bucket(id, asked, interval, span).await?,
        };
        let Some(bucket) = bucket else { return self.page(id, asked, silence, span).await };
        let chart = self.chart(id, asked, bucket, silence, span).await?;
        // There may be few readings in a long time. Counting them first would take as long as the chart.
        let is_few = chart.total_readings <= asked.points() as usize;
        let is_better = asked.resolution.is_none() && is_few && span.has(Resolution::Raw, asked.start);
        if is_better { self.page(id, asked, silence, span).await } else { Ok(chart) }
    }

    /// The newest readings of the range, oldest first.
    async fn page(
        &self,
        id: EquipmentId,
        asked: &Asked,
        silence: SignedDuration,
        span: Span,
    ) -> Result<SensorHistory, ServiceError> {
        let limit = asked.points();
        let mut readings = self.store.readings(id, asked.start, asked.end(), limit + 1).await?;
        let truncated = readings.len() > limit as usize;
        if truncated {
            readings.remove(0);
        }
        let times: Vec<_> = readings.iter().map(|reading| reading.reading_time).collect();
        // What is before the oldest of a full page is on the next one.
        let start =
            times.first().filter(|_| truncated).copied().unwrap_or(asked.start.max(span.begin_of(Resolution::Raw)));
        Ok(SensorHistory {
            total_readings: readings.len(),
            truncated,
            next_cursor: times.first().filter(|_| truncated).map(|oldest| oldest.as_microsecond().to_string()),
            gaps: gaps(start..asked.past_end(), &times, SignedDuration::ZERO, silence),
            readings,
            ..SensorHistory::empty(id, asked.start, asked.end)
        })
    }

    async fn chart(
        &self,
        id: EquipmentId,
        asked: &Asked,
        bucket: Bucket,
        silence: SignedDuration,
        span: Span,
    ) -> Result<SensorHistory, ServiceError> {
        // The bucket that the range begins in belongs to it.
        let start = floor(asked.start, bucket.seconds);
        let length = i64::from(bucket.seconds);
        let most = asked.end().duration_since(start).as_secs() / length + 2;
        let columns = Columns::new(&asked.fields, most.clamp(0, i64::from(asked.points())) as usize);
        let range = start..asked.end();
        let columns = self.store.rollups_into(id, bucket.resolution, bucket.seconds, range, columns).await?;
        let length = SignedDuration::from_secs(length);
        let total_readings = columns.readings;
        let (buckets, series) = columns.finish();
        Ok(SensorHistory {
            resolution: bucket.resolution,
            bucket_seconds: Some(bucket.seconds),
            total_readings,
            gaps: gaps(asked.start.max(span.begin_of(bucket.resolution))..asked.past_end(), &buckets, length, silence),
            buckets,
            series,
            ..SensorHistory::empty(id, asked.start, asked.end)
        })
    }

    /// Nothing where the readings themselves are all there, and few enough.
    async fn bucket(
        &self,
        id: EquipmentId,
        asked: &Asked,
        interval: SignedDuration,
        span: Span,
    ) -> Result<Option<Bucket>, ServiceError> {
        // A range of a hundred years is as long as what there is of it.
        let (start, end) = (asked.start.max(span.first), asked.end().min(span.last));
        let seconds = end.duration_since(start).as_secs().max(0) + 1;
        if let Some(resolution @ (Resolution::Minute | Resolution::Hour | Resolution::Day)) = asked.resolution {
            let most = i64::from(asked.points());
            if seconds / resolution.seconds() > MOST_ASKED_FOR {
                let detail = format!(
                    "the range has more than {MOST_ASKED_FOR} stretches of this resolution: ask for a coarser one"
                );
                return Err(ServiceError::TooMuch { parameter: "resolution", detail });
            }
            return Ok(Some(Bucket::of(resolution, seconds, most)));
        }
        let points = asked.points();
        let kept: Vec<_> = Resolution::ROLLUPS.into_iter().filter(|resolution| span.has(*resolution, start)).collect();
        let choose = |readings| choose(seconds, readings, i64::from(points), &kept);
        let expected = seconds / interval.as_secs().max(1);
        if !span.has(Resolution::Raw, start) || expected > 2 * i64::from(MOST_READINGS) {
            return Ok(Some(choose(u64::MAX)));
        }
        let readings = self.store.count_readings(id, asked.start, asked.end(), points.max(MOST_READINGS) + 1).await?;
        Ok((readings > u64::from(points)).then(|| choose(readings)))
    }
}

/// Readings of an oven that is polled like that are no further apart, unless some are missing.
pub(super) fn silence(poll_interval_seconds: u32) -> SignedDuration {
    (SignedDuration::from_secs(i64::from(poll_interval_seconds)) * 3).max(GAP)
}

/// What one point of a chart stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Bucket {
    resolution: Resolution,
    seconds: u32,
}

impl Bucket {
    /// The shortest that a range of this length has at most `points` of.
    fn of(resolution: Resolution, seconds: i64, points: i64) -> Self {
        let unit = resolution.seconds().max(1);
        // The range may begin and end within a bucket.
        let whole = unit * (points - 1).max(1);
        let times = ((seconds + whole - 1) / whole).max(1);
        Self { resolution, seconds: u32::try_from(times * unit).unwrap_or(u32::MAX) }
    }
}

/// The finest of those that are `kept` that can be read in time.
fn choose(seconds: i64, readings: u64, points: i64, kept: &[Resolution]) -> Bucket {
    let from_readings = Bucket::of(Resolution::Raw, seconds, points);
    if readings <= u64::from(MOST_READINGS) && i64::from(from_readings.seconds) < Resolution::Minute.seconds() {
        return from_readings;
    }
    let fits = |resolution: &Resolution| seconds / resolution.seconds() <= MOST_ROLLUPS;
    let resolution = kept.iter().copied().find(fits).unwrap_or(Resolution::Day);
    Bucket::of(resolution, seconds, points)
}

/// The begin of the stretch of this length that a time is in.
pub(super) fn floor(at: Timestamp, seconds: u32) -> Timestamp {
    let length = i64::from(seconds);
    Timestamp::from_second(at.as_second().div_euclid(length) * length).unwrap_or(at)
}

/// Where the time from one point to the next is longer than points are apart, also from the begin of the range to the first
/// and from the last to its end.
fn gaps(range: Range<Timestamp>, times: &[Timestamp], length: SignedDuration, silence: SignedDuration) -> Vec<Gap> {
    let after = |at: Timestamp| at.checked_add(length).unwrap_or(at);
    let between = times.windows(2).filter(|pair| pair[1].duration_since(pair[0]) > silence.max(length));
    let between = between.map(|pair| (after(pair[0]), pair[1]));
    let is_long = |(from, to): &(Timestamp, Timestamp)| to.duration_since(*from) > silence;
    let first = times.first().copied().unwrap_or(range.end);
    let before = Some((range.start, first)).filter(is_long);
    let beyond = times.last().map(|last| (after(*last), range.end)).filter(is_long);
    let all = before.into_iter().chain(between).chain(beyond);
    all.map(|(start_time, end_time)| Gap { start_time, end_time }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn a_chart_has_as_many_points_as_it_may_and_no_more() {
        let day = 86_400;
        for (days, every, resolution) in [
            (1, 5, Resolution::Minute),
            (6, 5, Resolution::Minute),
            (30, 5, Resolution::Hour),
            (3_000, 5, Resolution::Day),
        ] {
            let bucket = choose(days * day, (days * day / every) as u64, 2_000, &Resolution::ROLLUPS);
            assert_eq!(bucket.resolution, resolution, "{days} days");
            let points = days * day / i64::from(bucket.seconds) + 1;
            assert!(points <= 2_000, "{points} points for {days} days");
            assert_eq!(i64::from(bucket.seconds) % resolution.seconds(), 0);
        }
        let hours = choose(2 * 3_600, 2 * 3_600, 2_000, &Resolution::ROLLUPS);
        assert_eq!(hours, Bucket { resolution: Resolution::Minute, seconds: 60 }, "too many readings to look at each");
        let hour = choose(3_600, 3_600, 2_000, &Resolution::ROLLUPS);
        assert_eq!(hour, Bucket { resolution: Resolution::Raw, seconds: 2 });
        assert_eq!(choose(1, 10_000, 1, &Resolution::ROLLUPS).resolution, Resolution::Minute);
    }

    #[test]
    fn silence_is_a_gap_and_a_slow_oven_is_none() {
        let times = [at(0), at(60), at(120), at(600), at(660)];
        let minute = SignedDuration::from_secs(60);
        let gap = |from, to| Gap { start_time: at(from), end_time: at(to) };
        assert_eq!(gaps(at(0)..at(720), &times, minute, minute), [gap(180, 600)]);
        assert!(gaps(at(0)..at(720), &times, minute, SignedDuration::from_secs(900)).is_empty());
        // The range begins before, or goes on for longer.
        assert_eq!(gaps(at(-100)..at(1_000), &times, minute, minute), [gap(-100, 0), gap(180, 600), gap(720, 1_000)]);
        assert_eq!(gaps(at(30)..at(690), &times, minute, minute), [gap(180, 600)], "within points");
        assert_eq!(gaps(at(0)..at(600), &[], SignedDuration::ZERO, minute), [gap(0, 600)], "nothing at all");
        assert_eq!(gaps(at(0)..at(60), &[], SignedDuration::ZERO, minute), [], "not for long");
        let edges = gaps(at(590)..at(1_250), &[at(600)], SignedDuration::from_secs(600), minute);
        assert_eq!(edges, [], "a long point knows nothing of a few seconds beside it");
    }
}
