//! A picture in small cells, a grey level each: tells how much, and where, two pictures of one camera differ.

use crate::luma::Luma;

/// The mean grey level of each of 64 columns × 32 rows of cells of a picture's thumbnail, row by row from the upper left. In
/// pictures of 16:9 a cell is nearly square. Cells compare with those of pictures of the same size.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cells(Box<[u8; Cells::COUNT]>);

impl Cells {
    /// Cells in a row.
    pub const COLUMNS: usize = 64;

    /// Rows of cells.
    pub const ROWS: usize = 32;

    /// The number of cells, and of the bytes that they take.
    pub const COUNT: usize = Self::COLUMNS * Self::ROWS;

    pub(crate) fn of(thumbnail: &Luma) -> Self {
        let (width, height) = (thumbnail.width, thumbnail.height);
        let columns: [_; Self::COLUMNS] =
            std::array::from_fn(|column| part(column, Self::COLUMNS, width));
        let mut cells = Box::new([0; Self::COUNT]);
        for (row, cells) in cells.chunks_exact_mut(Self::COLUMNS).enumerate() {
            let mut sums = [0_u32; Self::COLUMNS];
            let (from, to) = part(row, Self::ROWS, height);
            for pixels in thumbnail.pixels[from * width..to * width].chunks_exact(width) {
                for (sum, &(from, to)) in sums.iter_mut().zip(&columns) {
                    *sum += pixels[from..to]
                        .iter()
                        .map(|&it| u32::from(it))
                        .sum::<u32>();
                }
            }
            for ((cell, sum), (left, right)) in cells.iter_mut().zip(sums).zip(&columns) {
                let count = ((right - left) * (to - from)) as u32;
                *cell = ((sum + count / 2) / count) as u8;
            }
        }
        Self(cells)
    }

    /// Makes cells of these levels.
    pub fn from_levels(levels: [u8; Self::COUNT]) -> Self {
        Self(Box::new(levels))
    }

    /// Grey levels, row by row.
    pub fn levels(&self) -> &[u8; Self::COUNT] {
        &self.0
    }
}

/// From where to where a part of a length goes: a pixel at least, which parts share where there are fewer pixels than parts.
fn part(at: usize, parts: usize, length: usize) -> (usize, usize) {
    let from = at * length / parts;
    (from, ((at + 1) * length / parts).max(from + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flat(width: usize, height: usize) -> Luma {
        Luma {
            width,
            height,
            pixels: vec![100; width * height],
        }
    }

    #[test]
    fn what_changes_changes_its_cell_and_no_other() {
        let (width, height) = (240, 135);
        for (x, y) in [(0, 0), (239, 134), (120, 67), (3, 131)] {
            let mut changed = flat(width, height);
            changed.pixels[y * width + x] = 255;
            let (before, after) = (Cells::of(&flat(width, height)), Cells::of(&changed));
            let moved: Vec<_> = (0..Cells::COUNT)
                .filter(|&at| before.levels()[at] != after.levels()[at])
                .collect();
            let column = (0..Cells::COLUMNS).find(|at| x < (at + 1) * width / Cells::COLUMNS);
            let row = (0..Cells::ROWS).find(|at| y < (at + 1) * height / Cells::ROWS);
            let cell = row.unwrap() * Cells::COLUMNS + column.unwrap();
            assert_eq!(moved, [cell], "{x}, {y}");
        }
    }

    #[test]
    fn a_picture_of_fewer_pixels_than_cells_has_cells() {
        for (width, height) in [(1, 1), (5, 300), (63, 31)] {
            assert!(
                Cells::of(&flat(width, height))
                    .levels()
                    .iter()
                    .all(|&it| it == 100)
            );
        }
    }
}
