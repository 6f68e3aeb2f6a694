//! Times as people read them, in the receiver's time zone.

use std::time::{Duration, SystemTime};

use jiff::{Timestamp, Zoned, tz::TimeZone};
use time::OffsetDateTime;

use crate::SpecError;

/// The time zone in which a receiver is told times. UTC is named with each, others only with a time in full.
#[derive(Debug, Clone)]
pub(crate) struct Clock(TimeZone);

impl Clock {
    /// In the zone of this name; UTC without one.
    pub(crate) fn of(name: Option<&str>) -> Result<Self, SpecError> {
        let Some(name) = name else {
            return Ok(Clock(TimeZone::UTC));
        };
        let zone = TimeZone::get(name).map_err(|_| SpecError {
            setting: "time-zone",
            why: format!(
                "{:?} is no time zone; they are named as in \"Europe/Berlin\", \"America/New_York\" or \"UTC\"",
                crate::plain::line(name, 60)
            ),
        })?;
        Ok(Clock(zone))
    }

    /// As short as can be told from now: `10:51`, `28 Nov 10:51`.
    pub(crate) fn short(&self, at: OffsetDateTime) -> String {
        self.short_at(at, SystemTime::now())
    }

    fn short_at(&self, at: OffsetDateTime, now: SystemTime) -> String {
        let (Some(at), Ok(now)) = (self.zoned(at), Timestamp::try_from(now)) else {
            return at.to_string();
        };
        let now = now.to_zoned(self.0.clone());
        let format = match (at.date() == now.date(), at.year() == now.year()) {
            (true, _) => "%H:%M",
            (false, true) => "%-d %b %H:%M",
            (false, false) => "%-d %b %Y %H:%M",
        };
        let is_utc = self.0 == TimeZone::UTC;
        format!(
            "{}{}",
            at.strftime(format),
            if is_utc { " UTC" } else { "" }
        )
    }

    /// In full: `Sun 29 Nov 2026, 10:51:07 CET`.
    pub(crate) fn full(&self, at: OffsetDateTime) -> String {
        let zoned = self.zoned(at);
        zoned.map_or_else(
            || at.to_string(),
            |at| at.strftime("%a %-d %b %Y, %H:%M:%S %Z").to_string(),
        )
    }

    fn zoned(&self, at: OffsetDateTime) -> Option<Zoned> {
        let at = Timestamp::from_nanosecond(at.unix_timestamp_nanos()).ok()?;
        Some(at.to_zoned(self.0.clone()))
    }
}

/// How long something lasted, in the largest units: `40 s`, `4 min`, `2 h 5 min`, `3 d 4 h`.
pub(crate) fn span(lasted: Duration) -> String {
    let seconds = lasted.as_secs();
    let (minutes, hours, days) = (seconds / 60, seconds / 3600, seconds / 86_400);
    let two = |large: String, small: u64, unit: &str| match small {
        0 => large,
        small => format!("{large} {small} {unit}"),
    };
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds} s"),
        (0, 0, minutes) => format!("{minutes} min"),
        (0, hours, minutes) => two(format!("{hours} h"), minutes % 60, "min"),
        (days, hours, _) => two(format!("{days} d"), hours % 24, "h"),
    }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn times_are_told_in_the_zone_and_as_short_as_can_be() {
        let berlin = Clock::of(Some("Europe/Berlin")).unwrap();
        let now = SystemTime::from(datetime!(2026-11-29 20:00 UTC));
        let at = datetime!(2026-11-29 09:51:07 UTC);
        assert_eq!(berlin.short_at(at, now), "10:51");
        assert_eq!(Clock::of(None).unwrap().short_at(at, now), "09:51 UTC");
        assert_eq!(berlin.full(at), "Sun 29 Nov 2026, 10:51:07 CET");
        let summer = datetime!(2026-07-01 22:30 UTC);
        assert_eq!(berlin.short_at(summer, now), "2 Jul 00:30");
        let earlier = datetime!(2025-07-01 22:30 UTC);
        assert_eq!(berlin.short_at(earlier, now), "2 Jul 2025 00:30");
        let newest = datetime!(9999-12-31 23:59:59 UTC);
        assert!(berlin.full(newest).contains("9999"));
    }

    #[test]
    fn a_zone_that_there_is_not_is_named() {
        let error = Clock::of(Some("Mars/Base")).unwrap_err();
        assert!(error.to_string().contains("Mars/Base"), "{error}");
        assert!(error.to_string().contains("Europe/Berlin"), "{error}");
    }

    #[test]
    fn spans_are_told_in_their_largest_units() {
        for (seconds, told) in [
            (0, "0 s"),
            (59, "59 s"),
            (240, "4 min"),
            (7500, "2 h 5 min"),
            (7200, "2 h"),
            (273_600, "3 d 4 h"),
        ] {
            assert_eq!(span(Duration::from_secs(seconds)), told);
        }
    }
}
