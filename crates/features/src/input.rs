//! The picture that the network sees, from a picture of any size.

use crate::architecture::{HEIGHT, WIDTH};
use crate::{Error, resize};

/// A picture of 320×240 pixels: RGB bytes as a decoder gives them, row-major, three bytes a pixel.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Input(Vec<u8>);

impl Input {
    /// Columns.
    pub const WIDTH: usize = WIDTH;
    /// Rows.
    pub const HEIGHT: usize = HEIGHT;

    /// A picture of any size and shape, with its EXIF orientation applied: RGB, row-major, three bytes a pixel. It is
    /// stretched to 320×240 whatever its aspect.
    ///
    /// Pictures at least 320 wide: each pixel is the mean of the area that it covers, in both directions. Narrower ones:
    /// linear between pixels' centres where that enlarges. So the detection study had it, with OpenCV's `INTER_AREA` and
    /// `INTER_LINEAR`, from which this differs by at most a level, but where a picture is
    /// wider and lower than 320×240: OpenCV then leaves out columns. The thresholds rest on it. The same
    /// bytes come out on every machine.
    ///
    /// # Errors
    /// [`Error::Pixels`] when there are not `3 · width · height` bytes, or none.
    pub fn from_rgb(pixels: &[u8], width: usize, height: usize) -> Result<Self, Error> {
        let bytes = width
            .checked_mul(height)
            .and_then(|count| count.checked_mul(3));
        if bytes != Some(pixels.len()) || pixels.is_empty() {
            return Err(Error::Pixels {
                width,
                height,
                bytes: pixels.len(),
            });
        }
        if (width, height) == (WIDTH, HEIGHT) {
            return Ok(Self(pixels.to_vec()));
        }
        Ok(Self(resize::resize(pixels, width, height)))
    }

    /// `bytes` are as many as the picture has.
    pub(crate) fn of_bytes(bytes: Vec<u8>) -> Self {
        debug_assert_eq!(bytes.len(), 3 * WIDTH * HEIGHT);
        Self(bytes)
    }

    /// The 230,400 bytes.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }
}
