//! Points in time as ovens write them.

use app::model::{
    mapping::{MappingRule, TimeFormat},
    reading::QualityReason,
};
use jiff::{Timestamp, civil::DateTime, tz::TimeZone};

use super::value::Raw;

/// The time that `raw` says; `Ok(None)` where it says none.
///
/// Without a format the writing is recognised: RFC 3339 or local text, and numbers by their size: milliseconds
/// since 1970 pass 10^11 in 1973, seconds not before the year 5138.
pub fn parse(raw: &Raw, rule: &MappingRule, timezone: &TimeZone) -> Result<Option<Timestamp>, QualityReason> {
    if matches!(raw, Raw::None) {
        return Ok(None);
    }
    let format = rule.time_format.unwrap_or_else(|| guess(raw));
    let at = match format {
        TimeFormat::EpochSeconds => raw.number().and_then(|s| epoch(s * 1_000.0)),
        TimeFormat::EpochMillis => raw.number().and_then(epoch),
        TimeFormat::Rfc3339 => raw.text().and_then(|text| text.parse().ok()),
        TimeFormat::LocalText => raw.text().and_then(|text| local(&text, timezone)),
    };
    at.map(Some).ok_or(QualityReason::UnknownWord)
}

fn guess(raw: &Raw) -> TimeFormat {
    match raw.number() {
        Some(number) if number.abs() >= 1.0e11 => TimeFormat::EpochMillis,
        Some(_) => TimeFormat::EpochSeconds,
        None if raw.text().is_some_and(|text| text.parse::<Timestamp>().is_ok()) => TimeFormat::Rfc3339,
        None => TimeFormat::LocalText,
    }
}

fn epoch(millis: f64) -> Option<Timestamp> {
    // Beyond the year 9999 `as` would saturate to a valid-looking number.
    (millis.is_finite() && millis.abs() < 2.5e14).then(|| Timestamp::from_millisecond(millis as i64).ok())?
}

/// `2018.02.04 23:17:01`, `2018-02-04T23:17:01`, `2018/02/04 23:17`, `04.02.2018 23:17:01`.
fn local(text: &str, timezone: &TimeZone) -> Option<Timestamp> {
    const FORMATS: &[&str] = &["%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%d %H:%M", "%d-%m-%Y %H:%M:%S%.f", "%d-%m-%Y %H:%M"];
    let (date, clock) = text.split_once([' ', 'T'])?;
    let text = format!("{} {}", date.replace(['.', '/'], "-"), clock.trim());
    let civil = FORMATS.iter().find_map(|format| DateTime::strptime(format, &text).ok())?;
    // An hour that comes twice in autumn is taken as its first, one that never was as the moment after the gap.
    timezone.to_ambiguous_timestamp(civil).compatible().ok()
}
