//! A picture in tiles, each in two bytes: tells which parts of two pictures are the same to the last grey level.

use crate::luma::Luma;

/// A digest of each of 8×8 tiles of a picture's thumbnail, row by row from the upper left. Two tiles that look the same have
/// the same digest; of 65,536 pairs that differ, one has.
///
/// A sensor's noise moves some grey levels of nearly every tile from one frame to the next, so tiles that stay the same
/// over many frames tell that a picture stands still. A scene without noise (dark, drawn, heavily compressed) stays the
/// same in the thumbnail while it is live.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tiles([u16; Tiles::COUNT]);

impl Tiles {
    /// Tiles on a side.
    pub const SIDE: usize = 8;

    /// How many there are.
    pub const COUNT: usize = Self::SIDE * Self::SIDE;

    pub(crate) fn of(thumbnail: &Luma) -> Self {
        let edge = |tile: usize, length: usize| tile * length / Self::SIDE;
        let mut tiles = [0; Self::COUNT];
        for (at, tile) in tiles.iter_mut().enumerate() {
            let (row, column) = (at / Self::SIDE, at % Self::SIDE);
            let (width, height) = (thumbnail.width, thumbnail.height);
            let columns = edge(column, width)..edge(column + 1, width);
            let mut digest = Digest::default();
            for y in edge(row, height)..edge(row + 1, height) {
                digest.add(&thumbnail.pixels[y * width..][columns.clone()]);
            }
            *tile = digest.finish();
        }
        Self(tiles)
    }

    /// As [`Self::to_bytes`] wrote them; `None` where these are no tiles.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (pairs, rest) = bytes.as_chunks::<2>();
        let tiles = <&[[u8; 2]; Self::COUNT]>::try_from(pairs).ok()?;
        rest.is_empty().then(|| Self(tiles.map(u16::from_be_bytes)))
    }

    /// 128 bytes: two a tile, the higher one first.
    pub fn to_bytes(&self) -> [u8; 2 * Self::COUNT] {
        let mut bytes = [0; 2 * Self::COUNT];
        for (pair, tile) in bytes.as_chunks_mut::<2>().0.iter_mut().zip(self.0) {
            *pair = tile.to_be_bytes();
        }
        bytes
    }

    /// How many tiles of two pictures differ.
    pub fn differing(&self, other: &Self) -> usize {
        let pairs = self.0.iter().zip(&other.0);
        pairs.filter(|(own, other)| own != other).count()
    }
}

/// Eight bytes at a time are mixed in by a multiplication with 2⁶⁴ divided by the golden ratio, whose high bits depend on all.
#[derive(Default)]
struct Digest(u64);

impl Digest {
    fn add(&mut self, row: &[u8]) {
        let (words, rest) = row.as_chunks::<8>();
        for word in words {
            self.mix(u64::from_le_bytes(*word));
        }
        let mut last = [0; 8];
        last[..rest.len()].copy_from_slice(rest);
        self.mix(u64::from_le_bytes(last));
    }

    fn mix(&mut self, word: u64) {
        self.0 = (self.0.rotate_left(29) ^ word).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    }

    fn finish(&self) -> u16 {
        (self.0 >> 48) as u16
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picture() -> Luma {
        let (width, height) = (240, 135);
        let levels = (0..width * height).map(|at| (at * 7 % 251) as u8);
        Luma {
            width,
            height,
            pixels: levels.collect(),
        }
    }

    #[test]
    fn one_level_of_one_pixel_changes_its_tile_alone() {
        let before = Tiles::of(&picture());
        for (x, y) in [(0, 0), (239, 134), (29, 16), (30, 16), (117, 67)] {
            let mut after = picture();
            after.pixels[y * 240 + x] ^= 1;
            let after = Tiles::of(&after);
            assert_eq!(before.differing(&after), 1, "{x}, {y}");
            let place = |at: usize, length| ((at + 1) * Tiles::SIDE).div_ceil(length) - 1;
            let tile = place(y, 135) * Tiles::SIDE + place(x, 240);
            assert_ne!(before.0[tile], after.0[tile], "{x}, {y}");
        }
    }

    #[test]
    fn they_are_read_as_they_were_written_and_nothing_else_is() {
        let tiles = Tiles::of(&picture());
        let bytes = tiles.to_bytes();
        assert_eq!(Tiles::from_bytes(&bytes), Some(tiles));
        assert_eq!(Tiles::from_bytes(&bytes[1..]), None);
        assert_eq!(Tiles::from_bytes(&[]), None);
    }

    #[test]
    fn a_picture_of_fewer_pixels_than_tiles_has_tiles() {
        let dot = Luma {
            width: 1,
            height: 1,
            pixels: vec![9],
        };
        assert_eq!(Tiles::of(&dot).differing(&Tiles::of(&dot)), 0);
    }
}
