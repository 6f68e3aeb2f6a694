//! The measure `parts`: whether a part is as it should be, where parts lie a little differently each time.
//!
//! Owns the way from the features of a picture's tiles to a [`Look`], from looks of pictures that are right to a [`Bank`], and
//! from that and a frame to what was [`Seen`]. The network and the tiles are left to `looks`. Pure, as `view` is.
//!
//! # How
//! After PatchCore (Roth et al., 2022), with another network and a bound on where a place is looked for. The picture is cut
//! into 3×3 tiles, and each is seen by the network at 320×240: 45×60 places, each a vector v of stage 5, as in
//! [`view`](crate::view), with μ and σ from there and the mean over the tile. So a place is a sixtieth of the picture's width,
//! where `view`'s finest is a twentieth.
//!
//! ```text
//! δ = least of 1 − m        over all pictures, and all their places up to R away
//! s = mean of the highest δ of 0.15 % of the places: of four
//! u = s / limit             similarity as in view: 0.9 at u = 1
//! ```
//!
//! m is `view`'s likeness of two places, and R three places, a twentieth of the width. **The limit** is 0.6 with fewer than
//! five pictures. From five on it is the folder's own: 0.27 and half the mean s of a picture that is held against the others, at
//! least 0.45. The mean, since the largest of a few tells little; half, since it is drawn towards what is usual. Of many pictures
//! 16 are held so, evenly chosen.
//!
//! A place that is nearer than 0.1 to one is searched no further: no verdict rests on what is so near, and it saves most of the
//! time.
//!
//! **Masks and regions**: as in `view`. A place is masked where the place of 16×16 pixels of 320×240 is in which it lies.

mod bank;
mod look;
mod seen;
#[cfg(test)]
mod tests;

pub use bank::{Bank, MAX_PICTURES};
pub use look::Look;
pub use seen::Seen;

use crate::view::FINE;

/// Tiles across, and down.
pub const TILES: usize = 3;
/// Rows of places.
pub(crate) const ROWS: usize = TILES * FINE.0;
/// Columns of places.
pub(crate) const COLUMNS: usize = TILES * FINE.1;
/// Places of a picture.
pub(crate) const PLACES: usize = ROWS * COLUMNS;
/// Places of a tile.
const TILE_PLACES: usize = FINE.0 * FINE.1;

/// Turns marks of the whole picture's stage 5 places into marks of the places that lie in them.
fn of_tiles(fine: &[bool]) -> Vec<bool> {
    (0..PLACES).map(|place| fine[fine_place(place)]).collect()
}

/// The place of stage 5 of the whole picture in which a place lies.
fn fine_place(place: usize) -> usize {
    place / COLUMNS / TILES * FINE.1 + place % COLUMNS / TILES
}
