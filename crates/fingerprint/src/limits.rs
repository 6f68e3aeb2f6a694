//! How large a picture may be.

/// What a picture may take. Checked against its header, before memory is taken for its pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The most pixels, width × height. 100 megapixels by default.
    pub max_pixels: u64,
    /// The most memory for decoded pixels and the decoder's own buffers, in bytes. 512 MiB by default.
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
