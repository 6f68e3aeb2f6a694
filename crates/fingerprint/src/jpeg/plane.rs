//! What is kept of the picture's luma, and the grey levels that it makes.

use super::slopes::Slopes;
use crate::luma::Luma;
use crate::scale::Scale;

/// The luma, block by block, as scans fill it in.
pub(super) struct Plane {
    /// The scale of the picture that is made of it: 1/8 or 1/4.
    scale: Scale,
    /// In blocks.
    width: usize,
    height: usize,
    /// The DC coefficients, row by row.
    pub(super) dc: Vec<i16>,
    /// The slopes of the blocks at 1/4 scale; otherwise empty.
    pub(super) slopes: Vec<Slopes>,
}

impl Default for Plane {
    fn default() -> Self {
        Self {
            scale: Scale::Eighth,
            width: 0,
            height: 0,
            dc: Vec::new(),
            slopes: Vec::new(),
        }
    }
}

impl Plane {
    /// The bytes that the coefficients and levels of this many blocks take, with the levels once more where they are
    /// turned.
    pub(super) fn bytes_for(scale: Scale, blocks: usize) -> u64 {
        let each = match scale {
            Scale::Quarter => size_of::<i16>() + size_of::<Slopes>() + 2 * 4,
            Scale::Eighth | Scale::Whole => size_of::<i16>() + 2,
        };
        (each * blocks) as u64
    }

    /// Becomes one of so many blocks across and down, all grey. Of a picture that is decoded after all ([`Scale::Whole`])
    /// the DC coefficients are kept, as at 1/8.
    pub(super) fn clear(&mut self, scale: Scale, (width, height): (usize, usize)) {
        (self.scale, self.width, self.height) = (scale, width, height);
        self.dc.clear();
        self.dc.resize(width * height, 0);
        self.slopes.clear();
        if scale == Scale::Quarter {
            self.slopes.resize(width * height, Slopes::default());
        }
    }

    /// The number of the block at a place; `None` for blocks that only pad the picture to whole units.
    #[inline]
    pub(super) fn at(&self, (x, y): (usize, usize)) -> Option<usize> {
        let at = y * self.width + x;
        (x < self.width && at < self.dc.len()).then_some(at)
    }

    pub(super) fn scale(&self) -> Scale {
        self.scale
    }

    /// Makes the levels of a picture of this size in pixels. `quantisation` is that of the DC coefficients.
    pub(super) fn develop(&self, quantisation: i32, size: (usize, usize), luma: &mut Luma) {
        match self.scale {
            Scale::Quarter => self.develop_quarters(quantisation, size, luma),
            Scale::Eighth | Scale::Whole => self.develop_means(quantisation, luma),
        }
    }

    /// Dequantises and scales as libjpeg's `jpeg_idct_1x1` (`jidctred.c`): a DC coefficient is eight times the block's
    /// mean less 128.
    fn develop_means(&self, quantisation: i32, luma: &mut Luma) {
        let level = |&coefficient: &i16| {
            let mean = (i32::from(coefficient) * quantisation + 4) >> 3;
            (mean + 128).clamp(0, 255) as u8
        };
        (luma.width, luma.height) = (self.width, self.height);
        luma.pixels.resize(self.dc.len(), 0);
        for (pixel, coefficient) in luma.pixels.iter_mut().zip(&self.dc) {
            *pixel = level(coefficient);
        }
    }

    /// Two rows of levels for each row of blocks. The last row and the last column may be beyond the picture.
    fn develop_quarters(&self, quantisation: i32, size: (usize, usize), luma: &mut Luma) {
        let (width, height) = self.scale.reduced(size.0, size.1);
        let stride = 2 * self.width;
        luma.pixels.resize(stride * 2 * self.height, 0);
        let blocks = self
            .dc
            .chunks(self.width)
            .zip(self.slopes.chunks(self.width));
        for (rows, (dc, slopes)) in luma.pixels.chunks_mut(2 * stride).zip(blocks) {
            let (upper, lower) = rows.split_at_mut(stride);
            let (upper, lower) = (upper.as_chunks_mut().0, lower.as_chunks_mut().0);
            for (x, (dc, slopes)) in dc.iter().zip(slopes).enumerate() {
                [upper[x], lower[x]] = slopes.quarters(i32::from(*dc) * quantisation);
            }
        }
        if width < stride {
            for y in 1..height {
                luma.pixels
                    .copy_within(y * stride..y * stride + width, y * width);
            }
        }
        luma.pixels.truncate(width * height);
        (luma.width, luma.height) = (width, height);
    }
}
