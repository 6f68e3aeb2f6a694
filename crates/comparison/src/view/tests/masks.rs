//! What masks leave out and what regions are judged by.

use fingerprint::{Fingerprint, Quality};
use proto::{
    Measure,
    v1::{Mask, Point, WatchedRegion},
};

use super::*;
use crate::{AreasError, Baseline, BaselinePicture, Compared, check_areas, compare, rule_digest};

/// A look with all that is compared.
pub(super) fn whole(made: Made) -> crate::Look {
    let fingerprint = Fingerprint {
        algorithm: fingerprint::ALGORITHM,
        phash: 0,
        phash_256: [0; 4],
        hash: None,
        quality: Quality {
            contrast: 40.0,
            ..Quality::default()
        },
        width: 640,
        height: 480,
    };
    crate::Look {
        view: Some(made.look()),
        ..crate::Look::from(fingerprint)
    }
}

fn baseline(count: u32) -> Baseline {
    let picture = |made: Made| BaselinePicture {
        id: made.light.to_string(),
        name: "dock.jpg".to_owned(),
        look: whole(made),
    };
    let mut all: Vec<BaselinePicture> = lights(count).map(picture).collect();
    let reference = all.remove(0);
    Baseline::new(reference, all)
}

pub(super) fn polygon(left: f64, top: f64, right: f64, bottom: f64) -> Vec<Point> {
    let corners = [(left, top), (right, top), (right, bottom), (left, bottom)];
    corners.map(|(x, y)| Point { x, y }).to_vec()
}

/// Over so many columns and rows of the places of stage 7, from one on.
fn over(columns: std::ops::Range<usize>, rows: std::ops::Range<usize>) -> Vec<Point> {
    let (across, down) = (|at: usize| at as f64 / 10.0, |at: usize| at as f64 / 7.5);
    polygon(
        across(columns.start),
        down(rows.start),
        across(columns.end),
        down(rows.end),
    )
}

pub(super) fn masking(polygons: Vec<Vec<Point>>) -> EffectiveRule {
    let masks = polygons.into_iter().map(|polygon| Mask { polygon });
    EffectiveRule {
        measure: Measure::View,
        masks: masks.collect(),
        ..EffectiveRule::of(None, None)
    }
}

pub(super) fn watching(regions: Vec<WatchedRegion>) -> EffectiveRule {
    EffectiveRule {
        regions: regions.into(),
        ..masking(Vec::new())
    }
}

pub(super) fn region(name: &str, polygon: Vec<Point>, threshold: Option<f64>) -> WatchedRegion {
    WatchedRegion {
        name: name.to_owned(),
        polygon,
        threshold,
        own_detail: false,
    }
}

fn compared<'a>(baseline: &'a Baseline, frame: Made, rule: &EffectiveRule) -> Compared<'a> {
    compare(baseline, &whole(frame), rule).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn masking_all_of_a_change_makes_it_a_match(
        thing in 2_usize..5,
        light in 6_u32..20,
        with_normals in any::<bool>(),
    ) {
        let baseline = baseline(if with_normals { 6 } else { 1 });
        let frame = Made::of(1, light, thing);
        prop_assert_eq!(compared(&baseline, frame, &masking(vec![])).verdict, Verdict::Mismatch);
        let rule = masking(vec![over(0..thing, 0..thing)]);
        let masked = compared(&baseline, frame, &rule);
        prop_assert_eq!(masked.verdict, Verdict::Match);
        prop_assert_eq!(&masked.findings, &[]);
        let clear = compared(&baseline, Made::of(1, light, 0), &rule);
        prop_assert!((masked.similarity - clear.similarity).abs() < 0.02);
    }

    #[test]
    fn a_mask_over_nothing_changed_leaves_the_verdict(
        left in 0.45_f64..0.7,
        top in 0.0_f64..0.6,
        width in 0.02_f64..0.3,
        height in 0.02_f64..0.4,
        thing in 0_usize..4,
        with_normals in any::<bool>(),
    ) {
        let baseline = baseline(if with_normals { 6 } else { 1 });
        let frame = Made::of(1, 9, thing);
        let before = compared(&baseline, frame, &masking(vec![]));
        let rule = masking(vec![polygon(left, top, left + width, top + height)]);
        let after = compared(&baseline, frame, &rule);
        prop_assert_eq!(after.verdict, before.verdict);
        prop_assert!((after.similarity - before.similarity).abs() < 0.02);
    }

    #[test]
    fn which_comes_first_makes_no_difference(
        boxes in prop::collection::vec((0.0_f64..0.5, 0.0_f64..0.5, 0.1_f64..0.4), 4),
        order in Just(vec![0, 1, 2, 3]).prop_shuffle(),
        thing in 0_usize..4,
    ) {
        let polygons: Vec<Vec<Point>> = boxes
            .iter()
            .map(|&(x, y, side)| polygon(x, y, x + side, y + side))
            .collect();
        let rule = |order: &[usize]| EffectiveRule {
            regions: order
                .iter()
                .map(|&at| region(&format!("part {at}"), polygons[at].clone(), Some(0.9)))
                .collect(),
            ..masking(order.iter().take(2).map(|&at| polygons[at].clone()).collect())
        };
        let mut first_two = order[..2].to_vec();
        first_two.sort_unstable();
        let mut sorted = first_two;
        sorted.extend((0..4).filter(|at| !order[..2].contains(at)));
        let (one, other) = (rule(&sorted), rule(&order));
        prop_assert_eq!(rule_digest(&one), rule_digest(&other));
        let baseline = baseline(6);
        let frame = Made::of(1, 9, thing);
        let (one, other) = (compared(&baseline, frame, &one), compared(&baseline, frame, &other));
        prop_assert_eq!(one.similarity, other.similarity);
        prop_assert_eq!((one.verdict, one.findings), (other.verdict, other.findings));
        prop_assert_eq!(one.patches, other.patches);
    }
}

#[test]
fn patches_show_nothing_of_what_is_masked() {
    let baseline = baseline(6);
    let frame = Made::of(1, 9, 3);
    let masked = compared(&baseline, frame, &masking(vec![over(0..3, 0..3)]));
    assert!(masked.patches.iter().all(|score| *score < 128));
    assert_eq!(masked.patches[0], 0);
}

#[test]
fn where_masks_leave_too_little_nobody_can_tell_and_it_says_what_to_do() {
    let rule = masking(vec![polygon(0.0, 0.0, 1.0, 1.0)]);
    assert_eq!(check_areas(&rule), Err(AreasError::TooLittleLeft));
    for frame in [Made::of(1, 9, 0), Made::of(2, 9, 0)] {
        let baseline = baseline(1);
        let compared = compared(&baseline, frame, &rule);
        assert_eq!(compared.verdict, Verdict::Indeterminate);
        assert_eq!(compared.told_similarity(), None);
        let cause = &compared.findings[0].cause;
        assert!(cause.contains("remove some of them"), "{cause}");
    }
}

#[test]
fn a_hash_leaves_nothing_out_and_says_so() {
    let rule = EffectiveRule {
        measure: Measure::Phash,
        ..masking(vec![over(0..1, 0..1)])
    };
    assert_eq!(check_areas(&rule), Err(AreasError::Measure("phash")));
    let baseline = baseline(1);
    let compared = compared(&baseline, Made::of(1, 0, 0), &rule);
    assert_eq!(compared.verdict, Verdict::Indeterminate);
    let cause = &compared.findings[0].cause;
    assert!(cause.contains("set the measure to view"), "{cause}");
    let without = EffectiveRule {
        masks: Arc::default(),
        ..rule
    };
    assert_eq!(check_areas(&without), Ok(()));
}

#[test]
fn a_region_with_a_threshold_is_judged_by_itself() {
    for count in [1, 6] {
        let baseline = baseline(count);
        // A thing of one place in 70 is too small for the whole.
        let frame = Made::of(1, 9, 1);
        let whole = compared(&baseline, frame, &watching(vec![]));
        assert_eq!(whole.verdict, Verdict::Match, "{count}");
        let corner = |threshold| region("gate", over(0..2, 0..2), threshold);
        let named = compared(&baseline, frame, &watching(vec![corner(None)]));
        assert_eq!(named.similarity, whole.similarity);

        let strict = watching(vec![corner(Some(0.9))]);
        let found = compared(&baseline, frame, &strict);
        assert_eq!(found.verdict, Verdict::Mismatch, "{count}");
        assert!(found.similarity < 0.9);
        let [changed] = &found.findings[..] else {
            panic!("one finding");
        };
        assert_eq!(changed.kind(), Kind::Changed);
        assert_eq!(changed.regions[0].name, "gate");
        assert_eq!(changed.regions[0].polygon, over(0..2, 0..2));

        let elsewhere = watching(vec![region("yard", over(5..9, 3..6), Some(0.9))]);
        assert_eq!(
            compared(&baseline, frame, &elsewhere).verdict,
            Verdict::Match
        );
    }
}

#[test]
fn a_lenient_region_lets_pass_what_the_whole_would_not() {
    let baseline = baseline(1);
    let frame = Made::of(1, 9, 3);
    let lenient = watching(vec![region("road", over(0..3, 0..3), Some(0.0))]);
    assert_eq!(compared(&baseline, frame, &lenient).verdict, Verdict::Match);
    let masked = EffectiveRule {
        masks: vec![Mask {
            polygon: over(0..3, 0..3),
        }]
        .into(),
        ..watching(vec![region("gate", over(0..3, 0..3), Some(0.9))])
    };
    assert_eq!(compared(&baseline, frame, &masked).verdict, Verdict::Match);
}

#[test]
fn what_all_of_a_view_shows_is_told_as_such() {
    let baseline = baseline(1);
    let strict = watching(vec![region("gate", over(0..2, 0..2), Some(0.9))]);
    let other_view = compared(&baseline, Made::of(2, 9, 0), &strict);
    assert_eq!(other_view.findings[0].kind(), Kind::Different);
}

#[test]
fn a_rule_without_areas_has_the_digest_that_it_had() {
    let plain = EffectiveRule::of(None, None);
    let masked = EffectiveRule {
        masks: masking(vec![over(0..1, 0..1)]).masks,
        ..plain.clone()
    };
    let moved = EffectiveRule {
        masks: masking(vec![over(0..2, 0..1)]).masks,
        ..plain.clone()
    };
    let as_region = EffectiveRule {
        regions: vec![region("", over(0..1, 0..1), None)].into(),
        ..plain.clone()
    };
    let digests = [&plain, &masked, &moved, &as_region].map(rule_digest);
    for (at, digest) in digests.iter().enumerate() {
        assert!(!digests[at + 1..].contains(digest), "{at}");
    }
    let hex: String = digests[0].as_bytes()[..4]
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    assert_eq!(hex, "e33ef541");
}

/// Focus and tone, of a picture that is out of focus and dark in its left half.
#[test]
fn blur_and_darkness_are_those_of_what_counts() {
    let sharp = Made::of(1, 0, 0);
    let soft = Made {
        focus: Focus::Soft,
        ..sharp
    };
    let half = |left: u8, soft: Vec<u8>| {
        let mut luma = sharp.luma();
        for (at, level) in luma.iter_mut().enumerate() {
            if at % SIZE.0 < SIZE.0 / 2 {
                *level = soft[at] / left;
            }
        }
        luma
    };
    let look = |luma: &[u8]| {
        let picture = Picture {
            stage5: &sharp.features(FINE, FINE_CHANNELS, 0),
            stage7: &sharp.features(COARSE, COARSE_CHANNELS, 0),
            luma,
        };
        Look::of(&picture).unwrap()
    };
    let reference = look(&sharp.luma());
    let areas = |left: f64, right: f64| {
        let polygon = polygon(left, 0.0, right, 1.0);
        Areas::of(&[Mask { polygon }], &[])
    };
    let (left_out, right_out) = (areas(0.0, 0.5), areas(0.5, 1.0));
    let blurred = look(&half(1, soft.luma()));
    assert!(reference.sharper_in(&blurred, &left_out).abs() < 0.1);
    assert!(reference.sharper_in(&blurred, &right_out) > 0.75);

    let dimmed = look(&half(8, sharp.luma()));
    let mean = |areas: &Areas| dimmed.tone_in(areas).mean;
    let whole = reference.tone_in(&Areas::default()).mean;
    assert!((mean(&left_out) - whole).abs() < 0.03);
    assert!(mean(&right_out) < whole / 4.0);
}
