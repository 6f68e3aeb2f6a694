//! From two looks to what is said of a frame.

use proto::{
    EffectiveRule, Measure,
    v1::{Finding, Rule, Verdict},
};

use crate::{Baseline, BaselinePicture, Judged, Look, Measured};

/// Which detectors look at a frame, and their versions. Part of what a comparison is known by: it changes whenever the
/// same frame, baseline and rule could lead to something else.
pub const DETECTOR_VERSION: &str = "phash-2";

/// What is said of one frame.
#[derive(Debug, Clone, PartialEq)]
pub struct Compared<'a> {
    /// How the similarity was measured.
    pub measure: &'static str,
    /// To the closest picture: 0 to 1, 1 being the same.
    pub similarity: f64,
    /// The picture that the frame is closest to.
    pub closest: &'a BaselinePicture,
    /// In one word.
    pub verdict: Verdict,
    /// What is wrong, the most telling first.
    pub findings: Vec<Finding>,
}

/// The rule in force names a measure of a later version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "the rule in force names a measure that this version does not have; start a comparator that has it, or set another measure"
)]
pub struct UnknownMeasure;

/// The measure in a word.
pub(crate) fn word(measure: Measure) -> Result<&'static str, UnknownMeasure> {
    match measure {
        Measure::Phash => Ok(Rule::PHASH),
        Measure::Unknown => Err(UnknownMeasure),
    }
}

/// Holds a frame's look against a baseline, by a rule.
pub fn compare<'a>(
    baseline: &'a Baseline,
    frame: &Look,
    rule: &EffectiveRule,
) -> Result<Compared<'a>, UnknownMeasure> {
    let measure = word(rule.measure)?;
    let (closest, similarity) = baseline.closest(frame);
    let measured = Measured {
        similarity,
        frame_is_blank: frame.is_blank(),
        reference_is_blank: baseline.reference().look.is_blank(),
    };
    let Judged { verdict, findings } = measured.judge(rule);
    Ok(Compared {
        measure,
        similarity,
        closest,
        verdict,
        findings,
    })
}

#[cfg(test)]
mod tests {
    use fingerprint::Quality;
    use proto::v1::Kind;

    use super::*;
    use crate::rule_digest;

    fn look(phash: u64, contrast: f32) -> Look {
        Look {
            algorithm: fingerprint::ALGORITHM,
            phash,
            phash_256: [0; 4],
            quality: Quality {
                contrast,
                ..Quality::default()
            },
            width: 640,
            height: 480,
        }
    }

    fn baseline(id: &str, look: Look) -> Baseline {
        Baseline::new(BaselinePicture {
            id: id.to_owned(),
            name: "dock.jpg".to_owned(),
            look,
        })
    }

    fn rule(threshold: f64) -> EffectiveRule {
        EffectiveRule {
            threshold,
            ..EffectiveRule::of(None, None)
        }
    }

    #[test]
    fn the_same_view_matches_and_names_the_picture_that_it_is_like() {
        let baseline = baseline("a", look(0xF0F0, 40.0));
        let compared = compare(&baseline, &look(0xF0F0, 38.0), &rule(1.0)).unwrap();
        assert_eq!(compared.verdict, Verdict::Match);
        assert_eq!((compared.similarity, compared.measure), (1.0, "phash"));
        assert_eq!(compared.closest.name, "dock.jpg");
        assert_eq!(compared.findings, []);
    }

    #[test]
    fn a_blank_frame_is_found_although_its_hash_is_close() {
        let baseline = baseline("a", look(0, 40.0));
        let compared = compare(&baseline, &look(1, 0.5), &rule(0.9)).unwrap();
        assert_eq!(compared.verdict, Verdict::Mismatch);
        assert_eq!(compared.findings[0].kind(), Kind::Blank);
    }

    #[test]
    fn a_blank_reference_says_nothing() {
        let blank = baseline("a", look(0, 0.2));
        let compared = compare(&blank, &look(u64::MAX, 40.0), &rule(0.9)).unwrap();
        assert_eq!(compared.verdict, Verdict::Indeterminate);
    }

    #[test]
    fn a_measure_of_a_later_version_is_not_taken_for_one_of_ours() {
        let baseline = baseline("a", look(0, 40.0));
        let later = EffectiveRule {
            measure: Measure::Unknown,
            ..rule(0.9)
        };
        let compared = compare(&baseline, &look(0, 40.0), &later);
        assert_eq!(compared, Err(UnknownMeasure));
        assert_ne!(rule_digest(&later), rule_digest(&rule(0.9)));
    }

    #[test]
    fn the_version_names_the_algorithm_of_the_looks() {
        let expected = format!("phash-{}", fingerprint::ALGORITHM);
        assert_eq!(DETECTOR_VERSION, expected);
    }

    #[test]
    fn digests_differ_where_comparisons_could() {
        let (one, other) = (look(1, 40.0), look(2, 40.0));
        let digest = |id, look| baseline(id, look).digest();
        assert_eq!(digest("a", one), digest("a", one));
        assert_ne!(digest("a", one), digest("b", one));
        assert_ne!(digest("a", one), digest("a", other));
        assert_eq!(rule_digest(&rule(0.9)), rule_digest(&rule(0.9)));
        assert_ne!(rule_digest(&rule(0.9)), rule_digest(&rule(0.8)));
    }
}
