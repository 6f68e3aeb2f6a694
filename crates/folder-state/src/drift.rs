//! Whether a folder's matching frames become less like its pictures: a slow average against a quick one. This shows a
//! view that changes with the season, or a lens that gets dirty, long before frames stop matching.

use data_encoding::HEXLOWER;
use event_bus::Averages;
use proto::{
    from_timestamp, rfc3339,
    v1::{Comparison, Verdict},
};
use serde::{Serialize, Serializer};
use time::OffsetDateTime;

/// How a folder's matching frames stand against its own past.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Drift {
    /// The average similarity of its matching frames in the last day or so.
    pub lately: f64,
    /// That of the last two weeks or so, or since its pictures, measure or detectors became what they are.
    pub before: f64,
    /// By how much they have become less similar; below 0 where more.
    pub drift: f64,
    /// The threshold that holds.
    pub threshold: f64,
    /// For how long frames have been averaged, in seconds, without the time in which none came.
    pub seconds: f64,
    /// When the last of these frames was stored.
    #[serde(serialize_with = "as_rfc3339")]
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub at: OffsetDateTime,
    /// Whether a third of the way from the usual similarity to the threshold is used up: then normal pictures of how the view
    /// looks now are due.
    pub wants_renewing: bool,
}

/// After so many seconds of frames what was before counts a third: lately, and before. Whole days, so that each hour of the day
/// weighs the same.
const LATELY: f64 = 86_400.0;
const BEFORE: f64 = 14.0 * 86_400.0;

/// The longest that one frame may stand for, in seconds: what nobody has seen tells nothing.
const GAP: f64 = 60.0;

/// Before so many seconds have been averaged nothing is due: a night is no drift.
const TELLS_AFTER: f64 = 2.0 * 86_400.0;

/// The share of the room down to the threshold that may be used up.
const USED_UP: f64 = 1.0 / 3.0;

/// A fall that is too small to tell of, whatever the room.
const LEAST: f64 = 0.005;

/// The averages of a folder.
#[derive(Debug, Default)]
pub(crate) struct Averaged {
    averages: Option<Averages>,
    /// Whether it has changed since it was last written.
    is_to_be_written: bool,
}

impl Averaged {
    /// Takes in a comparison; taking one in again, or an older one, changes nothing.
    pub(crate) fn learn(&mut self, comparison: &Comparison) {
        let frame = comparison.frame.as_ref();
        let stored_at = frame.and_then(|frame| frame.stored_at);
        let at = stored_at.as_ref().and_then(from_timestamp);
        let Some((at, similarity)) = at.zip(comparison.similarity) else {
            return;
        };
        if comparison.verdict() != Verdict::Match || !(0.0..=1.0).contains(&similarity) {
            return;
        }
        let basis = basis(comparison);
        match &mut self.averages {
            Some(averages) if averages.at >= at => return,
            Some(averages) if averages.basis == basis => averages.take_in(similarity, at),
            _ => self.averages = Some(begin(basis, similarity, at)),
        }
        self.is_to_be_written = true;
    }

    /// Takes over what this or another upload service has written, where it knows more of the same pictures.
    pub(crate) fn recall(&mut self, written: Averages) {
        let knows_less = self
            .averages
            .as_ref()
            .is_none_or(|known| known.basis == written.basis && known.seconds < written.seconds);
        if knows_less {
            self.averages = Some(written);
            self.is_to_be_written = false;
        }
    }

    /// The averages, where they have changed since they were last written. Given out once.
    pub(crate) fn take_unwritten(&mut self) -> Option<Averages> {
        let is_due = std::mem::take(&mut self.is_to_be_written);
        self.averages.clone().filter(|_| is_due)
    }

    /// The folder's drift; `None` where no frame has matched yet.
    pub(crate) fn drift(&self, threshold: f64) -> Option<Drift> {
        let averages = self.averages.as_ref()?;
        let drift = averages.before - averages.lately;
        let room = (averages.before - threshold).max(0.0);
        Some(Drift {
            lately: averages.lately,
            before: averages.before,
            drift,
            threshold,
            seconds: averages.seconds,
            at: averages.at,
            wants_renewing: averages.seconds >= TELLS_AFTER && drift >= (room * USED_UP).max(LEAST),
        })
    }
}

/// Similarities of other pictures, by other measures or detectors are no past of these.
fn basis(comparison: &Comparison) -> String {
    format!(
        "{} {} {}",
        comparison.measure_word(),
        comparison.detector_version,
        HEXLOWER.encode(&comparison.baseline_digest)
    )
}

fn begin(basis: String, similarity: f64, at: OffsetDateTime) -> Averages {
    Averages {
        basis,
        lately: similarity,
        before: similarity,
        seconds: 0.0,
        at,
    }
}

/// Averages as they are after one more frame.
trait TakeIn {
    fn take_in(&mut self, similarity: f64, at: OffsetDateTime);
}

impl TakeIn for Averages {
    fn take_in(&mut self, similarity: f64, at: OffsetDateTime) {
        let lasted = (at - self.at).as_seconds_f64().clamp(0.0, GAP);
        self.seconds += lasted;
        self.at = at;
        // At first it is the plain mean.
        let moved = |average: f64, over: f64| {
            let span = over.min(self.seconds).max(f64::MIN_POSITIVE);
            average + (similarity - average) * (lasted / span).min(1.0)
        };
        (self.lately, self.before) = (moved(self.lately, LATELY), moved(self.before, BEFORE));
    }
}

fn as_rfc3339<S: Serializer>(at: &OffsetDateTime, to: S) -> Result<S::Ok, S::Error> {
    rfc3339(*at).serialize(to)
}

#[cfg(test)]
mod tests {
    use proto::{timestamp, v1::Frame};

    use super::*;

    const DAY: i64 = 86_400;

    fn comparison(seconds: i64, similarity: f64) -> Comparison {
        let at = OffsetDateTime::UNIX_EPOCH + time::Duration::seconds(seconds);
        Comparison {
            frame: Some(Frame {
                stored_at: Some(timestamp(at)),
                ..Frame::default()
            }),
            similarity: Some(similarity),
            verdict: Verdict::Match.into(),
            measure: "view".to_owned(),
            ..Comparison::default()
        }
    }

    /// Frames each minute of so many days, after day `from`.
    fn days(averaged: &mut Averaged, from: i64, count: i64, similarity: impl Fn(i64) -> f64) {
        for seconds in (from * DAY..(from + count) * DAY).step_by(60) {
            averaged.learn(&comparison(seconds, similarity(seconds)));
        }
    }

    #[test]
    fn a_view_that_stays_as_it_is_does_not_drift_by_day_and_night() {
        let mut averaged = Averaged::default();
        days(&mut averaged, 0, 20, |at| {
            if at % DAY < DAY / 2 { 0.98 } else { 0.92 }
        });
        let drift = averaged.drift(0.9).unwrap();
        assert!(drift.drift.abs() < 0.02, "{drift:?}");
        assert!(!drift.wants_renewing, "{drift:?}");
    }

    #[test]
    fn a_view_that_changes_slowly_wants_renewing_before_it_stops_to_match() {
        let mut averaged = Averaged::default();
        days(&mut averaged, 0, 14, |_| 0.98);
        assert!(!averaged.drift(0.9).unwrap().wants_renewing);
        days(&mut averaged, 14, 7, |at| {
            0.98 - 0.06 * (at - 14 * DAY) as f64 / (7 * DAY) as f64
        });
        let drift = averaged.drift(0.9).unwrap();
        assert!(drift.wants_renewing, "{drift:?}");
        assert!(
            drift.lately > 0.9 && drift.before > drift.lately,
            "{drift:?}"
        );
    }

    #[test]
    fn other_pictures_begin_anew_and_mismatches_do_not_count() {
        let mut averaged = Averaged::default();
        days(&mut averaged, 0, 3, |_| 0.95);
        let mut mismatch = comparison(3 * DAY, 0.1);
        mismatch.set_verdict(Verdict::Mismatch);
        averaged.learn(&mismatch);
        assert!((averaged.drift(0.9).unwrap().lately - 0.95).abs() < 1e-9);
        let mut other = comparison(3 * DAY + 1, 0.99);
        other.baseline_digest = vec![1; 32].into();
        averaged.learn(&other);
        let drift = averaged.drift(0.9).unwrap();
        assert_eq!(
            (drift.lately, drift.before, drift.seconds),
            (0.99, 0.99, 0.0)
        );
    }

    #[test]
    fn a_camera_that_was_away_tells_nothing_of_meanwhile() {
        let mut averaged = Averaged::default();
        days(&mut averaged, 0, 5, |_| 0.98);
        averaged.learn(&comparison(50 * DAY, 0.91));
        let drift = averaged.drift(0.9).unwrap();
        assert!(drift.drift < 0.001, "{drift:?}");
    }

    #[test]
    fn what_was_written_goes_on_after_a_restart() {
        let mut averaged = Averaged::default();
        days(&mut averaged, 0, 5, |_| 0.98);
        let written = averaged.take_unwritten().unwrap();
        assert_eq!(averaged.take_unwritten(), None);
        let mut again = Averaged::default();
        again.learn(&comparison(5 * DAY, 0.5));
        again.recall(written.clone());
        assert_eq!(again.averages, Some(written.clone()));
        averaged.learn(&comparison(5 * DAY, 0.97));
        let newer = averaged.averages.clone();
        averaged.recall(written);
        assert_eq!(averaged.averages, newer);
    }
}
