//! A picture in full: its size by its header, and its pixels in colour.

use std::borrow::Cow;

use image::DynamicImage;
use image::metadata::Orientation;

use crate::luma::{Stored, swaps_sides};
use crate::{Content, Error, Format, Limits, decode, gif, jpeg, png};

/// An encoded picture of which only the header was read.
pub struct Encoded<'a> {
    bytes: Cow<'a, [u8]>,
    format: Format,
    limits: Limits,
    stored: (u32, u32),
    orientation: Orientation,
}

impl<'a> Encoded<'a> {
    /// Reads the header of a picture.
    ///
    /// # Errors
    /// When the bytes begin no picture of an accepted format, or the picture exceeds the limits.
    pub fn open(bytes: &'a [u8], limits: Limits) -> Result<Self, Error> {
        let format = Format::sniff(bytes).ok_or_else(|| Error::UnknownFormat {
            content: Content::of(bytes),
        })?;
        // Of a JPEG that is mended its own reader says how to turn it; of others, the decoder.
        let (bytes, turn) = match format {
            Format::Jpeg => {
                let (bytes, turn) = jpeg::mended(bytes, &limits)?;
                (bytes, Some(turn))
            }
            Format::Png => (png::with_end(bytes), None),
            Format::Gif => (gif::with_room(bytes), None),
            Format::WebP | Format::Bmp => (Cow::Borrowed(bytes), None),
        };
        let (stored, orientation) = decode::header(&bytes, format, &limits)?;
        Ok(Self {
            bytes,
            format,
            limits,
            stored,
            orientation: turn.unwrap_or(orientation),
        })
    }

    /// How the picture is stored.
    pub(crate) fn stored(&self) -> Stored {
        Stored {
            width: self.stored.0,
            height: self.stored.1,
            orientation: self.orientation,
        }
    }

    /// Width and height in pixels, upright.
    pub fn size(&self) -> (u32, u32) {
        let (width, height) = self.stored;
        match swaps_sides(self.orientation) {
            true => (height, width),
            false => (width, height),
        }
    }

    /// How the pixels have to be turned to be upright.
    pub fn orientation(&self) -> Orientation {
        self.orientation
    }

    /// The pixels as they are stored, not yet turned. Of an animation, the first frame. A picture of 16 bits a channel that
    /// uses less than a quarter of their range comes with 8, over which what it uses is spread.
    ///
    /// # Errors
    /// When the picture is damaged or cut short, or decoding it takes more memory than allowed.
    pub fn decode(&self) -> Result<DynamicImage, Error> {
        decode::pixels(&self.bytes, self.format, &self.limits)
    }
}
