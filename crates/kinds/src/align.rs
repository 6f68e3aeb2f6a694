//! How well two fields of orientations agree at every shift, in standard deviations of what chance would give.
//!
//! With a and b the fields, and a sum over the places that both have at a shift:
//!
//! ```text
//! z = Σ Re(b · conj a) / √(½ Σ |a|² |b|² + 2)
//! ```
//!
//! All sums at once by Fourier transforms of fields padded to twice their size. Agreement over large areas, which
//! captions, frames and the sky give at many shifts, is taken away first by a filter (a difference of Gaussians).

use std::{
    f32::consts::PI,
    sync::{Arc, LazyLock},
};

use rustfft::{Fft, FftPlanner, num_complex::Complex};

use crate::field::{ACROSS, DOWN};

/// The size of the transforms.
const WIDE: usize = 2 * ACROSS;
const HIGH: usize = 2 * DOWN;

/// The largest shifts that are looked at, in cells: 70 % of the width, 75 % of the height.
const FAR: (usize, usize) = (ACROSS * 7 / 10, DOWN * 3 / 4);
/// A shift that is not looked at.
const NONE: f32 = -99.0;
/// The deviation, in cells, of what the filter takes away.
const COARSER: f32 = 4.0;
/// Added to the variance, for fields with hardly anything in them.
const FLOOR: f32 = 2.0;
/// Peaks closer than this are one.
const ONE_PEAK: usize = 4;

type Spectrum = Vec<Complex<f32>>;

/// Forward and backward, along rows and along columns.
struct Plans {
    forward: (Arc<dyn Fft<f32>>, Arc<dyn Fft<f32>>),
    inverse: (Arc<dyn Fft<f32>>, Arc<dyn Fft<f32>>),
    /// Column by column, as spectra are; with the factor that the two transforms leave.
    filter: Vec<f32>,
}

static PLANS: LazyLock<Plans> = LazyLock::new(|| {
    let mut planner = FftPlanner::new();
    let frequency = |at: usize, count: usize| at.min(count - at) as f32 / count as f32;
    let filter = |at: usize| {
        let (x, y) = (frequency(at / HIGH, WIDE), frequency(at % HIGH, HIGH));
        1.0 - (-2.0 * (PI * COARSER).powi(2) * (x * x + y * y)).exp()
    };
    Plans {
        forward: (
            planner.plan_fft_forward(WIDE),
            planner.plan_fft_forward(HIGH),
        ),
        inverse: (
            planner.plan_fft_inverse(WIDE),
            planner.plan_fft_inverse(HIGH),
        ),
        filter: (0..WIDE * HIGH).map(filter).collect(),
    }
});

/// A reference's field, to hold frames' fields against.
pub(crate) struct Aligner {
    orientations: Spectrum,
    energies: Spectrum,
}

/// z at every shift.
pub(crate) struct Surface(Vec<f32>);

/// Where a frame agrees best.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Peak {
    /// How far what is seen has moved, to the right and down, in cells.
    pub(crate) x: f32,
    /// See above.
    pub(crate) y: f32,
    /// Its z.
    pub(crate) z: f32,
    /// The next best, some cells away.
    pub(crate) next: f32,
}

impl Aligner {
    /// An aligner for the reference whose halved field this is.
    pub(crate) fn new(field: &[Complex<f32>]) -> Self {
        Aligner {
            orientations: forward(field),
            energies: forward(&energies(field)),
        }
    }

    /// A frame's halved field at every shift.
    pub(crate) fn at(&self, field: &[Complex<f32>]) -> Surface {
        let (orientations, energies) = (forward(field), forward(&energies(field)));
        let agreement =
            |at: usize| orientations[at] * self.orientations[at].conj() * PLANS.filter[at];
        let both = |at: usize| {
            // Of a spectrum, this half becomes the real part alone; so the variance fits into the imaginary one.
            let (x, y) = (at / HIGH, at % HIGH);
            let opposite = (WIDE - x) % WIDE * HIGH + (HIGH - y) % HIGH;
            let real = (agreement(at) + agreement(opposite).conj()) * 0.5;
            let variance = energies[at] * self.energies[at].conj();
            real + Complex::new(-variance.im, variance.re)
        };
        let sums = inverse((0..WIDE * HIGH).map(both).collect());
        let scale = 1.0 / (WIDE * HIGH) as f32;
        let z = |at: usize| {
            let (y, x) = (at / WIDE, at % WIDE);
            let is_near = x.min(WIDE - x) <= FAR.0 && y.min(HIGH - y) <= FAR.1;
            let sum = sums[at] * scale;
            match is_near {
                true => sum.re / (0.5 * sum.im.max(0.0) + FLOOR).sqrt(),
                false => NONE,
            }
        };
        Surface((0..WIDE * HIGH).map(z).collect())
    }
}

impl Surface {
    /// z without a shift, or with one of at most one cell.
    pub(crate) fn in_place(&self) -> f32 {
        self.within(1)
    }

    /// The best z with a shift of at most so many cells.
    pub(crate) fn within(&self, reach: usize) -> f32 {
        let near = around((0, 0), reach).map(|at| self.0[at]);
        near.fold(NONE, f32::max)
    }

    /// The best shift; none of at most `but` cells, where that is given.
    pub(crate) fn peak(&self, but: Option<usize>) -> Peak {
        let mut left = self.0.clone();
        if let Some(reach) = but {
            around((0, 0), reach).for_each(|at| left[at] = NONE);
        }
        let best = highest(&left);
        let z = left[best];
        let (y, x) = (best / WIDE, best % WIDE);
        around((y, x), ONE_PEAK).for_each(|at| left[at] = NONE);
        let next = left[highest(&left)];
        let beside = |y: usize, x: usize| self.0[y % HIGH * WIDE + x % WIDE];
        let across = vertex(beside(y, x + WIDE - 1), z, beside(y, x + 1));
        let down = vertex(beside(y + HIGH - 1, x), z, beside(y + 1, x));
        let signed = |at: usize, count: usize| match at <= count / 2 {
            true => at as f32,
            false => at as f32 - count as f32,
        };
        Peak {
            x: signed(x, WIDE) + across,
            y: signed(y, HIGH) + down,
            z,
            next,
        }
    }
}

/// The places at most so far from one, around the edges.
fn around((y, x): (usize, usize), reach: usize) -> impl Iterator<Item = usize> {
    let side = 2 * reach + 1;
    (0..side * side).map(move |at| {
        let (down, across) = (at / side, at % side);
        let (y, x) = (y + HIGH + down - reach, x + WIDE + across - reach);
        y % HIGH * WIDE + x % WIDE
    })
}

fn highest(z: &[f32]) -> usize {
    let best = z
        .iter()
        .enumerate()
        .max_by(|one, other| one.1.total_cmp(other.1));
    best.map_or(0, |(at, _)| at)
}

/// Where, between −½ and ½, the parabola through three neighbours is highest.
pub(crate) fn vertex(before: f32, here: f32, after: f32) -> f32 {
    let bend = before - 2.0 * here + after;
    match bend >= -1e-6 || before.min(after) < -50.0 {
        true => 0.0,
        false => (0.5 * (before - after) / bend).clamp(-0.5, 0.5),
    }
}

fn energies(field: &[Complex<f32>]) -> Spectrum {
    field
        .iter()
        .map(|it| Complex::new(it.norm_sqr(), 0.0))
        .collect()
}

/// The spectrum of an 80×60 field, column by column.
fn forward(field: &[Complex<f32>]) -> Spectrum {
    let mut rows = vec![Complex::default(); DOWN * WIDE];
    for (row, from) in rows.chunks_exact_mut(WIDE).zip(field.chunks_exact(ACROSS)) {
        row[..ACROSS].copy_from_slice(from);
    }
    PLANS.forward.0.process(&mut rows);
    let mut columns = vec![Complex::default(); WIDE * HIGH];
    for (x, column) in columns.chunks_exact_mut(HIGH).enumerate() {
        for (y, value) in column[..DOWN].iter_mut().enumerate() {
            *value = rows[y * WIDE + x];
        }
    }
    PLANS.forward.1.process(&mut columns);
    columns
}

/// Row by row, unscaled. Rows of shifts that are not looked at are left out.
fn inverse(mut columns: Spectrum) -> Spectrum {
    PLANS.inverse.1.process(&mut columns);
    let mut rows = vec![Complex::default(); HIGH * WIDE];
    for (y, row) in rows.chunks_exact_mut(WIDE).enumerate() {
        if y.min(HIGH - y) > FAR.1 {
            continue;
        }
        for (x, value) in row.iter_mut().enumerate() {
            *value = columns[x * HIGH + y];
        }
        PLANS.inverse.0.process(row);
    }
    rows
}
