//! Makes a plane smaller: each new sample is the mean of the area that it stands for.

use super::Plane;

/// The old samples that one new sample covers: the first of them, and how much each counts.
struct Cover {
    first: usize,
    weights: Vec<f32>,
}

pub(super) fn scale(plane: Plane, (width, height): (usize, usize)) -> Plane {
    if (plane.width, plane.height) == (width, height) {
        return plane;
    }
    let columns = covers(plane.width, width);
    let mut samples = Vec::with_capacity(width * height);
    let mut row = vec![0.0_f32; plane.width];
    for cover in covers(plane.height, height) {
        row.fill(0.0);
        for (offset, weight) in cover.weights.iter().enumerate() {
            let old = &plane.samples[(cover.first + offset) * plane.width..][..plane.width];
            for (sum, sample) in row.iter_mut().zip(old) {
                *sum += weight * f32::from(*sample);
            }
        }
        samples.extend(columns.iter().map(|cover| mean(&row, cover)));
    }
    Plane {
        samples,
        width,
        height,
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a mean of bytes is a byte"
)]
fn mean(row: &[f32], cover: &Cover) -> u8 {
    let old = &row[cover.first..];
    let sum: f32 = cover.weights.iter().zip(old).map(|(w, s)| w * s).sum();
    (sum + 0.5) as u8
}

/// Exact in units of one part of `old × new`.
#[expect(
    clippy::cast_precision_loss,
    reason = "sides of pictures are small numbers"
)]
fn covers(old: usize, new: usize) -> Vec<Cover> {
    let cover = |index: usize| {
        let (start, end) = (index * old, (index + 1) * old);
        let first = start / new;
        let last = end.div_ceil(new).min(old);
        let weights = (first..last).map(|sample| {
            let overlap = end.min((sample + 1) * new) - start.max(sample * new);
            overlap as f32 / old as f32
        });
        Cover {
            first,
            weights: weights.collect(),
        }
    };
    (0..new).map(cover).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_sample_is_the_mean_of_what_it_covers() {
        let plane = |samples: &[u8], width, height| Plane {
            samples: samples.to_vec(),
            width,
            height,
        };
        let half = scale(plane(&[0, 10, 20, 30, 40, 50, 60, 70], 4, 2), (2, 1));
        assert_eq!(half.samples, [25, 45]);
        // Three become two: the one in the middle counts half to each.
        let two = scale(plane(&[0, 90, 180], 3, 1), (2, 1));
        assert_eq!(two.samples, [30, 150]);
        let even = scale(plane(&[77; 35], 7, 5), (3, 2));
        assert_eq!(even.samples, [77; 6]);
        // Chroma of an odd size may have to grow by one.
        let grown = scale(plane(&[50, 50], 2, 1), (3, 1));
        assert_eq!(grown.samples, [50; 3]);
    }
}
