//! Points in time: as pages show them, and as addresses and forms say them.

use proto::rfc3339;
use time::{
    OffsetDateTime, PrimitiveDateTime, UtcOffset, format_description::well_known::Rfc3339,
    macros::format_description,
};

use crate::problem::{Kind, Problem};

/// A point in time for people and, as `machine`, for programs.
#[derive(Clone)]
pub(crate) struct Moment {
    at: OffsetDateTime,
    pub(crate) words: String,
    pub(crate) machine: String,
}

impl Moment {
    pub(crate) fn new(at: OffsetDateTime) -> Option<Self> {
        let format = format_description!("[year]-[month]-[day] [hour]:[minute]:[second] UTC");
        Some(Moment {
            at,
            words: at.format(format).ok()?,
            machine: rfc3339(at),
        })
    }

    /// Since 1970.
    pub(crate) fn milliseconds(&self) -> i64 {
        const NANOSECONDS: i128 = 1_000_000;
        let milliseconds = self.at.unix_timestamp_nanos().div_euclid(NANOSECONDS);
        i64::try_from(milliseconds).expect("no year that can be written is so far away")
    }
}

/// The service's clock, for programs.
pub(crate) fn now() -> String {
    rfc3339(OffsetDateTime::now_utc())
}

/// RFC 3339, or as a browser's field for a date and a time sends it, which has no zone: that is UTC.
pub(crate) fn time(name: &str, text: Option<&str>) -> Result<Option<OffsetDateTime>, Problem> {
    let local = format_description!(
        version = 2,
        "[year]-[month]-[day]T[hour]:[minute][optional [:[second]]]"
    );
    let parse = |text| {
        OffsetDateTime::parse(text, &Rfc3339)
            .or_else(|_| PrimitiveDateTime::parse(text, local).map(PrimitiveDateTime::assume_utc))
            .ok()
            .and_then(|time| time.checked_to_offset(UtcOffset::UTC))
            // So a span before it is a time as well.
            .filter(|time| time.year() >= 0)
            .ok_or_else(|| {
                Kind::InvalidRequest.because(format!(
                    "{name} is {text:?}; it must be a time as in 2026-11-24T15:30:00Z."
                ))
            })
    };
    text.map(parse).transpose()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_that_leaves_no_room_for_a_span_is_none() {
        let read = |text| time("until", Some(text)).ok().flatten();
        assert!(read("2026-11-24T15:30:00+02:00").is_some());
        assert!(read("2026-11-24T15:30").is_some());
        assert!(read("0000-01-01T00:00:00Z").is_some());
        for text in ["-9999-01-01T00:00", "9999-12-31T23:59:59-01:00", "soon"] {
            assert!(read(text).is_none(), "{text}");
        }
    }
}
