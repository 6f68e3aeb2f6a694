//! Vectors of length 1, one a place, in bytes; and how alike two pictures are, place by place.
//!
//! Bytes make a picture that is held in memory a quarter as large, and sums of them exact. Rounding them moves a likeness by
//! less than 0.01: a test bounds it.

/// The largest step.
const STEPS: f32 = 127.0;

/// One vector a place. Only its direction counts.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Units {
    /// Places × channels, −127 to 127.
    steps: Vec<i8>,
    /// Of each place, the squared length in steps.
    squares: Vec<i32>,
}

impl Units {
    /// The directions of these vectors: places × channels.
    pub(super) fn of(vectors: &[f32], channels: usize) -> Self {
        let mut steps = Vec::with_capacity(vectors.len());
        for vector in vectors.chunks_exact(channels) {
            let largest = vector.iter().fold(0.0_f32, |most, it| most.max(it.abs()));
            let by = if largest > 0.0 { STEPS / largest } else { 0.0 };
            steps.extend(vector.iter().map(|it| (it * by).round() as i8));
        }
        Self::of_steps(steps, channels)
    }

    /// What [`Self::steps`] gave.
    pub(super) fn of_steps(steps: Vec<i8>, channels: usize) -> Self {
        let places = steps.chunks_exact(channels);
        let squares = places.map(|place| dot(place, place)).collect();
        Units { steps, squares }
    }

    /// Places × channels.
    pub(super) fn steps(&self) -> &[i8] {
        &self.steps
    }

    /// m of each place: −1 to 1, and exactly 1 where both are the same. Both have as many places.
    pub(super) fn likeness(&self, other: &Self) -> Vec<f32> {
        let channels = self.steps.len() / self.squares.len();
        let steps = self.steps.chunks_exact(channels);
        let steps = steps.zip(other.steps.chunks_exact(channels));
        let squares = self.squares.iter().zip(&other.squares);
        steps
            .zip(squares)
            .map(|((own, other), (&square, &other_square))| {
                match (f64::from(square) * f64::from(other_square)).sqrt() {
                    lengths if lengths > 0.0 => (f64::from(dot(own, other)) / lengths) as f32,
                    // Nothing was to be seen here in one of them, or in both.
                    _ if square == other_square => 1.0,
                    _ => 0.0,
                }
            })
            .collect()
    }
}

fn dot(one: &[i8], other: &[i8]) -> i32 {
    let products = one.iter().zip(other);
    products
        .map(|(&one, &other)| i32::from(i16::from(one) * i16::from(other)))
        .sum()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn exact(one: &[f32], other: &[f32]) -> f64 {
        let dot = |a: &[f32], b: &[f32]| -> f64 {
            a.iter()
                .zip(b)
                .map(|(a, b)| f64::from(*a) * f64::from(*b))
                .sum()
        };
        dot(one, other) / (dot(one, one) * dot(other, other)).sqrt()
    }

    fn vectors() -> impl Strategy<Value = (Vec<f32>, Vec<f32>)> {
        (0.0_f32..1.0).prop_flat_map(|share| {
            let pairs = prop::collection::vec((-3.0_f32..3.0, -3.0_f32..3.0), 320);
            pairs.prop_map(move |pairs| {
                let other = |&(one, other): &(f32, f32)| one * share + other * (1.0 - share);
                let others = pairs.iter().map(other).collect();
                (pairs.iter().map(|it| it.0).collect(), others)
            })
        })
    }

    proptest! {
        #[test]
        fn rounding_moves_a_likeness_by_less_than_a_hundredth((one, other) in vectors()) {
            let likeness = Units::of(&one, 320).likeness(&Units::of(&other, 320))[0];
            prop_assert!((f64::from(likeness) - exact(&one, &other)).abs() < 0.01);
        }

        #[test]
        fn a_place_is_exactly_like_itself((one, _) in vectors()) {
            let units = Units::of(&one, 320);
            prop_assert_eq!(units.likeness(&units), vec![1.0]);
        }
    }

    #[test]
    fn places_that_show_nothing_are_like_each_other_and_like_no_other() {
        let units = |first| Units::of(&[first, 0.0, 0.0], 3);
        assert_eq!(units(0.0).likeness(&units(0.0)), [1.0]);
        assert_eq!(units(0.0).likeness(&units(1.0)), [0.0]);
    }
}
