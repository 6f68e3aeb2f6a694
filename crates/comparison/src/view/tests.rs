//! The measure as a whole, on pictures that a formula makes: the same as in `bench/view_answers.py`.

mod masks;
mod own_detail;

use std::sync::Arc;

use kinds::Depth;
use proptest::prelude::*;
use proto::{
    EffectiveRule,
    v1::{Finding, Kind, Verdict},
};

use super::*;
use crate::{Areas, Measured};

/// What a picture is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Made {
    /// Which view.
    view: u32,
    /// The number of a harmless change.
    light: u32,
    /// The side of a thing in it, in places of stage 7.
    thing: usize,
    focus: Focus,
    hour: Hour,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Focus {
    Sharp,
    Soft,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Hour {
    Day,
    Night,
}

impl Made {
    fn of(view: u32, light: u32, thing: usize) -> Self {
        Made {
            view,
            light,
            thing,
            focus: Focus::Sharp,
            hour: Hour::Day,
        }
    }

    fn look(self) -> Arc<Look> {
        let stage5 = self.features(FINE, FINE_CHANNELS, 2 * self.thing);
        let stage7 = self.features(COARSE, COARSE_CHANNELS, self.thing);
        let picture = Picture {
            stage5: &stage5,
            stage7: &stage7,
            luma: &self.luma(),
        };
        Arc::new(Look::of(&picture).unwrap())
    }

    fn features(self, (rows, columns): (usize, usize), channels: usize, thing: usize) -> Vec<f32> {
        let value = |index: usize| {
            let place = index / channels;
            let is_thing = place / columns < thing && place % columns < thing;
            match is_thing {
                true => 6.0 * noise(999, index),
                false => 6.0 * noise(self.view, index) + 2.0 * noise(100 + self.light, index),
            }
        };
        (0..rows * columns * channels).map(value).collect()
    }

    fn luma(self) -> Vec<u8> {
        let level = |index: usize| {
            let (y, x) = (index / SIZE.0, index % SIZE.0);
            let wave = (x + y / 2 + 7 * self.view as usize) % 40;
            let grain = match self.focus {
                Focus::Sharp => hash(self.view, index) >> 26,
                Focus::Soft => 32,
            };
            let level = 20 + 8 * wave.abs_diff(20) as u8 + grain as u8;
            match self.hour {
                Hour::Day => level,
                Hour::Night if level > 200 => 255,
                Hour::Night => level / 8,
            }
        };
        (0..SIZE.0 * SIZE.1).map(level).collect()
    }
}

/// The finaliser of MurmurHash3.
fn hash(seed: u32, index: usize) -> u32 {
    let mut h = index as u32 ^ seed.wrapping_mul(0x9E37_79B9);
    for (shift, factor) in [(16, 0x85EB_CA6B), (13, 0xC2B2_AE35), (16, 1)] {
        h = (h ^ (h >> shift)).wrapping_mul(factor);
    }
    h
}

/// −1 to 1.
fn noise(seed: u32, index: usize) -> f32 {
    (hash(seed, index) >> 8) as f32 / 8_388_608.0 - 1.0
}

fn normals(made: impl IntoIterator<Item = Made>) -> Normals {
    Normals::new(made.into_iter().map(Made::look).collect()).unwrap()
}

fn lights(count: u32) -> impl Iterator<Item = Made> {
    (0..count).map(|light| Made::of(1, light, 0))
}

/// A name, the closest picture, s, u, z and limit, fine detail lost, and whether the frame is a night's.
type Answer = (&'static str, usize, f32, f32, Option<(f32, f32)>, f32, bool);

/// As `bench/view_answers.py` prints them.
const ANSWERS: [Answer; 11] = [
    ("the same", 0, 1.0000, 0.0000, None, -0.0000, false),
    ("light", 0, 0.8951, 0.1971, None, -0.0000, false),
    ("a thing", 0, 0.0862, 1.4058, None, -0.0000, false),
    ("a large thing", 0, 0.0219, 1.5048, None, -0.0000, false),
    ("another view", 0, -0.0013, 1.5405, None, -0.0397, false),
    ("blurred", 0, 0.8951, 1.3846, None, 3.3449, false),
    ("night", 0, -0.0013, 1.5405, None, -1.1346, true),
    (
        "light, six pictures",
        0,
        0.8951,
        0.2089,
        Some((0.3122, 3.0000)),
        -0.0000,
        false,
    ),
    (
        "a thing, six pictures",
        5,
        0.1105,
        1.4346,
        Some((2.8293, 3.0000)),
        -0.0000,
        false,
    ),
    (
        "the fourth is closest",
        4,
        0.7011,
        0.6120,
        Some((1.8360, 3.0000)),
        -0.0000,
        false,
    ),
    (
        "a large thing, six pictures, one with a thing",
        5,
        0.0371,
        1.5530,
        Some((3.0790, 4.2722)),
        -0.0000,
        false,
    ),
];

#[test]
fn it_says_what_another_implementation_of_the_formulas_says() {
    let reference = normals(lights(1));
    let six = normals(lights(6));
    let lively = normals(lights(6).map(|it| Made {
        thing: if it.light == 3 { 2 } else { 0 },
        ..it
    }));
    let soft = Made {
        focus: Focus::Soft,
        ..Made::of(1, 6, 0)
    };
    let night = Made {
        hour: Hour::Night,
        ..Made::of(2, 6, 0)
    };
    let cases = [
        (&reference, Made::of(1, 0, 0)),
        (&reference, Made::of(1, 6, 0)),
        (&reference, Made::of(1, 6, 2)),
        (&reference, Made::of(1, 6, 4)),
        (&reference, Made::of(2, 6, 0)),
        (&reference, soft),
        (&reference, night),
        (&six, Made::of(1, 6, 0)),
        (&six, Made::of(1, 6, 2)),
        (&six, Made::of(1, 3, 1)),
        (&lively, Made::of(1, 6, 4)),
    ];
    for ((name, closest, s, u, z_and_limit, lost, is_night), (pictures, frame)) in
        ANSWERS.into_iter().zip(cases)
    {
        let frame = frame.look();
        let seen = pictures.see(&frame);
        let close = |own: f32, other: f32| assert!((own - other).abs() < 2e-3, "{name}: {own}");
        assert_eq!(seen.closest, closest, "{name}");
        close(seen.excess, u);
        match seen.condition {
            Condition::Blurred => assert!(lost > 0.75 && seen.s <= 0.1, "{name}"),
            _ => close(seen.s, s),
        }
        assert_eq!(seen.z.is_some(), z_and_limit.is_some(), "{name}");
        if let Some((z, limit)) = z_and_limit {
            close(seen.z.unwrap(), z);
            close(seen.limit.unwrap(), limit);
        }
        close(pictures.looks()[closest].sharper_by(&frame), lost);
        assert_eq!(seen.condition == Condition::Night, is_night, "{name}");
    }
}

#[test]
fn a_picture_is_the_same_as_itself_alone_and_among_others() {
    for count in [1, 4, 5, 17] {
        let seen = normals(lights(count)).see(&Made::of(1, 0, 0).look());
        assert_eq!((seen.closest, seen.s), (0, 1.0));
        assert_eq!(seen.similarity(), 1.0);
        assert_eq!(seen.patches.as_bytes(), [0; 300]);
    }
}

#[test]
fn similarity_falls_as_damage_grows() {
    for count in [1, 6] {
        let pictures = normals(lights(count));
        let of = |thing| pictures.see(&Made::of(1, 9, thing).look()).similarity();
        let similarities: Vec<f64> = (0..=7).map(of).collect();
        let falls = similarities.is_sorted_by(|one, next| next <= &(one + 0.01));
        assert!(falls, "{similarities:?}");
        assert!(
            similarities[0] > 0.95 && similarities[7] < 0.5,
            "{similarities:?}"
        );
    }
}

#[test]
fn patches_show_where_a_thing_is() {
    for count in [1, 6] {
        let seen = normals(lights(count)).see(&Made::of(1, 9, 2).look());
        for (place, &score) in seen.patches.as_bytes().iter().enumerate() {
            let (y, x) = (place / Patches::COLUMNS, place % Patches::COLUMNS);
            let is_thing = y < 4 && x < 4;
            assert_eq!(score >= 128, is_thing, "{count} {y} {x} {score}");
        }
    }
}

#[test]
fn fewer_than_five_pictures_set_no_limit_and_more_do() {
    for count in 1..=17 {
        let limit = normals(lights(count)).limit();
        assert_eq!(limit.is_some(), count >= 5);
        assert!(limit.is_none_or(|limit| limit >= 3.0));
    }
}

#[test]
fn no_pictures_and_too_many_are_refused() {
    let look = Made::of(1, 0, 0).look();
    for count in [0, 18] {
        let refused = Normals::new(vec![look.clone(); count]).unwrap_err();
        assert_eq!(refused, TooMany(count));
    }
}

/// The verdict by a threshold, and what a frame is found to be.
fn verdict(seen: &Seen, threshold: f64) -> (Verdict, Option<Kind>) {
    let rule = EffectiveRule {
        threshold,
        ..EffectiveRule::of(None, None)
    };
    let measured = Measured {
        similarity: seen.similarity(),
        frame_is_blank: false,
        reference_is_blank: false,
        kind: seen.condition.kind(),
        dark_lasts: false,
    };
    let judged = measured.judge(&rule);
    (judged.verdict, judged.findings.first().map(Finding::kind))
}

#[test]
fn a_verdict_follows_from_threshold_and_condition() {
    let reference = normals(lights(1));
    let frame = |focus, hour, view| Made {
        focus,
        hour,
        ..Made::of(view, 6, 0)
    };
    let (sharp, soft) = (Focus::Sharp, Focus::Soft);
    let (day, night) = (Hour::Day, Hour::Night);
    for (frame, threshold, expected) in [
        (frame(sharp, day, 1), 0.9, (Verdict::Match, None)),
        (
            frame(sharp, day, 1),
            0.99,
            (Verdict::Mismatch, Some(Kind::Different)),
        ),
        (
            frame(sharp, day, 2),
            0.9,
            (Verdict::Mismatch, Some(Kind::Different)),
        ),
        (
            frame(soft, day, 1),
            0.9,
            (Verdict::Mismatch, Some(Kind::Blurred)),
        ),
        (frame(sharp, night, 1), 0.9, (Verdict::Match, None)),
        (
            frame(sharp, night, 2),
            0.9,
            (Verdict::Indeterminate, Some(Kind::Dark)),
        ),
    ] {
        let seen = reference.see(&frame.look());
        assert_eq!(verdict(&seen, threshold), expected, "{frame:?}");
    }
}

#[test]
fn a_night_among_the_pictures_makes_nights_comparable() {
    let at = |hour, view| Made {
        hour,
        ..Made::of(view, 0, 0)
    };
    let pictures = normals([at(Hour::Day, 1), at(Hour::Night, 1)]);
    let seen = pictures.see(&at(Hour::Night, 2).look());
    assert_eq!(seen.condition, Condition::Clear);
    assert_eq!(verdict(&seen, 0.9).0, Verdict::Mismatch);
}

#[test]
fn a_picture_of_one_tone_is_blank() {
    let flat = Picture {
        stage5: &[0.0; 300 * 112],
        stage7: &[0.0; 70 * 320],
        luma: &[7; 320 * 240],
    };
    let look = Look::of(&flat).unwrap();
    assert!(look.is_blank() && !Made::of(1, 0, 0).look().is_blank());
}

#[test]
fn features_of_another_shape_or_no_numbers_are_refused() {
    let (mut stage5, stage7, luma) = (
        vec![0.0; 300 * 112],
        vec![0.0; 70 * 320],
        vec![0; 320 * 240],
    );
    let of = |stage5: &[f32], stage7: &[f32], luma: &[u8]| {
        let picture = Picture {
            stage5,
            stage7,
            luma,
        };
        Look::of(&picture).map_err(|error| error.what)
    };
    assert_eq!(of(&stage5[1..], &stage7, &luma), Err("stage 5"));
    assert_eq!(of(&stage5, &stage7[1..], &luma), Err("stage 7"));
    assert_eq!(of(&stage5, &stage7, &luma[1..]), Err("the luma"));
    stage5[7] = f32::NAN;
    assert_eq!(of(&stage5, &stage7, &luma), Err("stage 5"));
}

#[test]
fn a_look_comes_back_from_its_bytes_and_from_no_others() {
    let look = Made::of(1, 0, 1).look();
    let bytes = look.to_bytes();
    assert_eq!(bytes.len(), Look::BYTES);
    const { assert!(Look::BYTES <= 80_000) };
    assert_eq!(Look::from_bytes(&bytes).as_ref(), Some(&*look));
    assert_eq!(Look::from_bytes(&bytes[1..]), None);
    let later = [&[3], &bytes[1..]].concat();
    assert_eq!(Look::from_bytes(&later), None);
}

#[test]
fn a_look_of_the_version_before_compares_the_same_and_tells_less() {
    let look = Made::of(1, 0, 0).look();
    let bytes = look.to_bytes();
    let without = Look::BYTES - 160 * 120;
    let earlier = [&[1], &bytes[1..without]].concat();
    let stored = Look::from_bytes(&earlier).unwrap();
    assert_eq!(stored.to_bytes(), earlier);
    assert!(look.is_complete() && !stored.is_complete());
    let no_number = [&earlier[..without - 4], &f32::NAN.to_le_bytes()].concat();
    assert_eq!(Look::from_bytes(&no_number), None);
    // A format and the length of the other are no look.
    assert_eq!(Look::from_bytes(&bytes[..without]), None);

    let frame = Made::of(2, 0, 0).look();
    let see = |look| Normals::new(vec![look]).unwrap().see(&frame);
    assert_eq!(see(Arc::clone(&look)), see(Arc::new(stored.clone())));
    let measures =
        |look: &Look| measures((look, &[]), &frame, 0.75, Depth::Turns, &Areas::default());
    assert!(measures(&look).is_some());
    assert_eq!(measures(&stored), None);
}

#[test]
fn every_thread_says_the_same() {
    let pictures = normals(lights(6));
    let once = || pictures.see(&Made::of(1, 8, 1).look());
    let first = once();
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4).map(|_| scope.spawn(once)).collect();
        for thread in threads {
            assert_eq!(thread.join().unwrap(), first);
        }
    });
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn the_order_of_normal_pictures_changes_nothing(
        order in Just((1_u32..9).collect::<Vec<_>>()).prop_shuffle(),
        thing in 0_usize..3,
    ) {
        let made = |lights: &[u32]| {
            let all = [0].iter().chain(lights);
            normals(all.map(|&light| Made::of(1, light, usize::from(light == 5))))
        };
        let frame = Made::of(1, 20, thing).look();
        let (one, other) = (made(&[1, 2, 3, 4, 5, 6, 7, 8]), made(&order));
        let (first, second) = (one.see(&frame), other.see(&frame));
        prop_assert_eq!(one.limit(), other.limit());
        prop_assert_eq!(&one.looks()[first.closest], &other.looks()[second.closest]);
        prop_assert_eq!(first, Seen { closest: one_of(&one, &other, second.closest), ..second });
    }
}

/// Where, among `one`'s pictures, a picture of `other`'s is.
fn one_of(one: &Normals, other: &Normals, index: usize) -> usize {
    let look = &other.looks()[index];
    one.looks().iter().position(|it| it == look).unwrap()
}
