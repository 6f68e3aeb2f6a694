//! From two looks to what is said of a frame.

use proto::{
    EffectiveRule, Measure,
    v1::{Finding, Verdict},
};

use crate::{Baseline, BaselinePicture, Judged, Look, Measured};

/// Which detectors look at a frame by this measure, and their versions. Part of what a comparison is known by: it changes
/// whenever the same frame, baseline and rule could lead to something else.
pub fn detector_version(measure: Measure) -> &'static str {
    match measure {
        Measure::View => "view-1",
        Measure::Phash | Measure::Hash(_) | Measure::Unknown => HASHES,
    }
}

pub(crate) const HASHES: &str = "phash-2";

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
    /// How different each place is, where the measure tells: [`Patches`](crate::view::Patches).
    pub patches: Vec<u8>,
}

/// Why two looks cannot be compared by a measure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MeasureError {
    /// The rule in force names a measure of a later version.
    #[error(
        "the rule in force names a measure that this version does not have; start a comparator that has it, or set another measure"
    )]
    Unknown,
    /// One of the looks was made without [what the measure needs](Look::suits).
    #[error("a look lacks what the measure {0} compares")]
    Lacking(&'static str),
}

/// Holds a frame's look against a baseline, by a rule. All looks must have what the rule's measure needs. A night before a
/// day's pictures counts as one that has not lasted: see [`Measured::dark_lasts`].
pub fn compare<'a>(
    baseline: &'a Baseline,
    frame: &Look,
    rule: &EffectiveRule,
) -> Result<Compared<'a>, MeasureError> {
    let measure = rule.measure.word().ok_or(MeasureError::Unknown)?;
    let closest = baseline.closest(frame, rule.measure);
    let closest = closest.ok_or(MeasureError::Lacking(measure))?;
    let measured = Measured {
        similarity: closest.similarity,
        frame_is_blank: frame.is_blank(),
        reference_is_blank: baseline.reference().look.is_blank(),
        kind: closest.kind,
        dark_lasts: false,
    };
    let Judged { verdict, findings } = measured.judge(rule);
    Ok(Compared {
        measure,
        similarity: closest.similarity,
        closest: closest.picture,
        verdict,
        findings,
        patches: closest.patches,
    })
}

#[cfg(test)]
mod tests {
    use fingerprint::{Fingerprint, Hash, HashKind, Quality};
    use proto::v1::Kind;

    use super::*;
    use crate::rule_digest;

    fn look(phash: u64, contrast: f32) -> Look {
        Look::from(Fingerprint {
            algorithm: fingerprint::ALGORITHM,
            phash,
            phash_256: [0; 4],
            hash: None,
            quality: Quality {
                contrast,
                ..Quality::default()
            },
            width: 640,
            height: 480,
        })
    }

    fn picture(id: &str, look: Look) -> BaselinePicture {
        BaselinePicture {
            id: id.to_owned(),
            name: "dock.jpg".to_owned(),
            look,
        }
    }

    fn baseline(id: &str, look: Look) -> Baseline {
        Baseline::new(picture(id, look), Vec::new())
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
    fn a_frame_like_a_normal_picture_matches_and_names_it() {
        let normals = vec![picture("night", look(0x0F0F, 40.0))];
        let baseline = Baseline::new(picture("day", look(0xF0F0, 40.0)), normals);
        let compared = compare(&baseline, &look(0x0F0F, 40.0), &rule(0.9)).unwrap();
        assert_eq!(compared.verdict, Verdict::Match);
        assert_eq!(compared.closest.id, "night");
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
        assert_eq!(compared, Err(MeasureError::Unknown));
        assert_ne!(rule_digest(&later), rule_digest(&rule(0.9)));
    }

    #[test]
    fn a_measure_compares_by_its_own_hash_and_by_no_other() {
        let by = |kind, bits| {
            Look::from(Fingerprint {
                hash: Some(Hash { kind, bits }),
                ..look(0, 40.0).fingerprint
            })
        };
        let median = EffectiveRule {
            measure: Measure::Hash(HashKind::Median),
            ..rule(0.9)
        };
        let baseline = baseline("a", by(HashKind::Median, 0));
        let compared = compare(&baseline, &by(HashKind::Median, 0xFFFF), &median).unwrap();
        assert_eq!((compared.measure, compared.similarity), ("median", 0.75));
        for lacking in [look(0, 40.0), by(HashKind::Mean, 0)] {
            let compared = compare(&baseline, &lacking, &median);
            assert_eq!(compared, Err(MeasureError::Lacking("median")));
        }
        assert_ne!(rule_digest(&median), rule_digest(&rule(0.9)));
    }

    #[test]
    fn the_version_names_the_algorithm_of_the_looks() {
        let expected = format!("phash-{}", fingerprint::ALGORITHM);
        assert_eq!(HASHES, expected);
    }

    #[test]
    fn digests_differ_where_comparisons_could() {
        let (one, other) = (look(1, 40.0), look(2, 40.0));
        let digest = |id, look: &Look| baseline(id, look.clone()).digest();
        assert_eq!(digest("a", &one), digest("a", &one));
        assert_ne!(digest("a", &one), digest("b", &one));
        assert_ne!(digest("a", &one), digest("a", &other));
        let with_normal = Baseline::new(picture("a", one.clone()), vec![picture("b", other)]);
        assert_ne!(with_normal.digest(), digest("a", &one));
        assert_eq!(rule_digest(&rule(0.9)), rule_digest(&rule(0.9)));
        assert_ne!(rule_digest(&rule(0.9)), rule_digest(&rule(0.8)));
    }
}
