//! How much fine detail there is where: what goes first when a camera loses its focus.

use super::{COARSE, SIZE, median};

/// The side of a block whose cosine transform is taken, as in JPEG.
const SIDE: usize = 8;
/// Blocks on a side of a square that is one place.
const BLOCKS: usize = 4;
/// Bands of frequencies: coarse, middle and fine, by the sum of their two orders; the mean is in none.
const BANDS: [std::ops::RangeInclusive<usize>; 3] = [1..=2, 3..=5, 6..=14];
/// Coarse energy that a place of the picture, and of the frame, must have to tell anything.
const TEXTURED: (f32, f32) = (150.0, 60.0);
/// The fewest such places.
const MIN_PLACES: usize = 6;
/// Added to energies, for noise.
const FLOOR: f32 = 8.0;

/// Energies of the three bands, each of 7×10 places, in squared grey levels a block. The lowest 16 of the 240 rows are left
/// out, so that places are squares.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Detail(pub(super) [Vec<f32>; 3]);

impl Detail {
    /// The detail of 320×240 grey levels.
    pub(super) fn of(luma: &[u8]) -> Self {
        let basis = Basis::new();
        let places = COARSE.0 * COARSE.1;
        let mut bands: [Vec<f32>; 3] = std::array::from_fn(|_| vec![0.0; places]);
        for y in 0..COARSE.0 * BLOCKS {
            for x in 0..COARSE.1 * BLOCKS {
                let place = y / BLOCKS * COARSE.1 + x / BLOCKS;
                let energies = energies(&basis, luma, y * SIDE * SIZE.0 + x * SIDE);
                for (band, energy) in bands.iter_mut().zip(energies) {
                    band[place] += energy / (BLOCKS * BLOCKS) as f32;
                }
            }
        }
        Detail(bands)
    }

    /// How much sharper this picture is than a frame: minus the median, over textured places, of the logarithm of fine to
    /// coarse energy, frame against picture. 0 where too few places have any texture. After the blur tests of DCT
    /// coefficients in compressed video (Marichal et al., 1999), with a reference. Places that are masked are left out.
    pub(super) fn sharper_by(&self, frame: &Self, masked: Option<&[bool]>) -> f32 {
        let (own, other) = (&self.0, &frame.0);
        let is_textured = |&i: &usize| own[0][i] > TEXTURED.0 && other[0][i] > TEXTURED.1;
        let counts = |&i: &usize| masked.is_none_or(|masked| !masked[i]);
        let places = (0..own[0].len()).filter(counts);
        let places: Vec<usize> = places.filter(is_textured).collect();
        if places.len() < MIN_PLACES {
            return 0.0;
        }
        let share = |of: &[Vec<f32>; 3], band: usize, i: usize| {
            ((of[band][i] + FLOOR) / (of[0][i] + FLOOR)).ln()
        };
        let lost = |band| {
            let ratios = places.iter();
            let mut ratios: Vec<f32> = ratios
                .map(|&i| share(own, band, i) - share(other, band, i))
                .collect();
            median(&mut ratios)
        };
        (lost(1) + lost(2)) / 2.0
    }
}

/// The energies of the block that begins at this pixel. It takes eight waves at a time, so that the compiler uses
/// vectors.
fn energies(basis: &Basis, luma: &[u8], start: usize) -> [f32; 3] {
    let mut rows = [[0.0_f32; SIDE]; SIDE];
    for (y, row) in rows.iter_mut().enumerate() {
        let pixels = &luma[start + y * SIZE.0..][..SIDE];
        for (&pixel, waves) in pixels.iter().zip(&basis.by_pixel) {
            let pixel = f32::from(pixel);
            for (sum, wave) in row.iter_mut().zip(waves) {
                *sum += pixel * wave;
            }
        }
    }
    let mut energies = [0.0; 3];
    for v in 0..SIDE {
        let mut coefficients = [0.0_f32; SIDE];
        for (row, waves) in rows.iter().zip(&basis.by_pixel) {
            for (sum, value) in coefficients.iter_mut().zip(row) {
                *sum += value * waves[v];
            }
        }
        for (coefficient, band) in coefficients.iter().zip(&basis.bands[v..]) {
            if let Some(band) = band {
                energies[*band] += coefficient * coefficient;
            }
        }
    }
    energies
}

/// The orthonormal cosine transform (DCT-II) of 8 values.
struct Basis {
    /// The part that each pixel has in each wave.
    by_pixel: [[f32; SIDE]; SIDE],
    /// The band for each sum of two orders.
    bands: [Option<usize>; 2 * SIDE - 1],
}

impl Basis {
    fn new() -> Self {
        let side = SIDE as f64;
        let wave = |x: usize, k: usize| {
            let norm = if k == 0 { 1.0 / side } else { 2.0 / side };
            let angle = std::f64::consts::PI * (2 * x + 1) as f64 * k as f64 / (2.0 * side);
            (norm.sqrt() * angle.cos()) as f32
        };
        Basis {
            by_pixel: std::array::from_fn(|x| std::array::from_fn(|k| wave(x, k))),
            bands: std::array::from_fn(|order| BANDS.iter().position(|it| it.contains(&order))),
        }
    }
}
