//! Damaged, cut and hostile bytes: always an answer, never a panic, and no half picture taken for a whole one.

use fingerprint::{Encoded, Error, Fingerprinter, Limits};
use image::ImageFormat;

use crate::drawing::{Pattern, draw, encode};
use crate::jpegs::{Coding, Colour, segments};

const FORMATS: [ImageFormat; 5] = [
    ImageFormat::Jpeg,
    ImageFormat::Png,
    ImageFormat::WebP,
    ImageFormat::Gif,
    ImageFormat::Bmp,
];

#[test]
fn a_cut_picture_is_refused() {
    for pattern in [Pattern::Shapes, Pattern::Noise] {
        for format in FORMATS {
            let bytes = encode(&draw(pattern, 200, 150), format);
            for percent in [20, 50, 70, 90, 97] {
                let cut = &bytes[..bytes.len() * percent / 100];
                let result = fingerprint::of(cut);
                assert!(
                    result.is_err(),
                    "{percent} % of a {format:?} of {pattern:?} gave {result:?}"
                );
            }
        }
    }
}

#[test]
fn a_jpeg_without_its_end_marker_is_whole() {
    for pattern in [Pattern::Gradient, Pattern::Shapes, Pattern::Noise] {
        let bytes = encode(&draw(pattern, 200, 150), ImageFormat::Jpeg);
        let without_marker = &bytes[..bytes.len() - 2];
        assert_eq!(
            fingerprint::of(without_marker).unwrap(),
            fingerprint::of(&bytes).unwrap()
        );
    }
}

#[test]
fn a_jpeg_cut_short_and_ended_properly_is_incomplete() {
    let bytes = encode(&draw(Pattern::Noise, 200, 150), ImageFormat::Jpeg);
    let mut cut = bytes[..bytes.len() * 9 / 10].to_vec();
    cut.extend([0xFF, 0xD9]);
    assert!(matches!(
        fingerprint::of(&cut),
        Err(Error::Incomplete { .. })
    ));
}

#[test]
fn a_jpeg_followed_by_other_bytes_is_whole() {
    let bytes = encode(&draw(Pattern::Shapes, 200, 150), ImageFormat::Jpeg);
    let followed = [bytes.as_slice(), b"\0\0\xFF\xD8 and more"].concat();
    assert_eq!(
        fingerprint::of(&followed).unwrap(),
        fingerprint::of(&bytes).unwrap()
    );
}

#[test]
fn a_large_jpeg_is_whole_with_all_but_one_percent_of_its_blocks() {
    let intervals = Coding {
        restart_interval: 40,
        ..Coding::PLAIN
    };
    let sizes = [(640, 600), (480, 400)];
    let cases = sizes.map(|size| [Coding::PLAIN, intervals].map(|coding| (size, coding)));
    for ((width, height), coding) in cases.into_iter().flatten() {
        let bytes = coding.encode(&draw(Pattern::Noise, width, height));
        let whole = fingerprint::of(&bytes).unwrap();
        let cut = |permille| fingerprint::of(&bytes[..bytes.len() * permille / 1000]);
        assert!(cut(993).unwrap().similarity(&whole) > 0.9, "{coding:?}");
        for permille in [980, 900, 500, 100] {
            let result = cut(permille);
            assert!(
                matches!(result, Err(Error::Incomplete { .. })),
                "{permille} ‰ of {coding:?} gave {result:?}"
            );
        }
    }
}

/// What is cut off may be only a few bits of the AC coefficients. Nothing but the end marker tells that it is missing.
#[test]
fn a_progressive_jpeg_is_whole_with_its_end_marker() {
    let progressive = Coding {
        progressive: true,
        ..Coding::PLAIN
    };
    for (width, height) in [(640, 600), (480, 400)] {
        let bytes = progressive.encode(&draw(Pattern::Shapes, width, height));
        assert!(fingerprint::of(&bytes).is_ok());
        for percent in [5, 50, 99] {
            let cut = &bytes[..bytes.len() * percent / 100];
            assert!(matches!(
                fingerprint::of(cut),
                Err(Error::Incomplete { .. })
            ));
        }
    }
}

#[test]
fn a_header_alone_takes_no_memory() {
    let mut bytes = Coding::PLAIN.encode(&draw(Pattern::Shapes, 640, 600));
    let frame = segments(&bytes)
        .into_iter()
        .find(|(marker, _)| *marker == 0xC0)
        .expect("there is a frame header")
        .1;
    // 10,000 pixels each way, in as many bytes as before.
    bytes[frame.start + 5..frame.start + 9].copy_from_slice(&[0x27, 0x10, 0x27, 0x10]);
    let most = allocation_counter::measure(|| {
        assert!(matches!(
            fingerprint::of(&bytes),
            Err(Error::Incomplete { .. })
        ));
    });
    assert!(most.bytes_max < 4 << 20, "{} bytes", most.bytes_max);
}

/// 176,000 of them, the same in every run. Mutations hit the first bytes more often than others: sizes, offsets and
/// tables are there.
#[test]
fn mutated_pictures_never_panic() {
    let mut random = Random(2026);
    let limits = Limits {
        max_pixels: 4_000_000,
        max_alloc_bytes: 64 << 20,
    };
    let mut fingerprinter = Fingerprinter::new(limits);
    let mut originals = Vec::new();
    for format in FORMATS {
        for (pattern, w, h) in [(Pattern::Shapes, 40, 30), (Pattern::Noise, 9, 17)] {
            originals.push(encode(&draw(pattern, w, h), format));
        }
    }
    let sizes = [(576, 577), (384, 385)].map(|(w, h)| draw(Pattern::Shapes, w, h));
    for (progressive, restart_interval, colour) in [
        (false, 0, Colour::Subsampled(2, 2)),
        (false, 9, Colour::Subsampled(1, 1)),
        (false, 0, Colour::Subsampled(4, 1)),
        (true, 0, Colour::Subsampled(2, 2)),
        (true, 30, Colour::Grey),
    ] {
        let coding = Coding {
            quality: 20,
            progressive,
            restart_interval,
            colour,
            ..Coding::PLAIN
        };
        originals.extend(sizes.iter().map(|picture| coding.encode(picture)));
    }
    let quarter = ["baseline", "progressive"].map(fixture);
    originals.extend(quarter);
    assert_eq!(originals.len(), 22);
    for original in &originals {
        for turn in 0..8_000 {
            let mut bytes = original.clone();
            for _ in 0..=random.below(6) {
                mutate(&mut bytes, &mut random);
            }
            match fingerprinter.of(&bytes) {
                Ok(print) => assert!(print.quality.contrast <= 127.5),
                Err(error) => assert!(!error.to_string().is_empty()),
            }
            // Slow, for it decodes every block.
            if turn % 20 == 0
                && let Ok(encoded) = Encoded::open(&bytes, limits)
                && let Ok(image) = encoded.decode()
            {
                assert!(image.width() > 0);
            }
        }
    }
}

/// A picture whose thumbnail is at 1/4.
fn fixture(coding: &str) -> Vec<u8> {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    std::fs::read(folder.join(format!("{coding}-quarter.jpg"))).expect("it is among the fixtures")
}

fn mutate(bytes: &mut Vec<u8>, random: &mut Random) {
    let reach = if random.below(2) == 0 {
        bytes.len().min(64)
    } else {
        bytes.len()
    };
    let at = random
        .below(reach.max(1))
        .min(bytes.len().saturating_sub(1));
    let length = random.below(8).min(bytes.len() - at);
    match random.below(5) {
        0 => bytes.truncate(at),
        1 => drop(bytes.drain(at..at + length)),
        2 => bytes.extend_from_within(at..at + length),
        3 => bytes[at..at + length].fill(0xFF),
        _ => bytes[at..at + length]
            .iter_mut()
            .for_each(|byte| *byte = random.below(256) as u8),
    }
}

/// Knuth's 64-bit linear congruential generator: the same mutations in every run.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % bound
    }
}
