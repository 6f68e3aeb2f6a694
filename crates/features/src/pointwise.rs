//! 1×1 convolutions: products of a matrix of pixels and a matrix of weights, in tiles that stay in registers.
//!
//! A tile is a few pixels by one to five panels of outputs. How many depends on the registers: with AVX-512's 32 wide
//! ones the tiles hold 24 or 25 of them; elsewhere they are one panel wide, which takes two or four registers.

use std::array::from_fn;

use fearless_simd::{Simd, f32x16, prelude::*};

use crate::level::Level;
use crate::panel::{LANES, Panel, pack, panels};
use crate::unrolled::unrolled;
use crate::weights::Convolution;

/// Inputs that a tile takes at a time; matrices of weights are filled up to whole steps.
const STEP: usize = 4;

/// What is done to each output.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Activation {
    Linear,
    Relu6,
}

/// A convolution's weights, packed for one level.
pub(crate) struct Pointwise {
    groups: Vec<Group>,
    activation: Activation,
}

/// Neighbouring panels of outputs that one tile covers.
pub(crate) struct Group {
    /// The first of the group's panels among all panels of outputs.
    pub(crate) first: usize,
    /// How many panels there are.
    pub(crate) panels: usize,
    /// For each input, the panels.
    weights: Vec<Panel>,
    bias: Vec<Panel>,
}

/// The pixels that a convolution reads.
#[derive(Clone, Copy)]
pub(crate) struct Source<'a> {
    pub(crate) planes: &'a [Panel],
    /// Panels from one plane to the next.
    pub(crate) stride: usize,
    /// The place of the first pixel in a plane.
    pub(crate) first: usize,
}

/// Where a convolution writes.
pub(crate) struct Target<'a> {
    pub(crate) planes: &'a mut [Panel],
    /// Panels from one plane to the next.
    pub(crate) stride: usize,
    /// The place of the first pixel in a plane.
    pub(crate) first: usize,
    /// By pixel, how far it lies behind the first: rows may have padding between them.
    pub(crate) offsets: &'a [u32],
    /// The plane in which the group's first panel goes.
    pub(crate) plane: usize,
    /// What is added to the outputs; its pixels lie without gaps.
    pub(crate) residual: Option<Source<'a>>,
}

impl Pointwise {
    pub(crate) fn new(convolution: &Convolution, activation: Activation, level: Level) -> Self {
        let count = panels(convolution.bias.len());
        let bias = pack(&convolution.bias);
        let mut rows: Vec<_> = convolution.rows.iter().map(|row| pack(row)).collect();
        let filled = rows.len().next_multiple_of(STEP);
        rows.resize_with(filled, || vec![Panel::ZERO; count]);
        let mut first = 0;
        let group = |panels: usize| {
            let range = first..first + panels;
            first = range.end;
            Group {
                first: range.start,
                panels,
                weights: rows
                    .iter()
                    .flat_map(|row| &row[range.clone()])
                    .copied()
                    .collect(),
                bias: bias[range.clone()].to_vec(),
            }
        };
        Self {
            groups: split(count, level).into_iter().map(group).collect(),
            activation,
        }
    }

    pub(crate) fn groups(&self) -> &[Group] {
        &self.groups
    }

    /// Computes one group's outputs of `pixels` pixels.
    pub(crate) fn run<S: Simd>(
        &self,
        s: S,
        group: &Group,
        source: Source<'_>,
        pixels: usize,
        target: &mut Target<'_>,
    ) {
        let job = Job {
            group,
            activation: self.activation,
            source,
            pixels,
        };
        let lanes = <S::f32s as SimdBase<S>>::LEN;
        s.vectorize(
            #[inline(always)]
            || match (lanes, group.panels) {
                (LANES, 1) => job.run::<S, 1, 12>(s, target),
                (LANES, 2) => job.run::<S, 2, 12>(s, target),
                (LANES, 3) => job.run::<S, 3, 8>(s, target),
                (LANES, 4) => job.run::<S, 4, 6>(s, target),
                (LANES, _) => job.run::<S, 5, 5>(s, target),
                (4, _) if cfg!(not(target_arch = "aarch64")) => job.run::<S, 1, 3>(s, target),
                _ => job.run::<S, 1, 6>(s, target),
            },
        );
    }
}

/// The widths of the groups: with wide registers as many threes as there can be, which need the fewest loads.
fn split(count: usize, level: Level) -> Vec<usize> {
    if !level.has_wide_registers() {
        return vec![1; count];
    }
    match count {
        5 => vec![5],
        7 => vec![4, 3],
        20 => vec![4; 5],
        _ => {
            let mut widths = vec![3; count / 3];
            widths.extend((!count.is_multiple_of(3)).then_some(count % 3));
            widths
        }
    }
}

struct Job<'a> {
    group: &'a Group,
    activation: Activation,
    source: Source<'a>,
    pixels: usize,
}

impl Job<'_> {
    /// Tile after tile; the last one covers again what it must to be whole.
    #[inline(always)]
    fn run<S: Simd, const PANELS: usize, const PIXELS: usize>(
        &self,
        s: S,
        target: &mut Target<'_>,
    ) {
        let mut at = 0;
        while at < self.pixels {
            at = at.min(self.pixels - PIXELS);
            let sums = self.tile::<S, PANELS, PIXELS>(s, at);
            self.store(s, sums, at, target);
            at += PIXELS;
        }
    }

    /// `PIXELS` pixels' sums, held in registers.
    #[inline(always)]
    fn tile<S: Simd, const PANELS: usize, const PIXELS: usize>(
        &self,
        s: S,
        at: usize,
    ) -> [[f32x16<S>; PANELS]; PIXELS] {
        let Source {
            planes,
            stride,
            first,
        } = self.source;
        let bias = &self.group.bias[..PANELS];
        let bias: [f32x16<S>; PANELS] = from_fn(|panel| load(s, &bias[panel]));
        let mut sums = [bias; PIXELS];
        let weights = self.group.weights.as_chunks::<PANELS>().0;
        for (plane, weights) in weights.chunks(LANES).enumerate() {
            let pixels = planes[plane * stride + first + at..].first_chunk::<PIXELS>();
            let Some(pixels) = pixels else { return sums };
            for (step, weights) in weights.as_chunks::<STEP>().0.iter().enumerate() {
                let lane = STEP * (step % (LANES / STEP));
                unrolled!(input < STEP, {
                    let weights: [f32x16<S>; PANELS] =
                        from_fn(|panel| load(s, &weights[input][panel]));
                    unrolled!(pixel < PIXELS, {
                        let value = f32x16::splat(s, pixels[pixel].0[lane + input]);
                        unrolled!(panel < PANELS, {
                            sums[pixel][panel] = value.mul_add(weights[panel], sums[pixel][panel]);
                        });
                    });
                });
            }
        }
        sums
    }

    #[inline(always)]
    fn store<S: Simd, const PANELS: usize, const PIXELS: usize>(
        &self,
        s: S,
        sums: [[f32x16<S>; PANELS]; PIXELS],
        at: usize,
        target: &mut Target<'_>,
    ) {
        let Some(offsets) = target.offsets[at..].first_chunk::<PIXELS>() else {
            return;
        };
        unrolled!(pixel < PIXELS, {
            unrolled!(panel < PANELS, {
                let mut sum = sums[pixel][panel];
                if self.activation == Activation::Relu6 {
                    sum = relu6(s, sum);
                }
                if let Some(Source {
                    planes,
                    stride,
                    first,
                }) = target.residual
                {
                    let place = (self.group.first + panel) * stride + first + at + pixel;
                    sum += load(s, &planes[place]);
                }
                let place =
                    (target.plane + panel) * target.stride + target.first + offsets[pixel] as usize;
                sum.store_array(&mut target.planes[place].0);
            });
        });
    }
}

#[inline(always)]
pub(crate) fn load<S: Simd>(s: S, panel: &Panel) -> f32x16<S> {
    f32x16::load_array_ref(s, &panel.0)
}

#[inline(always)]
pub(crate) fn relu6<S: Simd>(s: S, values: f32x16<S>) -> f32x16<S> {
    values.max(f32x16::splat(s, 0.0)).min(f32x16::splat(s, 6.0))
}
