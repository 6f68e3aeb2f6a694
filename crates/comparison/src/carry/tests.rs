//! What is carried on and what is new, on cells and fingerprints that are made up, frame by frame.

use fingerprint::Quality;
use proptest::prelude::*;
use proto::{
    Measure, timestamp,
    v1::{Comparison, Finding, Frame, Kind, Verdict},
};

use super::*;
use crate::{BaselinePicture, Look};

const SIDES: (usize, usize) = (Cells::COLUMNS, Cells::ROWS);

fn at(seconds: f64) -> OffsetDateTime {
    OffsetDateTime::UNIX_EPOCH + Duration::seconds_f64(seconds)
}

fn fingerprint(sharpness: f32, contrast: f32) -> Fingerprint {
    Fingerprint {
        algorithm: fingerprint::ALGORITHM,
        phash: 1,
        phash_256: [0; 4],
        hash: None,
        quality: Quality {
            contrast,
            sharpness,
            ..Quality::default()
        },
        width: 1920,
        height: 1080,
    }
}

/// A scene's levels, with some noise by a seed: at most so many levels to either side.
fn levels(seed: u64, noise: u8) -> [u8; Cells::COUNT] {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    std::array::from_fn(|at| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        let scene = 60 + (at % SIDES.0 + at / SIDES.0) as u8;
        let off = (state >> 33) % (2 * u64::from(noise) + 1);
        scene + off as u8 - noise
    })
}

fn glance(levels: [u8; Cells::COUNT]) -> Glance {
    let cells = Cells::from_levels(levels);
    Glance::new(cells, &fingerprint(8.0, 40.0), 300_000)
}

fn grounds(threshold: f64, id: &str) -> Grounds {
    let reference = BaselinePicture {
        id: id.to_owned(),
        name: "dock.jpg".to_owned(),
        look: Look::from(fingerprint(8.0, 40.0)),
    };
    let rule = EffectiveRule {
        threshold,
        measure: Measure::View,
        ..EffectiveRule::of(None, None)
    };
    Grounds::of(&Baseline::new(reference, Vec::new()), &rule)
}

fn usual() -> Grounds {
    grounds(0.9, "a")
}

fn comparison(seconds: f64, similarity: f64, verdict: Verdict) -> Comparison {
    Comparison {
        frame: Some(Frame {
            stored_at: Some(timestamp(at(seconds))),
            ..Frame::default()
        }),
        similarity: Some(similarity),
        threshold: 0.9,
        verdict: verdict.into(),
        ..Comparison::default()
    }
}

fn said(seconds: f64) -> Option<Said> {
    Said::of(&comparison(seconds, 0.98, Verdict::Match))
}

/// What is known after so many frames, one a second, all judged in full.
fn learned(frames: usize, noise: u8) -> Memory {
    let mut memory = Memory::default();
    for number in 0..frames {
        let seconds = number as f64;
        let glance = glance(levels(number as u64, noise));
        memory.judged(glance, at(seconds), usual(), said(seconds));
    }
    memory
}

const LEARNED: usize = 60;
/// The second after the last one that was learned from.
const NEXT: f64 = LEARNED as f64;

#[test]
fn noise_alone_is_carried_and_says_from_where() {
    for noise in 0..=2 {
        let mut memory = learned(LEARNED, noise);
        for number in 0..50 {
            let glance = glance(levels(1_000 + number, noise));
            let carried = memory.carries(&glance, at(NEXT + number as f64), &usual());
            let carried = carried.unwrap_or_else(|| panic!("{noise} levels, frame {number}"));
            let mut next = Comparison::default();
            carried.write_to(&mut next);
            assert_eq!(
                (next.similarity, next.verdict()),
                (Some(0.98), Verdict::Match)
            );
            assert_eq!(next.carried_from, Some(timestamp(at(NEXT - 1.0))));
            memory.carried(&glance);
        }
    }
}

#[test]
fn nothing_is_carried_before_enough_is_learned() {
    for frames in 0..=12 {
        let memory = learned(frames, 0);
        let carried = memory.carries(&glance(levels(0, 0)), at(frames as f64), &usual());
        assert_eq!(carried, None, "{frames}");
    }
    let memory = learned(13, 0);
    let carried = memory.carries(&glance(levels(0, 0)), at(13.0), &usual());
    assert!(carried.is_some());
}

#[test]
fn what_is_no_plain_match_or_mismatch_is_not_carried() {
    let of = |similarity, verdict| Said::of(&comparison(1.0, similarity, verdict));
    assert!(of(0.95, Verdict::Match).is_some());
    assert!(of(0.5, Verdict::Mismatch).is_some());
    for (similarity, verdict) in [
        (0.9, Verdict::Match),
        (0.905, Verdict::Match),
        (0.89, Verdict::Mismatch),
        (0.83, Verdict::Mismatch),
        (0.5, Verdict::Indeterminate),
        (0.5, Verdict::Unreadable),
        (0.5, Verdict::Unspecified),
    ] {
        assert_eq!(of(similarity, verdict), None, "{similarity} {verdict:?}");
    }
    let with = |kind| Comparison {
        findings: vec![Finding {
            kind: i32::from(kind),
            ..Finding::default()
        }],
        ..comparison(1.0, 0.3, Verdict::Mismatch)
    };
    assert!(Said::of(&with(Kind::Covered)).is_some());
    for kind in [Kind::Blank, Kind::Dark, Kind::Unspecified] {
        assert_eq!(Said::of(&with(kind)), None, "{kind:?}");
    }
    let carried = Comparison {
        carried_from: Some(timestamp(at(0.0))),
        ..comparison(1.0, 0.98, Verdict::Match)
    };
    assert_eq!(Said::of(&carried), None);
    let unknown = Comparison {
        similarity: None,
        ..comparison(1.0, 0.98, Verdict::Match)
    };
    assert_eq!(Said::of(&unknown), None);
}

#[test]
fn a_blank_frame_another_size_other_sharpness_and_other_bytes_are_new() {
    let memory = learned(LEARNED, 0);
    let seen = |fingerprint: Fingerprint, bytes| {
        let glance = Glance::new(Cells::from_levels(levels(0, 0)), &fingerprint, bytes);
        memory.carries(&glance, at(NEXT), &usual()).is_some()
    };
    assert!(seen(fingerprint(8.0, 40.0), 300_000));
    assert!(!seen(fingerprint(8.0, 0.5), 300_000));
    assert!(!seen(fingerprint(7.0, 40.0), 300_000));
    assert!(!seen(fingerprint(8.0, 40.0), 250_000));
    let larger = Fingerprint {
        width: 3840,
        ..fingerprint(8.0, 40.0)
    };
    assert!(!seen(larger, 300_000));
}

#[test]
fn a_frame_that_comes_late_or_once_more_is_not_carried_and_unlearns_nothing() {
    let mut memory = learned(LEARNED, 0);
    for seconds in [NEXT - 1.0, NEXT - 2.0] {
        assert_eq!(
            memory.carries(&glance(levels(0, 0)), at(seconds), &usual()),
            None
        );
        memory.judged(glance(levels(0, 0)), at(seconds), usual(), said(seconds));
    }
    let carried = memory.carries(&glance(levels(0, 0)), at(NEXT), &usual());
    let mut next = Comparison::default();
    carried.unwrap().write_to(&mut next);
    assert_eq!(next.carried_from, Some(timestamp(at(NEXT - 1.0))));
}

#[test]
fn a_frame_that_is_judged_again_by_another_rule_counts_for_that_rule() {
    let mut memory = learned(LEARNED, 0);
    let other = grounds(0.8, "a");
    memory.judged(
        glance(levels(0, 0)),
        at(NEXT - 1.0),
        other,
        said(NEXT - 1.0),
    );
    let frame = glance(levels(0, 0));
    assert_eq!(memory.carries(&frame, at(NEXT), &usual()), None);
    assert!(memory.carries(&frame, at(NEXT), &other).is_some());
}

#[test]
fn what_moves_all_the_time_gives_a_place_no_room_for_an_object() {
    // A tree that sways by 40 levels, in all of its cells.
    let swaying = |number: u64| {
        let mut levels = levels(0, 0);
        levels
            .iter_mut()
            .for_each(|it| *it = it.wrapping_add((number % 2 * 40) as u8));
        levels
    };
    let mut memory = Memory::default();
    for number in 0..200 {
        let seconds = number as f64;
        memory.judged(glance(swaying(number)), at(seconds), usual(), said(seconds));
    }
    let mut frame = swaying(199);
    assert!(
        memory
            .carries(&glance(frame), at(200.0), &usual())
            .is_some()
    );
    frame[777] += 7;
    assert_eq!(memory.carries(&glance(frame), at(200.0), &usual()), None);
}

/// A scene with a clock of so many tiles in its upper left corner, which shows something else in every frame.
fn with_clock(tiles: usize, number: usize) -> [u8; Cells::COUNT] {
    let mut levels = levels(0, 0);
    for tile in 0..tiles {
        levels[tile * 4 + 1] = [40, 90, 140, 190][number % 4] + tile as u8;
    }
    levels
}

#[test]
fn a_clock_is_not_new_and_what_comes_beside_it_is() {
    for (tiles, is_carried) in [(1, true), (4, true), (5, false)] {
        let mut memory = Memory::default();
        for number in 0..40 {
            let seconds = number as f64;
            memory.judged(
                glance(with_clock(tiles, number)),
                at(seconds),
                usual(),
                said(seconds),
            );
        }
        let mut frame = with_clock(tiles, 40);
        let carried = memory.carries(&glance(frame), at(40.0), &usual());
        assert_eq!(carried.is_some(), is_carried, "{tiles}");
        frame[tiles * 4] += 7;
        assert_eq!(memory.carries(&glance(frame), at(40.0), &usual()), None);
    }
}

#[test]
fn what_begins_to_move_is_new_for_a_while() {
    let mut memory = learned(LEARNED, 0);
    for number in 0..15 {
        let seconds = NEXT + number as f64;
        let frame = glance(with_clock(1, number));
        assert_eq!(
            memory.carries(&frame, at(seconds), &usual()),
            None,
            "{number}"
        );
        memory.judged(frame, at(seconds), usual(), said(seconds));
    }
}

#[test]
fn a_memory_takes_no_more_than_it_is_said_to() {
    assert!(
        size_of::<Memory>() + Cells::COUNT <= 3_200,
        "{}",
        size_of::<Memory>()
    );
}

proptest! {
    #[test]
    fn nothing_is_carried_for_more_than_a_minute(after in 0.0_f64..300.0) {
        let memory = learned(LEARNED, 0);
        let then = at(NEXT - 1.0 + after);
        let carried = memory.carries(&glance(levels(0, 0)), then, &usual());
        prop_assert_eq!(carried.is_some(), after > 0.0 && after <= 60.0);
    }

    #[test]
    fn nothing_is_carried_by_another_rule_or_baseline(
        threshold in prop_oneof![Just(0.9), 0.0_f64..1.0], id in "[a-b]",
    ) {
        let memory = learned(LEARNED, 0);
        let grounds = grounds(threshold, &id);
        let carried = memory.carries(&glance(levels(0, 0)), at(NEXT), &grounds);
        prop_assert_eq!(carried.is_some(), grounds == usual());
    }

    #[test]
    fn something_new_is_judged_in_full_wherever_it_is(
        noise in 0_u8..=2, cell in 0..Cells::COUNT, by in 11_u8..50, brighter: bool,
    ) {
        let memory = learned(LEARNED, noise);
        let mut frame = levels(7, noise);
        frame[cell] = if brighter { frame[cell] + by } else { frame[cell] - by };
        prop_assert_eq!(memory.carries(&glance(frame), at(NEXT), &usual()), None);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Each frame is like the one before it; all together are not.
    #[test]
    fn what_changes_slowly_is_judged_in_full_in_time(
        from in 0..SIDES.0 - 4, levels_a_frame in 0.02_f64..0.4, noise in 0_u8..=1,
    ) {
        let mut memory = learned(LEARNED, noise);
        let mut last_full = 0.0;
        for number in 0..200 {
            let seconds = NEXT + number as f64 * 0.3;
            let drifted = levels_a_frame * f64::from(number);
            let mut frame = levels(5_000 + number as u64, noise);
            for (cell, level) in frame.iter_mut().enumerate() {
                if (from..from + 4).contains(&(cell % SIDES.0)) {
                    *level += drifted as u8;
                }
            }
            let glance = glance(frame);
            if memory.carries(&glance, at(seconds), &usual()).is_some() {
                prop_assert!(drifted - last_full <= f64::from(Noise::CEILING) + 2.0 + 2.0 * f64::from(noise));
                memory.carried(&glance);
            } else {
                memory.judged(glance, at(seconds), usual(), said(seconds));
                last_full = drifted;
            }
        }
    }
}
