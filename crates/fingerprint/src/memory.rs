//! What decoding a picture takes, reckoned by its header, before any of it is taken.
//!
//! Each decoder of the `image` crate has buffers of its own beside the pixels that it gives; what they are was read in its
//! code and is measured in `tests/it/memory.rs`.

use image::ImageDecoder;

use crate::{Format, gif, png, webp};

/// The pixels as the decoder gives them, and what is beside them meanwhile.
#[derive(Clone, Copy)]
pub(crate) struct Memory {
    /// Pixels, width × height.
    pixels: u64,
    /// The decoded picture, in bytes.
    output: u64,
    /// The most at any moment until it is decoded, the output among it.
    decoding: u64,
    /// Whether it comes as RGB or RGBA of 8 bits, which becomes RGB in place.
    is_rgb: bool,
}

/// What each decoder has in tables and small buffers.
pub(crate) const TABLES: u64 = 128 << 10;

impl Memory {
    /// `held` is what a JPEG's coefficients take where they are all kept until the end.
    pub(crate) fn of(bytes: &[u8], format: Format, decoder: &impl ImageDecoder, held: u64) -> Self {
        let (width, height) = decoder.dimensions();
        let pixels = u64::from(width) * u64::from(height);
        let output = decoder.total_bytes();
        let row = output / u64::from(height.max(1));
        let color = decoder.color_type();
        let beside = match format {
            Format::Jpeg => beside_jpeg(bytes.len() as u64, width, held),
            Format::Png => row_buffers(row, output) + png::METADATA_BYTES,
            Format::Gif => {
                pixels
                    + if gif::fills_rows(bytes) {
                        0
                    } else {
                        4 * pixels
                    }
            }
            Format::WebP => webp::beside(bytes, (width, height), color.has_alpha()),
            Format::Bmp => 2 * row,
        };
        // Of 16 bits a channel, 8 may be made.
        let is_deep = color.bytes_per_pixel() == 2 * color.channel_count();
        let spread = if is_deep { output / 2 } else { 0 };
        Memory {
            pixels,
            output,
            decoding: output
                .saturating_add(beside.max(spread))
                .saturating_add(TABLES),
            is_rgb: !is_deep && color.channel_count() >= 3,
        }
    }

    /// The most that decoding takes, the pixels that it gives among it.
    pub(crate) fn decoding(&self) -> u64 {
        self.decoding
    }

    /// The most that decoding, making grey, turning and hashing take. `reduced` is how many pixels are left, `is_turned` whether
    /// they are turned, and `lines` what hashing takes.
    pub(crate) fn grey(&self, reduced: u64, is_turned: bool, lines: u64) -> u64 {
        // What is not reduced stays in the memory of the decoded picture.
        let (reducing, held) = match reduced < self.pixels {
            true => (self.output + 2 * reduced + TABLES, reduced),
            false => (self.output, self.output),
        };
        let turned = if is_turned { reduced } else { 0 };
        let hashing = held.saturating_add(turned + lines);
        self.decoding.max(reducing).max(hashing)
    }

    /// The most that decoding and making RGB takes, and what is done with that and takes so much `beside` it. `is_turned`: also
    /// turning it by a right angle.
    pub(crate) fn rgb(&self, is_turned: bool, beside: u64) -> u64 {
        let rgb = 3 * self.pixels;
        let converting = if self.is_rgb { 0 } else { rgb };
        let turning = if is_turned { rgb } else { 0 };
        let held = if self.is_rgb { self.output } else { rgb };
        let after = self.output.saturating_add(converting);
        self.decoding
            .max(after)
            .max(held.saturating_add(turning.max(beside)))
    }
}

/// zune-jpeg has a copy of the file, and a row of blocks of each component several times over.
fn beside_jpeg(file: u64, width: u32, held: u64) -> u64 {
    held.saturating_add(file + 512 * u64::from(width))
}

/// The rows that the PNG decoder unfilters; where there are few, all of them, and as much again.
fn row_buffers(row: u64, output: u64) -> u64 {
    (14 * row).min(3 * output)
}
