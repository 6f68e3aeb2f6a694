//! A folder's last ten minutes, in memory: enough for a small curve beside its name. The last day is left to `history`.

use std::fmt;

use proto::{from_timestamp, timestamp, v1::Comparison};
use serde::{Serialize, Serializer, ser::SerializeStruct};
use time::OffsetDateTime;

/// The similarity of a folder's frames in the last ten minutes: the lowest of every ten seconds.
pub(crate) struct Recent {
    /// The ten seconds that the last point stands for, counted from 1970; where there is one.
    newest: i64,
    /// One a span of ten seconds, the newest last.
    least: [Option<f32>; POINTS],
}

/// The similarity of a folder's last ten minutes, as it was at one moment: the least of every ten seconds. Written as
/// text it is the points, separated by commas and empty where nothing was compared.
#[derive(Debug, Clone)]
pub struct Trend {
    until: OffsetDateTime,
    similarity: [Option<f32>; POINTS],
}

const POINTS: usize = 60;

const SECONDS_PER_POINT: i64 = 10;

impl Default for Recent {
    fn default() -> Self {
        Recent {
            newest: 0,
            least: [None; POINTS],
        }
    }
}

impl Recent {
    /// How far back it reaches.
    pub(crate) const REACH: time::Duration =
        time::Duration::seconds(SECONDS_PER_POINT * POINTS as i64);

    /// Takes in a comparison; taking one in again changes nothing.
    pub(crate) fn learn(&mut self, comparison: &Comparison) {
        let frame = comparison.frame.as_ref();
        let stored_at = frame.and_then(|frame| frame.stored_at);
        let at = stored_at.as_ref().and_then(from_timestamp);
        let Some((at, similarity)) = at.zip(comparison.similarity) else {
            return;
        };
        let span = at.unix_timestamp().div_euclid(SECONDS_PER_POINT);
        self.move_on_to(span);
        let Some(least) = self.point(span) else {
            return;
        };
        let similarity = similarity as f32;
        *least = Some(least.map_or(similarity, |least| least.min(similarity)));
    }

    /// The ten minutes until `now`.
    pub(crate) fn trend(&self, now: OffsetDateTime) -> Trend {
        let span = now.unix_timestamp().div_euclid(SECONDS_PER_POINT);
        let shift = usize::try_from(span - self.newest).unwrap_or(0);
        Trend {
            until: OffsetDateTime::from_unix_timestamp((span + 1) * SECONDS_PER_POINT)
                .unwrap_or(now),
            similarity: self.later_by(shift),
        }
    }

    fn move_on_to(&mut self, span: i64) {
        let Ok(shift @ 1..) = usize::try_from(span - self.newest) else {
            return;
        };
        self.newest = span;
        self.least = self.later_by(shift);
    }

    /// The points as they are some spans later, when as many of the newest are still empty.
    fn later_by(&self, spans: usize) -> [Option<f32>; POINTS] {
        std::array::from_fn(|point| self.least.get(point + spans).copied().flatten())
    }

    fn point(&mut self, span: i64) -> Option<&mut Option<f32>> {
        let back = usize::try_from(self.newest - span).ok()?;
        self.least.iter_mut().rev().nth(back)
    }
}

impl Trend {
    /// The ten seconds that the last point stands for, counted from 1970.
    pub fn newest(&self) -> i64 {
        self.until.unix_timestamp().div_euclid(SECONDS_PER_POINT) - 1
    }

    /// The last two points: the second of them may still fall.
    pub fn last_two(&self) -> [Option<f64>; 2] {
        let [.., before, last] = self.similarity.map(|point| point.map(thousandths));
        [before, last]
    }
}

impl Serialize for Trend {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let similarity = self.similarity.map(|point| point.map(thousandths));
        let mut fields = serializer.serialize_struct("Trend", 3)?;
        fields.serialize_field("until", &timestamp(self.until))?;
        fields.serialize_field("secondsPerPoint", &SECONDS_PER_POINT)?;
        fields.serialize_field("similarity", similarity.as_slice())?;
        fields.end()
    }
}

fn thousandths(similarity: f32) -> f64 {
    (f64::from(similarity) * 1000.0).round() / 1000.0
}

impl fmt::Display for Trend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, point) in self.similarity.iter().enumerate() {
            let comma = if index == 0 { "" } else { "," };
            match point {
                Some(similarity) => write!(f, "{comma}{similarity:.3}")?,
                None => f.write_str(comma)?,
            }
        }
        Ok(())
    }
}

/// What a [`Trend`] is written as.
#[cfg(feature = "openapi")]
mod schema {
    use time::OffsetDateTime;
    use utoipa::{
        PartialSchema, ToSchema,
        openapi::{RefOr, schema::Schema},
    };

    use super::{POINTS, Trend};

    /// The similarity of the last ten minutes.
    #[derive(ToSchema)]
    #[schema(as = Trend)]
    #[serde(rename_all = "camelCase")]
    #[expect(dead_code, reason = "a Trend is written without one")]
    struct TrendAnswer {
        /// Where the last point ends.
        #[schema(value_type = String, format = DateTime)]
        until: OffsetDateTime,
        seconds_per_point: u32,
        /// The least of each part, `null` where nothing was compared; the newest last.
        similarity: [Option<f64>; POINTS],
    }

    impl PartialSchema for Trend {
        fn schema() -> RefOr<Schema> {
            TrendAnswer::schema()
        }
    }

    impl ToSchema for Trend {}
}

#[cfg(test)]
mod tests {
    use proto::v1::Frame;

    use super::*;

    fn at(seconds: i64) -> OffsetDateTime {
        OffsetDateTime::UNIX_EPOCH + time::Duration::seconds(seconds)
    }

    fn comparison(second: i64, similarity: f64) -> Comparison {
        Comparison {
            frame: Some(Frame {
                stored_at: Some(timestamp(at(second))),
                ..Frame::default()
            }),
            similarity: Some(similarity),
            ..Comparison::default()
        }
    }

    /// The last three points.
    fn end(recent: &Recent, now: i64) -> [Option<f32>; 3] {
        let trend = recent.trend(at(now)).similarity;
        [trend[57], trend[58], trend[59]]
    }

    #[test]
    fn it_keeps_the_least_of_every_ten_seconds_whatever_the_order() {
        let mut recent = Recent::default();
        for _ in 0..2 {
            for (second, similarity) in [(1005, 0.9), (1012, 0.8), (1001, 0.7), (1019, 0.95)] {
                recent.learn(&comparison(second, similarity));
            }
        }
        assert_eq!(end(&recent, 1019), [None, Some(0.7), Some(0.8)]);
        assert_eq!(end(&recent, 1020), [Some(0.7), Some(0.8), None]);
        assert_eq!(end(&recent, 5000), [None; 3]);
    }

    #[test]
    fn what_is_too_old_or_has_no_time_is_left_out() {
        let mut recent = Recent::default();
        recent.learn(&comparison(10_000, 0.5));
        recent.learn(&comparison(10_000 - 600, 0.1));
        recent.learn(&Comparison::default());
        assert_eq!(
            recent.trend(at(10_000)).similarity.iter().flatten().count(),
            1
        );
        recent.learn(&comparison(20_000, 0.4));
        assert_eq!(end(&recent, 20_000), [None, None, Some(0.4)]);
    }

    #[test]
    fn the_last_two_points_are_told_by_the_ten_seconds_of_the_last() {
        let mut recent = Recent::default();
        recent.learn(&comparison(1001, 0.7));
        recent.learn(&comparison(1012, 0.8006));
        let trend = recent.trend(at(1019));
        assert_eq!(trend.newest(), 101);
        assert_eq!(trend.last_two(), [Some(0.7), Some(0.801)]);
        let trend = recent.trend(at(1020));
        assert_eq!(
            (trend.newest(), trend.last_two()),
            (102, [Some(0.801), None])
        );
    }
}
