//! The thumbnail beside libjpeg-turbo's grey decode: at 1/8 scale, of middling pictures at 1/4, of small ones at full size.

use bench::contenders::{Grey, Turbo};
use bench::corpus;
use fingerprint::{Error, Fingerprinter, Limits};
use jpeg_encoder::{ColorType, Encoder, SamplingFactor};
use proptest::prelude::*;
use turbojpeg::Transform;

#[derive(Clone, Copy, Debug)]
struct Coding {
    quality: u8,
    /// `None` is grey.
    sampling: Option<(u8, u8)>,
    restart_interval: u16,
    optimised_tables: bool,
    /// By libjpeg-turbo itself: with successive approximation.
    progressive: bool,
}

fn codings() -> impl Strategy<Value = Coding> {
    let samplings = [
        (1, 1),
        (2, 1),
        (1, 2),
        (2, 2),
        (4, 1),
        (4, 2),
        (1, 4),
        (2, 4),
    ];
    let samplings: Vec<_> = samplings.map(Some).into_iter().chain([None]).collect();
    let parts = (
        1..=100_u8,
        prop::sample::select::<Option<(u8, u8)>>(samplings),
        prop_oneof![Just(0), 1..300_u16],
        any::<bool>(),
        any::<bool>(),
    );
    parts.prop_map(
        |(quality, sampling, restart_interval, optimised, progressive)| Coding {
            quality,
            sampling,
            restart_interval,
            // The encoder makes these tables as if there were no restart intervals, and then misses codes.
            optimised_tables: optimised && restart_interval == 0,
            progressive,
        },
    )
}

#[derive(Clone, Copy, Debug)]
enum Pattern {
    Gradient,
    Shapes,
    Noise,
    Checks,
}

fn patterns() -> impl Strategy<Value = Pattern> {
    prop::sample::select(vec![
        Pattern::Gradient,
        Pattern::Shapes,
        Pattern::Noise,
        Pattern::Checks,
    ])
}

/// RGB samples, in strong colours and with black and white.
fn draw(pattern: Pattern, width: u16, height: u16) -> Vec<u8> {
    let mut samples = Vec::with_capacity(usize::from(width) * usize::from(height) * 3);
    for y in 0..u32::from(height) {
        for x in 0..u32::from(width) {
            samples.extend(
                match pattern {
                    Pattern::Gradient => [
                        x * 255 / u32::from(width),
                        y * 255 / u32::from(height),
                        (x * 3 + y * 5) % 256,
                    ],
                    Pattern::Shapes if (x / 90 + y / 70) % 3 == 0 => [230, 180, 60],
                    Pattern::Shapes => [40, 50 + y * 90 / u32::from(height), 45],
                    Pattern::Noise => {
                        let n = x
                            .wrapping_mul(374_761_393)
                            .wrapping_add(y.wrapping_mul(668_265_263));
                        let n = (n ^ (n >> 13)).wrapping_mul(1_274_126_177);
                        [n & 255, n >> 8 & 255, n >> 16 & 255]
                    }
                    Pattern::Checks => [255 * ((x / 3 + y / 5) % 2); 3],
                }
                .map(|sample| sample as u8),
            );
        }
    }
    samples
}

fn encode(coding: Coding, pattern: Pattern, width: u16, height: u16) -> Vec<u8> {
    let samples = draw(pattern, width, height);
    let mut bytes = Vec::new();
    let mut encoder = Encoder::new(&mut bytes, coding.quality);
    encoder.set_restart_interval(coding.restart_interval);
    encoder.set_optimized_huffman_tables(coding.optimised_tables);
    let (samples, colour) = match coding.sampling {
        Some((across, down)) => {
            let factor = SamplingFactor::from_factors(across, down);
            encoder.set_sampling_factor(factor.expect("the encoder knows this sampling"));
            (samples, ColorType::Rgb)
        }
        None => (samples.into_iter().step_by(3).collect(), ColorType::Luma),
    };
    encoder
        .encode(&samples, width, height, colour)
        .expect("it can be encoded");
    if coding.progressive {
        let mut transform = Transform::default();
        transform.progressive = true;
        bytes = turbojpeg::transform(&transform, &bytes)
            .expect("it can be transformed")
            .to_vec();
    }
    bytes
}

fn thumbnail(bytes: &[u8]) -> Result<Grey, Error> {
    let mut fingerprinter = Fingerprinter::new(Limits::default());
    let thumbnail = fingerprinter.thumbnail(bytes)?;
    Ok(Grey {
        width: thumbnail.width,
        height: thumbnail.height,
        levels: thumbnail.levels.to_vec(),
    })
}

fn largest_difference(left: &Grey, right: &Grey) -> u8 {
    assert_eq!((left.width, left.height), (right.width, right.height));
    let levels = left.levels.iter().zip(&right.levels);
    levels.map(|(a, b)| a.abs_diff(*b)).max().unwrap_or(0)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn a_large_picture_is_libjpegs_at_one_eighth(
        coding in codings(),
        pattern in patterns(),
        width in 569..900_u16,
        height in 569..900_u16,
    ) {
        let bytes = encode(coding, pattern, width, height);
        let seen = thumbnail(&bytes).expect("it is a picture");
        let mut turbo = Turbo::eighth().expect("libjpeg-turbo is linked in");
        let expected = turbo.decode(&bytes).expect("libjpeg-turbo reads it");
        prop_assert!(largest_difference(&seen, expected) <= 1);
    }

    #[test]
    fn a_middling_picture_is_libjpegs_at_one_quarter(
        coding in codings(),
        pattern in patterns(),
        width in 381..569_u16,
        height in 381..700_u16,
        is_upright in any::<bool>(),
    ) {
        let (width, height) = if is_upright { (width, height) } else { (height, width) };
        let bytes = encode(coding, pattern, width, height);
        let seen = thumbnail(&bytes).expect("it is a picture");
        let mut turbo = Turbo::quarter().expect("libjpeg-turbo is linked in");
        let expected = turbo.decode(&bytes).expect("libjpeg-turbo reads it");
        prop_assert!(largest_difference(&seen, expected) <= 1);
    }

    /// With chroma in full, since libjpeg has that of other pictures at another scale than their luma. A level of chroma is up
    /// to 1.8 levels of a colour.
    #[test]
    fn a_picture_in_colour_is_libjpegs_at_one_quarter(
        coding in codings(),
        pattern in patterns(),
        width in 16..700_u16,
        height in 16..500_u16,
    ) {
        let sampling = coding.sampling.map(|_| (1, 1));
        let coding = Coding { sampling, progressive: false, ..coding };
        let bytes = encode(coding, pattern, width, height);
        let mut fingerprinter = Fingerprinter::new(Limits::default());
        let seen = fingerprinter.quarter_rgb(&bytes, (1, 1)).expect("it is a picture");
        let seen = seen.expect("it is sequential").into_raw();
        let mut turbo = Turbo::quarter().expect("libjpeg-turbo is linked in");
        let expected = turbo.decode_rgb(&bytes).expect("libjpeg-turbo reads it");
        prop_assert_eq!(seen.len(), expected.len());
        let differences = seen.iter().zip(&expected).map(|(a, b)| a.abs_diff(*b));
        prop_assert!(differences.max() <= Some(3));
    }

    /// Grey, so that nothing depends on how chroma is interpolated and cut off.
    #[test]
    fn a_small_picture_is_libjpegs_at_full_size(
        coding in codings(),
        pattern in patterns(),
        width in 1..100_u16,
        height in 1..100_u16,
    ) {
        let coding = Coding { sampling: None, ..coding };
        let bytes = encode(coding, pattern, width, height);
        let seen = thumbnail(&bytes).expect("it is a picture");
        let mut turbo = Turbo::full().expect("libjpeg-turbo is linked in");
        let expected = turbo.decode(&bytes).expect("libjpeg-turbo reads it");
        prop_assert!(largest_difference(&seen, expected) <= 2);
    }
}

/// Where both read a picture of the corpus and its thumbnail is at 1/8 or 1/4 scale, as it is stored.
#[test]
fn the_corpus_is_libjpegs_at_the_same_scale() {
    let pictures = corpus::pictures(true).expect("the corpus can be read");
    let eighth = Turbo::eighth().expect("libjpeg-turbo is linked in");
    let quarter = Turbo::quarter().expect("libjpeg-turbo is linked in");
    for mut turbo in [eighth, quarter] {
        let mut compared = 0;
        for (path, bytes) in &pictures {
            let (Ok(seen), Ok(expected)) = (thumbnail(bytes), turbo.decode(bytes)) else {
                continue;
            };
            let is_turned = path.components().any(|part| part.as_os_str() == "exif");
            if (seen.width, seen.height) == (expected.width, expected.height) && !is_turned {
                let difference = largest_difference(&seen, expected);
                assert!(difference <= 1, "{}: {difference}", path.display());
                compared += 1;
            }
        }
        assert!(pictures.is_empty() || compared > 0);
    }
}
