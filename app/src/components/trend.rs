//! The last 30 minutes as shapes: plain arithmetic, drawn by `trend_chart`.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write,
};

use serde::{Deserialize, Serialize};

use crate::{
    i18n::{Lang, clock::LocalClock},
    model::live::LiveValues,
};

/// One point of the last 30 minutes; a gap in time is shown as a gap.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TrendPoint {
    pub at_ms: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub temperature: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<f64>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub zones: BTreeMap<String, f64>,
}

impl From<&LiveValues> for TrendPoint {
    fn from(values: &LiveValues) -> Self {
        Self {
            at_ms: values.reading_ms,
            temperature: values.temperature,
            target: values.target,
            zones: values.zones.clone(),
        }
    }
}

/// How much time the chart shows.
pub const SPAN_MS: i64 = 30 * 60_000;
/// More points than this are not told apart on a tablet.
const MAX_POINTS: i64 = 360;
/// Coordinates of the drawing; the chart stretches it to its size.
pub const WIDTH: f64 = 1_000.0;
pub const HEIGHT: f64 = 300.0;

/// Time between two points that are kept.
const fn step_ms(interval_s: u32) -> i64 {
    let interval = interval_s as i64 * 1_000;
    let coarsest = SPAN_MS / MAX_POINTS;
    if interval > coarsest { interval } else { coarsest }
}

/// The newest point of each step within the last 30 minutes, oldest first.
pub fn thin(points: Vec<TrendPoint>, interval_s: u32, now_ms: i64) -> Vec<TrendPoint> {
    let mut kept = Vec::new();
    for point in points {
        push(&mut kept, point, interval_s, now_ms);
    }
    kept
}

/// Adds a point, replaces the last one where both lie in one step, and drops what is too old.
pub fn push(points: &mut Vec<TrendPoint>, point: TrendPoint, interval_s: u32, now_ms: i64) {
    let step = step_ms(interval_s);
    if let Some(last) = points.last() {
        if point.at_ms <= last.at_ms {
            return;
        }
        // The interval jitters: without the slack every other point of an on-time oven could vanish.
        let slot = |at: i64| at.div_euclid(step);
        if interval_s < 5 && slot(point.at_ms) == slot(last.at_ms) {
            points.pop();
        }
    }
    points.push(point);
    let oldest = now_ms - SPAN_MS - step;
    let old = points.iter().take_while(|point| point.at_ms < oldest).count();
    points.drain(..old);
}

/// A labelled position along an axis, 0 to 1 from the left or the bottom.
#[derive(Clone, Debug, PartialEq)]
pub struct Tick {
    pub at: f64,
    pub label: String,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// Empty for the oven's main temperature.
    pub zone: String,
    pub path: String,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Shapes {
    pub lines: Vec<Line>,
    pub target: String,
    pub x: Vec<Tick>,
    pub y: Vec<Tick>,
    pub lowest: f64,
    pub highest: f64,
}

impl Shapes {
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    pub fn new(points: &[TrendPoint], interval_s: u32, now_ms: i64, lang: Lang, clock: &LocalClock) -> Self {
        let values = points.iter().flat_map(|p| p.temperature.into_iter().chain(p.zones.values().copied()));
        let Some((lowest, highest)) = values.fold(None, |range: Option<(f64, f64)>, value| {
            Some(range.map_or((value, value), |(low, high)| (low.min(value), high.max(value))))
        }) else {
            return Self::default();
        };
        let targets = points.iter().filter_map(|point| point.target);
        let (low, high) = targets.fold((lowest, highest), |(low, high), t| (low.min(t), high.max(t)));
        let scale = Scale::around(low, high);
        let gap_ms = 3 * step_ms(interval_s);
        let place = |at_ms: i64, value: f64| {
            let x = 1.0 - (now_ms - at_ms) as f64 / SPAN_MS as f64;
            (x * WIDTH, (1.0 - scale.share(value)) * HEIGHT)
        };
        let path = |value: &dyn Fn(&TrendPoint) -> Option<f64>| {
            let mut path = String::new();
            let mut last: Option<i64> = None;
            for (at_ms, value) in points.iter().filter_map(|point| Some((point.at_ms, value(point)?))) {
                let pen = if last.is_none_or(|last| at_ms - last > gap_ms) { 'M' } else { 'L' };
                let (x, y) = place(at_ms, value);
                // Whole units: the drawing is 1,000 wide.
                let _ = write!(path, "{pen}{} {}", x.round() as i64, y.round() as i64);
                last = Some(at_ms);
            }
            path
        };
        let zones: BTreeSet<&str> = points.iter().flat_map(|point| point.zones.keys().map(String::as_str)).collect();
        let mut lines = vec![Line { zone: String::new(), path: path(&|point| point.temperature) }];
        lines.extend(
            zones
                .into_iter()
                .map(|zone| Line { zone: zone.to_owned(), path: path(&|point| point.zones.get(zone).copied()) }),
        );
        lines.retain(|line| !line.path.is_empty());
        Self {
            lines,
            target: path(&|point| point.target),
            x: time_ticks(now_ms, clock),
            y: scale.ticks(lang),
            lowest,
            highest,
        }
    }
}

/// A tick at each whole five minutes of the bakery's clock.
fn time_ticks(now_ms: i64, clock: &LocalClock) -> Vec<Tick> {
    const EVERY_MS: i64 = 5 * 60_000;
    let newest = now_ms.div_euclid(EVERY_MS) * EVERY_MS;
    (0..=SPAN_MS / EVERY_MS)
        .map(|step| newest - step * EVERY_MS)
        .map(|at_ms| (1.0 - (now_ms - at_ms) as f64 / SPAN_MS as f64, at_ms))
        .filter(|(at, _)| (0.02..=0.98).contains(at))
        .map(|(at, at_ms)| Tick { at, label: clock.time(at_ms) })
        .collect()
}

/// The range of an axis in round steps.
struct Scale {
    low: f64,
    step: f64,
    steps: i32,
}

impl Scale {
    /// At least 20 °C high, so that a steady oven is a calm line and not a mountain range of noise.
    fn around(low: f64, high: f64) -> Self {
        let missing = (20.0 - (high - low)).max(0.0) / 2.0;
        let (low, high) = (low - missing - 1.0, high + missing + 1.0);
        let step = [5.0, 10.0, 20.0, 25.0, 50.0, 100.0]
            .into_iter()
            .find(|step| (high / step).ceil() - (low / step).floor() <= 5.0)
            .unwrap_or(200.0);
        let first = (low / step).floor();
        Self { low: first * step, step, steps: ((high / step).ceil() - first) as i32 }
    }

    fn share(&self, value: f64) -> f64 {
        (value - self.low) / (self.step * f64::from(self.steps))
    }

    fn ticks(&self, lang: Lang) -> Vec<Tick> {
        (0..=self.steps)
            .map(|index| self.low + self.step * f64::from(index))
            .map(|value| Tick { at: self.share(value), label: lang.number(value, 0) })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn point(at_ms: i64, temperature: f64) -> TrendPoint {
        TrendPoint { at_ms, temperature: Some(temperature), target: None, zones: BTreeMap::new() }
    }

    fn shapes(points: &[TrendPoint], now_ms: i64) -> Shapes {
        Shapes::new(points, 5, now_ms, Lang::Es, &LocalClock::default())
    }

    #[test]
    fn silence_breaks_the_line() {
        let steady = [point(0, 200.0), point(5_000, 201.0), point(20_000, 202.0)];
        assert_eq!(shapes(&steady, 20_000).lines[0].path.matches('M').count(), 1);
        let gap = [point(0, 200.0), point(5_000, 201.0), point(20_001, 202.0)];
        assert_eq!(shapes(&gap, 20_001).lines[0].path.matches('M').count(), 2);
    }

    #[test]
    fn a_steady_oven_gets_a_calm_axis() {
        let shapes = shapes(&[point(0, 230.1), point(5_000, 230.4)], 5_000);
        assert!(shapes.y.len() >= 3 && shapes.y.len() <= 7, "{:?}", shapes.y);
        let first: f64 = shapes.y[0].label.parse().unwrap();
        let last: f64 = shapes.y.last().unwrap().label.parse().unwrap();
        assert!(last - first >= 20.0);
    }

    #[test]
    fn a_fast_oven_is_thinned_and_old_points_go() {
        let points: Vec<_> = (0..3_600).map(|second| point(second * 1_000, 200.0)).collect();
        let kept = thin(points, 1, 3_600_000);
        assert!(kept.len() as i64 <= MAX_POINTS + 2, "{}", kept.len());
        assert!(kept[0].at_ms >= 3_600_000 - SPAN_MS - 5_000);
        assert_eq!(kept.last().unwrap().at_ms, 3_599_000, "the newest stays");
    }

    #[test]
    fn nothing_measured_draws_nothing() {
        assert!(shapes(&[], 0).is_empty());
    }
}
