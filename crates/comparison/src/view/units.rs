//! Vectors of length 1, one a place, in bytes; and how alike two pictures are, place by place.
//!
//! Bytes make a picture that is held in memory a quarter as large, and sums of them exact. Rounding them moves a likeness by
//! less than 0.01: a test bounds it.

/// The largest step.
const STEPS: f32 = 127.0;

/// One vector a place.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Units {
    /// Places × channels, −127 to 127: directions.
    steps: Vec<i8>,
    /// The squared length of each place, in steps.
    squares: Vec<i32>,
    /// The length of each place's vector itself.
    lengths: Vec<f32>,
}

impl Units {
    /// Makes units of these vectors: places × channels.
    pub(crate) fn of(vectors: &[f32], channels: usize) -> Self {
        let mut steps = Vec::with_capacity(vectors.len());
        let mut lengths = Vec::with_capacity(vectors.len() / channels);
        for vector in vectors.chunks_exact(channels) {
            let largest = vector.iter().fold(0.0_f32, |most, it| most.max(it.abs()));
            let by = if largest > 0.0 { STEPS / largest } else { 0.0 };
            steps.extend(vector.iter().map(|it| (it * by).round() as i8));
            let square: f32 = vector.iter().map(|it| it * it).sum();
            lengths.push(square.sqrt());
        }
        Self::from_parts(steps, lengths)
    }

    /// What [`Self::steps`] and [`Self::lengths`] gave: as many places.
    pub(crate) fn from_parts(steps: Vec<i8>, lengths: Vec<f32>) -> Self {
        let places = steps.chunks_exact(steps.len() / lengths.len());
        let squares = places.map(|place| dot(place, place)).collect();
        Units {
            steps,
            squares,
            lengths,
        }
    }

    /// Places × channels.
    pub(crate) fn steps(&self) -> &[i8] {
        &self.steps
    }

    /// The length of each place's vector.
    pub(crate) fn lengths(&self) -> &[f32] {
        &self.lengths
    }

    /// How alike the marked places are to each other: the squared length of the mean of their directions, 0 to 1.
    pub(super) fn plainness(&self, marked: &[bool]) -> f32 {
        let channels = self.steps.len() / self.lengths.len();
        let mut sums = vec![0.0_f64; channels];
        let mut count = 0_usize;
        let places = self.steps.chunks_exact(channels).zip(&self.squares);
        for ((steps, &square), _) in places.zip(marked).filter(|it| *it.1) {
            count += 1;
            let by = 1.0 / f64::from(square.max(1)).sqrt();
            for (sum, &step) in sums.iter_mut().zip(steps) {
                *sum += f64::from(step) * by;
            }
        }
        let square: f64 = sums.iter().map(|it| it * it).sum();
        (square / (count.max(1) as f64).powi(2)) as f32
    }

    /// The cosine of each place: −1 to 1.
    pub(super) fn cosines(&self, other: &Self) -> Vec<f32> {
        self.likeness(other, f32::MIN_POSITIVE)
    }

    /// m of each place: −1 to 1, and exactly 1 where both are the same. Both have as many places. A place
    /// where neither squared length is much above `softness`, which is above 0, is drawn towards 1.
    pub(super) fn likeness(&self, other: &Self, softness: f32) -> Vec<f32> {
        let places = 0..self.lengths.len();
        let likeness = |place| self.likeness_of(place, other, place, softness);
        places.map(likeness).collect()
    }

    /// m of one place and one of another picture's.
    pub(crate) fn likeness_of(
        &self,
        place: usize,
        other: &Self,
        there: usize,
        softness: f32,
    ) -> f32 {
        let softness = f64::from(softness);
        let channels = self.steps.len() / self.lengths.len();
        let steps = dot(
            &self.steps[place * channels..][..channels],
            &other.steps[there * channels..][..channels],
        );
        let squares = f64::from(self.squares[place]) * f64::from(other.squares[there]);
        // Of squares that are equal the root is exact, and so is 1.
        let cosine = if squares > 0.0 {
            f64::from(steps) / squares.sqrt()
        } else {
            0.0
        };
        let longer = f64::from(self.lengths[place].max(other.lengths[there])).powi(2);
        ((cosine * longer + softness) / (longer + softness)) as f32
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
            let likeness = Units::of(&one, 320).likeness(&Units::of(&other, 320), f32::MIN_POSITIVE);
            prop_assert!((f64::from(likeness[0]) - exact(&one, &other)).abs() < 0.01);
        }

        #[test]
        fn a_place_is_exactly_like_itself((one, _) in vectors(), softness in 0.01_f32..100.0) {
            let units = Units::of(&one, 320);
            prop_assert_eq!(units.likeness(&units, softness), vec![1.0]);
        }
    }

    #[test]
    fn the_less_both_show_the_less_they_tell() {
        let units = |x: f32, y: f32| Units::of(&[x, y, 0.0], 3);
        let likeness = |one, other| units(one, 0.0).likeness(&units(0.0, other), 4.0)[0];
        assert_eq!(likeness(0.0, 0.0), 1.0);
        assert_eq!(
            [(2.0, 2.0), (6.0, 6.0)].map(|(one, other)| likeness(one, other)),
            [0.5, 0.1]
        );
        assert_eq!(
            [(0.0, 6.0), (6.0, 0.0)].map(|(one, other)| likeness(one, other)),
            [0.1, 0.1]
        );
    }
}
