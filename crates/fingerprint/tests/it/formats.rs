//! What is accepted, and what is said of what isn't.

use fingerprint::{Content, Error, Fingerprinter, Format, Limits};
use image::{DynamicImage, ImageFormat};

use crate::drawing::{Pattern, draw, encode, encode_any, encode_oriented};

const FORMATS: [(Format, ImageFormat); 5] = [
    (Format::Jpeg, ImageFormat::Jpeg),
    (Format::Png, ImageFormat::Png),
    (Format::WebP, ImageFormat::WebP),
    (Format::Gif, ImageFormat::Gif),
    (Format::Bmp, ImageFormat::Bmp),
];

#[test]
fn every_format_is_told_by_its_bytes_and_looks_the_same() {
    let picture = draw(Pattern::Shapes, 160, 120);
    let png = fingerprint::of(&encode(&picture, ImageFormat::Png)).unwrap();
    for (format, encoding) in FORMATS {
        let bytes = encode(&picture, encoding);
        assert_eq!(Format::sniff(&bytes), Some(format));
        let seen = Fingerprinter::new(Limits::default())
            .inspect(&bytes)
            .unwrap();
        assert_eq!(
            (seen.format, seen.fingerprint.width, seen.fingerprint.height),
            (format, 160, 120)
        );
        assert!(seen.fingerprint.similarity(&png) > 0.95, "{format}");
    }
}

#[test]
fn deep_grey_and_transparent_pictures_look_like_their_plain_selves() {
    let picture = DynamicImage::from(draw(Pattern::Shapes, 160, 120));
    let plain = fingerprint::of(&encode_any(&picture, ImageFormat::Png)).unwrap();
    let mut transparent = picture.to_rgba8();
    transparent.pixels_mut().for_each(|pixel| pixel.0[3] = 0);
    for other in [
        picture.to_luma8().into(),
        picture.to_luma_alpha8().into(),
        picture.to_luma16().into(),
        picture.to_luma_alpha16().into(),
        picture.to_rgb16().into(),
        picture.to_rgba16().into(),
        transparent.into(),
    ] {
        let print = fingerprint::of(&encode_any(&other, ImageFormat::Png)).unwrap();
        assert!(print.similarity(&plain) > 0.95, "{:?}", other.color());
    }
}

#[test]
fn a_flat_picture_is_blank_and_a_drawn_one_is_not() {
    let flat = image::RgbImage::from_pixel(64, 48, image::Rgb([9, 9, 9]));
    assert!(
        fingerprint::of(&encode(&flat, ImageFormat::Jpeg))
            .unwrap()
            .is_blank()
    );
    let drawn = draw(Pattern::Shapes, 64, 48);
    assert!(
        !fingerprint::of(&encode(&drawn, ImageFormat::Jpeg))
            .unwrap()
            .is_blank()
    );
}

#[test]
fn similarity_is_the_share_of_equal_bits() {
    let print = fingerprint::of(&encode(&draw(Pattern::Shapes, 64, 48), ImageFormat::Png)).unwrap();
    let with = |phash| fingerprint::Fingerprint { phash, ..print };
    assert_eq!(with(0).similarity(&with(0)), 1.0);
    assert_eq!(with(0).similarity(&with(0b111)), 0.953125);
    assert_eq!(with(0).similarity(&with(u64::MAX)), 0.0);
}

#[test]
fn what_is_no_picture_is_named() {
    assert!(matches!(fingerprint::of(b""), Err(Error::Empty)));
    let named: [(&[u8], Content); 11] = [
        (b"\n<!DOCTYPE HTML><title>401</title>", Content::Html),
        (b"<?xml version='1.0'?><svg xmlns='x'/>", Content::Svg),
        (b"{\"error\": 1}", Content::Json),
        (b"II*\0\x08\0\0\0", Content::Tiff),
        (b"\0\0\0\x20ftypavif", Content::AvifOrHeic),
        (b"\0\0\0\x0CjP  \r\n", Content::JpegSuccessor),
        (b"%PDF-1.7", Content::Pdf),
        (b"<?xml version='1.0'?><error/>", Content::Xml),
        (b"data:image/jpeg;base64,/9j/", Content::DataUri),
        ("zu dunkel für ein Bild".as_bytes(), Content::Text),
        (b"\x01\x02hello", Content::Other),
    ];
    for (bytes, expected) in named {
        let error = fingerprint::of(bytes).unwrap_err();
        assert!(
            error.to_string().contains("JPEG, PNG, WebP, GIF or BMP"),
            "{error}"
        );
        assert!(
            matches!(error, Error::UnknownFormat { content } if content == expected),
            "{error}"
        );
    }
}

#[test]
fn large_pictures_are_refused_by_their_header() {
    let picture = draw(Pattern::Shapes, 160, 120);
    let few_pixels = Limits {
        max_pixels: 160 * 120 - 1,
        ..Limits::default()
    };
    let little_memory = Limits {
        max_alloc_bytes: 30_000,
        ..Limits::default()
    };
    for (format, encoding) in FORMATS {
        let bytes = encode(&picture, encoding);
        let error = Fingerprinter::new(few_pixels).of(&bytes).unwrap_err();
        assert!(
            matches!(
                error,
                Error::TooLarge {
                    width: 160,
                    height: 120,
                    max_pixels: 19_199
                }
            ),
            "{format}: {error}"
        );
        let error = Fingerprinter::new(little_memory).of(&bytes).unwrap_err();
        assert!(
            matches!(error, Error::TooMuchMemory { .. }),
            "{format}: {error}"
        );
    }
}

#[test]
fn damaged_exif_data_leave_the_picture_upright() {
    let mut bytes = encode_oriented(&draw(Pattern::Shapes, 97, 60), ImageFormat::Jpeg, 6);
    let exif = bytes
        .windows(4)
        .position(|window| window == b"II*\0")
        .unwrap();
    bytes[exif..exif + 8].fill(0xEE);
    assert_eq!(fingerprint::of(&bytes).unwrap().width, 97);
}
