//! A JPEG at 1/4 scale in colour is the mean of 4×4 pixels of the whole picture, however it is coded.

use fingerprint::{Error, Fingerprinter, Limits};
use image::{ImageFormat, RgbImage};
use proptest::prelude::*;

use crate::drawing::{Pattern, draw, encode, encode_oriented};
use crate::jpegs::{Coding, Colour, codings};

fn quarter(bytes: &[u8], least: (u32, u32)) -> Result<Option<RgbImage>, Error> {
    Fingerprinter::new(Limits::default()).quarter_rgb(bytes, least)
}

/// The means of 4×4 pixels of what the `image` crate decodes. Squares at the right and lower edge may be partial.
fn means(bytes: &[u8]) -> RgbImage {
    let whole = image::load_from_memory(bytes).expect("it is a picture");
    let whole = whole.into_rgb8();
    let (width, height) = whole.dimensions();
    RgbImage::from_fn(width.div_ceil(4), height.div_ceil(4), |x, y| {
        let rows = 4 * y..height.min(4 * y + 4);
        let places = rows.flat_map(|y| (4 * x..width.min(4 * x + 4)).map(move |x| (x, y)));
        let levels: Vec<_> = places.map(|(x, y)| whole.get_pixel(x, y).0).collect();
        let mean = |channel: usize| {
            let sum: usize = levels.iter().map(|pixel| usize::from(pixel[channel])).sum();
            ((sum + levels.len() / 2) / levels.len()) as u8
        };
        image::Rgb([mean(0), mean(1), mean(2)])
    })
}

/// By how much the levels differ in the mean and at most, but for the last column and row: there the coded picture has pixels
/// that are not shown, and they count.
fn differences(left: &RgbImage, right: &RgbImage) -> (f64, u8) {
    assert_eq!(left.dimensions(), right.dimensions());
    let (width, height) = left.dimensions();
    let places = (0..height - 1).flat_map(|y| (0..width - 1).map(move |x| (x, y)));
    let differences = places.flat_map(|(x, y)| {
        let (left, right) = (left.get_pixel(x, y).0, right.get_pixel(x, y).0);
        [0, 1, 2].map(|channel| left[channel].abs_diff(right[channel]))
    });
    let differences: Vec<u8> = differences.collect();
    let sum: u32 = differences
        .iter()
        .map(|&difference| u32::from(difference))
        .sum();
    (
        f64::from(sum) / differences.len() as f64,
        differences.into_iter().max().expect("it has pixels"),
    )
}

/// With levels and colours that no coding cuts off at black or white.
fn soft(picture: &RgbImage) -> RgbImage {
    let mut soft = picture.clone();
    for pixel in soft.pixels_mut() {
        pixel.0 = pixel.0.map(|level| 100 + level / 5);
    }
    soft
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn it_is_the_mean_of_the_pixels(
        coding in codings(),
        (width, height) in (64..400_u32, 64..300_u32),
        pattern in prop::sample::select(vec![Pattern::Gradient, Pattern::Shapes, Pattern::Noise]),
    ) {
        prop_assume!(coding.is_read_by_image());
        let jpeg = coding.encode(&soft(&draw(pattern, width, height)));
        let made = quarter(&jpeg, (1, 1)).unwrap();
        if coding.progressive {
            prop_assert!(made.is_none());
            return Ok(());
        }
        let (mean, most) = differences(&made.unwrap(), &means(&jpeg));
        let is_full = matches!(coding.colour, Colour::Grey | Colour::Subsampled(1, 1));
        if is_full {
            prop_assert!(most <= 2, "{most}, {mean}");
        } else {
            // The chroma of several squares is one mean.
            prop_assert!(mean <= 6.0, "{most}, {mean}");
        }
    }
}

#[test]
fn chroma_that_changes_slowly_is_where_it_belongs() {
    let picture = soft(&draw(Pattern::Gradient, 640, 480));
    for sampling in [(2, 2), (2, 1), (1, 2), (4, 1), (4, 2)] {
        let coding = Coding {
            quality: 95,
            colour: Colour::Subsampled(sampling.0, sampling.1),
            ..Coding::PLAIN
        };
        let jpeg = coding.encode(&picture);
        let made = quarter(&jpeg, (160, 120)).unwrap().unwrap();
        let (mean, _) = differences(&made, &means(&encode(&picture, ImageFormat::Png)));
        assert!(mean < 2.0, "{sampling:?}: {mean}");
    }
}

#[test]
fn it_is_turned_upright_and_the_least_size_is_that_of_the_upright_picture() {
    let picture = soft(&draw(Pattern::Shapes, 320, 240));
    for orientation in 1..=8 {
        let jpeg = encode_oriented(&picture, ImageFormat::Jpeg, orientation);
        let upright = image::imageops::resize(
            &{
                let mut whole = image::DynamicImage::ImageRgb8(picture.clone());
                let turn = image::metadata::Orientation::from_exif(orientation).unwrap();
                whole.apply_orientation(turn);
                whole.into_rgb8()
            },
            if orientation < 5 { 80 } else { 60 },
            if orientation < 5 { 60 } else { 80 },
            image::imageops::FilterType::Triangle,
        );
        let made = quarter(&jpeg, upright.dimensions()).unwrap().unwrap();
        let (mean, _) = differences(&made, &upright);
        assert!(mean < 4.0, "{orientation}: {mean}");
        let (width, height) = upright.dimensions();
        assert!(quarter(&jpeg, (width + 1, height)).unwrap().is_none());
        assert!(quarter(&jpeg, (width, height + 1)).unwrap().is_none());
    }
}

#[test]
fn what_is_no_such_jpeg_has_none_and_what_is_cut_short_is_refused() {
    let picture = draw(Pattern::Shapes, 320, 240);
    let png = encode(&picture, ImageFormat::Png);
    assert!(quarter(&png, (1, 1)).unwrap().is_none());
    let inks = Coding {
        colour: Colour::Cmyk,
        ..Coding::PLAIN
    };
    assert!(quarter(&inks.encode(&picture), (1, 1)).unwrap().is_none());
    let jpeg = Coding::PLAIN.encode(&picture);
    let cut = quarter(&jpeg[..jpeg.len() / 2], (1, 1));
    assert!(matches!(cut, Err(Error::Incomplete { .. })), "{cut:?}");
    let mut fingerprinter = Fingerprinter::new(Limits {
        max_alloc_bytes: 100_000,
        ..Limits::default()
    });
    let refused = fingerprinter.quarter_rgb(&jpeg, (1, 1)).unwrap_err();
    let needed = refused.needed_bytes().expect("more memory would help");
    fingerprinter.allow(needed);
    assert!(fingerprinter.quarter_rgb(&jpeg, (1, 1)).unwrap().is_some());
}

#[test]
fn what_was_seen_before_changes_nothing() {
    let mut used = Fingerprinter::new(Limits::default());
    for side in [320, 200, 440] {
        for coding in [
            Coding::PLAIN,
            Coding {
                quality: 40,
                colour: Colour::Grey,
                ..Coding::PLAIN
            },
        ] {
            let jpeg = coding.encode(&draw(Pattern::Noise, side, 240));
            used.of(&jpeg).unwrap();
            let made = used.quarter_rgb(&jpeg, (1, 1)).unwrap();
            assert_eq!(made, quarter(&jpeg, (1, 1)).unwrap());
            assert_eq!(used.of(&jpeg).unwrap(), fingerprint::of(&jpeg).unwrap());
        }
    }
}
