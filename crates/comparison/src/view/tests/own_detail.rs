//! Regions that are looked at in their own detail.

use proptest::prelude::*;
use proto::v1::{Mask, WatchedRegion};

use super::masks::{masking, polygon, region, watching, whole};
use super::*;
use crate::{Baseline, BaselinePicture, Compared, Crop, Needs, compare, rule_digest};

/// The box of a region, as shares of the picture: left, top, right, bottom.
type Box = [f64; 4];

const LOCK: Box = [0.4, 0.3, 0.6, 0.6];

fn lock(threshold: Option<f64>) -> WatchedRegion {
    in_box("lock", LOCK, threshold)
}

fn in_box(name: &str, [left, top, right, bottom]: Box, threshold: Option<f64>) -> WatchedRegion {
    WatchedRegion {
        own_detail: true,
        ..region(name, polygon(left, top, right, bottom), threshold)
    }
}

/// Where so many places of stage 7, from the upper left of a box on, lie in the picture.
fn places_of([left, top, right, bottom]: Box, count: usize) -> Box {
    let (across, down) = (count as f64 / 10.0, count as f64 / 7.5);
    [
        left,
        top,
        left + across * (right - left),
        top + down * (bottom - top),
    ]
}

/// A look whose parts, those of a rule, look so.
fn look(made: Made, rule: &EffectiveRule, detail: Option<Made>) -> crate::Look {
    let crops = Needs::of(rule).crops.into_iter();
    crate::Look {
        details: crops.map(|crop| (crop, detail.map(Made::look))).collect(),
        ..whole(made)
    }
}

/// A baseline of this many pictures. The network could see the rule's parts in each of them.
fn baseline(count: u32, rule: &EffectiveRule) -> Baseline {
    let mut pictures: Vec<BaselinePicture> = lights(count)
        .map(|made| picture(made, look(made, rule, Some(made))))
        .collect();
    let reference = pictures.remove(0);
    Baseline::new(reference, pictures)
}

fn picture(made: Made, look: crate::Look) -> BaselinePicture {
    BaselinePicture {
        id: made.light.to_string(),
        name: "dock.jpg".to_owned(),
        look,
    }
}

/// A frame of which the whole is as it should be, and the parts look so.
fn compared<'a>(baseline: &'a Baseline, detail: Made, rule: &EffectiveRule) -> Compared<'a> {
    let frame = look(Made::of(1, 9, 0), rule, Some(detail));
    compare(baseline, &frame, rule).unwrap()
}

fn names(compared: &Compared<'_>) -> Vec<String> {
    let regions = compared.findings.iter().flat_map(|it| &it.regions);
    regions.map(|it| it.name.clone()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn what_only_its_own_detail_shows_is_a_mismatch_at_the_region_and_a_mask_over_it_takes_it_away(
        left in 0.0_f64..0.7,
        top in 0.0_f64..0.6,
        width in 0.1_f64..0.3,
        height in 0.1_f64..0.4,
        thing in 2_usize..5,
        with_normals in any::<bool>(),
        threshold in prop::option::of(0.85_f64..0.95),
    ) {
        let at = [left, top, left + width, top + height];
        let rule = watching(vec![in_box("lock", at, threshold)]);
        let baseline = baseline(if with_normals { 6 } else { 1 }, &rule);
        let seen = compared(&baseline, Made::of(1, 9, thing), &rule);
        prop_assert_eq!(seen.verdict, Verdict::Mismatch);
        prop_assert!(seen.similarity < rule.threshold);
        prop_assert_eq!(seen.findings[0].kind(), Kind::Changed);
        prop_assert_eq!(names(&seen), ["lock"]);
        prop_assert_eq!(&seen.without_detail, &Vec::<String>::new());
        let clear = compared(&baseline, Made::of(1, 9, 0), &rule);
        prop_assert_eq!(clear.verdict, Verdict::Match);

        let [left, top, right, bottom] = places_of(at, thing);
        let masked = EffectiveRule {
            masks: vec![Mask { polygon: polygon(left, top, right, bottom) }].into(),
            ..rule
        };
        let hidden = compared(&baseline, Made::of(1, 9, thing), &masked);
        prop_assert_eq!(hidden.verdict, Verdict::Match);
        prop_assert_eq!(hidden.findings, []);
    }

    #[test]
    fn a_mask_beside_what_is_cut_out_changes_nothing_there(
        right_of in 0.0_f64..0.2,
        width in 0.01_f64..0.2,
        thing in 0_usize..5,
    ) {
        // Its threshold is far above the whole's, so that it is what decides.
        let rule = watching(vec![lock(Some(0.999))]);
        let baseline = baseline(1, &rule);
        let before = compared(&baseline, Made::of(1, 9, thing), &rule);
        let from = LOCK[2] + right_of;
        let masked = EffectiveRule {
            masks: vec![Mask { polygon: polygon(from, 0.0, from + width, 1.0) }].into(),
            ..rule
        };
        let after = compared(&baseline, Made::of(1, 9, thing), &masked);
        prop_assert_eq!(after.similarity, before.similarity);
        prop_assert_eq!(after.findings, before.findings);
    }

    #[test]
    fn which_region_comes_first_makes_no_difference(
        boxes in prop::collection::vec((0.0_f64..0.5, 0.0_f64..0.5, 0.1_f64..0.4), 3),
        order in Just(vec![0, 1, 2]).prop_shuffle(),
        thing in 0_usize..4,
    ) {
        let rule = |order: &[usize]| {
            let regions = order.iter().map(|&at| {
                let (x, y, side) = boxes[at];
                in_box(&format!("part {at}"), [x, y, x + side, y + side], (at == 1).then_some(0.95))
            });
            watching(regions.collect())
        };
        let (one, other) = (rule(&[0, 1, 2]), rule(&order));
        prop_assert_eq!(rule_digest(&one), rule_digest(&other));
        let frame = Made::of(1, 9, thing);
        let baseline = baseline(6, &one);
        let (one, other) = (compared(&baseline, frame, &one), compared(&baseline, frame, &other));
        prop_assert_eq!(one.similarity, other.similarity);
        prop_assert_eq!((one.verdict, one.findings), (other.verdict, other.findings));
    }
}

#[test]
fn what_lies_beside_the_polygon_does_not_count() {
    // The upper left of what is cut out is not of the triangle.
    let [left, top, right, bottom] = LOCK;
    let corners = [(right, top), (right, bottom), (left, bottom)];
    let triangle = WatchedRegion {
        polygon: corners.map(|(x, y)| proto::v1::Point { x, y }).to_vec(),
        ..lock(None)
    };
    let rule = watching(vec![triangle]);
    assert_eq!(Needs::of(&rule).crops, [Crop::of(&lock(None))]);
    let baseline = baseline(1, &rule);
    let thing = Made::of(1, 9, 3);
    assert_eq!(compared(&baseline, thing, &rule).verdict, Verdict::Match);
}

#[test]
fn a_threshold_of_its_own_is_that_of_its_own_detail() {
    let thing = Made::of(1, 9, 3);
    for (threshold, verdict) in [
        (None, Verdict::Mismatch),
        (Some(0.9), Verdict::Mismatch),
        (Some(0.0), Verdict::Match),
    ] {
        let rule = watching(vec![lock(threshold)]);
        let baseline = baseline(1, &rule);
        assert_eq!(compared(&baseline, thing, &rule).verdict, verdict);
    }
    let lenient = EffectiveRule {
        threshold: 0.0,
        ..watching(vec![lock(None)])
    };
    let baseline = baseline(1, &lenient);
    assert_eq!(compared(&baseline, thing, &lenient).verdict, Verdict::Match);
}

#[test]
fn a_region_whose_own_detail_is_lost_is_judged_as_one_without_and_that_is_told() {
    let corner = [0.0, 0.0, 0.2, 0.26];
    let strict = watching(vec![in_box("gate", corner, Some(0.9))]);
    let plain = watching(vec![region(
        "gate",
        polygon(corner[0], corner[1], corner[2], corner[3]),
        Some(0.9),
    )]);
    let made = Made::of(1, 0, 0);
    let lost = Baseline::new(picture(made, look(made, &strict, None)), Vec::new());
    let there = baseline(1, &strict);
    // A thing in the whole, at the region; its own detail would show nothing.
    for thing in [0, 1] {
        let frame = look(Made::of(1, 9, thing), &strict, Some(Made::of(1, 9, 0)));
        let without = compare(&lost, &frame, &strict).unwrap();
        assert_eq!(without.without_detail, ["gate"]);
        let by_places = compare(&lost, &frame, &plain).unwrap();
        assert_eq!(without.similarity, by_places.similarity);
        assert_eq!(without.findings, by_places.findings);
        assert_eq!(by_places.without_detail, Vec::<String>::new());
        let in_detail = compare(&there, &frame, &strict).unwrap();
        assert_eq!(in_detail.verdict, Verdict::Match);
    }
    // Verdicts may differ, so what they rest on has another name.
    assert_ne!(lost.digest(), there.digest());
}

#[test]
fn a_normal_picture_whose_own_detail_is_lost_is_left_out_of_it() {
    let rule = watching(vec![lock(None)]);
    let of = |light, detail: Option<Made>| {
        let made = Made::of(1, light, 0);
        picture(made, look(made, &rule, detail))
    };
    // What is normal in the second picture alone.
    let thing = Made::of(1, 5, 3);
    let first = || of(0, Some(Made::of(1, 0, 0)));
    let both = Baseline::new(first(), vec![of(5, Some(thing))]);
    assert_eq!(compared(&both, thing, &rule).verdict, Verdict::Match);
    let one = Baseline::new(first(), vec![of(5, None)]);
    let seen = compared(&one, thing, &rule);
    assert_eq!(seen.verdict, Verdict::Mismatch);
    assert_eq!(seen.without_detail, Vec::<String>::new());
}

#[test]
fn own_detail_is_part_of_what_a_rule_is_known_by() {
    let [left, top, right, bottom] = LOCK;
    let without = watching(vec![region(
        "lock",
        polygon(left, top, right, bottom),
        None,
    )]);
    let with = watching(vec![lock(None)]);
    assert_ne!(rule_digest(&with), rule_digest(&without));
    assert_eq!(Needs::of(&masking(Vec::new())).crops, []);
}
