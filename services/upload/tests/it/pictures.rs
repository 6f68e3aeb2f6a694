//! Pictures for the tests beside: good ones, and the beginning of a bad one.

use std::io::Cursor;

use image::{DynamicImage, ImageFormat, Rgb, RgbImage};

/// A picture of some view; another seed is another view.
pub(crate) fn view(seed: u32) -> RgbImage {
    RgbImage::from_fn(160, 120, |x, y| {
        let (block_x, block_y) = (x / 20, y / 20);
        let level = (block_x * 7 + block_y * 13 + seed * 31 + block_x * block_y * seed) % 8 * 32;
        Rgb([level as u8, (level / 2) as u8, 255 - level as u8])
    })
}

pub(crate) fn encode(picture: RgbImage, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    DynamicImage::ImageRgb8(picture)
        .write_to(&mut bytes, format)
        .unwrap();
    bytes.into_inner()
}

pub(crate) fn jpeg(seed: u32) -> Vec<u8> {
    encode(view(seed), ImageFormat::Jpeg)
}

pub(crate) fn png(seed: u32) -> Vec<u8> {
    encode(view(seed), ImageFormat::Png)
}

/// The beginning of a PNG that claims to be 60,000 × 60,000 pixels.
pub(crate) fn png_bomb() -> Vec<u8> {
    let mut bytes = png(1);
    let size = 60_000_u32.to_be_bytes();
    bytes[16..20].copy_from_slice(&size);
    bytes[20..24].copy_from_slice(&size);
    let crc = crc32(&bytes[12..29]).to_be_bytes();
    bytes[29..33].copy_from_slice(&crc);
    bytes
}

fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0, |crc, &byte| {
        (0..8).fold(crc ^ u32::from(byte), |crc, _| {
            (crc >> 1) ^ (0xEDB8_8320 & (crc & 1).wrapping_neg())
        })
    })
}
