//! Why an episode ended and how bad it was, from the comparisons made since it began.

use comparison::Measured;
use proto::v1::{Alert, Comparison, Reference, ResolvedBy, Verdict};

use crate::age::Age;

/// What the comparisons since an alert fired say: how bad it became, and why it ended.
#[derive(Debug, Default, Clone, PartialEq)]
pub struct Ending {
    worst: Option<f64>,
    last_mismatch: Option<Comparison>,
}

impl Ending {
    /// Takes in a comparison of the folder, in the order of the stream. Those of frames from before `firing` say nothing of
    /// the episode.
    pub fn learn(&mut self, firing: &Alert, comparison: Comparison) {
        let fired = Age::of_alert(firing).frame_stored_at;
        if Age::of(&comparison).frame_stored_at < fired {
            return;
        }
        let least = self.worst.into_iter().chain(comparison.similarity);
        self.worst = least.reduce(f64::min);
        if comparison.verdict() == Verdict::Mismatch {
            self.last_mismatch = Some(comparison);
        }
    }

    /// With what was seen later.
    pub(crate) fn and_then(self, later: Ending) -> Self {
        let worst = self.worst.into_iter().chain(later.worst);
        Ending {
            worst: worst.reduce(f64::min),
            last_mismatch: later.last_mismatch.or(self.last_mismatch),
        }
    }

    /// The least similarity among them and that of the alert itself.
    pub fn worst(&self, firing: &Alert) -> Option<f64> {
        let known = [self.worst, firing.fired_similarity, firing.similarity];
        known.into_iter().flatten().reduce(f64::min)
    }

    /// Why `firing` ended with this comparison: another reference, another rule, or the view itself. By what was seen last
    /// before it; where that is not known any more, by what was seen when it fired.
    pub fn cause(&self, firing: &Alert, comparison: &Comparison) -> ResolvedBy {
        let before = self.last_mismatch.as_ref();
        let reference = before.map_or(&firing.reference, |before| &before.reference);
        if id(reference) != id(&comparison.reference) {
            return ResolvedBy::Reference;
        }
        let threshold = before.map_or(firing.threshold, |before| before.threshold);
        let measure_differs =
            before.is_some_and(|before| before.measure_word() != comparison.measure_word());
        // Masks and regions, too: what the same frame is said to be now, the rule alone has changed.
        let is_judged_again = before.is_some_and(|before| {
            before.frame.is_some()
                && before.frame == comparison.frame
                && before.rule_digest != comparison.rule_digest
                && before.baseline_digest == comparison.baseline_digest
        });
        let similarity = Measured::of(comparison).map(|measured| measured.similarity);
        if measure_differs
            || is_judged_again
            || similarity.is_some_and(|similarity| similarity < threshold)
        {
            return ResolvedBy::Rule;
        }
        ResolvedBy::View
    }
}

fn id(reference: &Option<Reference>) -> Option<&str> {
    reference.as_ref().map(|reference| reference.id.as_str())
}

#[cfg(test)]
mod tests {
    use proto::{timestamp, v1::Frame};
    use time::OffsetDateTime;

    use super::*;

    fn comparison(second: i64, reference: &str, similarity: f64, threshold: f64) -> Comparison {
        let at = OffsetDateTime::UNIX_EPOCH + time::Duration::seconds(second);
        let verdict = match similarity < threshold {
            true => Verdict::Mismatch,
            false => Verdict::Match,
        };
        Comparison {
            frame: Some(Frame {
                stored_at: Some(timestamp(at)),
                ..Frame::default()
            }),
            reference: Some(Reference {
                id: reference.to_owned(),
                ..Reference::default()
            }),
            similarity: Some(similarity),
            threshold,
            verdict: verdict.into(),
            ..Comparison::default()
        }
    }

    fn firing(second: i64, similarity: f64, threshold: f64) -> Alert {
        let fired = comparison(second, "a", similarity, threshold);
        Alert {
            frame: fired.frame,
            reference: fired.reference,
            similarity: fired.similarity,
            fired_similarity: fired.similarity,
            threshold,
            ..Alert::default()
        }
    }

    fn ending(firing: &Alert, comparisons: impl IntoIterator<Item = Comparison>) -> Ending {
        let mut ending = Ending::default();
        for comparison in comparisons {
            ending.learn(firing, comparison);
        }
        ending
    }

    #[test]
    fn the_worst_is_the_least_since_it_fired() {
        let alert = firing(10, 0.8, 0.9);
        let seen = [
            comparison(5, "a", 0.1, 0.9),
            comparison(11, "a", 0.4, 0.9),
            comparison(12, "a", 0.7, 0.9),
        ];
        assert_eq!(ending(&alert, seen).worst(&alert), Some(0.4));
        assert_eq!(ending(&alert, []).worst(&alert), Some(0.8));
    }

    #[test]
    fn the_view_ends_an_episode_if_it_would_by_the_rule_and_the_reference_before() {
        let alert = firing(10, 0.4, 0.9);
        let before = ending(&alert, [comparison(10, "a", 0.4, 0.9)]);
        let cause = |now: &Comparison| before.cause(&alert, now);
        assert_eq!(cause(&comparison(11, "a", 1.0, 0.9)), ResolvedBy::View);
        assert_eq!(cause(&comparison(11, "a", 1.0, 0.4)), ResolvedBy::View);
        assert_eq!(cause(&comparison(11, "a", 0.4, 0.4)), ResolvedBy::Rule);
        assert_eq!(cause(&comparison(11, "b", 1.0, 0.9)), ResolvedBy::Reference);
        let other_measure = Comparison {
            measure: "view".to_owned(),
            ..comparison(11, "a", 0.95, 0.9)
        };
        assert_eq!(cause(&other_measure), ResolvedBy::Rule);
        let masked = |second| Comparison {
            rule_digest: vec![7; 32].into(),
            ..comparison(second, "a", 1.0, 0.9)
        };
        assert_eq!(cause(&masked(10)), ResolvedBy::Rule, "the same frame");
        assert_eq!(cause(&masked(11)), ResolvedBy::View);
    }

    #[test]
    fn the_rule_before_counts_not_the_one_by_which_it_fired() {
        let alert = firing(10, 0.4, 0.9);
        let stricter = ending(&alert, [comparison(12, "a", 0.93, 0.95)]);
        let now = comparison(13, "a", 0.93, 0.9);
        assert_eq!(stricter.cause(&alert, &now), ResolvedBy::Rule);
        assert_eq!(ending(&alert, []).cause(&alert, &now), ResolvedBy::View);
    }
}
