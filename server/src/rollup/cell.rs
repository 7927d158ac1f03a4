//! What is kept of one field over a stretch of time.

pub use app::model::energy::climb;

/// Counts and extremes of one field. Only values that are not bad are in `count` and what follows it.
///
/// Two cells of neighbouring stretches make one of both, see [`append`](Self::append): an hour is the sum of its minutes.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Cell {
    /// Values of any quality.
    pub total: u32,
    /// Values without any flaw.
    pub good: u32,
    /// Values that are not bad.
    pub count: u32,
    pub min: f64,
    pub max: f64,
    pub sum: f64,
    /// The earliest and the latest value.
    pub first: f64,
    pub last: f64,
    /// How far a counter went up from its first value to its last, across resets.
    pub rise: f64,
}

impl Cell {
    /// Adds one value that is later than all before it.
    pub fn push(&mut self, value: f64, is_usable: bool, is_good: bool) {
        self.total += 1;
        if !is_usable {
            return;
        }
        self.good += u32::from(is_good);
        if self.count == 0 {
            (self.min, self.max, self.first) = (value, value, value);
        } else {
            self.rise += climb(self.last, value);
            self.min = self.min.min(value);
            self.max = self.max.max(value);
        }
        self.count += 1;
        self.sum += value;
        self.last = value;
    }

    /// Adds the stretch that follows.
    pub fn append(&mut self, later: &Self) {
        self.total += later.total;
        self.good += later.good;
        if later.count == 0 {
            return;
        }
        if self.count == 0 {
            (self.min, self.max, self.first) = (later.min, later.max, later.first);
            self.rise = later.rise;
        } else {
            self.rise += climb(self.last, later.first) + later.rise;
            self.min = self.min.min(later.min);
            self.max = self.max.max(later.max);
        }
        self.count += later.count;
        self.sum += later.sum;
        self.last = later.last;
    }

    pub fn mean(&self) -> Option<f64> {
        (self.count > 0).then(|| self.sum / f64::from(self.count))
    }

    /// The share of good values among all, from 0 to 1.
    pub fn good_share(&self) -> Option<f64> {
        (self.total > 0).then(|| f64::from(self.good) / f64::from(self.total))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cell(values: &[f64]) -> Cell {
        let mut cell = Cell::default();
        for value in values {
            cell.push(*value, true, true);
        }
        cell
    }

    #[test]
    fn bad_values_are_counted_and_change_nothing_else() {
        let mut cell = cell(&[200.0, 210.0]);
        cell.push(9_999.0, false, false);
        cell.push(220.0, true, false);
        assert_eq!((cell.total, cell.count, cell.good), (4, 3, 2));
        assert_eq!((cell.min, cell.max, cell.last, cell.mean()), (200.0, 220.0, 220.0, Some(210.0)));
        assert_eq!(cell.good_share(), Some(0.5));
    }

    #[test]
    fn stretches_add_up() {
        let values = [5.0, 3.0, 8.0, 8.0, 1.0, 4.0];
        for cut in 0..=values.len() {
            let mut sum = cell(&values[..cut]);
            sum.append(&cell(&values[cut..]));
            assert_eq!(sum, cell(&values), "cut at {cut}");
        }
    }

    #[test]
    fn a_counter_goes_on_after_a_reset() {
        let is = |values: &[f64], rise: f64| (cell(values).rise - rise).abs() < 1e-9;
        assert!(is(&[100.0, 102.0, 0.5, 1.5], 3.5));
        assert!(is(&[100.0, 99.9, 101.0], 1.1), "a correction is no reset");
    }
}
