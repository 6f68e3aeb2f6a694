//! The hours in which people are told: `Mon-Fri 06:00-22:00 Europe/Berlin`.

use std::str::FromStr;

use jiff::{Timestamp, civil::Weekday, tz::TimeZone};
use time::OffsetDateTime;

/// Days of the week, a time of the day, and where.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Hours {
    /// Monday first.
    days: [bool; 7],
    /// In minutes of the day. Where the end is not after the beginning, it is on the next day.
    from: u16,
    to: u16,
    zone: TimeZone,
}

/// Hours that cannot be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}; hours are days, a time and a time zone, as in \"Mon-Fri 06:00-22:00 Europe/Berlin\"")]
pub(crate) struct InvalidHours(String);

const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
const DAY: u16 = 24 * 60;

impl Hours {
    /// Whether it is one of these hours.
    pub(crate) fn contain(&self, at: OffsetDateTime) -> bool {
        let Ok(timestamp) = Timestamp::from_second(at.unix_timestamp()) else {
            return true;
        };
        let local = timestamp.to_zoned(self.zone.clone());
        let today = day_number(local.weekday());
        let minute = u16::try_from(i32::from(local.hour()) * 60 + i32::from(local.minute()))
            .unwrap_or_default();
        if self.from < self.to {
            return self.days[today] && (self.from..self.to).contains(&minute);
        }
        let yesterday = (today + 6) % 7;
        (self.days[today] && minute >= self.from) || (self.days[yesterday] && minute < self.to)
    }
}

fn day_number(day: Weekday) -> usize {
    day.to_monday_zero_offset().try_into().unwrap_or_default()
}

impl FromStr for Hours {
    type Err = InvalidHours;

    fn from_str(text: &str) -> Result<Self, InvalidHours> {
        let invalid = |what: String| InvalidHours(what);
        let words: Vec<&str> = text.split_whitespace().collect();
        let [days, times, zone] = words[..] else {
            return Err(invalid(format!("{text:?} has not three parts")));
        };
        let (from, to) = times
            .split_once('-')
            .and_then(|(from, to)| minutes(from).zip(minutes(to)))
            .filter(|(from, _)| *from < DAY)
            .ok_or_else(|| invalid(format!("{times:?} is no time from 00:00-24:00")))?;
        let zone = TimeZone::get(zone)
            .map_err(|_| invalid(format!("{zone:?} is no time zone of the IANA's")))?;
        Ok(Hours {
            days: parse_days(days).ok_or_else(|| invalid(format!("{days:?} are no days")))?,
            from,
            to,
            zone,
        })
    }
}

/// `Mon-Fri`, `Sat,Sun`, `Fri-Mon`.
fn parse_days(text: &str) -> Option<[bool; 7]> {
    let mut days = [false; 7];
    for part in text.split(',') {
        let (from, to) = part.split_once('-').unwrap_or((part, part));
        let (mut day, last) = (parse_day(from)?, parse_day(to)?);
        days[day] = true;
        while day != last {
            day = (day + 1) % 7;
            days[day] = true;
        }
    }
    Some(days)
}

fn parse_day(text: &str) -> Option<usize> {
    let text = text.to_lowercase();
    DAYS.iter().position(|day| *day == text)
}

fn minutes(text: &str) -> Option<u16> {
    let (hours, minutes) = text.split_once(':')?;
    let is_plain = |digits: &str| digits.len() == 2 && digits.bytes().all(|it| it.is_ascii_digit());
    let (hours, minutes) = match is_plain(hours) && is_plain(minutes) {
        true => (hours.parse::<u16>().ok()?, minutes.parse::<u16>().ok()?),
        false => return None,
    };
    let all = hours * 60 + minutes;
    (minutes < 60 && all <= DAY).then_some(all)
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    fn contain(hours: &str, at: OffsetDateTime) -> bool {
        hours.parse::<Hours>().unwrap().contain(at)
    }

    #[test]
    fn they_are_told_where_they_are_in_summer_and_in_winter() {
        let hours = "Mon-Fri 06:00-22:00 Europe/Berlin";
        // A Wednesday, in summer two hours after UTC, in winter one.
        assert!(!contain(hours, datetime!(2026-07-01 03:59 UTC)));
        assert!(contain(hours, datetime!(2026-07-01 04:00 UTC)));
        assert!(contain(hours, datetime!(2026-07-01 19:59 UTC)));
        assert!(!contain(hours, datetime!(2026-07-01 20:00 UTC)));
        assert!(contain(hours, datetime!(2026-12-02 20:30 UTC)));
        // A Saturday.
        assert!(!contain(hours, datetime!(2026-07-04 10:00 UTC)));
    }

    #[test]
    fn a_night_goes_on_into_the_next_day() {
        let hours = "Fri 22:00-06:00 UTC";
        assert!(!contain(hours, datetime!(2026-07-03 21:59 UTC)));
        assert!(contain(hours, datetime!(2026-07-03 22:00 UTC)));
        assert!(contain(hours, datetime!(2026-07-04 05:59 UTC)));
        assert!(!contain(hours, datetime!(2026-07-04 06:00 UTC)));
        assert!(!contain(hours, datetime!(2026-07-04 22:00 UTC)));
        assert!(contain(
            "Sat-Mon,Wed 00:00-24:00 UTC",
            datetime!(2026-07-05 23:59 UTC)
        ));
    }

    #[test]
    fn what_cannot_be_is_named() {
        for (hours, wrong) in [
            ("Mon-Fri 06:00-22:00", "three parts"),
            ("Mo-Fr 06:00-22:00 UTC", "\"Mo-Fr\""),
            ("Mon 6-22 UTC", "\"6-22\""),
            ("Mon 06:00-25:00 UTC", "\"06:00-25:00\""),
            ("Mon 06:00-22:00 Hamburg", "\"Hamburg\""),
        ] {
            let refused = hours.parse::<Hours>().unwrap_err().to_string();
            assert!(refused.contains(wrong), "{refused}");
        }
    }
}
