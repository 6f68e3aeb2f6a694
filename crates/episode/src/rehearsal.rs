use proto::{
    EffectiveRule, timestamp,
    v1::{Alert, Comparison, Frame, Phase, Reference, Verdict},
};
use time::OffsetDateTime;

use crate::{Decision, Standing, after_comparison};

/// What a comparison found, as far as it tells whether an alert fires.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Seen<'a> {
    /// When the broker stored the frame.
    pub frame_stored_at: OffsetDateTime,
    /// What it was compared with.
    pub reference: &'a Reference,
    /// 0 to 1.
    pub similarity: f64,
    /// What was said of it then, by the threshold of then.
    pub verdict: Verdict,
    /// The threshold of then.
    pub threshold: f64,
}

/// The episodes that would have come of these comparisons under a rule, oldest first, each as it ended: the last one may
/// be firing.
///
/// A frame that was a mismatch although it was similar enough is a blank one, and stays a mismatch under any threshold.
pub fn rehearse<'a>(
    folder: &str,
    rule: &EffectiveRule,
    comparisons: impl IntoIterator<Item = Seen<'a>>,
) -> Vec<Alert> {
    let mut episodes: Vec<Alert> = Vec::new();
    let mut hold: Option<Comparison> = None;
    let mut transitions = 0;
    for seen in comparisons {
        let comparison = seen.under(rule.threshold);
        let standing = Standing {
            folder,
            rule,
            last: episodes.last(),
            expected: transitions,
            hold: hold.as_ref(),
        };
        match after_comparison(&standing, &comparison) {
            Decision::Nothing => {}
            Decision::Remember => hold = Some(comparison),
            Decision::Publish(alert) => {
                transitions += 1;
                if alert.phase() == Phase::Resolved {
                    episodes.pop();
                }
                episodes.push(*alert);
            }
        }
    }
    episodes
}

impl Seen<'_> {
    /// The comparison as it would have been under another threshold; made when the frame was stored.
    fn under(&self, threshold: f64) -> Comparison {
        let at = Some(timestamp(self.frame_stored_at));
        Comparison {
            frame: Some(Frame {
                stored_at: at,
                ..Frame::default()
            }),
            reference: Some(self.reference.clone()),
            similarity: self.similarity,
            verdict: self.verdict_under(threshold).into(),
            threshold,
            compared_at: at,
            ..Comparison::default()
        }
    }

    fn verdict_under(&self, threshold: f64) -> Verdict {
        let is_blank = self.verdict == Verdict::Mismatch && self.similarity >= self.threshold;
        match self.verdict {
            Verdict::Match | Verdict::Mismatch if is_blank || self.similarity < threshold => {
                Verdict::Mismatch
            }
            Verdict::Match | Verdict::Mismatch => Verdict::Match,
            Verdict::Indeterminate | Verdict::Unspecified => self.verdict,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn rule(threshold: f64, hold: u64, keep_firing: u64) -> EffectiveRule {
        EffectiveRule {
            threshold,
            hold: Duration::from_secs(hold),
            keep_firing: Duration::from_secs(keep_firing),
            enabled: true,
        }
    }

    /// When each episode began and ended, in seconds, where one frame a second has these similarities.
    fn episodes(rule: &EffectiveRule, similarities: &[f64]) -> Vec<(i64, Option<i64>)> {
        let reference = Reference::default();
        let seen = (0..).zip(similarities).map(|(second, &similarity)| Seen {
            frame_stored_at: OffsetDateTime::UNIX_EPOCH + time::Duration::seconds(second),
            reference: &reference,
            similarity,
            verdict: match similarity >= 0.9 {
                true => Verdict::Match,
                false => Verdict::Mismatch,
            },
            threshold: 0.9,
        });
        let seconds = |at: Option<pbjson_types::Timestamp>| at.map(|at| at.seconds);
        rehearse("dock", rule, seen)
            .into_iter()
            .map(|alert| (seconds(alert.fired_at).unwrap(), seconds(alert.resolved_at)))
            .collect()
    }

    const NIGHT: [f64; 8] = [1.0, 0.7, 0.95, 0.5, 0.5, 0.5, 0.95, 1.0];

    #[test]
    fn each_field_of_the_rule_counts() {
        assert_eq!(
            episodes(&rule(0.9, 0, 0), &NIGHT),
            [(1, Some(2)), (3, Some(6))]
        );
        assert_eq!(episodes(&rule(0.6, 0, 0), &NIGHT), [(3, Some(6))]);
        assert_eq!(episodes(&rule(0.9, 2, 0), &NIGHT), [(5, Some(6))]);
        assert_eq!(episodes(&rule(0.9, 0, 1), &NIGHT), [(1, Some(7))]);
        assert_eq!(episodes(&rule(0.97, 0, 0), &NIGHT), [(1, Some(7))]);
        assert_eq!(episodes(&rule(0.9, 0, 60), &NIGHT), [(1, None)]);
        let off = EffectiveRule {
            enabled: false,
            ..rule(0.9, 0, 0)
        };
        assert_eq!(episodes(&off, &NIGHT), []);
    }

    #[test]
    fn a_blank_frame_and_a_blank_reference_stay_what_they_were() {
        let reference = Reference::default();
        let seen = |verdict| Seen {
            frame_stored_at: OffsetDateTime::UNIX_EPOCH,
            reference: &reference,
            similarity: 0.95,
            verdict,
            threshold: 0.9,
        };
        let fires = |verdict| rehearse("dock", &rule(0.5, 0, 0), [seen(verdict)]).len();
        assert_eq!(fires(Verdict::Mismatch), 1);
        assert_eq!(fires(Verdict::Indeterminate), 0);
    }
}
