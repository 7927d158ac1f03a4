//! Wall-clock times of the bakery, the same on the server and in the browser.
//!
//! The browser would need a time zone database, or the device's zone, which may be wrong on a cheap tablet. So the
//! server sends the few offsets that matter, and both sides do the same plain arithmetic.

use serde::{Deserialize, Serialize};

use super::Lang;

const DAY_MS: i64 = 86_400_000;

/// UTC offsets of one time zone around now.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LocalClock {
    /// From when (ms since 1970 UTC) which offset (s) holds; ascending.
    offsets: Vec<(i64, i32)>,
}

impl LocalClock {
    /// Offsets from two years before `now` to two years after; a page that stays open for longer has reloaded.
    #[cfg(feature = "ssr")]
    pub fn new(zone: &jiff::tz::TimeZone, now: jiff::Timestamp) -> Self {
        use jiff::{SignedDuration, Timestamp};
        let reach = SignedDuration::from_hours(2 * 366 * 24);
        let start = now.checked_sub(reach).unwrap_or(Timestamp::MIN);
        let end = now.checked_add(reach).unwrap_or(Timestamp::MAX);
        let mut offsets = vec![(i64::MIN, zone.to_offset(start).seconds())];
        offsets.extend(
            zone.following(start)
                .take_while(|transition| transition.timestamp() < end)
                .map(|transition| (transition.timestamp().as_millisecond(), transition.offset().seconds())),
        );
        Self { offsets }
    }

    fn local_ms(&self, utc_ms: i64) -> i64 {
        let offset = self.offsets.iter().rev().find(|(from, _)| *from <= utc_ms).map_or(0, |(_, seconds)| *seconds);
        utc_ms + i64::from(offset) * 1_000
    }

    /// `14:32`
    pub fn time(&self, utc_ms: i64) -> String {
        let minutes = self.local_ms(utc_ms).rem_euclid(DAY_MS) / 60_000;
        format!("{:02}:{:02}", minutes / 60, minutes % 60)
    }

    /// `14:32:05`
    pub fn time_with_seconds(&self, utc_ms: i64) -> String {
        format!("{}:{:02}", self.time(utc_ms), self.local_ms(utc_ms).rem_euclid(60_000) / 1_000)
    }

    /// `14:32` on the day of `now_ms`, with the date before it on any other day.
    pub fn moment(&self, lang: Lang, utc_ms: i64, now_ms: i64) -> String {
        self.dated(lang, utc_ms, now_ms, self.time(utc_ms))
    }

    /// [`moment`](Self::moment) with seconds.
    pub fn exact_moment(&self, lang: Lang, utc_ms: i64, now_ms: i64) -> String {
        self.dated(lang, utc_ms, now_ms, self.time_with_seconds(utc_ms))
    }

    fn dated(&self, lang: Lang, utc_ms: i64, now_ms: i64, time: String) -> String {
        let day = self.local_ms(utc_ms).div_euclid(DAY_MS);
        if day == self.local_ms(now_ms).div_euclid(DAY_MS) {
            return time;
        }
        let (month, day) = month_and_day(day);
        match lang {
            Lang::Es => format!("{day:02}/{month:02} {time}"),
            // The month as a word, since 3/4 is March or April depending on who reads it.
            Lang::En => format!("{day} {} {time}", MONTHS[month - 1]),
            Lang::De => format!("{day:02}.{month:02}. {time}"),
        }
    }
}

const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// Month and day of the Gregorian calendar from days since 1970-01-01 (Howard Hinnant, `civil_from_days`).
fn month_and_day(days: i64) -> (usize, i64) {
    let of_era = (days + 719_468).rem_euclid(146_097);
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let march_month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * march_month + 2) / 5 + 1;
    let month = if march_month < 10 { march_month + 3 } else { march_month - 9 };
    (month as usize, day)
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use jiff::{Timestamp, tz::TimeZone};

    use super::*;

    fn ms(text: &str) -> i64 {
        text.parse::<Timestamp>().unwrap().as_millisecond()
    }

    #[test]
    fn follows_daylight_saving_on_both_sides_of_now() {
        let zone = TimeZone::get("Europe/Madrid").unwrap();
        let clock = LocalClock::new(&zone, "2025-11-24T12:00:00Z".parse().unwrap());
        assert_eq!(clock.time(ms("2025-11-24T13:32:05Z")), "14:32");
        assert_eq!(clock.time_with_seconds(ms("2025-11-24T13:32:05Z")), "14:32:05");
        assert_eq!(clock.time(ms("2025-07-01T12:00:00Z")), "14:00", "summer before");
        assert_eq!(clock.time(ms("2026-07-01T12:00:00Z")), "14:00", "summer after");
    }

    #[test]
    fn another_day_says_its_date() {
        let clock = LocalClock::new(&TimeZone::UTC, "2025-11-24T12:00:00Z".parse().unwrap());
        let now = ms("2025-11-24T12:00:00Z");
        assert_eq!(clock.moment(Lang::Es, ms("2025-11-24T00:00:00Z"), now), "00:00");
        assert_eq!(clock.moment(Lang::Es, ms("2025-11-23T23:59:00Z"), now), "23/11 23:59");
        assert_eq!(clock.moment(Lang::En, ms("2024-02-29T08:05:00Z"), now), "29 Feb 08:05");
        assert_eq!(clock.exact_moment(Lang::De, ms("2025-12-31T08:05:09Z"), now), "31.12. 08:05:09");
    }
}
