//! What a user would pick instead.

use anyhow::Context as _;
use image_hasher::{HashAlg, Hasher, HasherConfig};
use turbojpeg::{Decompressor, Image, PixelFormat, ScalingFactor};

/// A grey picture.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Grey {
    /// Pixels in a row.
    pub width: usize,
    /// Rows.
    pub height: usize,
    /// The levels, row by row.
    pub levels: Vec<u8>,
}

/// libjpeg-turbo's grey decode, with memory that is used again.
pub struct Turbo {
    decompressor: Decompressor,
    grey: Grey,
}

impl Turbo {
    /// At 1/8 scale, by its 1×1 inverse transform.
    ///
    /// # Errors
    /// When libjpeg-turbo can't be initialised.
    pub fn eighth() -> anyhow::Result<Self> {
        Self::new(ScalingFactor::ONE_EIGHTH)
    }

    /// At 1/4 scale, by its 2×2 inverse transform.
    ///
    /// # Errors
    /// When libjpeg-turbo can't be initialised.
    pub fn quarter() -> anyhow::Result<Self> {
        Self::new(ScalingFactor::ONE_QUARTER)
    }

    /// At full size.
    ///
    /// # Errors
    /// When libjpeg-turbo can't be initialised.
    pub fn full() -> anyhow::Result<Self> {
        Self::new(ScalingFactor::ONE)
    }

    fn new(scale: ScalingFactor) -> anyhow::Result<Self> {
        let mut decompressor = Decompressor::new()?;
        decompressor.set_scaling_factor(scale)?;
        Ok(Self {
            decompressor,
            grey: Grey::default(),
        })
    }

    /// The picture's luma.
    ///
    /// # Errors
    /// When libjpeg-turbo doesn't read the picture, or reads it with a warning.
    pub fn decode(&mut self, jpeg: &[u8]) -> anyhow::Result<&Grey> {
        let mut levels = std::mem::take(&mut self.grey.levels);
        let (width, height) = self.pixels(jpeg, PixelFormat::GRAY, &mut levels)?;
        self.grey = Grey {
            width,
            height,
            levels,
        };
        Ok(&self.grey)
    }

    /// The picture in red, green and blue, three bytes a pixel.
    ///
    /// # Errors
    /// As [`Self::decode`].
    pub fn decode_rgb(&mut self, jpeg: &[u8]) -> anyhow::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        self.pixels(jpeg, PixelFormat::RGB, &mut bytes)?;
        Ok(bytes)
    }

    fn pixels(
        &mut self,
        jpeg: &[u8],
        format: PixelFormat,
        bytes: &mut Vec<u8>,
    ) -> anyhow::Result<(usize, usize)> {
        let scale = self.decompressor.scaling_factor();
        let header = self.decompressor.read_header(jpeg)?.scaled(scale);
        let (width, height, pitch) = (header.width, header.height, header.width * format.size());
        bytes.resize(pitch * height, 0);
        let output = Image {
            pixels: bytes.as_mut_slice(),
            width,
            pitch,
            height,
            format,
        };
        self.decompressor
            .decompress(jpeg, output)
            .context("libjpeg-turbo doesn't read it")?;
        Ok((width, height))
    }
}

/// The usual crates: `image` decodes, `image_hasher` hashes by DCT.
pub struct ImageHasher(Hasher);

impl Default for ImageHasher {
    fn default() -> Self {
        let config = HasherConfig::new()
            .hash_alg(HashAlg::Median)
            .hash_size(8, 8);
        Self(config.preproc_dct().to_hasher())
    }
}

impl ImageHasher {
    /// Its 64 bits, in the order of `imagehash`: it stores each byte's bits the other way round.
    ///
    /// # Errors
    /// When `image` doesn't read the picture.
    pub fn hash(&self, bytes: &[u8]) -> anyhow::Result<u64> {
        let picture = image::load_from_memory(bytes)?;
        let hash = self.0.hash_image(&picture);
        let bytes: [u8; 8] = hash
            .as_bytes()
            .try_into()
            .context("the hash isn't 64 bits long")?;
        Ok(u64::from_be_bytes(bytes.map(u8::reverse_bits)))
    }
}
