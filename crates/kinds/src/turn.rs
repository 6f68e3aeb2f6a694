//! A picture as it would be, had its camera not been turned around its axis and zoomed.

use rustfft::num_complex::Complex;

use crate::{
    HEIGHT, WIDTH,
    field::{ACROSS, DOWN, Field},
};

/// How far a place must lie from the picture's edge, in pixels, for its gradient to be real.
const MARGIN: f32 = 3.0;

/// What a frame's field is made of, in order to turn it.
pub(crate) struct Original<'a> {
    /// 160×120 grey levels.
    pub(crate) luma: &'a [f32],
    /// Those of them that do not count.
    pub(crate) ignored: Option<&'a [bool]>,
    /// The height of one of them divided by its width, in the scene.
    pub(crate) aspect: f32,
}

/// A turn, in degrees, and a zoom.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Turn {
    pub(crate) degrees: f32,
    pub(crate) zoom: f32,
}

impl Turn {
    pub(crate) const NONE: Self = Turn {
        degrees: 0.0,
        zoom: 1.0,
    };

    /// The halved field of a picture with this undone; nothing where the picture had nothing, or nothing that counts.
    pub(crate) fn undone(self, seen: &Original<'_>) -> Vec<Complex<f32>> {
        let Original {
            luma,
            ignored,
            aspect,
        } = *seen;
        let (sin, cos) = self.degrees.to_radians().sin_cos();
        let centre = (WIDTH as f32 / 2.0, HEIGHT as f32 / 2.0);
        let mut turned = Vec::with_capacity(luma.len());
        let mut known = Vec::with_capacity(luma.len());
        for y in 0..HEIGHT {
            for x in 0..WIDTH {
                let (across, down) = (x as f32 - centre.0, (y as f32 - centre.1) * aspect);
                let from_x = centre.0 + self.zoom * (cos * across + sin * down);
                let from_y = centre.1 + self.zoom * (cos * down - sin * across) / aspect;
                turned.push(between(luma, from_x, from_y));
                let is_inside =
                    |at: f32, count: usize| (MARGIN..=count as f32 - 1.0 - MARGIN).contains(&at);
                let is_known = is_inside(from_x, WIDTH) && is_inside(from_y, HEIGHT);
                let counts = || {
                    let at = from_y.round() as usize * WIDTH + from_x.round() as usize;
                    ignored.is_none_or(|ignored| !ignored[at])
                };
                known.push(is_known && counts());
            }
        }
        let mut field = Field::of(&turned).halved();
        for y in 0..DOWN {
            for x in 0..ACROSS {
                let at = 2 * y * WIDTH + 2 * x;
                let four = [at, at + 1, at + WIDTH, at + WIDTH + 1];
                if !four.iter().all(|&at| known[at]) {
                    field[y * ACROSS + x] = Complex::default();
                }
            }
        }
        field
    }
}

/// The grey level between four pixels; beyond the edge, that of the edge.
fn between(luma: &[f32], x: f32, y: f32) -> f32 {
    let x = x.clamp(0.0, (WIDTH - 1) as f32);
    let y = y.clamp(0.0, (HEIGHT - 1) as f32);
    let (left, top) = ((x as usize).min(WIDTH - 2), (y as usize).min(HEIGHT - 2));
    let (right, lower) = (x - left as f32, y - top as f32);
    let at = top * WIDTH + left;
    let row = |at: usize| luma[at] * (1.0 - right) + luma[at + 1] * right;
    row(at) * (1.0 - lower) + row(at + WIDTH) * lower
}
