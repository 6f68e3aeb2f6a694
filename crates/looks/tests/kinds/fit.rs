//! The fit of what a cover looks like: a logistic regression, by Newton's method.

use kinds::{Cover, Measures};

/// Fits a cover to measures and whether each is of a cover. Both kinds count the same, however many there are of each;
/// weights are drawn to 0.
pub(crate) fn fit<'a>(examples: impl Iterator<Item = (&'a Measures, bool)>) -> Cover {
    let examples: Vec<([f64; 3], bool)> =
        examples.map(|(it, is)| (Cover::features(it), is)).collect();
    let count = examples.len() as f64;
    let of = |at: usize| examples.iter().map(move |it| it.0[at]);
    let mean: [f64; 3] = std::array::from_fn(|at| of(at).sum::<f64>() / count);
    let deviation: [f64; 3] = std::array::from_fn(|at| {
        let square: f64 = of(at).map(|it| (it - mean[at]).powi(2)).sum();
        (square / count).sqrt()
    });
    let covers = examples.iter().filter(|it| it.1).count() as f64;
    let mut by = [0.0_f64; 4];
    for _ in 0..30 {
        let (mut slope, mut bend) = ([0.0; 4], [[0.0; 4]; 4]);
        for (features, is) in &examples {
            let scaled = |at: usize| (features[at] - mean[at]) / deviation[at];
            let row = [scaled(0), scaled(1), scaled(2), 1.0];
            let sum: f64 = row.iter().zip(&by).map(|(it, by)| it * by).sum();
            let said = 1.0 / (1.0 + (-sum).exp());
            let weight = count / 2.0 / if *is { covers } else { count - covers };
            for one in 0..4 {
                slope[one] += weight * (said - f64::from(u8::from(*is))) * row[one];
                for other in 0..4 {
                    bend[one][other] += weight * said * (1.0 - said) * row[one] * row[other];
                }
            }
        }
        for at in 0..3 {
            slope[at] += 2.0 * by[at];
            bend[at][at] += 2.0;
        }
        let step = solved(bend, slope);
        for (by, step) in by.iter_mut().zip(step) {
            *by -= step;
        }
    }
    let weights: [f64; 3] = std::array::from_fn(|at| by[at] / deviation[at]);
    let taken: f64 = weights
        .iter()
        .zip(&mean)
        .map(|(weight, mean)| weight * mean)
        .sum();
    Cover {
        weights,
        bias: by[3] - taken,
    }
}

/// By elimination.
fn solved(mut of: [[f64; 4]; 4], mut to: [f64; 4]) -> [f64; 4] {
    for at in 0..4 {
        for row in 0..4 {
            if row != at {
                let by = of[row][at] / of[at][at];
                let pivot = of[at];
                for (value, pivot) in of[row].iter_mut().zip(pivot) {
                    *value -= by * pivot;
                }
                to[row] -= by * to[at];
            }
        }
    }
    std::array::from_fn(|at| to[at] / of[at][at])
}
