//! Depthwise convolutions: each channel by itself, 3×3 or 5×5, followed by ReLU6.

use fearless_simd::{Simd, prelude::*};

use crate::panel::{LANES, Panel, pack};
use crate::pointwise::{load, relu6};
use crate::weights::Convolution;

/// A convolution's weights by panel of channels.
pub(crate) struct Depthwise {
    panels: Vec<PanelWeights>,
    kernel: usize,
    stride: usize,
}

struct PanelWeights {
    /// By place of the kernel, row by row.
    weights: Vec<Panel>,
    bias: Panel,
}

/// Rows of one panel of channels, padding included.
#[derive(Clone, Copy)]
pub(crate) struct Padded<'a> {
    pub(crate) plane: &'a [Panel],
    pub(crate) width: usize,
}

impl Depthwise {
    pub(crate) fn new(convolution: &Convolution, kernel: usize, stride: usize) -> Self {
        let rows: Vec<_> = convolution.rows.iter().map(|row| pack(row)).collect();
        let panels = pack(&convolution.bias).into_iter().enumerate();
        Self {
            panels: panels
                .map(|(panel, bias)| PanelWeights {
                    weights: rows.iter().map(|row| row[panel]).collect(),
                    bias,
                })
                .collect(),
            kernel,
            stride,
        }
    }

    /// Fills `target`, which holds whole rows of `width` pixels, from the rows that begin with `source`.
    pub(crate) fn run<S: Simd>(
        &self,
        s: S,
        panel: usize,
        source: Padded<'_>,
        target: &mut [Panel],
        width: usize,
    ) {
        let weights = &self.panels[panel];
        let (kernel, stride) = (self.kernel, self.stride);
        s.vectorize(
            #[inline(always)]
            || match (<S::f32s as SimdBase<S>>::LEN, kernel, stride) {
                (LANES, 3, 1) => weights.run::<S, 3, 1, 10>(s, source, target, width),
                (LANES, 3, _) => weights.run::<S, 3, 2, 10>(s, source, target, width),
                (LANES, _, 1) => weights.run::<S, 5, 1, 10>(s, source, target, width),
                (LANES, _, _) => weights.run::<S, 5, 2, 10>(s, source, target, width),
                (8, 3, 1) => weights.run::<S, 3, 1, 5>(s, source, target, width),
                (8, 3, _) => weights.run::<S, 3, 2, 5>(s, source, target, width),
                (8, _, 1) => weights.run::<S, 5, 1, 5>(s, source, target, width),
                (8, _, _) => weights.run::<S, 5, 2, 5>(s, source, target, width),
                (_, 3, 1) => weights.run::<S, 3, 1, 2>(s, source, target, width),
                (_, 3, _) => weights.run::<S, 3, 2, 2>(s, source, target, width),
                (_, _, 1) => weights.run::<S, 5, 1, 2>(s, source, target, width),
                (_, _, _) => weights.run::<S, 5, 2, 2>(s, source, target, width),
            },
        );
    }
}

impl PanelWeights {
    /// `PIXELS` outputs of a row at a time; the last ones of a row cover again what they must to be as many.
    #[inline(always)]
    fn run<S: Simd, const KERNEL: usize, const STRIDE: usize, const PIXELS: usize>(
        &self,
        s: S,
        source: Padded<'_>,
        target: &mut [Panel],
        width: usize,
    ) {
        let weights = &self.weights[..KERNEL * KERNEL];
        let bias = load(s, &self.bias);
        for (y, target) in target.chunks_exact_mut(width).enumerate() {
            let mut x = 0;
            while x < width {
                x = x.min(width - PIXELS);
                let mut sums = [bias; PIXELS];
                for row in 0..KERNEL {
                    let start = (y * STRIDE + row) * source.width + x * STRIDE;
                    let pixels = &source.plane[start..][..(PIXELS - 1) * STRIDE + KERNEL];
                    for column in 0..KERNEL {
                        let weight = load(s, &weights[row * KERNEL + column]);
                        for (pixel, sum) in sums.iter_mut().enumerate() {
                            let value = load(s, &pixels[pixel * STRIDE + column]);
                            *sum = value.mul_add(weight, *sum);
                        }
                    }
                }
                for (pixel, sum) in target[x..][..PIXELS].iter_mut().zip(sums) {
                    relu6::<S>(s, sum).store_array(&mut pixel.0);
                }
                x += PIXELS;
            }
        }
    }
}
