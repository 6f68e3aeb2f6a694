//! What a fingerprinter has seen before changes nothing but the time it takes.

use fingerprint::{Fingerprinter, Limits};
use image::ImageFormat;
use proptest::prelude::*;

use crate::drawing::{Pattern, draw, encode, encode_oriented};
use crate::jpegs::{Coding, codings};

fn any_picture() -> impl Strategy<Value = Vec<u8>> {
    let drawn = (
        1..700_u32,
        1..700_u32,
        prop::sample::select(vec![Pattern::Gradient, Pattern::Shapes, Pattern::Noise]),
    );
    let drawn = drawn.prop_map(|(width, height, pattern)| draw(pattern, width, height));
    let cut = prop_oneof![4 => Just(100_usize), 1 => 1..100_usize];
    prop_oneof![
        3 => (drawn.clone(), codings(), cut).prop_map(|(picture, coding, percent)| {
            let mut bytes = coding.encode(&picture);
            bytes.truncate(bytes.len() * percent / 100);
            bytes
        }),
        1 => (drawn, 1..=8_u8).prop_map(|(picture, orientation)| {
            encode_oriented(&picture, ImageFormat::Jpeg, orientation)
        }),
    ]
}

fn answer(fingerprinter: &mut Fingerprinter, bytes: &[u8]) -> Result<fingerprint::Picture, String> {
    fingerprinter
        .inspect(bytes)
        .map_err(|error| error.to_string())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn it_answers_as_a_new_one(pictures in prop::collection::vec(any_picture(), 1..8)) {
        let mut used = Fingerprinter::new(Limits::default());
        for bytes in pictures {
            let mut new = Fingerprinter::new(Limits::default());
            prop_assert_eq!(answer(&mut used, &bytes), answer(&mut new, &bytes));
        }
    }
}

/// In the steady state: the second frame of a camera, and every one after.
#[test]
fn another_frame_of_a_camera_allocates_nothing() {
    for (width, height) in [(1280, 720), (640, 480)] {
        another_frame_allocates_nothing(width, height);
    }
    let mut fingerprinter = Fingerprinter::new(Limits::default());
    let png = encode(&draw(Pattern::Shapes, 64, 64), ImageFormat::Png);
    let counts = allocation_counter::measure(|| {
        fingerprinter.of(&png).expect("it is a picture");
    });
    assert!(counts.count_total > 0, "the counter counts");
}

fn another_frame_allocates_nothing(width: u32, height: u32) {
    let frame = |pattern, coding: Coding| coding.encode(&draw(pattern, width, height));
    let intervals = Coding {
        restart_interval: 80,
        ..Coding::PLAIN
    };
    let progressive = Coding {
        progressive: true,
        ..Coding::PLAIN
    };
    for coding in [Coding::PLAIN, intervals, progressive] {
        let mut fingerprinter = Fingerprinter::new(Limits::default());
        let noise = frame(Pattern::Noise, coding);
        fingerprinter.of(&noise).expect("it is a picture");
        for next in [frame(Pattern::Shapes, coding), noise] {
            let counts = allocation_counter::measure(|| {
                fingerprinter.of(&next).expect("it is a picture");
            });
            assert_eq!(counts.count_total, 0, "{coding:?}");
        }
    }
    let mut fingerprinter = Fingerprinter::new(Limits::default());
    let turned = encode_oriented(&draw(Pattern::Shapes, width, height), ImageFormat::Jpeg, 6);
    fingerprinter.of(&turned).expect("it is a picture");
    let counts = allocation_counter::measure(|| {
        fingerprinter.of(&turned).expect("it is a picture");
    });
    assert_eq!(counts.count_total, 0, "turned");
}
