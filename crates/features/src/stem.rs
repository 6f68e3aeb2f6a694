//! The network's first convolution, 3×3 with stride 2, straight from bytes: a 1×1 convolution over each output pixel's
//! 27 numbers, which it finds in three rows of the picture. The normalisation of bytes, (byte − 127) / 128, is folded into
//! its weights.

use std::array::from_fn;

use fearless_simd::Simd;

use crate::architecture::{HEIGHT, STEM_KERNEL, STEM_STRIDE, WIDTH};
use crate::level::Level;
use crate::pointwise::{Activation, Pointwise, Source};
use crate::weights::Convolution;

/// The byte that stands for zero, and so for padding.
const ZERO: u8 = 127;
const SCALE: f32 = 128.0;

/// Numbers of one output pixel that lie side by side: a row of the kernel.
const SPAN: usize = 3 * STEM_KERNEL;
/// Numbers from one output pixel to the next.
const STEP: usize = 3 * STEM_STRIDE;
/// Numbers in a row of the picture with the one column of padding that this stride needs.
const ROW: usize = 3 * (WIDTH + 1);

/// The rows of the picture behind one row of outputs.
#[derive(Clone, Copy)]
pub(crate) struct Rows<'a>([&'a [f32]; STEM_KERNEL]);

impl<'a> Rows<'a> {
    /// Those behind row `y` of the outputs that [`numbers`] were made for.
    pub(crate) fn new(numbers: &'a [f32], y: usize) -> Self {
        Self(from_fn(|row| {
            &numbers[(STEM_STRIDE * y + row) * ROW..][..ROW]
        }))
    }
}

impl Source for Rows<'_> {
    type Span = [f32; SPAN];
    const INPUTS: usize = SPAN;
    const STEP: usize = STEM_KERNEL;

    #[inline(always)]
    fn spans<const PIXELS: usize>(&self, span: usize, at: usize) -> Option<[&Self::Span; PIXELS]> {
        let row = self.0[span]
            .get(STEP * at..)?
            .get(..STEP * (PIXELS - 1) + SPAN)?;
        let mut spans = [row.first_chunk()?; PIXELS];
        for (pixel, span) in spans.iter_mut().enumerate() {
            *span = row[STEP * pixel..].first_chunk()?;
        }
        Some(spans)
    }

    #[inline(always)]
    fn input(span: &Self::Span, input: usize) -> f32 {
        span[input]
    }
}

/// The convolution, to be run on [`Rows`].
pub(crate) fn convolution(weights: &Convolution, level: Level) -> Pointwise {
    let mut folded = weights.clone();
    for row in &mut folded.rows {
        for (weight, bias) in row.iter_mut().zip(&mut folded.bias) {
            *bias -= *weight * (f32::from(ZERO) / SCALE);
            *weight /= SCALE;
        }
    }
    Pointwise::new(&folded, Activation::Relu6, level)
}

/// Room for a picture with its padding: a column on the right, a row below.
pub(crate) fn padded() -> Vec<u8> {
    vec![ZERO; ROW * (HEIGHT + 1)]
}

/// Puts a picture of `WIDTH`×`HEIGHT` into the room.
pub(crate) fn pad(picture: &[u8], padded: &mut [u8]) {
    let rows = padded.chunks_exact_mut(ROW);
    for (row, pixels) in rows.zip(picture.chunks_exact(3 * WIDTH)) {
        row[..3 * WIDTH].copy_from_slice(pixels);
    }
}

/// How many [`numbers`] this many rows of outputs need.
pub(crate) fn numbers_len(rows: usize) -> usize {
    (STEM_STRIDE * rows + STEM_KERNEL - STEM_STRIDE) * ROW
}

/// The bytes behind rows `from` to below `to` of the outputs, as numbers.
pub(crate) fn numbers<S: Simd>(s: S, padded: &[u8], from: usize, to: usize, numbers: &mut [f32]) {
    let bytes = &padded[STEM_STRIDE * from * ROW..][..numbers_len(to - from)];
    s.vectorize(
        #[inline(always)]
        || {
            for (number, byte) in numbers.iter_mut().zip(bytes) {
                *number = f32::from(*byte);
            }
        },
    );
}
