//! The hash is `imagehash.phash`'s. The expected values were printed by `tests/imagehash_expected.py`.

use fingerprint::{Fingerprinter, Limits};
use image::{DynamicImage, GrayImage, ImageFormat};

use crate::drawing::{Pattern, draw, encode, encode_any, encode_oriented};

const DRAWN: &[(Pattern, u32, u32, u64)] = &[
    (Pattern::Gradient, 1, 1, 0x0000000000000000),
    (Pattern::Gradient, 7, 5, 0xab3fff74c4c40a80),
    (Pattern::Gradient, 33, 31, 0xaa6be57a8e21d548),
    (Pattern::Gradient, 32, 32, 0xaa0eea40b73fe425),
    (Pattern::Gradient, 97, 400, 0x821fc31fc21fc21f),
    (Pattern::Gradient, 1000, 40, 0xaa20d575807ba97d),
    (Pattern::Shapes, 1, 1, 0x8000000000000000),
    (Pattern::Shapes, 7, 5, 0xcd2d323132cecdca),
    (Pattern::Shapes, 33, 31, 0xc0443f37f8385fc4),
    (Pattern::Shapes, 32, 32, 0xc0403f37f939dbc0),
    (Pattern::Shapes, 97, 400, 0xc9263f3fc0c0c13f),
    (Pattern::Shapes, 1000, 40, 0x8f265838a7585da7),
    (Pattern::Noise, 1, 1, 0x0000000000000000),
    (Pattern::Noise, 7, 5, 0x87830ed1232efc3e),
    (Pattern::Noise, 33, 31, 0xe02731cfae949ea1),
    (Pattern::Noise, 32, 32, 0xe22729d52e949e8b),
    (Pattern::Noise, 97, 400, 0xc56abd5d03776412),
    (Pattern::Noise, 1000, 40, 0x8f11949d4fd1c674),
];

const ORIENTED: [u64; 8] = [
    0xc746393bb83838c7,
    0x92136c6ecd6d2d92,
    0x92ac6c91ed922d6d,
    0xc7b939c4b8c73838,
    0x89c13e3e3ec1d1b1,
    0xdc946b6b6b9484e4,
    0xdc296b946b6b841b,
    0x893c36c13e3ed14e,
];

fn distance(bytes: &[u8], expected: u64) -> u32 {
    (fingerprint::of(bytes).expect("it is a picture").phash ^ expected).count_ones()
}

#[test]
fn lossless_pictures_have_the_very_hash_of_imagehash() {
    for &(pattern, w, h, expected) in DRAWN {
        let picture = draw(pattern, w, h);
        for format in [ImageFormat::Png, ImageFormat::Bmp, ImageFormat::WebP] {
            let hash = fingerprint::of(&encode(&picture, format)).unwrap().phash;
            assert_eq!(
                format!("{hash:016x}"),
                format!("{expected:016x}"),
                "{pattern:?} {w}x{h} as {format:?}"
            );
        }
    }
}

/// Thumbnails are so small that they are hashed as they are, like the pictures above.
#[test]
fn a_larger_picture_has_the_hash_of_its_thumbnail() {
    let mut fingerprinter = Fingerprinter::new(Limits::default());
    for (width, height, across, down) in [(640, 480, 160, 120), (1280, 720, 160, 90)] {
        for format in [ImageFormat::Png, ImageFormat::Jpeg] {
            let bytes = encode(&draw(Pattern::Shapes, width, height), format);
            let thumbnail = fingerprinter.thumbnail(&bytes).unwrap();
            assert_eq!((thumbnail.width, thumbnail.height), (across, down));
            let levels = thumbnail.levels.to_vec();
            let grey = GrayImage::from_raw(across as u32, down as u32, levels).unwrap();
            let small = encode_any(&DynamicImage::ImageLuma8(grey), ImageFormat::Png);
            let (large, small) = (fingerprint::of(&bytes), fingerprint::of(&small));
            let (large, small) = (large.unwrap(), small.unwrap());
            assert_eq!(large.phash, small.phash, "{width}x{height} as {format:?}");
            assert_eq!(large.phash_256, small.phash_256, "{width}x{height}");
        }
    }
}

/// The expected hash is that of the pixels before encoding, so the encoder's loss counts too.
#[test]
fn jpegs_differ_by_the_encoders_loss_only() {
    for &(pattern, w, h, expected) in DRAWN {
        if matches!(pattern, Pattern::Shapes) && w > 33 {
            let bytes = encode_oriented(&draw(pattern, w, h), ImageFormat::Jpeg, 1);
            assert!(
                distance(&bytes, expected) <= 2,
                "{w}x{h}: {}",
                distance(&bytes, expected)
            );
        }
    }
}

#[test]
fn orientation_is_applied_as_by_exif_transpose() {
    let picture = draw(Pattern::Shapes, 97, 60);
    for (orientation, expected) in (1..).zip(ORIENTED) {
        for (format, most) in [
            (ImageFormat::Png, 0),
            (ImageFormat::WebP, 0),
            (ImageFormat::Jpeg, 2),
        ] {
            let bytes = encode_oriented(&picture, format, orientation);
            let print = fingerprint::of(&bytes).unwrap();
            let size = if orientation < 5 { (97, 60) } else { (60, 97) };
            assert_eq!(
                (print.width, print.height),
                size,
                "orientation {orientation} of {format:?}"
            );
            assert!(
                distance(&bytes, expected) <= most,
                "orientation {orientation} of {format:?}"
            );
        }
    }
}
