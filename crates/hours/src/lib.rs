//! Hours of the week where somebody is: `Mon-Fri 06:00-22:00 Europe/Berlin`. Whether it is one of them, and when they begin
//! and end, with summer time and without. What is done in them is left to whoever has them: routes tell in them, silences that
//! recur hold back in them.

use std::{fmt, str::FromStr};

use jiff::{
    Timestamp,
    civil::{Date, Weekday},
    tz::TimeZone,
};
use time::OffsetDateTime;

/// Days of the week, a time of the day, and where.
#[derive(Debug, Clone, PartialEq)]
pub struct Hours {
    /// Monday first.
    days: [bool; 7],
    /// In minutes of the day. Where the end is not after the beginning, it is on the next day.
    from: u16,
    to: u16,
    zone: TimeZone,
    /// As they were written.
    text: String,
}

/// Hours that cannot be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}; hours are days, a time and a time zone, as in \"Mon-Fri 06:00-22:00 Europe/Berlin\"")]
pub struct InvalidHours(String);

const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
const DAY: u16 = 24 * 60;

impl Hours {
    /// Whether it is one of these hours.
    pub fn contain(&self, at: OffsetDateTime) -> bool {
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

    /// From when to when they are: those that it is, or else the next. A time that a clock which is set forward leaves out is
    /// the one after it, and of one that comes twice it is the first. `None` only where calendars end.
    pub fn around(&self, at: OffsetDateTime) -> Option<(OffsetDateTime, OffsetDateTime)> {
        let now = Timestamp::from_second(at.unix_timestamp()).ok()?;
        let today = now.to_zoned(self.zone.clone()).date();
        let mut date = today.yesterday().ok()?;
        // Yesterday, whose hours may go on, today, and a week.
        for _ in 0..9 {
            let last_day = match self.from < self.to {
                true => date,
                false => date.tomorrow().ok()?,
            };
            let (from, to) = (self.at(date, self.from)?, self.at(last_day, self.to)?);
            if self.days[day_number(date.weekday())] && to > at && to > from {
                return Some((from, to));
            }
            date = date.tomorrow().ok()?;
        }
        None
    }

    /// The moment that is this many minutes into a day.
    fn at(&self, date: Date, minutes: u16) -> Option<OffsetDateTime> {
        let (date, minutes) = match minutes {
            DAY => (date.tomorrow().ok()?, 0),
            minutes => (date, minutes),
        };
        let (hour, minute) = (minutes / 60, minutes % 60);
        let local = date.at(hour.try_into().ok()?, minute.try_into().ok()?, 0, 0);
        let zoned = local.to_zoned(self.zone.clone()).ok()?;
        OffsetDateTime::from_unix_timestamp(zoned.timestamp().as_second()).ok()
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
            text: words.join(" "),
        })
    }
}

impl fmt::Display for Hours {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
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
    fn they_begin_and_end_where_they_are() {
        let hours: Hours = "Sun 02:00-04:00 Europe/Berlin".parse().unwrap();
        let sunday = (
            datetime!(2026-07-05 00:00 UTC),
            datetime!(2026-07-05 02:00 UTC),
        );
        let (begins, ends) = sunday;
        assert_eq!(hours.around(datetime!(2026-07-01 12:00 UTC)), Some(sunday));
        assert_eq!(hours.around(begins), Some(sunday));
        let after = hours.around(ends).unwrap();
        assert_eq!(after.0, begins + time::Duration::WEEK);
        // The clock goes from two to three, so they are an hour shorter; and an hour longer where it goes back.
        let short = hours.around(datetime!(2026-03-29 00:00 UTC));
        let (from, to) = short.unwrap();
        assert_eq!(
            (from, to - from),
            (datetime!(2026-03-29 01:00 UTC), time::Duration::HOUR)
        );
        let (from, to) = hours.around(datetime!(2026-10-25 00:00 UTC)).unwrap();
        assert_eq!(to - from, time::Duration::hours(3));
        for at in [from, to - time::Duration::MINUTE] {
            assert!(hours.contain(at), "{at}");
        }
        assert!(!hours.contain(to));

        let night: Hours = "Fri 22:00-06:00 UTC".parse().unwrap();
        let (from, to) = night.around(datetime!(2026-07-04 05:59 UTC)).unwrap();
        assert_eq!(from, datetime!(2026-07-03 22:00 UTC));
        assert_eq!(to, datetime!(2026-07-04 06:00 UTC));
        let all: Hours = "Mon-Sun 00:00-24:00 UTC".parse().unwrap();
        let (from, to) = all.around(datetime!(2026-07-04 23:59 UTC)).unwrap();
        assert_eq!(
            (from.date(), to - from),
            (datetime!(2026-07-04 0:00 UTC).date(), time::Duration::DAY)
        );
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
