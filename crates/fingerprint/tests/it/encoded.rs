//! What the header of a picture says, before anything is decoded.

use fingerprint::{Encoded, Error, Limits};
use image::ImageFormat;

use crate::drawing::{Pattern, draw, encode, encode_oriented};
use crate::jpegs::{Coding, without};

/// The marker of Huffman tables.
const DHT: u8 = 0xC4;

#[test]
fn the_size_is_that_of_the_picture_upright() {
    let picture = draw(Pattern::Shapes, 97, 60);
    for format in [ImageFormat::Png, ImageFormat::WebP, ImageFormat::Jpeg] {
        for orientation in 1..=8 {
            let bytes = encode_oriented(&picture, format, orientation);
            let encoded = Encoded::open(&bytes, Limits::default()).unwrap();
            let upright = if orientation < 5 { (97, 60) } else { (60, 97) };
            assert_eq!(encoded.size(), upright, "{orientation} of {format:?}");
            let mut decoded = encoded.decode().unwrap();
            assert_eq!((decoded.width(), decoded.height()), (97, 60));
            decoded.apply_orientation(encoded.orientation());
            assert_eq!((decoded.width(), decoded.height()), upright);
        }
    }
}

#[test]
fn frames_of_motion_jpeg_are_decoded_without_tables_of_their_own() {
    let whole = Coding::PLAIN.encode(&draw(Pattern::Shapes, 800, 600));
    let bare = without(&whole, DHT);
    assert!(bare.len() < whole.len());
    let decode = |bytes: &[u8]| {
        let encoded = Encoded::open(bytes, Limits::default()).unwrap();
        encoded.decode().unwrap()
    };
    assert_eq!(decode(&bare), decode(&whole));
}

#[test]
fn what_is_above_the_limits_is_refused_by_its_header() {
    let picture = draw(Pattern::Gradient, 400, 300);
    let few_pixels = Limits {
        max_pixels: 100_000,
        ..Limits::default()
    };
    let png = encode(&picture, ImageFormat::Png);
    let refused = Encoded::open(&png, few_pixels);
    assert!(matches!(refused, Err(Error::TooLarge { .. })));

    // A progressive picture is held as coefficients, of two bytes each, before it becomes pixels.
    let little_memory = Limits {
        max_alloc_bytes: 900_000,
        ..Limits::default()
    };
    let coding = |progressive| Coding {
        progressive,
        colour: crate::jpegs::Colour::Subsampled(1, 1),
        ..Coding::PLAIN
    };
    let sequential = coding(false).encode(&picture);
    assert!(Encoded::open(&sequential, little_memory).is_ok());
    let progressive = coding(true).encode(&picture);
    let refused = Encoded::open(&progressive, little_memory);
    assert!(matches!(refused, Err(Error::TooMuchMemory { .. })));
}
