//! What can be said of one picture alone: how bright it is, and whether there is anything to see.

use crate::luma::Luma;
use crate::resample::Square;

/// Neighbours on the 64×64 grid that differ by no more than this, in grey levels, are one flat area.
const FLAT_STEP: u8 = 2;

/// Measures of a picture. Brightness, contrast and flat share are those of the picture reduced to 64×64 pixels, so they
/// don't depend on its size, and sensor noise averages out; sharpness is that of the thumbnail.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Quality {
    /// The mean grey level: 0 (black) to 255 (white).
    pub brightness: f32,
    /// The standard deviation in grey levels: 0 (flat) to 127.5 (half black, half white).
    pub contrast: f32,
    /// The root mean square, in grey levels, of the discrete Laplacian (a pixel's four neighbours less four times the
    /// pixel): how much changes from one pixel of the thumbnail to the next. Falls when a view goes out of focus, and
    /// compares with that of pictures of the same size only. After Pech-Pacheco et al., "Diatom autofocusing in
    /// brightfield microscopy" (2000), who take the variance.
    pub sharpness: f32,
    /// The share of the area, 0 to 1, that differs from its right and lower neighbour by at most 2 grey levels.
    pub flat_share: f32,
}

impl Quality {
    pub(crate) fn of(thumbnail: &Luma, grid: &Square<64>) -> Self {
        let levels = grid.as_flattened();
        let count = levels.len() as f64;
        let sum: u32 = levels.iter().map(|&level| u32::from(level)).sum();
        let squares: u32 = levels.iter().map(|&level| u32::from(level).pow(2)).sum();
        let mean = f64::from(sum) / count;
        let variance = f64::from(squares) / count - mean * mean;
        Self {
            brightness: mean as f32,
            contrast: variance.max(0.0).sqrt() as f32,
            sharpness: sharpness(thumbnail),
            flat_share: flat_share(grid),
        }
    }
}

/// The sharpness, from every other row: half the pixels tell as much as all. 0 for pictures of fewer than 3×3, which
/// have no inner pixel.
fn sharpness(thumbnail: &Luma) -> f32 {
    let width = thumbnail.width;
    if width < 3 || thumbnail.height < 3 {
        return 0.0;
    }
    let windows = (0..thumbnail.height - 2).step_by(2);
    let count = windows.len() * (width - 2);
    let sum: u64 = windows
        .map(|y| {
            let row = |y| &thumbnail.pixels[y * width..][..width];
            squared_laplacians(row(y), row(y + 1), row(y + 2))
        })
        .sum();
    (sum as f64 / count as f64).sqrt() as f32
}

/// The sum over a row's inner pixels. Added up in parts that can't overflow: a Laplacian is at most 1020.
fn squared_laplacians(above: &[u8], middle: &[u8], below: &[u8]) -> u64 {
    const PART: usize = 1024;
    let inner = middle.len() - 2;
    let parts = (0..inner).step_by(PART).map(|start| {
        let end = inner.min(start + PART);
        let horizontal = middle[start..end].iter().zip(&middle[start + 2..end + 2]);
        let vertical = above[start + 1..=end].iter().zip(&below[start + 1..=end]);
        let squares = horizontal.zip(vertical).zip(&middle[start + 1..=end]).map(
            |(((&left, &right), (&up, &down)), &own)| {
                let around = i16::from(left) + i16::from(right) + i16::from(up) + i16::from(down);
                let laplacian = i32::from(around - 4 * i16::from(own));
                laplacian * laplacian
            },
        );
        squares.sum::<i32>() as u64
    });
    parts.sum()
}

fn flat_share<const SIDE: usize>(grid: &Square<SIDE>) -> f32 {
    let mut flat = 0_u32;
    for (row, below) in grid.iter().zip(&grid[1..]) {
        let pairs = row.iter().zip(&row[1..]).zip(below);
        flat += pairs
            .map(|((&own, &right), &lower)| {
                let step = own.abs_diff(right).max(own.abs_diff(lower));
                u32::from(step <= FLAT_STEP)
            })
            .sum::<u32>();
    }
    flat as f32 / ((SIDE - 1) * (SIDE - 1)) as f32
}
