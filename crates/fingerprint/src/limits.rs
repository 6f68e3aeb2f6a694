//! How large a picture may be.

use crate::{Error, Format};

/// What a picture may take. Checked against its header, before memory is taken for its pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The most pixels, width × height. 100 megapixels by default.
    pub max_pixels: u64,
    /// The most memory at any moment for decoded pixels, the decoder's own buffers and what is made of the pixels here, in
    /// bytes; the file's are not among them. 512 MiB by default.
    pub max_alloc_bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_pixels: 100_000_000,
            max_alloc_bytes: 512 << 20,
        }
    }
}

impl Limits {
    /// Refuses a size that is above the limit, or none.
    pub(crate) fn check(&self, width: u32, height: u32, format: Format) -> Result<(), Error> {
        let pixels = u64::from(width) * u64::from(height);
        if pixels == 0 {
            Err(Error::Corrupt {
                format,
                source: format!("its size is {width}×{height} pixels").into(),
            })
        } else if pixels > self.max_pixels {
            Err(Error::TooLarge {
                width,
                height,
                max_pixels: self.max_pixels,
            })
        } else {
            Ok(())
        }
    }

    /// Refuses what takes more memory than allowed.
    pub(crate) fn check_memory(&self, needed_bytes: u64, format: Format) -> Result<(), Error> {
        if needed_bytes > self.max_alloc_bytes {
            return Err(Error::TooMuchMemory {
                format,
                needed_bytes,
                max_alloc_bytes: self.max_alloc_bytes,
            });
        }
        Ok(())
    }
}
