//! Numbers, ages and durations as the reader writes them.

use super::Lang;

/// Shown where there is no value.
pub const NONE: &str = "—";

/// A number with a point and fixed decimals, for markup. Scaled integers do it: the exact formatting of floats
/// that the standard library has would be a tenth of the WASM.
pub fn fixed(value: f64, decimals: usize) -> String {
    let scale = 10_i64.pow(decimals as u32);
    let scaled = (value * scale as f64).round() as i64;
    let sign = if scaled < 0 { "-" } else { "" };
    let scaled = scaled.unsigned_abs();
    let (whole, fraction) = (scaled / scale as u64, scaled % scale as u64);
    if decimals == 0 { format!("{sign}{whole}") } else { format!("{sign}{whole}.{fraction:0decimals$}") }
}

impl Lang {
    /// A number with fixed decimals, so that columns do not jump: `1234,5`, `12 345,6`.
    pub fn number(self, value: f64, decimals: usize) -> String {
        let text = fixed(value.abs(), decimals);
        let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
        let is_zero = text.bytes().all(|byte| matches!(byte, b'0' | b'.'));
        let mut out = String::with_capacity(text.len() + 4);
        if value < 0.0 && !is_zero {
            out.push('−');
        }
        for (index, digit) in whole.chars().enumerate() {
            if index > 0 && whole.len() > 4 && (whole.len() - index) % 3 == 0 {
                out.push(match self {
                    Self::Es => '\u{202f}',
                    Self::En => ',',
                    Self::De => '.',
                });
            }
            out.push(digit);
        }
        if !fraction.is_empty() {
            out.push(if self == Self::En { '.' } else { ',' });
            out.push_str(fraction);
        }
        out
    }

    /// [`number`](Self::number), or a dash.
    pub fn number_or_dash(self, value: Option<f64>, decimals: usize) -> String {
        value.map_or_else(|| NONE.to_owned(), |value| self.number(value, decimals))
    }

    /// A difference with its sign; none for zero.
    pub fn signed(self, value: f64, decimals: usize) -> String {
        let text = self.number(value, decimals);
        let is_zero = !text.bytes().any(|byte| (b'1'..=b'9').contains(&byte));
        if value > 0.0 && !is_zero { format!("+{text}") } else { text }
    }

    /// `12 s`, `5 min`, `3 h`, `2 d`: the largest unit alone, because an age is glanced at.
    pub fn short_duration(self, ms: i64) -> String {
        let seconds = ms.max(0) / 1_000;
        match seconds {
            0..60 => format!("{seconds} s"),
            60..3_600 => format!("{} min", seconds / 60),
            3_600..172_800 => format!("{} h", seconds / 3_600),
            _ => self.days(seconds / 86_400),
        }
    }

    /// How long ago something was.
    pub fn ago(self, ms: i64) -> String {
        let span = self.short_duration(ms);
        match self {
            Self::Es => format!("hace {span}"),
            Self::En => format!("{span} ago"),
            // The dative of days has an n: "vor 3 Tagen".
            Self::De if ms >= 172_800_000 => format!("vor {span}n"),
            Self::De => format!("vor {span}"),
        }
    }

    /// Time left in a cycle: `7 min`, `1 h 25 min`.
    pub fn minutes(self, minutes: f64) -> String {
        let minutes = minutes.max(0.0).ceil() as i64;
        if minutes < 60 { format!("{minutes} min") } else { format!("{} h {:02} min", minutes / 60, minutes % 60) }
    }

    fn days(self, days: i64) -> String {
        match self {
            Self::Es => format!("{days} días"),
            Self::En => format!("{days} days"),
            Self::De => format!("{days} Tage"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_follow_the_language() {
        assert_eq!(Lang::Es.number(231.44, 1), "231,4");
        assert_eq!(Lang::En.number(231.44, 1), "231.4");
        assert_eq!(Lang::De.number(12_345.6, 1), "12.345,6");
        assert_eq!(Lang::Es.number(12_345.6, 0), "12\u{202f}346");
        assert_eq!(Lang::Es.number(1_234.5, 1), "1234,5");
        assert_eq!(Lang::En.number(-3.6, 1), "−3.6");
        assert_eq!(Lang::En.number(-0.04, 1), "0.0", "no minus before a zero");
        assert_eq!(Lang::De.number_or_dash(None, 1), "—");
    }

    #[test]
    fn markup_has_points_whatever_the_language() {
        assert_eq!(fixed(-135.0, 1), "-135.0");
        assert_eq!(fixed(0.0771, 3), "0.077");
        assert_eq!(fixed(-0.04, 1), "0.0");
        assert_eq!(fixed(68.5, 0), "69");
    }

    #[test]
    fn differences_show_their_sign() {
        assert_eq!(Lang::Es.signed(3.6, 1), "+3,6");
        assert_eq!(Lang::Es.signed(-3.6, 1), "−3,6");
        assert_eq!(Lang::Es.signed(0.04, 1), "0,0");
        assert_eq!(Lang::Es.signed(0.4, 1), "+0,4");
    }

    #[test]
    fn ages_use_one_unit() {
        assert_eq!(Lang::Es.ago(12_400), "hace 12 s");
        assert_eq!(Lang::En.ago(12_400), "12 s ago");
        assert_eq!(Lang::De.ago(12_400), "vor 12 s");
        assert_eq!(Lang::Es.ago(61_000), "hace 1 min");
        assert_eq!(Lang::En.ago(3_600_000), "1 h ago");
        assert_eq!(Lang::De.ago(3 * 86_400_000), "vor 3 Tagen");
        assert_eq!(Lang::En.ago(-5), "0 s ago", "a clock that is ahead");
    }

    #[test]
    fn time_left_is_rounded_up() {
        assert_eq!(Lang::Es.minutes(6.2), "7 min");
        assert_eq!(Lang::Es.minutes(85.0), "1 h 25 min");
        assert_eq!(Lang::Es.minutes(-1.0), "0 min");
    }
}
