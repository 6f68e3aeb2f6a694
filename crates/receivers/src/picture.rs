//! The pictures behind an alert side by side in one: the frame, the reference, and where they differ.

use std::io::Cursor;

use fast_image_resize::{FilterType, ResizeAlg, ResizeOptions, Resizer};
use fingerprint::{Encoded, Limits};
use image::{
    DynamicImage, GenericImage as _, ImageEncoder as _, Rgb, RgbImage,
    codecs::jpeg::JpegEncoder,
    imageops::{self, grayscale},
};

use crate::Picture;

/// The pictures behind an alert, each as it is stored. What is not there, or cannot be read, is left out.
#[derive(Debug, Clone, Copy, Default)]
pub struct Shots<'a> {
    /// The frame with which it fired.
    pub frame: Option<&'a [u8]>,
    /// The reference that it was held against.
    pub reference: Option<&'a [u8]>,
    /// A PNG to be laid over the frame, the redder where it differs. Without one, the difference is that of the pixels.
    pub heat_map: Option<&'a [u8]>,
}

/// Why there is no picture.
#[derive(Debug, thiserror::Error)]
pub enum NoPicture {
    /// There is none, or none that can be read.
    #[error("there is no frame or reference that can be read")]
    None,
    /// It takes more memory than allowed.
    #[error("reading the pictures takes {0} bytes of memory, and fewer are allowed")]
    TooMuchMemory(u64),
    /// It can't be written small enough.
    #[error("the picture cannot be written within {MAX_BYTES} bytes")]
    TooLarge,
    /// It can't be written at all.
    #[error("the picture cannot be written")]
    Write(#[source] image::ImageError),
}

/// Many mail servers take 10 MB, but a phone's network no more than this at once.
const MAX_BYTES: usize = 400 * 1024;

/// The width of one of the three pictures and the quality of the JPEG, the best first.
const SIZES: [(u32, u8); 4] = [(480, 82), (480, 65), (320, 65), (200, 50)];

/// Taller ones become narrower.
const TALLEST: u32 = 3;

const GAP: u32 = 8;
const BACKGROUND: Rgb<u8> = Rgb([24, 24, 24]);

impl Shots<'_> {
    /// One picture of them. It takes a good part of a core for some tenths of a second, and the memory of the decoded
    /// pictures: it is work for the process's pool.
    ///
    /// # Errors
    /// When neither frame nor reference can be read, one of them takes more memory than the limits allow, or what they give
    /// can't be made small enough.
    pub fn side_by_side(&self, limits: Limits) -> Result<Picture, NoPicture> {
        let read = |bytes: Option<&[u8]>| match bytes {
            Some(bytes) => read(bytes, limits),
            None => Ok(None),
        };
        let (frame, reference) = (read(self.frame)?, read(self.reference)?);
        let heat_map = self
            .heat_map
            .and_then(|png| image::load_from_memory(png).ok());
        let shows = match (&frame, &reference) {
            (Some(_), Some(_)) => "The frame, the reference, and where they differ",
            (Some(_), None) => "The frame",
            (None, Some(_)) => "The reference; there is no frame",
            (None, None) => return Err(NoPicture::None),
        };
        for (width, quality) in SIZES {
            let panels = panels(frame.as_ref(), reference.as_ref(), heat_map.as_ref(), width);
            let jpeg = encode(&row(&panels), quality).map_err(NoPicture::Write)?;
            if jpeg.len() <= MAX_BYTES {
                return Ok(Picture {
                    jpeg: jpeg.into(),
                    shows: shows.to_owned(),
                });
            }
        }
        Err(NoPicture::TooLarge)
    }
}

/// Upright, and no wider than a panel ever is; `None` where it cannot be read.
fn read(bytes: &[u8], limits: Limits) -> Result<Option<RgbImage>, NoPicture> {
    let (width, _) = SIZES[0];
    let read = Encoded::open(bytes, limits).and_then(|encoded| {
        // Reducing it makes it narrow first.
        let narrowed = 3 * u64::from(width) * u64::from(encoded.size().1);
        encoded.upright_rgb(narrowed)
    });
    let picture = match read {
        Ok(picture) => picture,
        Err(error) => {
            return match error.needed_bytes() {
                Some(needed) => Err(NoPicture::TooMuchMemory(needed)),
                None => Ok(None),
            };
        }
    };
    Ok(
        match picture.width() > width || picture.height() > width * TALLEST {
            true => {
                let size = fitting(&picture, width);
                resized(picture, size)
            }
            false => Some(picture),
        },
    )
}

/// The size of a picture that is so wide, or narrower where it would be too tall.
fn fitting(picture: &RgbImage, width: u32) -> (u32, u32) {
    let (w, h) = (f64::from(picture.width()), f64::from(picture.height()));
    let scale = f64::min(f64::from(width) / w, f64::from(width * TALLEST) / h);
    let scaled = |side: f64| ((side * scale).round() as u32).max(1);
    (scaled(w), scaled(h))
}

fn resized(picture: RgbImage, (width, height): (u32, u32)) -> Option<RgbImage> {
    let source = DynamicImage::ImageRgb8(picture);
    let mut small = DynamicImage::ImageRgb8(RgbImage::new(width, height));
    let options = ResizeOptions::new().resize_alg(ResizeAlg::Convolution(FilterType::CatmullRom));
    Resizer::new().resize(&source, &mut small, &options).ok()?;
    Some(small.into_rgb8())
}

fn panels(
    frame: Option<&RgbImage>,
    reference: Option<&RgbImage>,
    heat_map: Option<&DynamicImage>,
    width: u32,
) -> Vec<RgbImage> {
    let scaled = |picture: &RgbImage| resized(picture.clone(), fitting(picture, width));
    let (frame, reference) = (frame.and_then(scaled), reference.and_then(scaled));
    let difference = match (&frame, &reference) {
        (Some(frame), Some(reference)) => Some(difference(frame, reference, heat_map)),
        _ => None,
    };
    [frame, reference, difference]
        .into_iter()
        .flatten()
        .collect()
}

/// The frame in grey, with what differs in red.
fn difference(frame: &RgbImage, reference: &RgbImage, heat_map: Option<&DynamicImage>) -> RgbImage {
    let grey = grayscale(frame);
    if let Some(heat_map) = heat_map {
        let grey = DynamicImage::ImageLuma8(grey);
        let mut panel = DynamicImage::ImageRgba8(grey.into_rgba8());
        let (width, height) = frame.dimensions();
        let over = heat_map.resize_exact(width, height, imageops::FilterType::Nearest);
        imageops::overlay(&mut panel, &over, 0, 0);
        return panel.into_rgb8();
    }
    let reference =
        resized(reference.clone(), frame.dimensions()).map(|reference| grayscale(&reference));
    RgbImage::from_fn(frame.width(), frame.height(), |x, y| {
        let [luma] = grey.get_pixel(x, y).0;
        let other = reference
            .as_ref()
            .map_or(luma, |it| it.get_pixel(x, y).0[0]);
        red(luma, luma.abs_diff(other))
    })
}

/// A grey pixel, the redder the more it differs. What noise and compression change is no difference.
fn red(luma: u8, differs: u8) -> Rgb<u8> {
    const NOISE: u8 = 24;
    let share = f32::from(differs.saturating_sub(NOISE)) / f32::from(u8::MAX - NOISE);
    let share = (share * 3.0).min(1.0);
    let mixed = |to: f32| (f32::from(luma) * (1.0 - share) + to * share) as u8;
    Rgb([mixed(255.0), mixed(0.0), mixed(0.0)])
}

fn row(panels: &[RgbImage]) -> RgbImage {
    let gaps = GAP * (panels.len() as u32).saturating_sub(1);
    let width = panels.iter().map(RgbImage::width).sum::<u32>() + gaps;
    let height = panels.iter().map(RgbImage::height).max().unwrap_or(1);
    let mut row = RgbImage::from_pixel(width, height, BACKGROUND);
    let mut x = 0;
    for panel in panels {
        let place = row.copy_from(panel, x, 0);
        debug_assert!(place.is_ok(), "the row is as wide as its panels");
        x += panel.width() + GAP;
    }
    row
}

fn encode(picture: &RgbImage, quality: u8) -> image::ImageResult<Vec<u8>> {
    let mut bytes = Cursor::new(Vec::new());
    let (width, height) = picture.dimensions();
    let encoder = JpegEncoder::new_with_quality(&mut bytes, quality);
    encoder.write_image(
        picture.as_raw(),
        width,
        height,
        image::ExtendedColorType::Rgb8,
    )?;
    Ok(bytes.into_inner())
}

#[cfg(test)]
mod tests {
    use image::ImageFormat;

    use super::*;

    fn png(picture: RgbImage) -> Vec<u8> {
        let mut bytes = Cursor::new(Vec::new());
        let picture = DynamicImage::ImageRgb8(picture);
        picture.write_to(&mut bytes, ImageFormat::Png).unwrap();
        bytes.into_inner()
    }

    fn plain(width: u32, height: u32, of: [u8; 3]) -> Vec<u8> {
        png(RgbImage::from_pixel(width, height, Rgb(of)))
    }

    fn made(shots: &Shots<'_>) -> RgbImage {
        let picture = shots.side_by_side(Limits::default()).unwrap();
        assert!(picture.jpeg.len() <= MAX_BYTES);
        image::load_from_memory(&picture.jpeg).unwrap().into_rgb8()
    }

    #[test]
    fn frame_reference_and_difference_stand_side_by_side() {
        let mut frame = RgbImage::from_pixel(960, 540, Rgb([128; 3]));
        for (_, _, pixel) in frame.enumerate_pixels_mut().filter(|(x, ..)| *x < 480) {
            *pixel = Rgb([250, 250, 250]);
        }
        let (frame, reference) = (png(frame), plain(960, 540, [128; 3]));
        let row = made(&Shots {
            frame: Some(&frame),
            reference: Some(&reference),
            heat_map: None,
        });
        assert_eq!(row.dimensions(), (3 * 480 + 2 * 8, 270));
        let reddest = |x: u32| {
            let Rgb([r, g, b]) = *row.get_pixel(x, 100);
            i32::from(r) - i32::from(g.max(b))
        };
        assert!(
            row.get_pixel(100, 100).0[1] > 230,
            "the frame is bright at left"
        );
        assert!(
            row.get_pixel(488 + 100, 100).0[1] < 140,
            "the reference is not"
        );
        assert!(reddest(976 + 100) > 200, "which is the difference");
        assert!(reddest(976 + 400) < 20, "and no more of it");
    }

    #[test]
    fn a_heat_map_is_laid_over_the_frame() {
        let (frame, reference) = (plain(640, 480, [90; 3]), plain(640, 480, [90; 3]));
        let mut map = image::RgbaImage::new(2, 1);
        map.put_pixel(1, 0, image::Rgba([255, 0, 0, 200]));
        let mut heat_map = Cursor::new(Vec::new());
        map.write_to(&mut heat_map, ImageFormat::Png).unwrap();
        let row = made(&Shots {
            frame: Some(&frame),
            reference: Some(&reference),
            heat_map: Some(heat_map.get_ref()),
        });
        assert!(row.get_pixel(976 + 400, 100).0[0] > 180, "red at right");
        assert!(row.get_pixel(976 + 60, 100).0[0] < 110, "as it was at left");
    }

    #[test]
    fn what_is_there_is_shown_and_what_is_not_is_said() {
        let frame = plain(320, 240, [10, 200, 10]);
        let alone = Shots {
            frame: Some(&frame),
            reference: Some(b"no picture"),
            heat_map: Some(b"none either"),
        };
        assert_eq!(
            alone.side_by_side(Limits::default()).unwrap().shows,
            "The frame"
        );
        assert_eq!(made(&alone).dimensions(), (480, 360));
        let none = Shots::default().side_by_side(Limits::default());
        assert!(matches!(none, Err(NoPicture::None)));
    }

    #[test]
    fn pictures_of_any_shape_and_much_detail_stay_within_the_budget() {
        let noise = |width, height| {
            let mut state = 1_u32;
            png(RgbImage::from_fn(width, height, |_, _| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                let [_, a, b, c] = state.to_be_bytes();
                Rgb([a, b, c])
            }))
        };
        for (width, height) in [(1000, 1000), (3000, 3), (3, 3000), (1, 1)] {
            let (frame, reference) = (noise(width, height), noise(height, width));
            let row = made(&Shots {
                frame: Some(&frame),
                reference: Some(&reference),
                heat_map: None,
            });
            assert!(row.width() <= 3 * 480 + 16 && row.height() <= 3 * 480);
        }
    }
}
