//! Grey pixels: from colours in the arithmetic of Pillow's `convert("L")`, reduced, turned as EXIF says.

use image::metadata::Orientation;
use image::{DynamicImage, Pixel};

use crate::scale::Scale;

/// How a picture is stored.
pub(crate) struct Stored {
    /// Its size in pixels, before it is turned.
    pub(crate) width: u32,
    pub(crate) height: u32,
    /// How to turn it.
    pub(crate) orientation: Orientation,
}

/// A picture's grey levels, row by row.
#[derive(Default)]
pub(crate) struct Luma {
    pub(crate) width: usize,
    pub(crate) height: usize,
    pub(crate) pixels: Vec<u8>,
}

impl Luma {
    /// Ignores alpha, as Pillow does. Of 16-bit channels the high byte counts.
    pub(crate) fn new(image: DynamicImage) -> Self {
        let (width, height) = (image.width() as usize, image.height() as usize);
        let pixels = match image {
            DynamicImage::ImageLuma8(grey) => grey.into_raw(),
            DynamicImage::ImageLumaA8(grey) => first_of_two(grey.into_raw()),
            DynamicImage::ImageRgb8(rgb) => weigh::<3>(rgb.into_raw()),
            DynamicImage::ImageRgba8(rgba) => weigh::<4>(rgba.into_raw()),
            DynamicImage::ImageLuma16(grey) => {
                grey.as_raw().iter().map(|&level| high(level)).collect()
            }
            DynamicImage::ImageLumaA16(grey) => {
                grey.pixels().map(|pixel| high(pixel.0[0])).collect()
            }
            DynamicImage::ImageRgb16(rgb) => {
                rgb.pixels().map(|pixel| grey(pixel.0.map(high))).collect()
            }
            DynamicImage::ImageRgba16(rgba) => rgba
                .pixels()
                .map(|pixel| grey(pixel.to_rgb().0.map(high)))
                .collect(),
            other => weigh::<3>(other.into_rgb8().into_raw()),
        };
        Self {
            width,
            height,
            pixels,
        }
    }

    /// The picture at the scale that its size calls for. Squares at the right and lower edge may be partial.
    pub(crate) fn reduced(self) -> Self {
        match Scale::of(self.width, self.height) {
            Scale::Eighth => self.means::<8>(),
            Scale::Quarter => self.means::<4>(),
            Scale::Whole => self,
        }
    }

    /// The mean of each square of `SIDE`×`SIDE` pixels.
    fn means<const SIDE: usize>(self) -> Self {
        let (width, height) = (self.width.div_ceil(SIDE), self.height.div_ceil(SIDE));
        let mut pixels = Vec::with_capacity(width * height);
        let mut sums = vec![0_u32; width];
        for rows in self.pixels.chunks(SIDE * self.width) {
            sums.fill(0);
            for row in rows.chunks_exact(self.width) {
                for (sum, part) in sums.iter_mut().zip(row.chunks(SIDE)) {
                    *sum += part.iter().map(|&level| u32::from(level)).sum::<u32>();
                }
            }
            let rows = rows.len() / self.width;
            pixels.extend(sums.iter().enumerate().map(|(x, sum)| {
                let count = (rows * SIDE.min(self.width - x * SIDE)) as u32;
                ((sum + count / 2) / count) as u8
            }));
        }
        Self {
            width,
            height,
            pixels,
        }
    }

    /// Becomes `from`, turned.
    pub(crate) fn turn(&mut self, from: &Self, orientation: Orientation) {
        use Orientation::{
            FlipHorizontal, FlipVertical, NoTransforms, Rotate90, Rotate90FlipH, Rotate180,
            Rotate270, Rotate270FlipH,
        };
        let (w, h) = (from.width, from.height);
        (self.width, self.height) = if swaps_sides(orientation) {
            (h, w)
        } else {
            (w, h)
        };
        self.pixels.clear();
        self.pixels.reserve(w * h);
        for y in 0..self.height {
            let source = |x| match orientation {
                NoTransforms => (x, y),
                FlipHorizontal => (w - 1 - x, y),
                Rotate180 => (w - 1 - x, h - 1 - y),
                FlipVertical => (x, h - 1 - y),
                Rotate90FlipH => (y, x),
                Rotate90 => (y, h - 1 - x),
                Rotate270FlipH => (w - 1 - y, h - 1 - x),
                Rotate270 => (w - 1 - y, x),
            };
            let row = (0..self.width).map(source);
            self.pixels.extend(row.map(|(x, y)| from.pixels[y * w + x]));
        }
    }
}

/// Whether a picture that is turned so has its height for width.
pub(crate) fn swaps_sides(orientation: Orientation) -> bool {
    matches!(
        orientation,
        Orientation::Rotate90
            | Orientation::Rotate270
            | Orientation::Rotate90FlipH
            | Orientation::Rotate270FlipH
    )
}

fn first_of_two(samples: Vec<u8>) -> Vec<u8> {
    in_place::<2>(samples, |[level, _]| level)
}

fn weigh<const CHANNELS: usize>(samples: Vec<u8>) -> Vec<u8> {
    in_place::<CHANNELS>(samples, |pixel| grey([pixel[0], pixel[1], pixel[2]]))
}

/// A level for each pixel, in the memory of the pixels: a large picture has no second beside it.
fn in_place<const CHANNELS: usize>(
    mut samples: Vec<u8>,
    level: impl Fn([u8; CHANNELS]) -> u8,
) -> Vec<u8> {
    let count = samples.len() / CHANNELS;
    for at in 0..count {
        let pixel = samples[at * CHANNELS..]
            .first_chunk()
            .expect("there are so many pixels");
        samples[at] = level(*pixel);
    }
    samples.truncate(count);
    samples
}

/// Pillow's `L24` (`src/libImaging/Convert.c`): the weights of ITU-R 601-2 in 16-bit fixed point, rounded.
fn grey([red, green, blue]: [u8; 3]) -> u8 {
    let sum =
        u32::from(red) * 19_595 + u32::from(green) * 38_470 + u32::from(blue) * 7_471 + 0x8000;
    (sum >> 16) as u8
}

fn high(sample: u16) -> u8 {
    (sample >> 8) as u8
}
