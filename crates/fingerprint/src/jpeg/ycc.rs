//! From luma and chroma to red, green and blue (JFIF 1.02; ITU-R BT.601 in full range).

use crate::luma::Luma;

/// Parts between two pixels.
const WHOLE: usize = 256;

/// A plane of chroma that is to be enlarged to the size of the luma.
pub(super) struct Chroma<'a> {
    pub(super) plane: &'a Luma,
    /// Its pixels beside those of the luma, across and down: 1 of 2 where it has half as many.
    pub(super) across: (usize, usize),
    pub(super) down: (usize, usize),
}

/// Red, green and blue, three bytes a pixel, row by row. Chroma is linear between the centres of its pixels.
pub(super) fn rgb(luma: &Luma, chroma: &[Chroma<'_>; 2]) -> Vec<u8> {
    let columns = chroma.each_ref().map(|chroma| {
        let columns = 0..luma.width;
        let between = |x| Between::of(x, chroma.across, chroma.plane.width);
        columns.map(between).collect::<Vec<_>>()
    });
    let mut rows = [
        vec![0; chroma[0].plane.width],
        vec![0; chroma[1].plane.width],
    ];
    let mut bytes = Vec::with_capacity(3 * luma.pixels.len());
    for (y, levels) in luma.pixels.chunks_exact(luma.width).enumerate() {
        for (row, chroma) in rows.iter_mut().zip(chroma) {
            chroma.blend(y, row);
        }
        let line = |i: usize| {
            let row = &rows[i];
            columns[i].iter().map(move |column| column.of_row(row))
        };
        let pixels = levels.iter().zip(line(0).zip(line(1)));
        bytes.extend(pixels.flat_map(|(&level, (blue, red))| pixel(level, blue, red)));
    }
    bytes
}

/// Grey as red, green and blue.
pub(super) fn grey(luma: &Luma) -> Vec<u8> {
    luma.pixels.iter().flat_map(|&level| [level; 3]).collect()
}

impl Chroma<'_> {
    /// The row that belongs to a row of luma, in parts of a level.
    fn blend(&self, y: usize, row: &mut [i32]) {
        let (plane, width) = (&self.plane.pixels, self.plane.width);
        let between = Between::of(y, self.down, self.plane.height);
        let line = |at: usize| &plane[at * width..][..width];
        let pairs = line(between.first).iter().zip(line(between.second));
        for (sum, (&first, &second)) in row.iter_mut().zip(pairs) {
            *sum = between.blend(first.into(), second.into());
        }
    }
}

/// A place between the centres of two pixels.
struct Between {
    first: usize,
    second: usize,
    /// How much of the second counts, of [`WHOLE`].
    part: i32,
}

impl Between {
    /// Where the centre of a pixel of luma lies among so many pixels of chroma, of which there are `share.0` for each `share.1` of
    /// luma.
    fn of(pixel: usize, share: (usize, usize), count: usize) -> Self {
        let centre = (2 * pixel + 1) * share.0 * (WHOLE / 2) / share.1;
        let place = centre.saturating_sub(WHOLE / 2).min((count - 1) * WHOLE);
        let first = place / WHOLE;
        Self {
            first,
            second: (first + 1).min(count - 1),
            part: (place % WHOLE) as i32,
        }
    }

    fn blend(&self, first: i32, second: i32) -> i32 {
        first * (WHOLE as i32 - self.part) + second * self.part
    }

    /// The level at this place of a row in parts of a level.
    fn of_row(&self, row: &[i32]) -> i32 {
        let half = (WHOLE * WHOLE / 2) as i32;
        (self.blend(row[self.first], row[self.second]) + half) >> 16
    }
}

fn pixel(level: u8, blue: i32, red: i32) -> [u8; 3] {
    let (level, blue, red) = (i32::from(level), blue - 128, red - 128);
    let scaled = |sum: i32| level + ((sum + (1 << 15)) >> 16);
    [
        scaled(91_881 * red),
        scaled(-22_554 * blue - 46_802 * red),
        scaled(116_130 * blue),
    ]
    .map(|level| level.clamp(0, 255) as u8)
}
