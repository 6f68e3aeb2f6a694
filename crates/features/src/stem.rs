//! The network's first convolution, 3×3 with stride 2, straight from bytes: each output pixel's 27 bytes become a row of
//! numbers, and a 1×1 convolution takes them. The normalisation of bytes, (byte − 127) / 128, is folded into its weights.

use std::array::from_fn;

use fearless_simd::Simd;

use crate::architecture::{HEIGHT, STEM_KERNEL, STEM_STRIDE, WIDTH};
use crate::level::Level;
use crate::panel::{LANES, Panel};
use crate::pointwise::{Activation, Pointwise};
use crate::weights::Convolution;

/// The byte that stands for zero, and so for padding.
const ZERO: u8 = 127;
const SCALE: f32 = 128.0;

/// Pixels of a row of outputs.
const OUT_WIDTH: usize = WIDTH / STEM_STRIDE;
/// Bytes of three pixels of a row.
const SPAN: usize = 3 * STEM_KERNEL;
/// Bytes of a row of the picture with the one column of padding that this stride needs.
const ROW: usize = 3 * (WIDTH + 1);
/// Planes that hold a pixel's 27 numbers.
pub(crate) const PLANES: usize = 2;

/// The convolution, to be run on [`patches`].
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

/// The numbers behind rows `from` to below `to` of the outputs, in [`PLANES`] planes that share `planes` evenly.
pub(crate) fn patches<S: Simd>(s: S, padded: &[u8], from: usize, to: usize, planes: &mut [Panel]) {
    let (low, high) = planes.split_at_mut(planes.len() / PLANES);
    s.vectorize(
        #[inline(always)]
        || {
            let rows = low
                .chunks_exact_mut(OUT_WIDTH)
                .zip(high.chunks_exact_mut(OUT_WIDTH));
            for (y, (low, high)) in (from..to).zip(rows) {
                let rows: [&[u8]; STEM_KERNEL] =
                    from_fn(|row| &padded[(STEM_STRIDE * y + row) * ROW..][..ROW]);
                for (x, (low, high)) in low.iter_mut().zip(high).enumerate() {
                    patch(rows, x, low, high);
                }
            }
        },
    );
}

#[inline(always)]
fn patch(rows: [&[u8]; STEM_KERNEL], x: usize, low: &mut Panel, high: &mut Panel) {
    let mut bytes = [0; PLANES * LANES];
    for (span, row) in bytes.chunks_exact_mut(SPAN).zip(rows) {
        span.copy_from_slice(&row[3 * STEM_STRIDE * x..][..SPAN]);
    }
    for lane in 0..LANES {
        low.0[lane] = f32::from(bytes[lane]);
        high.0[lane] = f32::from(bytes[LANES + lane]);
    }
}
