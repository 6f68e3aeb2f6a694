//! From two looks to what is said of a frame.

use proto::{
    EffectiveRule, Measure,
    v1::{Finding, Kind, Region, Verdict},
};

use crate::{
    Areas, Baseline, BaselinePicture, Judged, Look, Measured, naming::region, regions::Regions,
};

/// Which detectors look at a frame by this measure, and their versions. Part of what a comparison is known by: it changes
/// whenever the same frame, baseline and rule could lead to something else.
pub fn detector_version(measure: Measure) -> &'static str {
    match measure {
        Measure::View => "view-2",
        Measure::Parts => "parts-1",
        Measure::Phash | Measure::Hash(_) | Measure::Unknown => HASHES,
    }
}

pub(crate) const HASHES: &str = "phash-3";

/// What is said of one frame.
#[derive(Debug, Clone, PartialEq)]
pub struct Compared<'a> {
    /// How the similarity was measured.
    pub measure: &'static str,
    /// To the closest picture: 0 to 1, 1 being the same. Of regions that have a threshold of their own, the least counts, stretched
    /// so that its threshold lies at the rule's.
    pub similarity: f64,
    /// The picture that the frame is closest to.
    pub closest: &'a BaselinePicture,
    /// All pictures that it was held against, the reference first.
    pub pictures: &'a [BaselinePicture],
    /// In one word.
    pub verdict: Verdict,
    /// What is wrong, the most telling first.
    pub findings: Vec<Finding>,
    /// How different each place is, where the measure tells: [`Patches`](crate::view::Patches).
    pub patches: Vec<u8>,
    /// Where the rule's masks and regions lie.
    pub areas: Areas,
    /// The names of regions that were to be looked at in their own detail and could not be, since a picture and what was kept of
    /// it are lost: they were judged as those without.
    pub without_detail: Vec<String>,
}

impl Compared<'_> {
    /// The similarity, where it says something of the view: not where masks and regions keep it from being told.
    pub fn told_similarity(&self) -> Option<f64> {
        let is_told = |it: &Finding| it.kind() != Kind::Unspecified;
        self.findings.iter().all(is_told).then_some(self.similarity)
    }
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

/// Why nothing can be said by a rule's masks and regions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AreasError {
    /// They leave out nearly everything.
    #[error(
        "the masks leave less than a tenth of the view; remove some of them, or make them smaller"
    )]
    TooLittleLeft,
    /// Hashes are of the picture as a whole.
    #[error(
        "masks and regions need the measure view or parts, and the rule in force has {0}; set the measure to view or parts, or remove them"
    )]
    Measure(&'static str),
    /// Looking at regions in their own detail, by a measure that does not.
    #[error(
        "only the measure view looks at regions in their own detail, and the rule in force has {0}; set the measure to view, or take ownDetail from the regions"
    )]
    OwnDetail(&'static str),
}

/// Whether frames can be judged by a rule's masks and regions.
///
/// # Errors
/// Says what to do.
pub fn check_areas(rule: &EffectiveRule) -> Result<(), AreasError> {
    if !rule.has_areas() {
        return Ok(());
    }
    check_drawn(rule, &Areas::of(&rule.masks, &rule.regions))
}

fn check_drawn(rule: &EffectiveRule, areas: &Areas) -> Result<(), AreasError> {
    match rule.measure {
        Measure::Parts if rule.in_detail().next().is_some() => {
            Err(AreasError::OwnDetail(Measure::PARTS))
        }
        Measure::View | Measure::Parts if areas.leave_enough() => Ok(()),
        Measure::View | Measure::Parts => Err(AreasError::TooLittleLeft),
        Measure::Phash | Measure::Hash(_) | Measure::Unknown if rule.has_areas() => {
            Err(AreasError::Measure(rule.measure.word().unwrap_or_default()))
        }
        Measure::Phash | Measure::Hash(_) | Measure::Unknown => Ok(()),
    }
}

/// Holds a frame's look against a baseline, by a rule. All looks must have what the rule's measure needs. A night before a
/// day's pictures counts as one that has not lasted: see [`Measured::dark_lasts`]. Where frames cannot be judged by the rule's
/// [masks and regions](check_areas) the verdict is indeterminate, and its finding says what to do.
pub fn compare<'a>(
    baseline: &'a Baseline,
    frame: &Look,
    rule: &EffectiveRule,
) -> Result<Compared<'a>, MeasureError> {
    let measure = rule.measure.word().ok_or(MeasureError::Unknown)?;
    let areas = Areas::of(&rule.masks, &rule.regions);
    let closest = baseline.closest(frame, rule.measure, &areas);
    let closest = closest.ok_or(MeasureError::Lacking(measure))?;
    let regions = Regions::of(baseline, frame, rule, &closest.regions);
    let similarity = regions.least(closest.similarity, rule.threshold);
    let Judged { verdict, findings } = match check_drawn(rule, &areas) {
        Err(error) => Judged {
            verdict: Verdict::Indeterminate,
            findings: vec![Finding::certain(Kind::Unspecified, error.to_string())],
        },
        Ok(()) => {
            let measured = Measured {
                similarity,
                frame_is_blank: frame.is_blank(),
                reference_is_blank: baseline.reference().look.is_blank(),
                kind: closest.kind,
                dark_lasts: false,
            };
            let mut judged = measured.judge(rule);
            if closest.similarity >= rule.threshold {
                say_where(&mut judged.findings, &regions.changed());
            } else if let Some(place) = &closest.changed {
                say_where(&mut judged.findings, &[region(place, &areas)]);
            }
            judged
        }
    };
    Ok(Compared {
        measure,
        similarity,
        closest: closest.picture,
        pictures: baseline.pictures(),
        verdict,
        findings,
        patches: closest.patches,
        areas,
        without_detail: regions.without_detail,
    })
}

/// Says of a picture that is different only in places which these are.
fn say_where(findings: &mut [Finding], regions: &[Region]) {
    let different = findings.iter_mut().find(|it| it.kind() == Kind::Different);
    if let Some(different) = different.filter(|_| !regions.is_empty()) {
        different.set_kind(Kind::Changed);
        different.regions = regions.to_vec();
    }
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
