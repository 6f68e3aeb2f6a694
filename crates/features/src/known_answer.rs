//! A drawn picture, and what the published weights make of it.
//!
//! The numbers were recorded from this crate with AVX-512, after it had been held against ONNX Runtime.

use crate::features::Features;
use crate::{Error, Input};

/// How far norms may be from those recorded, relative to them. Levels differ by less than a hundredth of it.
const NORM_TOLERANCE: f64 = 1e-4;
/// How far single numbers may be from those recorded, relative to the stage's root mean square.
const VALUE_TOLERANCE: f64 = 1e-3;

struct Answer {
    stage: u8,
    norm: f64,
    /// The numbers in the middle of each eighth of the stage.
    values: [f64; 8],
}

const ANSWERS: [Answer; 2] = [
    Answer {
        stage: 5,
        norm: 944.899_24,
        values: [
            6.115_421_8,
            0.549_523_1,
            7.773_510_5,
            1.305_378,
            8.211_561,
            -2.903_441,
            8.184_488,
            -3.534_798,
        ],
    },
    Answer {
        stage: 7,
        norm: 263.322_725,
        values: [
            -0.028_802_4,
            1.898_872_4,
            -2.681_976,
            0.181_232,
            -1.075_221,
            3.385_097_3,
            -1.088_009_7,
            2.931_854_2,
        ],
    },
];

/// Soft slopes, with a lattice of edges over them: every layer has something to see.
pub(crate) fn picture() -> Input {
    let level = |index: usize| {
        let (pixel, color) = (index / 3, index % 3);
        let (x, y) = (pixel % Input::WIDTH, pixel / Input::WIDTH);
        let slope = (x * (color + 2) + y * (5 - color)) / 8;
        let lattice = (x / 16 * 37 + y / 12 * 91 + x * y / 512) % 128;
        ((slope + lattice) % 256) as u8
    };
    let bytes: Vec<u8> = (0..3 * Input::WIDTH * Input::HEIGHT).map(level).collect();
    Input::of_bytes(bytes)
}

/// Whether the features of [`picture`] are those recorded.
pub(crate) fn check(features: &Features) -> Result<(), Error> {
    for (answer, values) in ANSWERS.iter().zip([&features.stage5, &features.stage7]) {
        answer.check(values)?;
    }
    Ok(())
}

impl Answer {
    fn check(&self, values: &[f32]) -> Result<(), Error> {
        let hold = |measure, expected: f64, found: f64, tolerance: f64| {
            // Written so that what is no number fails.
            if (found - expected).abs() <= tolerance {
                return Ok(());
            }
            Err(Error::KnownAnswer {
                stage: self.stage,
                measure,
                expected,
                found,
            })
        };
        hold(
            "the norm",
            self.norm,
            norm(values),
            NORM_TOLERANCE * self.norm,
        )?;
        let tolerance = VALUE_TOLERANCE * self.norm / (values.len() as f64).sqrt();
        for (expected, found) in self.values.iter().zip(probes(values)) {
            hold("a value", *expected, found, tolerance)?;
        }
        Ok(())
    }
}

fn norm(values: &[f32]) -> f64 {
    let squares = values.iter().map(|value| f64::from(*value).powi(2));
    squares.sum::<f64>().sqrt()
}

fn probes(values: &[f32]) -> [f64; 8] {
    std::array::from_fn(|probe| f64::from(values[(2 * probe + 1) * values.len() / 16]))
}
