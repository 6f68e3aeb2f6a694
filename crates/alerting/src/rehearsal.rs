//! A rule tried on the past: the same decisions as `episode` takes, on comparisons that were made long ago.

use comparison::{Judged, Measured};
use proto::{
    EffectiveRule, timestamp,
    v1::{Alert, Comparison, Frame, Phase, Reference},
};
use time::OffsetDateTime;

use crate::episode::{Decision, Standing, ViewStanding, after_comparison};

/// What a comparison found, as far as it decides whether an alert fires.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PastFrame<'a> {
    /// When the broker stored the frame.
    pub frame_stored_at: OffsetDateTime,
    /// The folder's reference when it was compared.
    pub reference: &'a Reference,
    /// What was measured then. It does not matter by which rule.
    pub measured: Measured,
}

/// The episodes that would have come of these comparisons under a rule, oldest first, each as it ended: the last one may
/// be firing.
pub fn rehearse<'a>(
    folder: &str,
    rule: &EffectiveRule,
    comparisons: impl IntoIterator<Item = PastFrame<'a>>,
) -> Vec<Alert> {
    let mut episodes: Vec<Alert> = Vec::new();
    let mut hold: Option<Comparison> = None;
    let mut transitions = 0;
    for seen in comparisons {
        let comparison = seen.under(rule);
        let standing = Standing {
            folder,
            last: episodes.last(),
            expected: transitions,
        };
        let view = ViewStanding {
            rule,
            hold: hold.as_ref(),
        };
        match after_comparison(&standing, &view, &comparison) {
            Decision::Nothing => {}
            Decision::Remember => hold = Some(comparison),
            Decision::Publish(transition) => {
                transitions += 1;
                if transition.alert.phase() == Phase::Resolved {
                    episodes.pop();
                }
                episodes.push(transition.alert);
            }
        }
    }
    episodes
}

impl PastFrame<'_> {
    /// The comparison as it would have been under another rule; made when the frame was stored.
    fn under(&self, rule: &EffectiveRule) -> Comparison {
        let at = Some(timestamp(self.frame_stored_at));
        let Judged { verdict, findings } = self.measured.judge(rule);
        Comparison {
            frame: Some(Frame {
                stored_at: at,
                ..Frame::default()
            }),
            reference: Some(self.reference.clone()),
            similarity: Some(self.measured.similarity),
            verdict: verdict.into(),
            threshold: rule.threshold,
            compared_at: at,
            findings,
            ..Comparison::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proto::v1::Kind;

    use super::*;

    fn rule(threshold: f64, hold: u64, keep_firing: u64) -> EffectiveRule {
        EffectiveRule {
            threshold,
            hold: Duration::from_secs(hold),
            keep_firing: Duration::from_secs(keep_firing),
            ..EffectiveRule::of(None, None)
        }
    }

    const NOTHING: Measured = Measured {
        similarity: 0.0,
        frame_is_blank: false,
        reference_is_blank: false,
        kind: Kind::Different,
        dark_lasts: false,
    };

    /// When each episode began and ended, in seconds, where one frame a second has these similarities.
    fn episodes(rule: &EffectiveRule, similarities: &[f64]) -> Vec<(i64, Option<i64>)> {
        let reference = Reference::default();
        let seen = (0..)
            .zip(similarities)
            .map(|(second, &similarity)| PastFrame {
                frame_stored_at: OffsetDateTime::UNIX_EPOCH + time::Duration::seconds(second),
                reference: &reference,
                measured: Measured {
                    similarity,
                    ..NOTHING
                },
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
        let fires = |frame_is_blank, reference_is_blank| {
            let seen = PastFrame {
                frame_stored_at: OffsetDateTime::UNIX_EPOCH,
                reference: &reference,
                measured: Measured {
                    similarity: 0.95,
                    frame_is_blank,
                    reference_is_blank,
                    ..NOTHING
                },
            };
            rehearse("dock", &rule(0.5, 0, 0), [seen]).len()
        };
        assert_eq!(fires(false, false), 0);
        assert_eq!(fires(true, false), 1);
        assert_eq!(fires(true, true), 0);
    }
}
