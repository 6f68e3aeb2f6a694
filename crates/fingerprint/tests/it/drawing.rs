//! Pictures drawn by integer arithmetic; `tests/imagehash_expected.py` draws the same pixels.

use std::io::Cursor;

use image::codecs::jpeg::JpegEncoder;
use image::codecs::png::PngEncoder;
use image::codecs::webp::WebPEncoder;
use image::{DynamicImage, ExtendedColorType, ImageEncoder, ImageFormat, Rgb, RgbImage};

#[derive(Clone, Copy, Debug)]
pub(crate) enum Pattern {
    Gradient,
    Shapes,
    Noise,
}

pub(crate) fn draw(pattern: Pattern, w: u32, h: u32) -> RgbImage {
    let pixel = match pattern {
        Pattern::Gradient => gradient,
        Pattern::Shapes => shapes,
        Pattern::Noise => noise,
    };
    RgbImage::from_fn(w, h, |x, y| {
        Rgb(pixel(x.into(), y.into(), w.into(), h.into()).map(|channel| channel as u8))
    })
}

pub(crate) fn encode(image: &RgbImage, format: ImageFormat) -> Vec<u8> {
    encode_any(&image.clone().into(), format)
}

pub(crate) fn encode_any(image: &DynamicImage, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    image
        .write_to(&mut bytes, format)
        .expect("a drawn picture can be encoded");
    bytes.into_inner()
}

/// `image` in `format`, with EXIF data that hold nothing but the orientation.
pub(crate) fn encode_oriented(image: &RgbImage, format: ImageFormat, orientation: u8) -> Vec<u8> {
    let exif = [
        b"II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0".as_slice(),
        &[orientation, 0, 0, 0, 0, 0, 0, 0],
    ];
    let mut bytes = Vec::new();
    match format {
        ImageFormat::Jpeg => write(
            JpegEncoder::new_with_quality(&mut bytes, 95),
            exif.concat(),
            image,
        ),
        ImageFormat::Png => write(PngEncoder::new(&mut bytes), exif.concat(), image),
        ImageFormat::WebP => write(WebPEncoder::new_lossless(&mut bytes), exif.concat(), image),
        other => panic!("{other:?} has no orientation"),
    }
    bytes
}

fn write(mut encoder: impl ImageEncoder, exif: Vec<u8>, image: &RgbImage) {
    encoder
        .set_exif_metadata(exif)
        .expect("the encoder writes EXIF");
    encoder
        .write_image(
            image.as_raw(),
            image.width(),
            image.height(),
            ExtendedColorType::Rgb8,
        )
        .expect("a drawn picture can be encoded");
}

fn gradient(x: i64, y: i64, w: i64, h: i64) -> [i64; 3] {
    [
        x * 255 / (w - 1).max(1),
        y * y * 255 / (h - 1).pow(2).max(1),
        (x * 3 + y * 5) % 256,
    ]
}

fn shapes(x: i64, y: i64, w: i64, h: i64) -> [i64; 3] {
    let (across, down) = (3 * x - w, 5 * y - 2 * h);
    if across * across * 25 + down * down * 9 < (w.min(h) * 4).pow(2) {
        [230, 180, 60]
    } else if x * 8 > w * 5 && y * 8 > h * 5 {
        [20, 90, 200]
    } else {
        [40 + x * 60 / w, 50 + y * 90 / h, 45]
    }
}

fn noise(x: i64, y: i64, _: i64, _: i64) -> [i64; 3] {
    let n = ((x * 374_761_393 + y * 668_265_263) % (1 << 32)) as u32;
    let n = (n ^ (n >> 13)).wrapping_mul(1_274_126_177);
    let n = n ^ (n >> 16);
    [n & 255, (n >> 8) & 255, (n >> 16) & 255].map(i64::from)
}
