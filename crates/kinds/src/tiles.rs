//! Whether the structure of a frame lies where the reference has it, tile by tile.

use rustfft::num_complex::Complex;

use crate::{HEIGHT, WIDTH, field::Field};

/// The side of a tile, the distance of two, and how far a tile is looked for, in pixels.
const SIDE: usize = 24;
const STEP: usize = 12;
const REACH: usize = 8;
/// A tile is in place where it agrees best within so many pixels.
const SLACK: usize = 1;
/// The mean square that a tile must have to tell anything, and what is added to a frame's, for noise.
const TEXTURED: f32 = 0.03;
const FLOOR: f32 = 0.01;

/// The share of the tiles of one picture that lie in the other where they lie in the first: the smaller of both ways.
pub(crate) fn share_in_place(one: &Field, other: &Field) -> f32 {
    let (one, other) = (Planes::of(one), Planes::of(other));
    one.share_in(&other).min(other.share_in(&one))
}

/// A field's two parts, each by itself, for sums over rows.
struct Planes {
    real: Vec<f32>,
    imaginary: Vec<f32>,
    /// Sums of squares of all above and left of a place: one row and column more.
    squares: Vec<f32>,
}

impl Planes {
    fn of(field: &Field) -> Self {
        let parts = |part: fn(&Complex<f32>) -> f32| field.orientations.iter().map(part).collect();
        let across = WIDTH + 1;
        let mut squares = vec![0.0_f32; across * (HEIGHT + 1)];
        for y in 0..HEIGHT {
            let mut row = 0.0;
            for x in 0..WIDTH {
                row += field.orientations[y * WIDTH + x].norm_sqr();
                squares[(y + 1) * across + x + 1] = squares[y * across + x + 1] + row;
            }
        }
        Planes {
            real: parts(|it| it.re),
            imaginary: parts(|it| it.im),
            squares,
        }
    }

    fn share_in(&self, other: &Self) -> f32 {
        let rows = (REACH..=HEIGHT - SIDE - REACH).step_by(STEP);
        let places = rows.flat_map(|y| {
            let columns = (REACH..=WIDTH - SIDE - REACH).step_by(STEP);
            columns.map(move |x| (x, y))
        });
        let (mut textured, mut in_place) = (0_usize, 0_usize);
        for (x, y) in places {
            let energy = self.energy(x, y);
            if energy < TEXTURED * (SIDE * SIDE) as f32 {
                continue;
            }
            textured += 1;
            in_place += usize::from(self.is_in_place(other, x, y));
        }
        in_place as f32 / textured.max(1) as f32
    }

    fn is_in_place(&self, other: &Self, x: usize, y: usize) -> bool {
        let mut best = (f32::MIN, false);
        for to_y in y - REACH..=y + REACH {
            for to_x in x - REACH..=x + REACH {
                let energy = other.energy(to_x, to_y) + FLOOR * (SIDE * SIDE) as f32;
                let agreement = self.product(other, (x, y), (to_x, to_y)) / energy.sqrt();
                let is_near = to_x.abs_diff(x) <= SLACK && to_y.abs_diff(y) <= SLACK;
                if agreement > best.0 {
                    best = (agreement, is_near);
                }
            }
        }
        best.1
    }

    fn energy(&self, x: usize, y: usize) -> f32 {
        let at = |x: usize, y: usize| self.squares[y * (WIDTH + 1) + x];
        let sum = at(x + SIDE, y + SIDE) - at(x, y + SIDE) - at(x + SIDE, y) + at(x, y);
        sum.max(0.0)
    }

    fn product(&self, other: &Self, from: (usize, usize), to: (usize, usize)) -> f32 {
        let mut sums = [0.0_f32; 8];
        for row in 0..SIDE {
            let (here, there) = ((from.1 + row) * WIDTH + from.0, (to.1 + row) * WIDTH + to.0);
            for (one, other) in [
                (&self.real, &other.real),
                (&self.imaginary, &other.imaginary),
            ] {
                let (one, _) = one[here..here + SIDE].as_chunks::<8>();
                let (other, _) = other[there..there + SIDE].as_chunks::<8>();
                for (one, other) in one.iter().zip(other) {
                    for lane in 0..8 {
                        sums[lane] += one[lane] * other[lane];
                    }
                }
            }
        }
        sums.iter().sum()
    }
}
