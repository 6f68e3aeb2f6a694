//! Pictures of 16 bits a channel, of which sensors of 10, 12 or 14 bits, or of warmth, use a small part.

use image::{DynamicImage, ImageBuffer, Pixel};

/// Levels that a picture must use for its high bytes to tell enough: a quarter of all.
const WIDE: u32 = 1 << 14;

/// So few levels are spread no further: they may be nothing but noise.
const NARROWEST: u32 = 64;

/// One of so many samples may lie below the range, and one above.
const OUTLIERS: usize = 1000;

/// The picture with 8 bits a channel, where it uses a small part of 16: the range that it uses becomes all of 0 to 255.
/// Others stay as they are. Alpha counts for nothing, and all colours are spread alike.
pub(crate) fn spread(image: DynamicImage) -> DynamicImage {
    match &image {
        DynamicImage::ImageLuma16(deep) => match Range::of(deep, 1) {
            Some(range) => DynamicImage::ImageLuma8(range.spread(deep)),
            None => image,
        },
        DynamicImage::ImageLumaA16(deep) => match Range::of(deep, 1) {
            Some(range) => DynamicImage::ImageLumaA8(range.spread(deep)),
            None => image,
        },
        DynamicImage::ImageRgb16(deep) => match Range::of(deep, 3) {
            Some(range) => DynamicImage::ImageRgb8(range.spread(deep)),
            None => image,
        },
        DynamicImage::ImageRgba16(deep) => match Range::of(deep, 3) {
            Some(range) => DynamicImage::ImageRgba8(range.spread(deep)),
            None => image,
        },
        _ => image,
    }
}

/// The levels that a picture uses.
struct Range {
    lowest: u32,
    span: u32,
}

type Deep<P> = ImageBuffer<P, Vec<u16>>;

impl Range {
    /// `None` where it is wide enough as it is. The first channels of each pixel are its colours.
    fn of<P: Pixel<Subpixel = u16>>(image: &Deep<P>, colours: usize) -> Option<Self> {
        let mut counts = vec![0_u32; 1 << 16];
        let pixels = image.pixels().map(Pixel::channels);
        pixels
            .flat_map(|channels| &channels[..colours])
            .for_each(|&level| counts[usize::from(level)] += 1);
        let outliers = image.pixels().len() * colours / OUTLIERS;
        let lowest = beyond(counts.iter(), outliers);
        let above = beyond(counts.iter().rev(), outliers);
        let span = (u32::from(u16::MAX) - above).saturating_sub(lowest);
        (span < WIDE).then(|| Range {
            lowest,
            span: span.max(NARROWEST),
        })
    }

    fn spread<P, Q>(&self, image: &Deep<P>) -> ImageBuffer<Q, Vec<u8>>
    where
        P: Pixel<Subpixel = u16>,
        Q: Pixel<Subpixel = u8>,
    {
        let spread = |&level: &u16| {
            let above = u32::from(level).saturating_sub(self.lowest);
            (above * 255 / self.span).min(255) as u8
        };
        let samples = image.as_raw().iter().map(spread).collect();
        ImageBuffer::from_raw(image.width(), image.height(), samples)
            .expect("each sample is one sample still")
    }
}

/// How many levels come before this number of samples has been counted.
fn beyond<'a>(counts: impl Iterator<Item = &'a u32>, samples: usize) -> u32 {
    let mut seen = 0;
    let before = counts.take_while(|&&count| {
        seen += count as usize;
        seen <= samples
    });
    before.count() as u32
}

#[cfg(test)]
mod tests {
    use image::{ImageBuffer, Luma, LumaA};

    use super::*;

    fn grey(levels: impl Fn(u32) -> u16) -> DynamicImage {
        DynamicImage::ImageLuma16(ImageBuffer::from_fn(64, 64, |x, y| {
            Luma([levels(y * 64 + x)])
        }))
    }

    #[test]
    fn a_small_part_of_the_range_becomes_all_of_it() {
        let ten_bits = spread(grey(|number| (number % 1024) as u16));
        let levels = ten_bits.as_luma8().unwrap().as_raw();
        assert_eq!(
            (levels.iter().min(), levels.iter().max()),
            (Some(&0), Some(&255))
        );
        let warmth = spread(grey(|number| 30_000 + (number % 300) as u16));
        let levels = warmth.as_luma8().unwrap().as_raw();
        assert_eq!(
            (levels.iter().min(), levels.iter().max()),
            (Some(&0), Some(&255))
        );
    }

    #[test]
    fn a_hot_spot_leaves_the_rest_as_it_is() {
        let warmth = |number: u32| 30_000 + (number % 300) as u16;
        let without = spread(grey(warmth)).into_luma8().into_raw();
        let spot = |number| if number < 4 { u16::MAX } else { warmth(number) };
        let with = spread(grey(spot)).into_luma8().into_raw();
        let furthest = without[4..]
            .iter()
            .zip(&with[4..])
            .map(|(a, b)| a.abs_diff(*b));
        assert!(furthest.max() <= Some(1));
    }

    #[test]
    fn what_uses_much_of_it_and_what_shows_nothing_stays() {
        let wide = grey(|number| (number * 16) as u16);
        assert_eq!(spread(wide.clone()), wide);
        let noise = spread(grey(|number| 500 + (number % 3) as u16)).into_luma8();
        assert!(noise.into_raw().into_iter().max() < Some(16));
    }

    #[test]
    fn alpha_is_no_level() {
        let deep = ImageBuffer::from_fn(64, 64, |x, _| LumaA([x as u16 * 16, u16::MAX]));
        let spread = spread(DynamicImage::ImageLumaA16(deep));
        assert_eq!(
            spread.as_luma_alpha8().unwrap().get_pixel(63, 0).0,
            [255, 255]
        );
    }
}
