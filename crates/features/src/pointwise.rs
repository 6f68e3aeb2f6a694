//! 1×1 convolutions: products of a matrix of pixels and a matrix of weights, in tiles that stay in registers.
//!
//! A tile is a few pixels by one to five panels of outputs. How many depends on the registers: with AVX-512's 32 wide
//! ones the tiles hold 24 or 25 of them; elsewhere they are one panel wide, which takes two or four registers.

use std::array::from_fn;

use fearless_simd::{Simd, f32x8, f32x16, prelude::*};

use crate::level::Level;
use crate::panel::{LANES, Panel, pack, panels};
use crate::unrolled::unrolled;
use crate::weights::Convolution;

/// The function that is applied to each output.
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
    /// Whether the convolution has outputs for only half of the last panel: 24 outputs are a panel and a half.
    ends_in_half: bool,
    /// For each input, the panels.
    weights: Vec<Panel>,
    bias: Vec<Panel>,
}

/// The pixels that a convolution reads. Their inputs come in spans.
pub(crate) trait Source: Copy {
    /// One pixel's inputs of a span.
    type Span;
    /// Inputs in a span.
    const INPUTS: usize;
    /// Inputs that a tile takes at a time, at most four. It divides a span's, and what there is of the last one.
    const STEP: usize;

    /// A span of `PIXELS` neighbours, or nothing where they aren't.
    fn spans<const PIXELS: usize>(&self, span: usize, at: usize) -> Option<[&Self::Span; PIXELS]>;

    fn input(span: &Self::Span, input: usize) -> f32;
}

/// Pixels in planes of panels.
#[derive(Clone, Copy)]
pub(crate) struct Planes<'a> {
    pub(crate) planes: &'a [Panel],
    /// Panels from one plane to the next.
    pub(crate) stride: usize,
    /// The place of the first pixel in a plane.
    pub(crate) first: usize,
}

impl Source for Planes<'_> {
    type Span = Panel;
    const INPUTS: usize = LANES;
    const STEP: usize = 4;

    #[inline(always)]
    fn spans<const PIXELS: usize>(&self, span: usize, at: usize) -> Option<[&Panel; PIXELS]> {
        let pixels = self.planes.get(span * self.stride + self.first + at..)?;
        Some(pixels.first_chunk::<PIXELS>()?.each_ref())
    }

    #[inline(always)]
    fn input(span: &Panel, input: usize) -> f32 {
        span.0[input]
    }
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
    pub(crate) residual: Option<Planes<'a>>,
}

impl Pointwise {
    pub(crate) fn new(convolution: &Convolution, activation: Activation, level: Level) -> Self {
        let outputs = convolution.bias.len();
        let bias = pack(&convolution.bias);
        let rows: Vec<_> = convolution.rows.iter().map(|row| pack(row)).collect();
        let mut first = 0;
        let group = |panels: usize| {
            let range = first..first + panels;
            first = range.end;
            let rows = rows.iter().flat_map(|row| &row[range.clone()]);
            Group {
                first: range.start,
                panels,
                ends_in_half: range.end * LANES >= outputs + LANES / 2,
                weights: rows.copied().collect(),
                bias: bias[range.clone()].to_vec(),
            }
        };
        Self {
            groups: split(panels(outputs), level)
                .into_iter()
                .map(group)
                .collect(),
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
        source: impl Source,
        pixels: usize,
        target: &mut Target<'_>,
    ) {
        let job = Job {
            group,
            activation: self.activation,
            source,
            pixels,
        };
        // The number of lanes is a constant only inside: each level is compiled with its own tiles alone.
        s.vectorize(
            #[inline(always)]
            || match (
                <S::f32s as SimdBase<S>>::LEN,
                group.panels,
                group.ends_in_half,
            ) {
                (LANES, 2, true) => job.run::<S, 2, 1, 1, 12>(s, target),
                (LANES, 3, true) => job.run::<S, 3, 2, 1, 8>(s, target),
                (LANES, 1, _) => job.run::<S, 1, 1, 0, 12>(s, target),
                (LANES, 2, _) => job.run::<S, 2, 2, 0, 10>(s, target),
                (LANES, 3, _) => job.run::<S, 3, 3, 0, 8>(s, target),
                (LANES, 4, _) => job.run::<S, 4, 4, 0, 6>(s, target),
                (LANES, _, _) => job.run::<S, 5, 5, 0, 5>(s, target),
                (4, _, false) if FEW_REGISTERS => job.run::<S, 1, 1, 0, 2>(s, target),
                (_, _, false) => job.run::<S, 1, 1, 0, 6>(s, target),
                (4, _, true) if FEW_REGISTERS => job.run::<S, 1, 0, 1, 4>(s, target),
                (_, _, true) => job.run::<S, 1, 0, 1, 10>(s, target),
            },
        );
    }
}

/// Whether there are 16 registers even where they hold four numbers: not on 64-bit ARM, which has 32.
const FEW_REGISTERS: bool = cfg!(not(target_arch = "aarch64"));

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

struct Job<'a, P> {
    group: &'a Group,
    activation: Activation,
    source: P,
    pixels: usize,
}

/// The sums of `PIXELS` pixels, in registers: whole panels, and half of one more or none.
struct Tile<S: Simd, const WHOLE: usize, const HALF: usize, const PIXELS: usize> {
    whole: [[f32x16<S>; WHOLE]; PIXELS],
    half: [[f32x8<S>; HALF]; PIXELS],
}

impl<P: Source> Job<'_, P> {
    /// Tile after tile of `PANELS` = `WHOLE` + `HALF`; the last one covers again what it must to be whole.
    #[inline(always)]
    fn run<
        S: Simd,
        const PANELS: usize,
        const WHOLE: usize,
        const HALF: usize,
        const PIXELS: usize,
    >(
        &self,
        s: S,
        target: &mut Target<'_>,
    ) {
        let mut at = 0;
        while at < self.pixels {
            at = at.min(self.pixels - PIXELS);
            let mut tile = self.sums::<S, PANELS, WHOLE, HALF, PIXELS>(s, at);
            if self.activation == Activation::Relu6 {
                tile.relu6(s);
            }
            if let Some(residual) = target.residual {
                tile.add(s, residual, self.group.first, at);
            }
            tile.store(target, at);
            at += PIXELS;
        }
    }

    #[inline(always)]
    fn sums<
        S: Simd,
        const PANELS: usize,
        const WHOLE: usize,
        const HALF: usize,
        const PIXELS: usize,
    >(
        &self,
        s: S,
        at: usize,
    ) -> Tile<S, WHOLE, HALF, PIXELS> {
        let bias = &self.group.bias[..PANELS];
        let mut tile = Tile {
            whole: [from_fn(|panel| load(s, &bias[panel])); PIXELS],
            half: [from_fn(|half| load_half(s, &bias[WHOLE + half])); PIXELS],
        };
        let weights = self.group.weights.as_chunks::<PANELS>().0;
        for (span, weights) in weights.chunks(P::INPUTS).enumerate() {
            let Some(pixels) = self.source.spans::<PIXELS>(span, at) else {
                break;
            };
            for (step, weights) in weights.chunks_exact(P::STEP).enumerate() {
                // Needless but for the compiler, which then leaves out the checks of bounds.
                let first = P::STEP * (step % (P::INPUTS / P::STEP));
                unrolled!(input < P::STEP, {
                    let weights = &weights[input];
                    tile.multiply_add(s, weights, |pixel| P::input(pixels[pixel], first + input));
                });
            }
        }
        tile
    }
}

impl<S: Simd, const WHOLE: usize, const HALF: usize, const PIXELS: usize>
    Tile<S, WHOLE, HALF, PIXELS>
{
    /// Adds one input of each pixel, times its weights.
    #[inline(always)]
    fn multiply_add(&mut self, s: S, weights: &[Panel], input: impl Fn(usize) -> f32) {
        let whole: [f32x16<S>; WHOLE] = from_fn(|panel| load(s, &weights[panel]));
        let half: [f32x8<S>; HALF] = from_fn(|half| load_half(s, &weights[WHOLE + half]));
        unrolled!(pixel < PIXELS, {
            let value = f32x16::splat(s, input(pixel));
            unrolled!(panel < WHOLE, {
                self.whole[pixel][panel] = value.mul_add(whole[panel], self.whole[pixel][panel]);
            });
            if HALF == 1 {
                let (value, _) = s.split_f32x16(value);
                self.half[pixel][0] = value.mul_add(half[0], self.half[pixel][0]);
            }
        });
    }

    #[inline(always)]
    fn relu6(&mut self, s: S) {
        unrolled!(pixel < PIXELS, {
            unrolled!(panel < WHOLE, {
                self.whole[pixel][panel] = relu6(s, self.whole[pixel][panel]);
            });
            if HALF == 1 {
                let (zero, six) = (f32x8::splat(s, 0.0), f32x8::splat(s, 6.0));
                self.half[pixel][0] = self.half[pixel][0].max(zero).min(six);
            }
        });
    }

    #[inline(always)]
    fn add(&mut self, s: S, residual: Planes<'_>, plane: usize, at: usize) {
        let pixels = |panel: usize| residual.spans::<PIXELS>(plane + panel, at);
        unrolled!(panel < WHOLE, {
            let Some(pixels) = pixels(panel) else { return };
            unrolled!(pixel < PIXELS, {
                self.whole[pixel][panel] += load(s, pixels[pixel]);
            });
        });
        if HALF == 1 {
            let Some(pixels) = pixels(WHOLE) else { return };
            unrolled!(pixel < PIXELS, {
                self.half[pixel][0] += load_half(s, pixels[pixel]);
            });
        }
    }

    #[inline(always)]
    fn store(self, target: &mut Target<'_>, at: usize) {
        let Some(offsets) = target.offsets[at..].first_chunk::<PIXELS>() else {
            return;
        };
        let planes = &mut *target.planes;
        let start = |panel: usize| (target.plane + panel) * target.stride + target.first;
        unrolled!(panel < WHOLE, {
            let plane = &mut planes[start(panel)..];
            unrolled!(pixel < PIXELS, {
                self.whole[pixel][panel].store_array(&mut plane[offsets[pixel] as usize].0);
            });
        });
        if HALF == 1 {
            let plane = &mut planes[start(WHOLE)..];
            unrolled!(pixel < PIXELS, {
                let lanes = &mut plane[offsets[pixel] as usize].0;
                if let Some(lanes) = lanes.first_chunk_mut() {
                    self.half[pixel][0].store_array(lanes);
                }
            });
        }
    }
}

#[inline(always)]
pub(crate) fn load<S: Simd>(s: S, panel: &Panel) -> f32x16<S> {
    f32x16::load_array_ref(s, &panel.0)
}

#[inline(always)]
fn load_half<S: Simd>(s: S, panel: &Panel) -> f32x8<S> {
    let (low, _) = s.split_f32x16(load(s, panel));
    low
}

#[inline(always)]
pub(crate) fn relu6<S: Simd>(s: S, values: f32x16<S>) -> f32x16<S> {
    values.max(f32x16::splat(s, 0.0)).min(f32x16::splat(s, 6.0))
}
