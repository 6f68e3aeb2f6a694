//! A picture in full: its size by its header, and its pixels in colour.

use std::borrow::Cow;

use image::metadata::Orientation;
use image::{DynamicImage, RgbImage};

use crate::luma::{Luma, Stored, swaps_sides};
use crate::memory::Memory;
use crate::resample::Lines;
use crate::scale::Scale;
use crate::{Content, Error, Format, Limits, colour, decode, gif, jpeg, png};

/// An encoded picture of which only the header was read.
pub struct Encoded<'a> {
    bytes: Cow<'a, [u8]>,
    format: Format,
    limits: Limits,
    stored: (u32, u32),
    orientation: Orientation,
    memory: Memory,
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
        let (bytes, turn, held) = match format {
            Format::Jpeg => {
                let mended = jpeg::mended(bytes, &limits)?;
                (mended.bytes, Some(mended.orientation), mended.held)
            }
            Format::Png => (png::with_end(bytes), None, 0),
            Format::Gif => (gif::with_room(bytes), None, 0),
            Format::WebP | Format::Bmp => (Cow::Borrowed(bytes), None, 0),
        };
        let header = decode::header(&bytes, format, &limits, held)?;
        Ok(Self {
            bytes,
            format,
            limits,
            stored: header.size,
            orientation: turn.unwrap_or(header.orientation),
            memory: header.memory,
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

    /// Width and height in pixels as it is stored, not yet turned.
    pub fn stored_size(&self) -> (u32, u32) {
        self.stored
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

    /// The most memory that [`Self::decode`] takes at any moment, in bytes.
    pub fn decoding_bytes(&self) -> u64 {
        self.memory.decoding()
    }

    /// The pixels as they are stored, not yet turned. Of an animation, the first frame. A picture of 16 bits a channel that
    /// uses less than a quarter of their range comes with 8, over which what it uses is spread.
    ///
    /// # Errors
    /// When the picture is damaged or cut short, or decoding it takes more memory than allowed.
    pub fn decode(&self) -> Result<DynamicImage, Error> {
        decode::pixels(&self.bytes, self.format, &self.limits)
    }

    /// The pixels as they are stored, not yet turned, in red, green and blue; transparency is ignored. Of an animation, the first
    /// frame. `beside_bytes` is what is then to be made of them.
    ///
    /// # Errors
    /// As [`Self::decode`]; the memory is that of all steps.
    pub fn rgb(&self, beside_bytes: u64) -> Result<RgbImage, Error> {
        let needed = self.memory.rgb(false, beside_bytes);
        self.limits.check_memory(needed, self.format)?;
        Ok(colour::rgb(self.decode()?))
    }

    /// The pixels upright, in red, green and blue; transparency is ignored. Of an animation, the first frame. `beside_bytes` is
    /// what is then to be made of them.
    ///
    /// # Errors
    /// As [`Self::decode`]; the memory is that of all steps.
    pub fn upright_rgb(&self, beside_bytes: u64) -> Result<RgbImage, Error> {
        let is_turned = swaps_sides(self.orientation);
        let needed = self.memory.rgb(is_turned, beside_bytes);
        self.limits.check_memory(needed, self.format)?;
        let mut picture = DynamicImage::ImageRgb8(colour::rgb(self.decode()?));
        picture.apply_orientation(self.orientation);
        Ok(picture.into_rgb8())
    }

    /// The grey levels as they are stored, not yet turned, row by row from the top; transparency is ignored. Of an animation,
    /// the first frame.
    ///
    /// # Errors
    /// As [`Self::decode`].
    pub fn levels(&self) -> Result<Vec<u8>, Error> {
        Ok(Luma::new(self.decode()?).pixels)
    }

    /// The grey levels, reduced where that leaves enough.
    pub(crate) fn luma(&self) -> Result<Luma, Error> {
        let (width, height) = (self.stored.0 as usize, self.stored.1 as usize);
        let (width, height) = Scale::of(width, height).reduced(width, height);
        let is_turned = self.orientation != Orientation::NoTransforms;
        let lines = Lines::bytes_for(width, height).max(Lines::bytes_for(height, width));
        let reduced = width as u64 * height as u64;
        let needed = self.memory.grey(reduced, is_turned, lines);
        self.limits.check_memory(needed, self.format)?;
        Ok(Luma::new(self.decode()?).reduced())
    }
}
