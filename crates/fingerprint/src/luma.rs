//! Grey pixels, in the arithmetic of Pillow's `convert("L")`, turned as EXIF says.

use image::metadata::Orientation;
use image::{DynamicImage, GrayImage, Pixel, imageops};

/// A picture's grey levels, row by row.
pub(crate) struct Luma {
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) pixels: Vec<u8>,
}

impl Luma {
    /// Ignores alpha, as Pillow does. Of 16-bit channels the high byte counts.
    pub(crate) fn new(image: DynamicImage, orientation: Orientation) -> Self {
        let (width, height) = (image.width(), image.height());
        let pixels = match image {
            DynamicImage::ImageLuma8(grey) => grey.into_raw(),
            DynamicImage::ImageLumaA8(grey) => first_of::<2>(grey.as_raw()),
            DynamicImage::ImageRgb8(rgb) => weigh::<3>(rgb.as_raw()),
            DynamicImage::ImageRgba8(rgba) => weigh::<4>(rgba.as_raw()),
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
            other => weigh::<3>(other.into_rgb8().as_raw()),
        };
        Self {
            width,
            height,
            pixels,
        }
        .turned(orientation)
    }

    /// Turned before the thumbnail is made: the thumbnail's two passes round differently the other way round.
    fn turned(self, orientation: Orientation) -> Self {
        if orientation == Orientation::NoTransforms {
            return self;
        }
        let grey = GrayImage::from_raw(self.width, self.height, self.pixels)
            .expect("there is one grey level for every pixel");
        let turned = match orientation {
            Orientation::NoTransforms => grey,
            Orientation::Rotate90 => imageops::rotate90(&grey),
            Orientation::Rotate180 => imageops::rotate180(&grey),
            Orientation::Rotate270 => imageops::rotate270(&grey),
            Orientation::FlipHorizontal => imageops::flip_horizontal(&grey),
            Orientation::FlipVertical => imageops::flip_vertical(&grey),
            Orientation::Rotate90FlipH => imageops::flip_horizontal(&imageops::rotate90(&grey)),
            Orientation::Rotate270FlipH => imageops::flip_horizontal(&imageops::rotate270(&grey)),
        };
        Self {
            width: turned.width(),
            height: turned.height(),
            pixels: turned.into_raw(),
        }
    }
}

fn first_of<const CHANNELS: usize>(samples: &[u8]) -> Vec<u8> {
    samples
        .as_chunks::<CHANNELS>()
        .0
        .iter()
        .map(|pixel| pixel[0])
        .collect()
}

fn weigh<const CHANNELS: usize>(samples: &[u8]) -> Vec<u8> {
    samples
        .as_chunks::<CHANNELS>()
        .0
        .iter()
        .map(|pixel| grey([pixel[0], pixel[1], pixel[2]]))
        .collect()
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
