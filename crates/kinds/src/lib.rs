//! What is wrong with a frame that does not look like its reference, and where: moved, covered, blurred, dark, changed in
//! a part; or different, where nobody can be sure. A wrong name is worse than none.
//!
//! Owns the measures of a pair of pictures ([`Measures`]) and the decision list that names them ([`Measures::name`]).
//! Whether a frame is wrong at all is decided before, by `comparison`; what people are told, after, by `alerting`. Pure:
//! no I/O, no clock, no shared state; the network's likenesses are given to it.
//!
//! # How
//! **Moved.** Each picture, 160×120 grey levels, becomes a field of orientations, 80×60: the direction of the gradient,
//! doubled, so that an edge counts the same whichever side is brighter, and softly normalised, so that contrast hardly
//! counts. Fourier transforms give the agreement of both fields at every shift of up to 70 % of the width and 75 % of the
//! height, in standard deviations of what chance would give there (`align`). Where neither a shift nor the view in
//! place explains the frame, 34 turns (±12°) and zooms (0.78 to 1.28) are tried as well, and finer ones around the best
//! (`search`). Shifts of up to 5 % are told by tiles of the picture, each by itself (`tiles`), but for those that a view's
//! pictures have among themselves (`jitter`). **In place** is a frame that agrees without a shift, as a whole or in tiles.
//! **Covered** is
//! told by what has changed: it is plain, smooth, and has less texture than the reference had there. What masks leave out
//! ([`Ignored`]) has no orientation, is neither alike nor unlike, and is in no mean. The order of
//! questions is in `name`, and all limits in `limits`.
//!
//! **Another view's.** The same agreement in place, with the references of other views: [`in_place_of`].

mod align;
mod elsewhere;
mod field;
mod jitter;
mod limits;
mod measures;
mod name;
mod place;
mod search;
#[cfg(test)]
mod tests;
mod tiles;
mod turn;

pub use elsewhere::{Elsewhere, in_place_of};
pub use measures::{Ignored, Measures, Network, Pair, Picture};
pub use name::{Cover, Extent, Kind, Name};
pub use place::Area;
pub use search::{Depth, Moved};
pub use tiles::Tiles;

/// Pixels across of the grey levels that are looked at.
pub const WIDTH: usize = 160;
/// Pixels down of the grey levels that are looked at.
pub const HEIGHT: usize = 120;

/// Rows and columns of the fine places: 15×20, as after the network's stage 5.
pub const FINE: (usize, usize) = (15, 20);
/// Rows and columns of the coarse places: 7×10, as after the network's stage 7.
pub const COARSE: (usize, usize) = (7, 10);

/// Grey levels of half the size: 320×240 to 160×120, each the mean of four.
///
/// # Panics
/// Where there are not 320×240.
pub fn halved(luma: &[u8]) -> Vec<u8> {
    let across = 2 * WIDTH;
    assert_eq!(luma.len(), across * 2 * HEIGHT, "320×240 grey levels");
    let level = |at: usize| {
        let (y, x) = (at / WIDTH, at % WIDTH);
        let pair = |row: usize| {
            let at = row * across + 2 * x;
            u16::from(luma[at]) + u16::from(luma[at + 1])
        };
        ((pair(2 * y) + pair(2 * y + 1) + 2) / 4) as u8
    };
    (0..WIDTH * HEIGHT).map(level).collect()
}
