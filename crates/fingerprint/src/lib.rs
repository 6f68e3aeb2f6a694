//! Perceptual fingerprints of pictures and the similarity of two of them.
//!
//! Owns the way from a picture's bytes to a [`Fingerprint`] (two pHashes, measures of quality, the size) and from two
//! fingerprints to a similarity between 0 and 1; [`Encoded`] gives a picture's pixels within the same bounds. Pure and
//! synchronous: no I/O, no clock, no shared state. What a similarity means for a camera is left to
//! others: threshold and verdict to `comparison`, alerts to `alerting`.
//!
//! ```no_run
//! let reference = fingerprint::of(&std::fs::read("reference.jpg")?)?;
//! let frame = fingerprint::of(&std::fs::read("frame.jpg")?)?;
//! assert!(reference.similarity(&frame) >= 0.9);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # How
//!
//! A picture becomes a grey thumbnail at 1/8 scale, or at 1/4 where that would have fewer than 72 pixels on a side. For a
//! JPEG the first is the DC coefficients of its luma, read without decoding the rest, and the second takes those of its
//! other coefficients that tell the quarters of a block apart. Every other format is decoded by the `image` crate and
//! reduced to the means of 8×8 or 4×4 pixels. Pictures that would have fewer than 96 pixels on a side at 1/4 are
//! decoded and hashed at full size. The EXIF orientation is applied to the thumbnail. [`Fingerprinter::quarter_rgb`] reads a
//! sequential JPEG at 1/4 in colour in the same way.
//!
//! The hashes of a thumbnail equal Python's `imagehash.phash(thumbnail)` bit for bit, and those of the whole picture in
//! nearly all bits, so similarities and thresholds carry over from systems built on that. The `image_hasher` crate
//! can't give these hashes: it weighs colours and resizes in other arithmetic, lays its bits out in another order, and
//! leaves EXIF orientation to the caller. Its other hashes are to be had of the same thumbnail: [`HashKind`].
//!
//! # Bounds
//!
//! Time is linear in the bytes and the pixels. Memory is bounded by [`Limits`]: pictures of more than
//! [`Limits::max_pixels`] are refused by their header, and so are those whose decoder would take more than
//! [`Limits::max_alloc_bytes`] with its own buffers. A JPEG's header alone makes nothing be taken: there must be at least a
//! bit of data for each block that it announces.

mod cells;
mod colour;
#[cfg(test)]
mod corpus;
mod decode;
mod deep;
mod encoded;
mod error;
mod exif;
mod fingerprint;
mod fingerprinter;
mod format;
mod gif;
mod hash;
mod jpeg;
mod limits;
mod luma;
mod memory;
mod phash;
mod png;
mod quality;
mod resample;
mod scale;
mod tiles;
mod webp;

pub use cells::Cells;
pub use encoded::Encoded;
pub use error::{Content, Error};
pub use fingerprint::{ALGORITHM, BLANK_CONTRAST, Fingerprint};
pub use fingerprinter::{Fingerprinter, Thumbnail};
pub use format::Format;
pub use hash::{Hash, HashKind};
pub use limits::Limits;
pub use quality::Quality;
pub use tiles::Tiles;

/// What one look at a picture tells.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Picture {
    /// The format its bytes are in, whatever its name or `Content-Type` says.
    pub format: Format,
    /// Its fingerprint, which also holds its width and height.
    pub fingerprint: Fingerprint,
}

/// The fingerprint of one encoded picture, within the default [`Limits`]. For many pictures, keep a [`Fingerprinter`].
///
/// # Errors
/// As [`Fingerprinter::of`].
pub fn of(bytes: &[u8]) -> Result<Fingerprint, Error> {
    Fingerprinter::new(Limits::default()).of(bytes)
}
