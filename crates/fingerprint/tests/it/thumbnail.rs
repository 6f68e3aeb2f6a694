//! The thumbnail is the picture at 1/8 or 1/4 scale, however the picture is coded. How it equals libjpeg-turbo's is tested in
//! `bench/`, which needs a C compiler and cmake.

use fingerprint::{Fingerprinter, Limits};
use image::{ImageFormat, RgbImage};
use proptest::prelude::*;

use crate::drawing::{Pattern, draw, encode};
use crate::jpegs::{Coding, Colour, codings, segments, without};

/// Width, height and grey levels.
type Levels = (usize, usize, Vec<u8>);

fn thumbnail(bytes: &[u8]) -> Levels {
    let mut fingerprinter = Fingerprinter::new(Limits::default());
    let thumbnail = fingerprinter.thumbnail(bytes).expect("it is a picture");
    (thumbnail.width, thumbnail.height, thumbnail.levels.to_vec())
}

fn largest_difference(left: &Levels, right: &Levels) -> u8 {
    assert_eq!((left.0, left.1), (right.0, right.1));
    let levels = left.2.iter().zip(&right.2);
    levels.map(|(a, b)| a.abs_diff(*b)).max().unwrap_or(0)
}

/// The thumbnail of the picture that the `image` crate decodes.
fn of_decoded(bytes: &[u8]) -> Levels {
    let decoded = image::load_from_memory(bytes).expect("it is a picture");
    thumbnail(&encode(&decoded.to_rgb8(), ImageFormat::Png))
}

/// Grey and between 40 and 215, so that no coding cuts levels off at black or white.
fn soft(picture: &RgbImage) -> RgbImage {
    let mut soft = picture.clone();
    for pixel in soft.pixels_mut() {
        let sum: u16 = pixel.0.iter().map(|&sample| u16::from(sample)).sum();
        pixel.0 = [40 + (sum * 58 / 255) as u8; 3];
    }
    soft
}

/// Sides of pictures whose thumbnail is at 1/8, and of pictures whose thumbnail is at 1/4.
fn sides() -> impl Strategy<Value = (u32, u32)> {
    prop_oneof![
        (569..660_u32, 569..660_u32),
        (381..569_u32, 381..500_u32),
        (381..500_u32, 500..660_u32),
    ]
}

/// The side of the squares that a thumbnail's pixels are the means of.
fn square(width: u32, height: u32) -> u32 {
    match width.min(height) {
        569.. => 8,
        381.. => 4,
        _ => 1,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn it_is_the_mean_of_the_decoded_pixels((width, height) in sides(), coding in codings()) {
        prop_assume!(coding.is_read_by_image());
        let square = square(width, height);
        for pattern in [Pattern::Gradient, Pattern::Shapes] {
            let bytes = coding.encode(&soft(&draw(pattern, width, height)));
            let (across, down, levels) = thumbnail(&bytes);
            let expected = (width.div_ceil(square), height.div_ceil(square));
            prop_assert_eq!((across as u32, down as u32), expected);
            let decoded = of_decoded(&bytes);
            // A square at the edge that isn't whole has a mean of its own: what the encoder filled it up with counts.
            for y in 0..(height / square) as usize {
                for x in 0..(width / square) as usize {
                    let difference = levels[y * across + x].abs_diff(decoded.2[y * across + x]);
                    prop_assert!(difference <= 2, "{difference} at {x}, {y} of {pattern:?}");
                }
            }
        }
    }

    /// None of these changes a coefficient.
    #[test]
    fn it_does_not_depend_on_how_the_coefficients_are_coded((width, height) in sides(), coding in codings()) {
        let picture = draw(Pattern::Noise, width, height);
        let plain = Coding { progressive: false, restart_interval: 0, optimised_tables: false, ..coding };
        prop_assert_eq!(thumbnail(&coding.encode(&picture)), thumbnail(&plain.encode(&picture)));
    }

    /// Nearly all bits are in a few rows at the top, as with a clock on a dark picture: the second half of the bits holds
    /// nearly all blocks.
    #[test]
    fn it_does_not_depend_on_where_the_bits_are((width, height) in sides(), coding in codings(), rows in 4..60_u32) {
        let mut picture = draw(Pattern::Noise, width, height);
        for pixel in picture.rows_mut().skip(rows as usize).flatten() {
            pixel.0 = [9; 3];
        }
        let at_once = Coding { progressive: false, restart_interval: 0, ..coding };
        let apart = Coding { restart_interval: 11, optimised_tables: false, ..at_once };
        prop_assert_eq!(thumbnail(&at_once.encode(&picture)), thumbnail(&apart.encode(&picture)));
    }

    #[test]
    fn of_a_small_picture_it_is_the_picture((width, height) in (1..90_u32, 1..90_u32), coding in codings()) {
        prop_assume!(coding.is_read_by_image());
        let bytes = coding.encode(&draw(Pattern::Noise, width, height));
        let seen = thumbnail(&bytes);
        prop_assert_eq!((seen.0, seen.1), (width as usize, height as usize));
        prop_assert_eq!(seen, of_decoded(&bytes));
    }
}

fn plain() -> Vec<u8> {
    of_size(640, 600)
}

fn of_size(width: u32, height: u32) -> Vec<u8> {
    Coding::PLAIN.encode(&draw(Pattern::Shapes, width, height))
}

#[test]
fn fill_bytes_before_markers_change_nothing() {
    let coding = Coding {
        restart_interval: 7,
        ..Coding::PLAIN
    };
    let bytes = coding.encode(&draw(Pattern::Shapes, 640, 600));
    let scan = segments(&bytes)
        .last()
        .map(|(_, place)| place.end)
        .expect("there is a scan");
    let mut filled = bytes[..2].to_vec();
    for (_, place) in segments(&bytes) {
        filled.extend([0xFF, 0xFF]);
        filled.extend(&bytes[place]);
    }
    for pair in bytes[scan..].windows(2) {
        if pair[0] == 0xFF && pair[1] != 0 {
            filled.push(0xFF);
        }
        filled.push(pair[0]);
    }
    filled.push(0xD9);
    assert_eq!(thumbnail(&filled), thumbnail(&bytes));
}

#[test]
fn motion_jpeg_without_huffman_tables_has_the_standard_ones() {
    for side in [48, 400, 640] {
        let bytes = Coding::PLAIN.encode(&draw(Pattern::Shapes, side, side));
        let bare = without(&bytes, 0xC4);
        assert!(bare.len() < bytes.len());
        assert_eq!(thumbnail(&bare), thumbnail(&bytes), "{side} pixels");
    }
}

/// RGB pixels coded as they are have no luma to be read off; CMYK has none either.
#[test]
fn other_colours_are_decoded() {
    for (width, height) in [(640, 600), (400, 384)] {
        let picture = soft(&draw(Pattern::Shapes, width, height));
        let png = thumbnail(&encode(&picture, ImageFormat::Png));
        let cmyk = Coding {
            colour: Colour::Cmyk,
            quality: 100,
            ..Coding::PLAIN
        };
        let seen = thumbnail(&cmyk.encode(&picture));
        assert!(largest_difference(&seen, &png) <= 3, "{width}x{height}");
    }
}

#[test]
fn a_frame_header_that_names_its_components_rgb_means_rgb() {
    rgb_by_its_names(&plain());
    rgb_by_its_names(&of_size(400, 384));
}

fn rgb_by_its_names(bytes: &[u8]) {
    let mut bytes = without(bytes, 0xE0);
    let as_luma = thumbnail(&bytes);
    let frame = segments(&bytes)
        .into_iter()
        .find(|(marker, _)| *marker == 0xC0)
        .expect("there is a frame header")
        .1;
    let scan = segments(&bytes).last().expect("there is a scan").1.clone();
    for (index, name) in b"RGB".iter().enumerate() {
        bytes[frame.start + 10 + 3 * index] = *name;
        bytes[scan.start + 5 + 2 * index] = *name;
    }
    assert_eq!(thumbnail(&bytes), of_decoded(&bytes));
    assert_ne!(thumbnail(&bytes), as_luma);
}

#[test]
fn bytes_between_and_in_unknown_segments_change_nothing() {
    let bytes = plain();
    let noted = [
        &bytes[..2],
        b"\xFF\xFE\0\x08\xFF\xDA\0\x0Cxx",
        b"stray",
        &bytes[2..],
    ]
    .concat();
    assert_eq!(thumbnail(&noted), thumbnail(&bytes));
}

/// The `image` crate would take the chroma for luma; a coarse thumbnail is better than a wrong one.
#[test]
fn a_small_picture_that_image_misreads_is_its_dc_coefficients() {
    let picture = soft(&draw(Pattern::Shapes, 128, 96));
    let apart = Coding {
        optimised_tables: true,
        ..Coding::PLAIN
    };
    assert!(!apart.is_read_by_image());
    let (width, height, levels) = thumbnail(&apart.encode(&picture));
    assert_eq!((width, height), (16, 12));
    for (index, level) in levels.iter().enumerate() {
        let (x, y) = (index as u32 % 16 * 8, index as u32 / 16 * 8);
        let block = image::imageops::crop_imm(&picture, x, y, 8, 8).to_image();
        let sum: u32 = block.pixels().map(|pixel| u32::from(pixel.0[0])).sum();
        assert!(level.abs_diff((sum / 64) as u8) <= 2, "{x}, {y}");
    }
}

/// At each scale two files of the same coefficients: `draw(Pattern::Shapes, 640, 600)`, saved by Pillow 12.3 (libjpeg-turbo)
/// at quality 60, and `draw(Pattern::Shapes, 480, 400)`, coded by this crate's tests at quality 60 and made progressive by
/// libjpeg-turbo, as `jpegtran -progressive` does. The progressive ones send the last bits of the coefficients in scans of their own.
#[test]
fn a_progressive_jpegs_last_bits_are_read() {
    let baseline = include_bytes!("../fixtures/baseline.jpg");
    let progressive = include_bytes!("../fixtures/progressive.jpg");
    assert_eq!(thumbnail(progressive), thumbnail(baseline));
    let baseline = include_bytes!("../fixtures/baseline-quarter.jpg");
    let progressive = include_bytes!("../fixtures/progressive-quarter.jpg");
    assert_eq!(thumbnail(progressive), thumbnail(baseline));
}

/// The first scan of its luma's AC coefficients comes again, and so gives bits that came before.
#[test]
fn progressive_scans_that_repeat_are_refused() {
    let bytes = include_bytes!("../fixtures/progressive-quarter.jpg");
    let scans = scans(bytes);
    let is_of_ac =
        |scan: &&std::ops::Range<usize>| bytes[scan.start + 4] == 1 && bytes[scan.start + 7] > 0;
    let scan = scans
        .iter()
        .find(is_of_ac)
        .expect("it has such scans")
        .clone();
    let twice = [&bytes[..scan.end], &bytes[scan.clone()], &bytes[scan.end..]].concat();
    let error = fingerprint::of(&twice).unwrap_err().to_string();
    assert!(error.contains("out of order"), "{error}");
}

/// Where each scan is, with its header.
fn scans(bytes: &[u8]) -> Vec<std::ops::Range<usize>> {
    let marks = |marker: u8| {
        let pairs = bytes.windows(2).enumerate();
        let marks = pairs.filter(move |(_, pair)| pair == &[0xFF, marker]);
        marks.map(|(at, _)| at)
    };
    let ends: Vec<usize> = [0xC4, 0xDA, 0xD9].into_iter().flat_map(marks).collect();
    let behind = |at: usize| ends.iter().copied().filter(move |&end| end > at).min();
    marks(0xDA)
        .map(|at| at..behind(at).unwrap_or(bytes.len()))
        .collect()
}
