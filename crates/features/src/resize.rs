//! RGB pixels to the size of the network's input, in whole numbers: all machines and instructions give the same bytes.
//!
//! Rows first, since their sums are of neighbouring bytes and vectorise; then columns. Between the two there are 8 bits
//! behind the point.

use fearless_simd::{Level, Simd, dispatch};

use crate::architecture::{HEIGHT, WIDTH};

/// A tap's weights are parts of this.
const ONE: u32 = 1 << 16;

/// How a length becomes another.
#[derive(Clone, Copy)]
enum Kind {
    /// The mean of what each pixel of the result covers.
    Area,
    /// Linear between the centres of the nearest two.
    Linear,
}

/// A weighted sum of neighbours.
#[derive(Debug, PartialEq)]
struct Tap {
    first: usize,
    /// Together [`ONE`].
    weights: Vec<u32>,
}

/// `pixels` is not empty and of `width · height` pixels.
pub(crate) fn resize(pixels: &[u8], width: usize, height: usize) -> Vec<u8> {
    let kind = |length, target| {
        if width >= WIDTH || length >= target {
            Kind::Area
        } else {
            Kind::Linear
        }
    };
    let columns = taps(width, WIDTH, kind(width, WIDTH));
    let rows = taps(height, HEIGHT, kind(height, HEIGHT));
    let level = Level::new();
    let mut row = vec![0; 3 * width];
    let mut bytes = Vec::with_capacity(3 * WIDTH * HEIGHT);
    for tap in &rows {
        let source = &pixels[tap.first * row.len()..];
        dispatch!(level, s => add_rows(s, source, &tap.weights, &mut row));
        bytes.extend(columns.iter().flat_map(|tap| pixel(&row, tap)));
    }
    bytes
}

/// The weighted sum of the first rows of `source`, with 8 bits behind the point.
fn add_rows<S: Simd>(s: S, source: &[u8], weights: &[u32], row: &mut [u32]) {
    s.vectorize(
        #[inline(always)]
        || {
            row.fill(0);
            for (levels, weight) in source.chunks_exact(row.len()).zip(weights) {
                for (sum, level) in row.iter_mut().zip(levels) {
                    *sum += u32::from(*level) * weight;
                }
            }
            for sum in row {
                *sum >>= 8;
            }
        },
    );
}

/// The sums stay below 2³²: a level has 16 bits, the weights are 2¹⁶ together, and a half is added.
#[inline]
fn pixel(row: &[u32], tap: &Tap) -> [u8; 3] {
    let mut sums = [ONE << 7; 3];
    let pixels = row.as_chunks::<3>().0[tap.first..].iter();
    for (levels, weight) in pixels.zip(&tap.weights) {
        for (sum, level) in sums.iter_mut().zip(levels) {
            *sum += level * weight;
        }
    }
    sums.map(|sum| (sum >> 24) as u8)
}

fn taps(length: usize, target: usize, kind: Kind) -> Vec<Tap> {
    let scale = length as f64 / target as f64;
    let tap = |index: usize| match kind {
        Kind::Area => area(index as f64 * scale, (index + 1) as f64 * scale, length),
        Kind::Linear => linear((index as f64 + 0.5) * scale - 0.5, length),
    };
    (0..target).map(tap).collect()
}

/// The pixels between two places, by how much of each lies between.
fn area(from: f64, to: f64, length: usize) -> Tap {
    let first = (from as usize).min(length - 1);
    let end = (to.ceil() as usize).clamp(first + 1, length);
    let covered = |pixel: usize| (to.min((pixel + 1) as f64) - from.max(pixel as f64)).max(0.0);
    tap(first, (first..end).map(covered).collect())
}

/// The two pixels beside a place, by how near they are; beyond the edge, the one there.
fn linear(place: f64, length: usize) -> Tap {
    let place = place.clamp(0.0, (length - 1) as f64);
    let first = place as usize;
    let beyond = place - first as f64;
    if first + 1 < length {
        tap(first, vec![1.0 - beyond, beyond])
    } else {
        tap(first, vec![1.0])
    }
}

/// Makes the weights whole numbers that are [`ONE`] together: each is the rise of the rounded running sum.
fn tap(first: usize, weights: Vec<f64>) -> Tap {
    let total: f64 = weights.iter().sum();
    let (mut sum, mut given) = (0.0, 0);
    let whole = |weight: f64| {
        sum += weight;
        let reached = (sum / total * f64::from(ONE)).round() as u32;
        let weight = reached - given;
        given = reached;
        weight
    };
    Tap {
        first,
        weights: weights.into_iter().map(whole).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_tap_weighs_one_and_stays_inside() {
        for length in (1..2000).chain([4096, 8191, 65_535]) {
            for (target, kind) in [
                (WIDTH, Kind::Area),
                (HEIGHT, Kind::Area),
                (HEIGHT, Kind::Linear),
            ] {
                for tap in taps(length, target, kind) {
                    assert_eq!(tap.weights.iter().sum::<u32>(), ONE, "length {length}");
                    assert!(tap.first + tap.weights.len() <= length, "length {length}");
                }
            }
        }
    }

    #[test]
    fn an_area_weighs_what_it_covers() {
        let tap = area(1.5, 3.75, 10);
        assert_eq!(tap.first, 1);
        assert_eq!(tap.weights, [14_564, 29_127, 21_845]);
    }

    #[test]
    fn white_stays_white() {
        for (width, height) in [(1, 1), (319, 241), (641, 7), (1920, 1080)] {
            let white = vec![255; 3 * width * height];
            assert!(
                resize(&white, width, height)
                    .iter()
                    .all(|level| *level == 255)
            );
        }
    }
}
