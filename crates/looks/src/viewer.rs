//! The way from bytes to a look.

use std::{ops::Range, sync::Arc, time::Instant};

use comparison::{Crop, Details, Look, Needs, carry::Glance, parts, view};
use features::{Features, Input};
use fingerprint::{Encoded, Fingerprinter, Limits, Tiles};
use image::RgbImage;
use proto::Measure;

use crate::Model;

/// A JPEG that is so wide and high at 1/4 scale is not decoded in full for the network: it has as many pixels there as the
/// network's input. Of the corpus's camera pictures, made so small, verdicts and the area under the curve are those of the whole
/// pictures; docs/fingerprint.md has the figures.
const LEAST_QUARTER: (u32, u32) = (Input::WIDTH as u32, Input::HEIGHT as u32);

/// Makes looks one after the other, with the memory of those before. Each thread has its own; the model is shared.
pub struct Viewer {
    limits: Limits,
    fingerprinter: Fingerprinter,
    model: Option<Arc<Model>>,
}

/// Why a picture has no look.
#[derive(Debug, thiserror::Error)]
pub enum LookError {
    /// Its bytes cannot be read.
    #[error(transparent)]
    Picture(#[from] fingerprint::Error),
    /// The measure needs the network, whose weights are not installed.
    #[error("the measures view and parts need the network's weights, which are not installed")]
    NoModel,
    /// The network said something that is no number.
    #[error("the network failed on it")]
    Network,
}

impl LookError {
    /// The memory with which there would be a look, in bytes; `None` where more of it would not help.
    pub fn needed_bytes(&self) -> Option<u64> {
        match self {
            LookError::Picture(error) => error.needed_bytes(),
            LookError::NoModel | LookError::Network => None,
        }
    }
}

impl Viewer {
    /// One that has seen nothing yet.
    pub fn new(limits: Limits, model: Option<Arc<Model>>) -> Self {
        Viewer {
            limits,
            fingerprinter: Fingerprinter::new(limits),
            model,
        }
    }

    /// Allows so much memory from now on, in bytes: [`Limits::max_alloc_bytes`].
    pub fn allow(&mut self, max_alloc_bytes: u64) {
        self.limits.max_alloc_bytes = max_alloc_bytes;
        self.fingerprinter.allow(max_alloc_bytes);
    }

    /// The look of an encoded picture, with all that a measure needs, or a rule.
    ///
    /// # Errors
    /// When the bytes are no picture that can be read within the limits, or the measure needs a network that isn't there.
    pub fn look(&mut self, bytes: &[u8], needs: impl Into<Needs>) -> Result<Look, LookError> {
        let needs = needs.into();
        let mut look = self.without_network(bytes, needs.measure)?;
        self.add_network(&mut look, bytes, &needs)?;
        Ok(look)
    }

    /// The look of an encoded picture without what the network sees.
    ///
    /// # Errors
    /// When the bytes are no picture that can be read within the limits.
    pub fn without_network(&mut self, bytes: &[u8], measure: Measure) -> Result<Look, LookError> {
        Ok(self.fingerprinter.with_hash(bytes, measure.hash())?.into())
    }

    /// Adds to the look of this picture what the network sees, where the measure needs it, and of each part that is looked at by
    /// itself, which takes another pass. The picture is read once more, since the fingerprint has no colour: a JPEG that is
    /// large enough at 1/4 scale from its coefficients, all others in full, and all those of which a part is looked at.
    ///
    /// # Errors
    /// As [`Self::look`].
    pub fn add_network(
        &mut self,
        look: &mut Look,
        bytes: &[u8],
        needs: &Needs,
    ) -> Result<(), LookError> {
        match needs.measure {
            Measure::View => {
                let (view, details) = self.view(bytes, &needs.crops)?;
                look.view = Some(Arc::new(view));
                look.details = details;
            }
            Measure::Parts => look.parts = Some(Arc::new(self.parts(bytes)?)),
            Measure::Phash | Measure::Hash(_) | Measure::Unknown => {}
        }
        Ok(())
    }

    /// What is seen, before the network looks at it, of the picture that was looked at last, which has these bytes.
    pub fn glance(&self, look: &Look, bytes: &[u8]) -> Glance {
        Glance::new(self.fingerprinter.cells(), &look.fingerprint, bytes.len())
    }

    /// The tiles of the picture that was looked at last.
    pub fn tiles(&self) -> Tiles {
        self.fingerprinter.tiles()
    }

    fn view(&mut self, bytes: &[u8], crops: &[Crop]) -> Result<(view::Look, Details), LookError> {
        let model = self.model.clone().ok_or(LookError::NoModel)?;
        let quarter = self.fingerprinter.quarter_rgb(bytes, LEAST_QUARTER)?;
        let quarter = quarter.as_ref().map(input);
        let (input, details) = match quarter {
            Some(quarter) if crops.is_empty() => (quarter, Details::new()),
            quarter => {
                let pixels = self.pixels(bytes, crops)?;
                let details = details(&model, &pixels, crops)?;
                (quarter.unwrap_or_else(|| input(&pixels)), details)
            }
        };
        Ok((seen(&model, &input)?, details))
    }

    /// The picture in full.
    fn pixels(&self, bytes: &[u8], crops: &[Crop]) -> Result<RgbImage, LookError> {
        let encoded = Encoded::open(bytes, self.limits)?;
        // Reducing it takes a row of sums, of four bytes a sample, and less for the picture that comes of it.
        let reducing = 12 * u64::from(encoded.size().0) + (1 << 20);
        Ok(encoded.upright_rgb(reducing + largest(crops, encoded.size()))?)
    }

    fn parts(&self, bytes: &[u8]) -> Result<parts::Look, LookError> {
        let model = self.model.as_ref().ok_or(LookError::NoModel)?;
        let encoded = Encoded::open(bytes, self.limits)?;
        // A tile, and reducing it as above.
        let (width, height) = encoded.size();
        let pixels = u64::from(width) * u64::from(height);
        let cutting = pixels / 3 + 12 * u64::from(width) + (1 << 20);
        let pixels = encoded.upright_rgb(cutting)?;
        let (width, height) = pixels.dimensions();
        let size = (width as usize, height as usize);
        let tiles = std::array::from_fn(|at| {
            let tile = tile(&pixels, size, (at / parts::TILES, at % parts::TILES));
            timed(model, &tile).stage5
        });
        parts::Look::of(&tiles).map_err(|_| LookError::Network)
    }
}

fn input(pixels: &RgbImage) -> Input {
    let (width, height) = pixels.dimensions();
    Input::from_rgb(pixels, width as usize, height as usize)
        .expect("a picture has as many pixels as its sides say")
}

/// What the network sees of each part.
fn details(model: &Model, pixels: &RgbImage, crops: &[Crop]) -> Result<Details, LookError> {
    let size = (pixels.width() as usize, pixels.height() as usize);
    let mut details = Details::new();
    for crop in crops {
        let (columns, rows) = crop.pixels(size);
        let part = cut(pixels, size.0, columns, rows);
        details.insert(*crop, Some(Arc::new(seen(model, &part)?)));
    }
    Ok(details)
}

/// The bytes of the largest part that is cut out of a picture of this size, which may lie on its side.
fn largest(crops: &[Crop], (width, height): (u32, u32)) -> u64 {
    let (width, height) = (width as usize, height as usize);
    let bytes = |size: (usize, usize)| {
        let of = move |crop: &Crop| {
            let (columns, rows) = crop.pixels(size);
            3 * columns.len() as u64 * rows.len() as u64
        };
        crops.iter().map(of).max().unwrap_or_default()
    };
    bytes((width, height)).max(bytes((height, width)))
}

/// What the network sees.
fn seen(model: &Model, input: &Input) -> Result<view::Look, LookError> {
    let features = timed(model, input);
    let picture = view::Picture {
        stage5: &features.stage5,
        stage7: &features.stage7,
        luma: &luma(input.bytes()),
    };
    view::Look::of(&picture).map_err(|_| LookError::Network)
}

fn timed(model: &Model, input: &Input) -> Features {
    let begun = Instant::now();
    let features = model.of(input);
    metrics::histogram!("framewatch_network_seconds").record(begun.elapsed());
    features
}

/// A tile of a picture, 320×240: that of so many rows and columns of 3×3. A picture narrower or lower than three pixels has tiles
/// that share some.
fn tile(pixels: &[u8], (width, height): (usize, usize), (row, column): (usize, usize)) -> Input {
    let part = |at: usize, length: usize| {
        let start = (at * length / parts::TILES).min(length - 1);
        let end = ((at + 1) * length / parts::TILES).max(start + 1);
        start..end
    };
    cut(pixels, width, part(column, width), part(row, height))
}

/// These columns and rows of a picture that is so wide, 320×240.
fn cut(pixels: &[u8], width: usize, columns: Range<usize>, rows: Range<usize>) -> Input {
    let lines = rows
        .clone()
        .map(|y| &pixels[3 * (y * width + columns.start)..][..3 * columns.len()]);
    let cut: Vec<u8> = lines.flatten().copied().collect();
    Input::from_rgb(&cut, columns.len(), rows.len())
        .expect("a part has as many pixels as its sides say")
}

/// 0.299 R + 0.587 G + 0.114 B, in 16 bits after the point, as the study had it.
fn luma(rgb: &[u8]) -> Vec<u8> {
    let (pixels, _) = rgb.as_chunks::<3>();
    let level = |&[r, g, b]: &[u8; 3]| {
        let sum = 19_595 * u32::from(r) + 38_470 * u32::from(g) + 7_471 * u32::from(b) + 0x8000;
        (sum >> 16) as u8
    };
    pixels.iter().map(level).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_weights_of_the_colours_make_white_of_white() {
        assert_eq!(luma(&[255, 255, 255, 0, 0, 0, 255, 0, 0]), [255, 0, 76]);
    }

    #[test]
    fn without_weights_the_measure_view_says_so_and_others_go_on() {
        let mut png = Vec::new();
        let picture = RgbImage::from_fn(200, 200, |x, y| image::Rgb([x as u8, y as u8, 7]));
        let to = &mut std::io::Cursor::new(&mut png);
        picture.write_to(to, image::ImageFormat::Png).unwrap();
        let mut viewer = Viewer::new(Limits::default(), None);
        assert!(matches!(
            viewer.look(&png, Measure::View),
            Err(LookError::NoModel)
        ));
        assert!(viewer.look(&png, Measure::Phash).unwrap().view.is_none());
    }
}
