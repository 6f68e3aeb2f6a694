//! From a picture's bytes to its grey levels, by the decoders of the `image` crate.
//!
//! Refuses what would take too much memory before taking it, and what is cut short although the decoder would fill
//! in the rest.

mod huffman;
mod jpeg;

use std::io::{Cursor, ErrorKind};

use image::error::LimitErrorKind;
use image::{DynamicImage, ImageDecoder, ImageError, ImageFormat, ImageReader};

use crate::luma::Luma;
use crate::{Content, Error, Format, Limits};

pub(crate) fn decode(bytes: &[u8], limits: &Limits) -> Result<(Format, Luma), Error> {
    if bytes.is_empty() {
        return Err(Error::Empty);
    }
    let format = Format::sniff(bytes).ok_or_else(|| Error::UnknownFormat {
        content: Content::of(bytes),
    })?;
    let refuse = |error| refusal(error, format, limits);
    let mut decoder = reader(bytes, format, limits)
        .into_decoder()
        .map_err(refuse)?;
    check_size(&decoder, format, limits)?;
    if format == Format::Jpeg {
        jpeg::check(bytes, limits)?;
    }
    // A picture whose EXIF data are damaged is shown upright by everyone else too.
    let orientation = decoder
        .orientation()
        .unwrap_or(image::metadata::Orientation::NoTransforms);
    let image = DynamicImage::from_decoder(decoder).map_err(refuse)?;
    Ok((format, Luma::new(image, orientation)))
}

fn reader<'a>(bytes: &'a [u8], format: Format, limits: &Limits) -> ImageReader<Cursor<&'a [u8]>> {
    let format = match format {
        Format::Jpeg => ImageFormat::Jpeg,
        Format::Png => ImageFormat::Png,
        Format::WebP => ImageFormat::WebP,
        Format::Gif => ImageFormat::Gif,
        Format::Bmp => ImageFormat::Bmp,
    };
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    let mut decoder_limits = image::Limits::no_limits();
    decoder_limits.max_alloc = Some(limits.max_alloc_bytes);
    reader.limits(decoder_limits);
    reader
}

fn check_size(decoder: &impl ImageDecoder, format: Format, limits: &Limits) -> Result<(), Error> {
    let (width, height) = decoder.dimensions();
    let pixels = u64::from(width) * u64::from(height);
    if pixels == 0 {
        return Err(Error::Corrupt {
            format,
            source: format!("its size is {width}×{height} pixels").into(),
        });
    }
    if pixels > limits.max_pixels {
        return Err(Error::TooLarge {
            width,
            height,
            max_pixels: limits.max_pixels,
        });
    }
    if decoder.total_bytes().saturating_add(pixels) > limits.max_alloc_bytes {
        return Err(Error::TooMuchMemory {
            format,
            max_alloc_bytes: limits.max_alloc_bytes,
        });
    }
    Ok(())
}

fn refusal(error: ImageError, format: Format, limits: &Limits) -> Error {
    match error {
        ImageError::Limits(limit) if matches!(limit.kind(), LimitErrorKind::InsufficientMemory) => {
            Error::TooMuchMemory {
                format,
                max_alloc_bytes: limits.max_alloc_bytes,
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
