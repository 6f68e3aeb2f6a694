//! One picture of a camera.

use bytes::Bytes;
use fingerprint::{Encoded, Format, Limits};

/// One picture of a camera, encoded.
#[derive(Debug, Clone)]
pub struct Picture {
    /// As it is published.
    pub bytes: Bytes,
    /// Its type, such as `image/jpeg`.
    pub content_type: &'static str,
    /// In pixels, as the camera sent it.
    pub size: (u32, u32),
    /// Some of its pixels, where they are known already.
    pub luma: Option<Luma>,
}

/// Brightness at places that are the same in each picture of a size.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Luma(Vec<u8>);

/// About so many places are enough to tell shares to a hundredth.
const PLACES: usize = 40_000;

impl Luma {
    /// Takes some of the luma samples of a picture of this width.
    pub fn of(samples: &[u8], width: usize) -> Self {
        // As far apart across as down, so that it is no grid that follows blocks of 8.
        let all = samples.len().max(1);
        let step = (all as f64 / PLACES as f64).sqrt().ceil().max(1.0) as usize | 1;
        let rows = samples.chunks(width.max(1)).step_by(step);
        Luma(
            rows.flat_map(|row| row.iter().step_by(step))
                .copied()
                .collect(),
        )
    }

    /// The share of places that are exactly equal; `None` where the pictures are of different sizes.
    pub fn equal_share(&self, other: &Luma) -> Option<f64> {
        if self.0.len() != other.0.len() || self.0.is_empty() {
            return None;
        }
        let pairs = self.0.iter().zip(&other.0);
        let equal = pairs.filter(|(a, b)| a == b).count();
        Some(equal as f64 / self.0.len() as f64)
    }

    /// Whether nothing can be seen: all places but one in a hundred are black.
    pub fn is_black(&self) -> bool {
        const BLACK: u8 = 24;
        let light = self.0.iter().filter(|sample| **sample > BLACK).count();
        !self.0.is_empty() && light * 100 < self.0.len()
    }
}

/// Why bytes that came for a picture are none.
#[derive(Debug, thiserror::Error)]
pub enum NoPicture {
    /// They are something else.
    #[error(transparent)]
    Unreadable(#[from] fingerprint::Error),
    /// They are the beginning of a picture.
    #[error("the picture is cut short")]
    CutShort,
}

impl Picture {
    /// A picture that is passed on byte for byte.
    ///
    /// # Errors
    /// When the bytes begin no picture, or a JPEG doesn't end.
    pub fn encoded(bytes: Bytes) -> Result<Self, NoPicture> {
        // Only its header is read: what decoding it takes is asked by those who do.
        let limits = Limits {
            max_alloc_bytes: u64::MAX,
            ..Limits::default()
        };
        let size = Encoded::open(&bytes, limits)?.size();
        let format = Format::sniff(&bytes);
        if format == Some(Format::Jpeg) && !ends(&bytes) {
            return Err(NoPicture::CutShort);
        }
        Ok(Picture {
            content_type: format.map_or("application/octet-stream", Format::content_type),
            bytes,
            size,
            luma: None,
        })
    }

    /// Some of its pixels; `None` where it can't be read. It may have to be decoded: work for the processor, with so much memory.
    ///
    /// # Errors
    /// When it takes more: how many bytes.
    pub fn luma(&self, max_alloc_bytes: u64) -> Result<Option<Luma>, u64> {
        if let Some(luma) = &self.luma {
            return Ok(Some(luma.clone()));
        }
        let limits = Limits {
            max_alloc_bytes,
            ..Limits::default()
        };
        let read = Encoded::open(&self.bytes, limits).and_then(|encoded| {
            Ok(Luma::of(
                &encoded.levels()?,
                encoded.stored_size().0 as usize,
            ))
        });
        match read
            .as_ref()
            .err()
            .and_then(fingerprint::Error::needed_bytes)
        {
            Some(needed) => Err(needed),
            None => Ok(read.ok()),
        }
    }
}

/// Whether a JPEG has its end marker. Some cameras send more after it.
fn ends(jpeg: &[u8]) -> bool {
    const BEHIND: usize = 4096;
    let tail = &jpeg[jpeg.len().saturating_sub(BEHIND)..];
    memchr::memmem::rfind(tail, &[0xFF, 0xD9]).is_some()
}
