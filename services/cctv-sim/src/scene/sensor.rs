//! What the camera's sensor adds to the light that falls on it: noise, and slow changes of brightness.

use super::chance::Dice;

/// Samples kept ready beyond a row's width, so that each row starts at a place of its own.
const SPARE: usize = 4093;

/// Noise drawn once; each row of each picture takes a stretch of it from a random place.
pub(super) struct Noise {
    samples: Vec<i8>,
    width: usize,
}

impl Noise {
    /// Noise with a standard deviation of `sigma` grey levels, and a third of that in colour.
    pub(super) fn new(seed: u64, width: usize, sigma: f32) -> Self {
        let mut dice = Dice::of(seed, 0x6E6F, 0);
        let mut bell = move |sigma: f32| {
            let sum: f32 = (0..6).map(|_| dice.unit()).sum();
            (sum - 3.0) * std::f32::consts::SQRT_2 * sigma
        };
        let mut samples = Vec::with_capacity((width + SPARE) * 3);
        for _ in 0..width + SPARE {
            let grey = bell(sigma);
            for _ in 0..3 {
                samples.push((grey + bell(sigma / 3.0)).round() as i8);
            }
        }
        Self { samples, width }
    }

    /// Multiplies by `gain` (below 2) and adds the noise that belongs to `number`, which tells pictures apart.
    pub(super) fn expose(&self, pixels: &mut [u8], gain: f32, number: u64) {
        let mut dice = Dice::of(number, 0x726F, 0);
        let gain = (gain * 128.0).round().clamp(0.0, 255.0) as u16;
        for row in pixels.chunks_exact_mut(self.width * 3) {
            let start = (dice.roll() % SPARE as u64) as usize * 3;
            for (pixel, noise) in row.iter_mut().zip(&self.samples[start..]) {
                let lit = ((u16::from(*pixel) * gain) >> 7) as i16;
                *pixel = (lit + i16::from(*noise)).clamp(0, 255) as u8;
            }
        }
    }
}

/// The light at a time: two slow waves, together within ±4 %.
pub(super) fn daylight(seed: u64, seconds: f32) -> f32 {
    let mut dice = Dice::of(seed, 0x6C69, 0);
    let wave = |dice: &mut Dice, period: f32| {
        let phase = dice.unit();
        ((seconds / period + phase) * std::f32::consts::TAU).sin()
    };
    1.0 + 0.025 * wave(&mut dice, 287.0) + 0.015 * wave(&mut dice, 97.0)
}
