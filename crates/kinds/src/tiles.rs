//! Where the structure of a frame lies, tile by tile: where the reference has it, or some pixels away.

use rustfft::num_complex::Complex;

use crate::{FINE, HEIGHT, WIDTH, align::vertex, field::Field, limits};

/// The side of a tile, the distance of two, and how far a tile is looked for, in pixels.
const SIDE: usize = 24;
const STEP: usize = 12;
pub(crate) const REACH: usize = 8;
/// A tile is in place where it agrees best within so many pixels, and where most others are within so many of them.
const IN_PLACE: f32 = 1.5;
const TOGETHER: f32 = 1.0;
/// The mean square that a tile must have to tell anything, and what is added to a frame's, for noise.
const TEXTURED: f32 = 0.03;
const FLOOR: f32 = 0.01;
/// How many pixels a tile is looked for across and down.
const ACROSS: usize = 2 * REACH + 1;

/// Where the tiles of a frame lie.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Tiles {
    /// The share of them that lie where the reference has them: 0 to 1.
    pub in_place: f32,
    /// Where most of them lie: how far to the right, of the width, and how far down, of the height.
    pub shift: (f32, f32),
    /// The share of them that lie there: 0 to 1.
    pub agreeing: f32,
    /// The same of those that are unlike the reference; `None` where there are none.
    pub unlike_agreeing: Option<f32>,
}

impl Tiles {
    /// What is known without having looked.
    pub(crate) const UNKNOWN: Self = Tiles {
        in_place: 0.0,
        shift: (0.0, 0.0),
        agreeing: 0.0,
        unlike_agreeing: None,
    };

    /// Compares the fields of a reference and a frame. `unlike` marks the fine places that differ; it is empty where
    /// nobody knows. Each picture's tiles are looked for in the other, and the smaller of the two shares counts.
    pub(crate) fn of(reference: &Field, frame: &Field, unlike: &[bool]) -> Self {
        let (reference, frame) = (Planes::of(reference), Planes::of(frame));
        let (there, back) = (reference.found_in(&frame), frame.found_in(&reference));
        let shift = most(&there);
        let share = |of: &dyn Fn(&Found) -> bool, (x, y): (f32, f32), slack: f32| {
            let near = |tiles: &[Found], to: (f32, f32)| {
                let all = tiles.iter().filter(|it| of(it)).count();
                let near = tiles.iter().filter(|it| of(it) && it.is_near(to, slack));
                (all > 0).then(|| near.count() as f32 / all as f32)
            };
            Some(near(&there, (x, y))?.min(near(&back, (-x, -y))?))
        };
        let any = |_: &Found| true;
        let is_unlike = |it: &Found| it.is_at(unlike);
        Tiles {
            in_place: share(&any, (0.0, 0.0), IN_PLACE).unwrap_or_default(),
            shift: (shift.0 / WIDTH as f32, shift.1 / HEIGHT as f32),
            agreeing: share(&any, shift, TOGETHER).unwrap_or_default(),
            unlike_agreeing: share(&is_unlike, shift, TOGETHER),
        }
    }

    /// Whether most tiles lie together elsewhere, and most of those that are unlike do so too. Then a shift explains
    /// the difference.
    pub(crate) fn are_shifted(&self) -> bool {
        let (right, down) = self.shift;
        let of_unlike = self.unlike_agreeing;
        right.abs().max(down.abs()) >= limits::SHIFTED
            && self.agreeing >= limits::SHIFTED_TILES
            && of_unlike.is_none_or(|it| it >= limits::SHIFTED_UNLIKE)
    }
}

/// A tile, and how far away it agrees best, in pixels.
struct Found {
    at: (usize, usize),
    to: (f32, f32),
}

impl Found {
    fn is_near(&self, (x, y): (f32, f32), slack: f32) -> bool {
        (self.to.0 - x).abs() <= slack && (self.to.1 - y).abs() <= slack
    }

    fn is_at(&self, places: &[bool]) -> bool {
        let (x, y) = (self.at.0 + SIDE / 2, self.at.1 + SIDE / 2);
        let place = y * FINE.0 / HEIGHT * FINE.1 + x * FINE.1 / WIDTH;
        places.get(place).is_some_and(|it| *it)
    }
}

/// Where most tiles lie. It starts from the tile with the most others near it, and takes the mean of all that are near
/// that one.
fn most(tiles: &[Found]) -> (f32, f32) {
    let near = |to| tiles.iter().filter(move |it| it.is_near(to, TOGETHER));
    // Of equals, the one that is least far away.
    let best = tiles.iter().max_by(|one, other| {
        let rank = |it: &Found| (near(it.to).count(), -it.to.0.hypot(it.to.1));
        let (one, other) = (rank(one), rank(other));
        one.0.cmp(&other.0).then(one.1.total_cmp(&other.1))
    });
    let Some(best) = best else {
        return (0.0, 0.0);
    };
    let mean = |of: fn(&Found) -> f32| {
        let all = near(best.to);
        all.clone().map(of).sum::<f32>() / all.count() as f32
    };
    (mean(|it| it.to.0), mean(|it| it.to.1))
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

    /// Each tile that has some structure, looked for in the other.
    fn found_in(&self, other: &Self) -> Vec<Found> {
        let rows = (REACH..=HEIGHT - SIDE - REACH).step_by(STEP);
        let places = rows.flat_map(|y| {
            let columns = (REACH..=WIDTH - SIDE - REACH).step_by(STEP);
            columns.map(move |x| (x, y))
        });
        let textured = |at: &(usize, usize)| self.energy(*at) >= TEXTURED * (SIDE * SIDE) as f32;
        let found = places.filter(textured).map(|at| Found {
            at,
            to: self.best_in(other, at),
        });
        found.collect()
    }

    fn best_in(&self, other: &Self, (x, y): (usize, usize)) -> (f32, f32) {
        let agreement = |at: usize| {
            let to = (x + at % ACROSS - REACH, y + at / ACROSS - REACH);
            let energy = other.energy(to) + FLOOR * (SIDE * SIDE) as f32;
            self.product(other, (x, y), to) / energy.sqrt()
        };
        let all: Vec<f32> = (0..ACROSS * ACROSS).map(agreement).collect();
        let best = (0..all.len())
            .rev()
            .max_by(|one, other| all[*one].total_cmp(&all[*other]));
        let best = best.unwrap_or_default();
        let refined = |at: usize, step: usize| match at {
            0 => 0.0,
            at if at == ACROSS - 1 => 0.0,
            _ => vertex(all[best - step], all[best], all[best + step]),
        };
        let (row, column) = (best / ACROSS, best % ACROSS);
        (
            column as f32 - REACH as f32 + refined(column, 1),
            row as f32 - REACH as f32 + refined(row, ACROSS),
        )
    }

    fn energy(&self, (x, y): (usize, usize)) -> f32 {
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
