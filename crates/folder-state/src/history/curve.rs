//! A folder's history drawn as a curve: a span in parts, each with the least, the mean and the greatest similarity.

use time::{Duration, OffsetDateTime};

use super::{Compared, History};

/// A span of time and how many points it is drawn with.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Curve {
    /// Where the span begins.
    pub since: OffsetDateTime,
    /// Where the span ends. What is stored at that moment or later is left out.
    pub until: OffsetDateTime,
    /// Into how many parts it is divided; at least one.
    pub points: usize,
}

/// The comparisons of a part of the span.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point {
    /// When the part begins.
    pub at: OffsetDateTime,
    /// How many comparisons there are in it.
    pub comparisons: u32,
    /// The least similarity, 0 to 1.
    pub least: f64,
    /// The greatest similarity, 0 to 1.
    pub greatest: f64,
    sum: f64,
    /// The threshold of the last comparison.
    pub threshold: f64,
}

impl Curve {
    /// How long a part lasts.
    pub fn part(&self) -> Duration {
        let parts = u32::try_from(self.points).unwrap_or(u32::MAX).max(1);
        ((self.until - self.since) / parts).max(Duration::milliseconds(1))
    }

    fn index(&self, at: OffsetDateTime) -> Option<usize> {
        if at < self.since || at >= self.until {
            return None;
        }
        let part = self.part().whole_nanoseconds();
        let index = (at - self.since).whole_nanoseconds() / part;
        Some(usize::try_from(index).ok()?.min(self.points - 1))
    }
}

impl History {
    /// The parts of a span in which there are comparisons, in order.
    pub fn draw(&self, curve: &Curve) -> Vec<Point> {
        let mut points: Vec<Option<Point>> = vec![None; curve.points];
        for compared in &self.comparisons {
            let Some(index) = curve.index(compared.frame_stored_at) else {
                continue;
            };
            let part = u32::try_from(index).unwrap_or(u32::MAX);
            let at = curve.since + curve.part() * part;
            points[index] = Some(match points[index] {
                None => Point::begin(at, compared),
                Some(point) => point.and(compared),
            });
        }
        points.into_iter().flatten().collect()
    }
}

impl Point {
    /// The mean similarity, 0 to 1.
    pub fn mean(&self) -> f64 {
        self.sum / f64::from(self.comparisons)
    }

    fn begin(at: OffsetDateTime, first: &Compared) -> Self {
        Point {
            at,
            comparisons: 1,
            least: first.measured.similarity,
            greatest: first.measured.similarity,
            sum: first.measured.similarity,
            threshold: first.threshold,
        }
    }

    fn and(self, next: &Compared) -> Self {
        Point {
            at: self.at,
            comparisons: self.comparisons + 1,
            least: self.least.min(next.measured.similarity),
            greatest: self.greatest.max(next.measured.similarity),
            sum: self.sum + next.measured.similarity,
            threshold: next.threshold,
        }
    }
}

#[cfg(test)]
mod tests {
    use comparison::Measured;
    use proto::{Measure, v1::Kind};

    use super::*;

    fn at(seconds: f64) -> OffsetDateTime {
        OffsetDateTime::UNIX_EPOCH + Duration::seconds_f64(seconds)
    }

    fn history(similarities: &[(f64, f64)]) -> History {
        let comparisons = similarities.iter().map(|&(seconds, similarity)| Compared {
            frame_stored_at: at(seconds),
            measured: Measured {
                similarity,
                frame_is_blank: false,
                reference_is_blank: false,
                kind: Kind::Different,
                dark_lasts: false,
            },
            measure: Measure::Phash,
            threshold: 0.9,
            reference: 0,
        });
        History {
            comparisons: comparisons.collect(),
            ..History::default()
        }
    }

    #[test]
    fn a_part_tells_the_least_the_mean_and_the_greatest_and_empty_ones_are_left_out() {
        let history = history(&[
            (-1.0, 0.1),
            (0.0, 1.0),
            (9.9, 0.5),
            (3.0, 0.6),
            (20.0, 0.8),
            (30.0, 0.2),
        ]);
        let curve = Curve {
            since: at(0.0),
            until: at(30.0),
            points: 3,
        };
        let points = history.draw(&curve);
        assert_eq!(points.len(), 2);
        let [first, second] = points[..] else {
            unreachable!()
        };
        assert_eq!((first.at, first.comparisons), (at(0.0), 3));
        assert_eq!((first.least, first.greatest), (0.5, 1.0));
        assert!((first.mean() - 0.7).abs() < 1e-6);
        assert_eq!((second.at, second.least), (at(20.0), 0.8));
    }

    #[test]
    fn a_span_that_does_not_divide_evenly_keeps_its_last_moment() {
        let history = history(&[(0.999_999_999, 0.4)]);
        let curve = Curve {
            since: at(0.0),
            until: at(1.0),
            points: 7,
        };
        assert_eq!(history.draw(&curve).len(), 1);
    }
}
