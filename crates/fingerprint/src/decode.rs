//! From a picture's bytes to its pixels, by the decoders of the `image` crate, where there is no shorter way.
//!
//! Refuses what would take too much memory before taking it: [`crate::memory`] says how much that is.

use std::io::{Cursor, ErrorKind};

use image::error::LimitErrorKind;
use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, ImageError, ImageFormat, ImageReader};

use crate::memory::Memory;
use crate::{Error, Format, Limits, deep, exif, png};

/// What a picture's header says.
pub(crate) struct Header {
    /// Width and height as it is stored.
    pub(crate) size: (u32, u32),
    /// How to turn it.
    pub(crate) orientation: Orientation,
    /// What decoding it takes.
    pub(crate) memory: Memory,
}

/// Reads the header. `held` is what a JPEG's coefficients take where all are kept.
pub(crate) fn header(
    bytes: &[u8],
    format: Format,
    limits: &Limits,
    held: u64,
) -> Result<Header, Error> {
    let mut decoder = open(bytes, format, limits)?;
    let (width, height) = decoder.dimensions();
    limits.check(width, height, format)?;
    let memory = Memory::of(bytes, format, &decoder, held);
    limits.check_memory(memory.decoding(), format)?;
    Ok(Header {
        size: (width, height),
        orientation: orientation(&mut decoder),
        memory,
    })
}

/// The picture as it is stored; with 8 bits a channel where it uses a small part of 16. Its header was read before.
pub(crate) fn pixels(bytes: &[u8], format: Format, limits: &Limits) -> Result<DynamicImage, Error> {
    let decoder = open(bytes, format, limits)?;
    let image = DynamicImage::from_decoder(decoder);
    image
        .map(deep::spread)
        .map_err(|error| refusal(error, format))
}

fn open<'a>(
    bytes: &'a [u8],
    format: Format,
    limits: &Limits,
) -> Result<impl ImageDecoder + use<'a>, Error> {
    reader(bytes, format, limits)
        .into_decoder()
        .map_err(|error| refusal(error, format))
}

/// A picture whose EXIF data are damaged is shown upright by everyone else too.
fn orientation(decoder: &mut impl ImageDecoder) -> Orientation {
    let exif = decoder.exif_metadata().ok().flatten();
    exif.and_then(|exif| exif::orientation(&exif))
        .unwrap_or(Orientation::NoTransforms)
}

fn reader<'a>(bytes: &'a [u8], format: Format, limits: &Limits) -> ImageReader<Cursor<&'a [u8]>> {
    let max_alloc = match format {
        // Its decoder counts what it unpacks beside the pixels, and does so before the size is known here.
        Format::Png => png::unpacked(bytes),
        _ => limits.max_alloc_bytes,
    };
    let format = match format {
        Format::Jpeg => ImageFormat::Jpeg,
        Format::Png => ImageFormat::Png,
        Format::WebP => ImageFormat::WebP,
        Format::Gif => ImageFormat::Gif,
        Format::Bmp => ImageFormat::Bmp,
    };
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    let mut decoder_limits = image::Limits::no_limits();
    decoder_limits.max_alloc = Some(max_alloc);
    reader.limits(decoder_limits);
    reader
}

fn refusal(error: ImageError, format: Format) -> Error {
    match error {
        ImageError::Limits(limit) if matches!(limit.kind(), LimitErrorKind::InsufficientMemory) => {
            Error::Unsupported {
                format,
                source: "its colour profile or its texts are too large".into(),
            }
        }
        ImageError::IoError(error) if error.kind() == ErrorKind::UnexpectedEof => {
            Error::Incomplete { format }
        }
        ImageError::Unsupported(error) => Error::Unsupported {
            format,
            source: error.into(),
        },
        error => Error::Corrupt {
            format,
            source: error.into(),
        },
    }
}
