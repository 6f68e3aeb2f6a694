//! Colours as red, green and blue, without a second picture beside a large one where that can be.

use image::{DynamicImage, RgbImage};

/// The picture in red, green and blue; transparency is ignored.
pub(crate) fn rgb(picture: DynamicImage) -> RgbImage {
    match picture {
        DynamicImage::ImageRgba8(rgba) => {
            let (width, height) = rgba.dimensions();
            RgbImage::from_raw(width, height, without_alpha(rgba.into_raw()))
                .expect("three bytes a pixel are left")
        }
        other => other.into_rgb8(),
    }
}

/// In the same memory.
fn without_alpha(mut samples: Vec<u8>) -> Vec<u8> {
    let count = samples.len() / 4;
    for at in 1..count {
        samples.copy_within(4 * at..4 * at + 3, 3 * at);
    }
    samples.truncate(3 * count);
    samples
}

#[cfg(test)]
mod tests {
    use image::{Rgba, RgbaImage};

    use super::*;

    #[test]
    fn what_is_transparent_keeps_its_colour() {
        let rgba = RgbaImage::from_fn(31, 17, |x, y| Rgba([x as u8, y as u8, 7, (x * y) as u8]));
        let made = rgb(DynamicImage::ImageRgba8(rgba.clone()));
        assert_eq!(made, DynamicImage::ImageRgba8(rgba).into_rgb8());
    }
}
