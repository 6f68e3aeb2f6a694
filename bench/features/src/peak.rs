//! What the processor can do at most: multiply-adds on registers alone.

use std::hint::black_box;

use fearless_simd::{Level, Simd, dispatch, prelude::*};

use crate::clock;

const SUMS: usize = 12;
const TURNS: usize = 100_000;

/// Billions of 32-bit multiply-adds a second, of the best of some runs.
pub(crate) fn measure(level: Level) -> f64 {
    let run = || {
        let began = clock::seconds();
        let count = dispatch!(level, s => multiply_add(s));
        count / (clock::seconds() - began) / 1e9
    };
    (0..200).map(|_| run()).fold(0.0, f64::max)
}

/// As many sums as hide the latency, and as stay in registers. The number of multiply-adds.
fn multiply_add<S: Simd>(s: S) -> f64 {
    s.vectorize(
        #[inline(always)]
        || {
            let half = S::f32s::splat(s, black_box(0.5));
            let mut sums = [half; SUMS];
            for _ in 0..TURNS {
                for sum in &mut sums {
                    *sum = half.mul_add(half, *sum);
                }
            }
            let total = sums.into_iter().fold(half, |total, sum| total + sum);
            black_box(total.as_slice()[0]);
        },
    );
    (SUMS * TURNS * <S::f32s as SimdBase<S>>::LEN) as f64
}
