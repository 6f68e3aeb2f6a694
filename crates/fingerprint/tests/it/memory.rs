//! What decoding takes is what the header says that it takes, or less, and not less than half.

use allocation_counter::measure;
use fingerprint::{Encoded, Error, Fingerprinter, Limits};
use image::{DynamicImage, ExtendedColorType, ImageEncoder, ImageFormat};

use crate::drawing::{Pattern, draw, encode_any, encode_oriented};
use crate::jpegs::{Coding, Colour};

const SIDE: u32 = 512;

/// A picture in every way in which a decoder goes about it differently.
fn pictures() -> Vec<(&'static str, Vec<u8>)> {
    let rgb = DynamicImage::ImageRgb8(draw(Pattern::Shapes, SIDE, SIDE));
    let with_alpha = DynamicImage::ImageRgba8(rgb.to_rgba8());
    let coded = |coding: Coding| coding.encode(&rgb.to_rgb8());
    let progressive = Coding {
        progressive: true,
        ..Coding::PLAIN
    };
    let subsampled = Coding {
        colour: Colour::Subsampled(2, 2),
        ..Coding::PLAIN
    };
    let lossless = payload(&encode_any(&rgb, ImageFormat::WebP));
    let lossless_alpha = payload(&encode_any(&with_alpha, ImageFormat::WebP));
    let lossy = [chunk(b"VP8 ", &lossy())].concat();
    let raw_alpha = chunk(b"ALPH", &vec![0; (SIDE * SIDE + 1) as usize]);
    let of = |image: DynamicImage, format| encode_any(&image, format);
    vec![
        ("png", of(rgb.clone(), ImageFormat::Png)),
        ("png with alpha", of(with_alpha.clone(), ImageFormat::Png)),
        (
            "png of 16 bits",
            of(DynamicImage::ImageRgb16(rgb.to_rgb16()), ImageFormat::Png),
        ),
        (
            "grey png",
            of(DynamicImage::ImageLuma8(rgb.to_luma8()), ImageFormat::Png),
        ),
        ("gif", of(with_alpha.clone(), ImageFormat::Gif)),
        (
            "gif whose frame is smaller",
            narrowed(of(with_alpha.clone(), ImageFormat::Gif)),
        ),
        ("bmp", of(rgb.clone(), ImageFormat::Bmp)),
        ("jpeg", coded(Coding::PLAIN)),
        ("jpeg with less colour", coded(subsampled)),
        ("progressive jpeg", coded(progressive)),
        ("lossless webp", riff(&[&lossless])),
        ("lossless webp with alpha", riff(&[&lossless_alpha])),
        (
            "lossless animation",
            riff(&[&extended(0b10), &animation(), &frame(&lossless)]),
        ),
        (
            "lossless animation with alpha",
            riff(&[&extended(0b1_0010), &animation(), &frame(&lossless_alpha)]),
        ),
        ("lossy webp", riff(&[&lossy])),
        (
            "lossy webp with alpha",
            riff(&[&extended(0b1_0000), &raw_alpha, &lossy]),
        ),
        (
            "lossy animation",
            riff(&[&extended(0b10), &animation(), &frame(&lossy)]),
        ),
        (
            "lossy animation with alpha",
            riff(&[
                &extended(0b1_0010),
                &animation(),
                &frame(&[raw_alpha, lossy].concat()),
            ]),
        ),
        (
            "lossy webp with packed alpha",
            riff(&[
                &extended(0b1_0000),
                &packed_alpha(),
                &chunk(b"VP8 ", &self::lossy()),
            ]),
        ),
    ]
}

#[test]
fn no_decoder_takes_more_than_its_header_says_nor_less_than_half() {
    for (name, bytes) in pictures() {
        let reckoned = Encoded::open(&bytes, Limits::default())
            .unwrap_or_else(|error| panic!("{name}: {error}"))
            .decoding_bytes();
        let taken = measure(|| {
            let picture = Encoded::open(&bytes, Limits::default()).unwrap();
            picture
                .decode()
                .unwrap_or_else(|error| panic!("{name}: {error}"));
        });
        let taken = taken.bytes_max;
        assert!(
            taken <= reckoned,
            "{name}: {taken} bytes were taken, {reckoned} reckoned"
        );
        // What a colour profile may take is reckoned, and these have none.
        let none_here = if name.contains("png") { 4 << 20 } else { 0 };
        assert!(
            2 * taken + none_here > reckoned,
            "{name}: only {taken} of {reckoned}"
        );
    }
}

#[test]
fn with_what_a_picture_is_said_to_need_it_is_read_and_with_less_it_is_not() {
    for (name, bytes) in pictures() {
        let mut fingerprinter = Fingerprinter::new(Limits::default());
        fingerprinter.allow(1000);
        let refused = fingerprinter.of(&bytes).unwrap_err();
        let needed = refused
            .needed_bytes()
            .unwrap_or_else(|| panic!("{name}: {refused}"));
        fingerprinter.allow(needed);
        let taken = measure(|| {
            let again = fingerprinter.of(&bytes);
            // A JPEG may be found to need decoding only when its header has been read.
            assert!(
                again.is_ok() || again.unwrap_err().needed_bytes() > Some(needed),
                "{name}"
            );
        });
        assert!(
            taken.bytes_max <= needed,
            "{name}: {} of {needed}",
            taken.bytes_max
        );
    }
}

#[test]
fn making_rgb_upright_takes_what_is_allowed_for_it_or_less() {
    let picture = draw(Pattern::Shapes, 640, 480);
    let turned = encode_oriented(&picture, ImageFormat::Png, 6);
    let grey = DynamicImage::ImageLuma8(DynamicImage::ImageRgb8(picture).to_luma8());
    for bytes in [turned, encode_any(&grey, ImageFormat::Png)] {
        let refused = upright_within(&bytes, 1000).unwrap_err();
        let mut needed = refused.needed_bytes().unwrap();
        // The header's own need is said first.
        if let Err(error) = upright_within(&bytes, needed) {
            needed = error.needed_bytes().unwrap();
        }
        let taken = measure(|| upright_within(&bytes, needed).unwrap());
        assert!(taken.bytes_max <= needed, "{} of {needed}", taken.bytes_max);
        assert!(upright_within(&bytes, needed - 1).is_err());
    }
}

fn upright_within(bytes: &[u8], max_alloc_bytes: u64) -> Result<(), Error> {
    let limits = Limits {
        max_alloc_bytes,
        ..Limits::default()
    };
    Encoded::open(bytes, limits)?.upright_rgb(0).map(drop)
}

/// A line of a hundred million pixels has weights of gigabytes.
#[test]
fn a_picture_that_is_one_line_is_refused_for_the_memory_of_its_weights() {
    let line = DynamicImage::ImageLuma8(image::GrayImage::new(50_000_000, 1));
    let bytes = encode_any(&line, ImageFormat::Png);
    let taken = measure(|| {
        let error = fingerprint::of(&bytes).unwrap_err();
        assert!(error.needed_bytes() > Some(5_000_000_000), "{error}");
    });
    assert!(taken.bytes_max < 8 << 20, "{}", taken.bytes_max);
}

/// 100 megapixels of one colour without loss, in some kilobytes: the decoder has four bytes a pixel beside the three that it
/// gives.
#[test]
fn a_small_file_of_a_large_picture_is_refused_by_what_its_decoder_would_take() {
    let bytes = plain_webp(10_000, 10_000);
    assert!(bytes.len() < 10_000, "{}", bytes.len());
    let taken = measure(|| {
        let error = fingerprint::of(&bytes).unwrap_err();
        assert!(error.needed_bytes() > Some(700_000_000), "{error}");
        assert!(
            error.to_string().contains("send a smaller picture"),
            "{error}"
        );
    });
    assert!(taken.bytes_max < 1 << 20, "{}", taken.bytes_max);
}

#[test]
fn a_colour_profile_that_unpacks_to_more_than_any_has_is_refused() {
    let png = encode_any(&draw(Pattern::Shapes, 64, 64).into(), ImageFormat::Png);
    let mut with_profile = Vec::new();
    let mut encoder = image::codecs::png::PngEncoder::new(&mut with_profile);
    encoder.set_icc_profile(vec![0; 64 << 20]).unwrap();
    encoder
        .write_image(&[0; 64 * 64], 64, 64, ExtendedColorType::L8)
        .unwrap();
    assert!(with_profile.len() < 1 << 20);
    let taken = measure(|| {
        // Whether it is read without its profile or refused is the decoder's to say.
        let _unused = fingerprint::of(&with_profile);
    });
    assert!(taken.bytes_max < 24 << 20, "{}", taken.bytes_max);
    assert!(fingerprint::of(&png).is_ok());
}

pub(crate) fn riff(chunks: &[&[u8]]) -> Vec<u8> {
    chunk(b"RIFF", &[b"WEBP", &*chunks.concat()].concat())
}

pub(crate) fn chunk(name: &[u8; 4], data: &[u8]) -> Vec<u8> {
    let length = (data.len() as u32).to_le_bytes();
    let padding: &[u8] = if data.len() % 2 == 1 { &[0] } else { &[] };
    [name, &length, data, padding].concat()
}

/// What is in a WebP that has nothing but the picture.
fn payload(webp: &[u8]) -> Vec<u8> {
    let at = webp
        .windows(4)
        .position(|name| name == b"VP8L")
        .expect("a lossless WebP");
    let length = u32::from_le_bytes(*webp[at + 4..].first_chunk().expect("a length")) as usize;
    chunk(b"VP8L", &webp[at + 8..][..length])
}

fn three_bytes(number: u32) -> [u8; 3] {
    let [a, b, c, _] = number.to_le_bytes();
    [a, b, c]
}

fn extended(flags: u8) -> Vec<u8> {
    let side = three_bytes(SIDE - 1);
    chunk(b"VP8X", &[&[flags, 0, 0, 0][..], &side, &side].concat())
}

fn animation() -> Vec<u8> {
    chunk(b"ANIM", &[0; 6])
}

fn frame(picture: &[u8]) -> Vec<u8> {
    let (none, side) = (three_bytes(0), three_bytes(SIDE - 1));
    let head = [none, none, side, side, three_bytes(100)].concat();
    chunk(b"ANMF", &[&*head, &[0], picture].concat())
}

/// A key frame of VP8 whose data are all zero: it shows nothing, and is decoded like any.
fn lossy() -> Vec<u8> {
    const PARTITION: u32 = 50_000;
    let tag = (PARTITION << 5) | 0b1_0000;
    let side = (SIDE as u16).to_le_bytes();
    let mut bytes = [&three_bytes(tag)[..], &[0x9D, 0x01, 0x2A], &side, &side].concat();
    bytes.resize(bytes.len() + 2 * PARTITION as usize, 0);
    bytes
}

/// Transparency that is packed as a lossless picture is, without its header of five bytes.
fn packed_alpha() -> Vec<u8> {
    let plain = plain_webp(SIDE as u16, SIDE as u16);
    let at = plain
        .windows(4)
        .position(|name| name == b"VP8L")
        .expect("a lossless WebP");
    chunk(b"ALPH", &[&[1][..], &plain[at + 8 + 5..]].concat())
}

/// A lossless picture of one colour: five trees of one symbol each, so no pixel takes a bit.
fn plain_webp(width: u16, height: u16) -> Vec<u8> {
    let size = u32::from(width - 1) | u32::from(height - 1) << 14;
    let mut data = [&[0x2F][..], &size.to_le_bytes()].concat();
    // No transform, no cache of colours, one group of trees; each tree is simple, has one symbol, which has one bit, 0.
    let bits = [false, false, false]
        .into_iter()
        .chain([[true, false, false, false]; 5].into_iter().flatten());
    let bits: Vec<bool> = bits.collect();
    data.extend(bits.chunks(8).map(|bits| {
        let bit = |(at, &is_set): (usize, &bool)| u8::from(is_set) << at;
        bits.iter().enumerate().map(bit).sum::<u8>()
    }));
    data.resize(data.len() + 4000, 0);
    riff(&[&chunk(b"VP8L", &data)])
}

/// The screen one pixel wider than the frame.
fn narrowed(mut gif: Vec<u8>) -> Vec<u8> {
    gif[6..8].copy_from_slice(&(SIDE as u16 + 1).to_le_bytes());
    gif
}
