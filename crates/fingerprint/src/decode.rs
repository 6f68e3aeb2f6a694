//! From a picture's bytes to its pixels, by the decoders of the `image` crate, where there is no shorter way.
//!
//! Refuses what would take too much memory before taking it.

use std::io::{Cursor, ErrorKind};

use image::error::LimitErrorKind;
use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, ImageError, ImageFormat, ImageReader};

use crate::{Error, Format, Limits, deep, exif};

/// The width and height of the picture as it is stored, and how to turn it.
pub(crate) fn header(
    bytes: &[u8],
    format: Format,
    limits: &Limits,
) -> Result<((u32, u32), Orientation), Error> {
    let mut decoder = open(bytes, format, limits)?;
    let orientation = orientation(&mut decoder);
    Ok((decoder.dimensions(), orientation))
}

/// The picture as it is stored; with 8 bits a channel where it uses a small part of 16.
pub(crate) fn pixels(bytes: &[u8], format: Format, limits: &Limits) -> Result<DynamicImage, Error> {
    let decoder = open(bytes, format, limits)?;
    let image = DynamicImage::from_decoder(decoder);
    image
        .map(deep::spread)
        .map_err(|error| refusal(error, format, limits))
}

fn open<'a>(
    bytes: &'a [u8],
    format: Format,
    limits: &Limits,
) -> Result<impl ImageDecoder + use<'a>, Error> {
    let decoder = reader(bytes, format, limits)
        .into_decoder()
        .map_err(|error| refusal(error, format, limits))?;
    check_size(&decoder, format, limits)?;
    Ok(decoder)
}

/// A picture whose EXIF data are damaged is shown upright by everyone else too.
fn orientation(decoder: &mut impl ImageDecoder) -> Orientation {
    let exif = decoder.exif_metadata().ok().flatten();
    exif.and_then(|exif| exif::orientation(&exif))
        .unwrap_or(Orientation::NoTransforms)
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
    limits.check(width, height, format)?;
    let pixels = u64::from(width) * u64::from(height);
    let color = decoder.color_type();
    let is_deep = color.bytes_per_pixel() == 2 * color.channel_count();
    let spread = match is_deep {
        true => decoder.total_bytes() / 2,
        false => 0,
    };
    let bytes = [decoder.total_bytes(), spread, pixels];
    if bytes.into_iter().fold(0, u64::saturating_add) > limits.max_alloc_bytes {
        return Err(limits.too_much_memory(format));
    }
    Ok(())
}

fn refusal(error: ImageError, format: Format, limits: &Limits) -> Error {
    match error {
        ImageError::Limits(limit) if matches!(limit.kind(), LimitErrorKind::InsufficientMemory) => {
            limits.too_much_memory(format)
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
