//! Perceptual fingerprints of pictures and the similarity of two of them.
//!
//! Owns the way from a picture's bytes to a 64-bit pHash and from two hashes to a similarity between 0 and 1. Pure
//! and synchronous: no I/O, no clock, no shared state. What a similarity means for a camera (threshold, verdict,
//! alert) is left to the comparator.
//!
//! The hash equals Python's `imagehash.phash(ImageOps.exif_transpose(Image.open(f)))` bit for bit wherever the
//! decoded pixels do, so similarities and thresholds carry over from systems built on that. The `image_hasher` crate
//! isn't used because it can't give these hashes: it weighs colours and resizes in other arithmetic, lays its bits out
//! in another order, and leaves EXIF orientation to the caller.
//!
//! ```no_run
//! let reference = fingerprint::of(&std::fs::read("reference.jpg")?)?;
//! let frame = fingerprint::of(&std::fs::read("frame.jpg")?)?;
//! assert!(reference.similarity(&frame) >= 0.9);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod decode;
mod error;
mod fingerprint;
mod format;
mod limits;
mod luma;
mod phash;
mod resample;

pub use error::{Content, Error};
pub use fingerprint::{ALGORITHM, BLANK_CONTRAST, Fingerprint};
pub use format::Format;
pub use limits::Limits;

/// What one decode of a picture tells.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Picture {
    /// The format its bytes are in, whatever its name or `Content-Type` says.
    pub format: Format,
    /// Its fingerprint, which also holds its width and height.
    pub fingerprint: Fingerprint,
}

/// The fingerprint of an encoded picture, within the default [`Limits`].
///
/// # Errors
/// As [`of_limited`].
pub fn of(bytes: &[u8]) -> Result<Fingerprint, Error> {
    of_limited(bytes, &Limits::default())
}

/// The fingerprint of an encoded picture: JPEG, PNG, WebP, GIF or BMP, told by its bytes. Of an animation, the first
/// frame; transparency is ignored.
///
/// # Errors
/// When the bytes are no picture of an accepted format, are damaged or cut short, or the picture exceeds `limits`.
pub fn of_limited(bytes: &[u8], limits: &Limits) -> Result<Fingerprint, Error> {
    inspect(bytes, limits).map(|picture| picture.fingerprint)
}

/// The format, dimensions and fingerprint of an encoded picture.
///
/// # Errors
/// As [`of_limited`].
pub fn inspect(bytes: &[u8], limits: &Limits) -> Result<Picture, Error> {
    let (format, luma) = decode::decode(bytes, limits)?;
    Ok(Picture {
        format,
        fingerprint: Fingerprint::of_luma(&luma),
    })
}
