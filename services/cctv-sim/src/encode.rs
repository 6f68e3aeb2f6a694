//! Pictures to and from the bytes of a frame.

use bytes::Bytes;
use image::codecs::jpeg::JpegEncoder;
use image::{ImageError, RgbImage};

/// The quality at which pictures become JPEG unless the specification says otherwise.
pub(crate) const DEFAULT_QUALITY: u8 = 85;

/// What every frame that is encoded here carries as its type.
pub(crate) const JPEG: &str = "image/jpeg";

/// The picture as baseline JPEG; `quality` from 1 to 100.
pub(crate) fn jpeg(picture: &RgbImage, quality: u8) -> Result<Bytes, ImageError> {
    let mut bytes = Vec::with_capacity(picture.as_raw().len() / 8);
    JpegEncoder::new_with_quality(&mut bytes, quality).encode_image(picture)?;
    Ok(bytes.into())
}
