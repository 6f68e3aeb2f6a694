//! From what was measured to the verdict and the findings. Takes no pictures, so it judges old comparisons as well.

use proto::{
    EffectiveRule,
    v1::{Comparison, Finding, Kind, Verdict},
};

/// What was measured of a frame. The verdict follows from this and a rule, so a rule can be tried on frames that were
/// compared long ago.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Measured {
    /// To the closest picture of the baseline: 0 to 1.
    pub similarity: f64,
    /// Whether the frame is of one tone.
    pub frame_is_blank: bool,
    /// Whether the reference is, so that there is nothing to compare with.
    pub reference_is_blank: bool,
    /// What is wrong where the similarity is too low: `DIFFERENT`, `BLURRED`, or `DARK` for a night's frame before a
    /// day's pictures. For a comparison that was made earlier, it is what the frame was called then.
    pub kind: Kind,
    /// Whether the night has lasted so long that it is wrong by itself.
    pub dark_lasts: bool,
}

/// What a mismatch may be called instead of only different. A covered view may look like one that was moved, so
/// `Covered` comes first.
const OF_A_VIEW: [Kind; 6] = [
    Kind::Covered,
    Kind::Moved,
    Kind::Blurred,
    Kind::Dark,
    Kind::Changed,
    Kind::Swapped,
];

/// What is said of a frame.
#[derive(Debug, Clone, PartialEq)]
pub struct Judged {
    /// In one word.
    pub verdict: Verdict,
    /// What is wrong, the most telling first. A mismatch has at least one finding, a match has none. An indeterminate
    /// verdict has one where it is too dark to tell.
    pub findings: Vec<Finding>,
}

impl Measured {
    /// What an earlier comparison measured; `None` where its frame could not be read.
    pub fn of(comparison: &Comparison) -> Option<Self> {
        let similarity = comparison.similarity?;
        let verdict = comparison.verdict();
        let findings = &comparison.findings;
        let frame_is_blank = match findings.is_empty() {
            false => findings.iter().any(|it| it.kind() == Kind::Blank),
            // Of an earlier version, which had no findings.
            true => verdict == Verdict::Mismatch && similarity >= comparison.threshold,
        };
        let found = |kind| findings.iter().any(|it| it.kind() == kind);
        let kind = OF_A_VIEW.into_iter().find(|kind| found(*kind));
        match verdict {
            Verdict::Match | Verdict::Mismatch | Verdict::Indeterminate => Some(Measured {
                similarity,
                frame_is_blank,
                reference_is_blank: verdict == Verdict::Indeterminate
                    && !is_too_dark(verdict, findings),
                kind: kind.unwrap_or(Kind::Different),
                dark_lasts: verdict == Verdict::Mismatch,
            }),
            Verdict::Unreadable | Verdict::Unspecified => None,
        }
    }

    /// A mismatch is a similarity below the threshold, or a blank frame before a reference that shows something: that is a
    /// covered or dead camera, whatever its hash happens to be. A blank reference has nothing to compare with, and two
    /// blank pictures are alike to the last bit: that is indeterminate. So is a night's frame before a day's pictures, until
    /// that has lasted: nobody can tell, and lights that are off must not silence alarms for good.
    pub fn judge(&self, rule: &EffectiveRule) -> Judged {
        if self.reference_is_blank {
            return Judged {
                verdict: Verdict::Indeterminate,
                findings: Vec::new(),
            };
        }
        let blank = self.frame_is_blank.then(|| Finding {
            kind: Kind::Blank.into(),
            score: 1.0,
            ..Finding::default()
        });
        let is_different = self.similarity < rule.threshold;
        let different = is_different.then(|| Finding {
            kind: self.kind.into(),
            score: difference(self.similarity),
            limit: difference(rule.threshold),
            ..Finding::default()
        });
        let findings: Vec<Finding> = blank.into_iter().chain(different).collect();
        let too_dark = self.kind == Kind::Dark && !self.dark_lasts && !self.frame_is_blank;
        Judged {
            verdict: match findings.is_empty() {
                true => Verdict::Match,
                false if too_dark => Verdict::Indeterminate,
                false => Verdict::Mismatch,
            },
            findings,
        }
    }
}

/// Whether the frame was said to be too dark to tell. Then nobody can tell how similar it is either.
pub fn is_too_dark(verdict: Verdict, findings: &[Finding]) -> bool {
    verdict == Verdict::Indeterminate && findings.iter().any(|it| it.kind() == Kind::Dark)
}

/// The difference that goes with this similarity: 0 to 1, without the last digits, which come from subtracting.
fn difference(similarity: f64) -> f64 {
    const DIGITS: f64 = 1e12;
    ((1.0 - similarity) * DIGITS).round() / DIGITS
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(threshold: f64) -> EffectiveRule {
        EffectiveRule {
            threshold,
            ..EffectiveRule::of(None, None)
        }
    }

    fn measured(similarity: f64, frame_is_blank: bool) -> Measured {
        Measured {
            similarity,
            frame_is_blank,
            reference_is_blank: false,
            kind: Kind::Different,
            dark_lasts: false,
        }
    }

    fn kinds(judged: &Judged) -> Vec<Kind> {
        judged.findings.iter().map(Finding::kind).collect()
    }

    #[test]
    fn a_mismatch_says_what_is_wrong_the_most_telling_first() {
        for (similarity, is_blank, verdict, found) in [
            (0.9, false, Verdict::Match, vec![]),
            (0.89, false, Verdict::Mismatch, vec![Kind::Different]),
            (0.95, true, Verdict::Mismatch, vec![Kind::Blank]),
            (
                0.5,
                true,
                Verdict::Mismatch,
                vec![Kind::Blank, Kind::Different],
            ),
        ] {
            let judged = measured(similarity, is_blank).judge(&rule(0.9));
            assert_eq!(judged.verdict, verdict, "{similarity} {is_blank}");
            assert_eq!(kinds(&judged), found, "{similarity} {is_blank}");
        }
    }

    #[test]
    fn a_blank_reference_leaves_nothing_to_say() {
        let blank = Measured {
            reference_is_blank: true,
            ..measured(0.1, true)
        };
        let judged = blank.judge(&rule(0.9));
        assert_eq!(judged.verdict, Verdict::Indeterminate);
        assert_eq!(judged.findings, []);
    }

    #[test]
    fn a_night_before_a_day_is_indeterminate_until_it_has_lasted() {
        let night = Measured {
            kind: Kind::Dark,
            ..measured(0.3, false)
        };
        let judged = night.judge(&rule(0.9));
        assert_eq!(judged.verdict, Verdict::Indeterminate);
        assert_eq!(kinds(&judged), [Kind::Dark]);
        let lasting = Measured {
            dark_lasts: true,
            ..night
        };
        assert_eq!(lasting.judge(&rule(0.9)).verdict, Verdict::Mismatch);
        assert_eq!(night.judge(&rule(0.2)).verdict, Verdict::Match);
    }

    #[test]
    fn a_comparison_gives_back_what_was_measured() {
        for measured in [
            measured(0.9, false),
            measured(0.3, false),
            measured(0.97, true),
            measured(0.3, true),
            Measured {
                reference_is_blank: true,
                ..measured(0.7, false)
            },
            Measured {
                kind: Kind::Dark,
                ..measured(0.7, false)
            },
            Measured {
                kind: Kind::Blurred,
                ..measured(0.1, false)
            },
        ] {
            let judged = measured.judge(&rule(0.9));
            let comparison = Comparison {
                similarity: Some(measured.similarity),
                verdict: judged.verdict.into(),
                threshold: 0.9,
                findings: judged.findings,
                ..Comparison::default()
            };
            let dark_lasts = judged.verdict == Verdict::Mismatch;
            let measured = Measured {
                dark_lasts,
                ..measured
            };
            assert_eq!(Measured::of(&comparison), Some(measured));
        }
    }

    #[test]
    fn comparisons_of_earlier_versions_say_by_their_verdict_that_a_frame_was_blank() {
        let comparison = |verdict: Verdict, similarity| Comparison {
            similarity: Some(similarity),
            verdict: verdict.into(),
            threshold: 0.9,
            ..Comparison::default()
        };
        let was_blank = |it: &Comparison| Measured::of(it).unwrap().frame_is_blank;
        assert!(was_blank(&comparison(Verdict::Mismatch, 0.95)));
        assert!(!was_blank(&comparison(Verdict::Mismatch, 0.5)));
        assert!(!was_blank(&comparison(Verdict::Match, 0.95)));
        assert_eq!(Measured::of(&comparison(Verdict::Unspecified, 0.5)), None);
    }
}
