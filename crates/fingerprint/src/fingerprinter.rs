//! From bytes to a fingerprint, with memory that is used again.

use image::metadata::Orientation;
use image::{DynamicImage, RgbImage};

use crate::jpeg::{self, Outcome};
use crate::luma::{Luma, Stored, swaps_sides};
use crate::resample::{Lines, Resampler};
use crate::{
    ALGORITHM, Cells, Content, Encoded, Error, Fingerprint, Format, HashKind, Limits, Picture,
    Quality, Tiles, phash,
};

/// A picture in grey, upright: at 1/8 scale; at 1/4 where 1/8 would leave fewer than 72 pixels on a side; at full size where
/// 1/4 would leave fewer than 96.
#[derive(Clone, Copy, Debug)]
pub struct Thumbnail<'a> {
    /// Pixels in a row.
    pub width: usize,
    /// Rows.
    pub height: usize,
    /// `width` × `height` grey levels, row by row from the top.
    pub levels: &'a [u8],
}

impl<'a> Thumbnail<'a> {
    fn of(luma: &'a Luma) -> Self {
        Thumbnail {
            width: luma.width,
            height: luma.height,
            levels: &luma.pixels,
        }
    }
}

/// Makes fingerprints one after the other, with the tables and the memory of those before: once it has seen a camera's
/// frames, another JPEG of the same size and tables costs no allocation. Holds what the largest picture so far needed
/// (1.5 MB for 1080p), and shares nothing with others, so each thread has its own. What it has seen doesn't change what
/// it says.
pub struct Fingerprinter {
    limits: Limits,
    jpeg: jpeg::Reader,
    luma: Luma,
    turned: Luma,
    columns: Lines,
    to_32: Resampler<32>,
    to_64: Resampler<64>,
}

impl Fingerprinter {
    /// One that has seen nothing yet.
    pub fn new(limits: Limits) -> Self {
        Self {
            limits,
            jpeg: jpeg::Reader::default(),
            luma: Luma::default(),
            turned: Luma::default(),
            columns: Lines::default(),
            to_32: Resampler::default(),
            to_64: Resampler::default(),
        }
    }

    /// Allows so much memory from now on, in bytes: [`Limits::max_alloc_bytes`].
    pub fn allow(&mut self, max_alloc_bytes: u64) {
        self.limits.max_alloc_bytes = max_alloc_bytes;
    }

    /// The fingerprint of an encoded picture: JPEG, PNG, WebP, GIF or BMP, told by its bytes. Of an animation, the first
    /// frame; transparency is ignored.
    ///
    /// # Errors
    /// When the bytes are no picture of an accepted format, are damaged or cut short, or the picture exceeds the limits.
    pub fn of(&mut self, bytes: &[u8]) -> Result<Fingerprint, Error> {
        self.inspect(bytes).map(|picture| picture.fingerprint)
    }

    /// The fingerprint of an encoded picture, with a hash of this kind beside the pHashes.
    ///
    /// # Errors
    /// As [`Self::of`].
    pub fn with_hash(
        &mut self,
        bytes: &[u8],
        hash: Option<HashKind>,
    ) -> Result<Fingerprint, Error> {
        self.picture(bytes, hash).map(|picture| picture.fingerprint)
    }

    /// The format and the fingerprint of an encoded picture.
    ///
    /// # Errors
    /// As [`Self::of`].
    pub fn inspect(&mut self, bytes: &[u8]) -> Result<Picture, Error> {
        self.picture(bytes, None)
    }

    fn picture(&mut self, bytes: &[u8], hash: Option<HashKind>) -> Result<Picture, Error> {
        let (format, stored) = self.read(bytes)?;
        let (mut width, mut height) = (stored.width, stored.height);
        if swaps_sides(stored.orientation) {
            (width, height) = (height, width);
        }
        let thumbnail = upright(&self.luma, &mut self.turned, stored.orientation);
        self.columns.take_columns(thumbnail);
        let (across, down) = (thumbnail.width, thumbnail.height);
        let grid = self.to_64.square(&self.columns, across, down);
        let coarse = self.to_32.square(&self.columns, across, down);
        let [phash] = phash::hash::<32, 8, 1>(&coarse);
        let fingerprint = Fingerprint {
            algorithm: ALGORITHM,
            phash,
            phash_256: phash::hash::<64, 16, 4>(&grid),
            hash: hash.map(|kind| kind.of(Thumbnail::of(thumbnail))),
            quality: Quality::of(thumbnail, &grid),
            width,
            height,
        };
        Ok(Picture {
            format,
            fingerprint,
        })
    }

    /// The tiles of the picture that was read last, as it is stored: not turned.
    pub fn tiles(&self) -> Tiles {
        Tiles::of(&self.luma)
    }

    /// The cells of the picture that was read last, as it is stored: not turned.
    pub fn cells(&self) -> Cells {
        Cells::of(&self.luma)
    }

    /// The grey thumbnail that the fingerprint of an encoded picture is made of.
    ///
    /// # Errors
    /// As [`Self::of`].
    pub fn thumbnail(&mut self, bytes: &[u8]) -> Result<Thumbnail<'_>, Error> {
        let (_, stored) = self.read(bytes)?;
        let luma = upright(&self.luma, &mut self.turned, stored.orientation);
        Ok(Thumbnail::of(luma))
    }

    /// A JPEG at 1/4 scale in red, green and blue, upright, without decoding it: each pixel has the mean of 4×4 of luma, and
    /// chroma that is linear between such means. `None` where it is no JPEG that can be read so (it is progressive, or not of
    /// luma and chroma), or where it would be less than `least` wide and high.
    ///
    /// # Errors
    /// As [`Self::of`].
    pub fn quarter_rgb(
        &mut self,
        bytes: &[u8],
        (width, height): (u32, u32),
    ) -> Result<Option<RgbImage>, Error> {
        if Format::sniff(bytes) != Some(Format::Jpeg) {
            return Ok(None);
        }
        let least = (width as usize, height as usize);
        let quarter = self.jpeg.quarter(bytes, &self.limits, least)?;
        Ok(quarter.map(|(picture, orientation)| {
            let mut picture = DynamicImage::ImageRgb8(picture);
            picture.apply_orientation(orientation);
            picture.into_rgb8()
        }))
    }

    /// Leaves the picture's grey levels, reduced where that leaves enough, in `self.luma`.
    fn read(&mut self, bytes: &[u8]) -> Result<(Format, Stored), Error> {
        if bytes.is_empty() {
            return Err(Error::Empty);
        }
        let format = Format::sniff(bytes).ok_or_else(|| Error::UnknownFormat {
            content: Content::of(bytes),
        })?;
        if format == Format::Jpeg
            && let Outcome::Thumbnail(stored) =
                self.jpeg.read(bytes, &self.limits, &mut self.luma)?
        {
            return Ok((format, stored));
        }
        let encoded = Encoded::open(bytes, self.limits)?;
        self.luma = encoded.luma()?;
        Ok((format, encoded.stored()))
    }
}

/// `luma`, turned into `turned` where it isn't upright.
fn upright<'a>(luma: &'a Luma, turned: &'a mut Luma, orientation: Orientation) -> &'a Luma {
    if orientation == Orientation::NoTransforms {
        return luma;
    }
    turned.turn(luma, orientation);
    turned
}
