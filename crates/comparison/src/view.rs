//! The measure `view`: how alike two pictures of a view are, place by place, by what a neural network sees in them.
//!
//! Owns the way from a picture's features to a [`Look`], from looks of pictures that are right to [`Normals`], and from
//! those and a frame to what was [`Seen`]: similarity, the closest picture, a score for each place, and whether the frame
//! is blurred or too dark to judge. The network is left to `features`, decoding to `fingerprint`. Pure: the same
//! features give the same answer on every machine and thread, in whatever order the normal pictures are given.
//!
//! # How
//! The features are those of EfficientNet-Lite0 (Tan and Le, 2019) at 320×240, after stage 5 (15×20 places of 16×16
//! pixels, 112 channels) and after stage 7 (7×10 places of 32×32 pixels, 320 channels). With μ and σ, a channel's mean and
//! deviation over many pictures, and the mean over the places of the picture itself:
//!
//! ```text
//! v = (f − ½ μ − ½ mean f) / σ
//! l = max(‖v‖, ‖v'‖)²                     what there is to see there, in two pictures
//! m = (cos(v, v') · l + κ) / (l + κ)      the place's likeness, −1 to 1
//! ```
//!
//! Half a mean is taken away of each kind: light that changes as a whole moves the picture's own mean, and what sets this
//! view apart from others is in the difference from μ. κ, a quarter of the median of ‖v‖², makes places count less where
//! neither picture shows much: noise in the sky or on a bare wall is no change.
//!
//! **Against one picture:** s is the mean of the lowest 5 % of m at stage 7. The threshold T is T₀ + 2 · max(0, median of m −
//! 0.85): where all else is the same to the last detail, a smaller change counts. T₀ is 0.35, and 0.38 with normal pictures.
//! u = (1 − s) / (1 − T) up to 1. Beyond that, u is the larger of 1 + a quarter of the rest and (1 − s) / (1 − T₀). Of several
//! pictures the smallest u counts.
//!
//! **Against five or more pictures**, the reference among them, also: δ = 1 − the largest m at stage 5. A picture's own δ
//! is that against the others; a place's spread is the mean of the pictures' own δ there, and then the largest of its
//! 3×3 neighbours. z is the mean of the highest 2 % of δ / (spread + 0.16), the folder's own limit 1.5 × the largest z of a
//! picture against the others, at least 3, and u the larger of the above and z / limit.
//!
//! **Similarity** is 1 − 0.1 u up to u = 1, and falls as 0.9 · (1.3 − 0.64 u) / 0.66 to 0 from there: 0.9 is the threshold
//! that the constants are for, and it falls fast behind that, as the similarity of hashes does.
//!
//! **Blurred** is a frame whose fine detail is gone where the closest picture has some ([`Look::sharper_by`]); then s
//! is at most 0.1. **Dark** is a frame below the threshold that is a night's, held against a day's picture: nobody can
//! tell, and a night's normal picture is needed.
//!
//! **Masks and regions** ([`Areas`](crate::Areas)): what masks leave out is in none of these: not in the lowest and highest
//! places, the median, the limit, the blur and the tone. How many places the means are of stays as it is, so that a mask makes the
//! rest neither more nor less sensitive. A region with a threshold of its own gives its own u, by the same formulas from its places
//! alone, at least one of which counts; its places are then none of the whole's. T is that of the view as a whole.
//!
//! **A region in its own detail** ([`Crop`](crate::Crop)): what is cut out around it is a picture of its own, with looks and
//! [`Normals`] of its own; the region's u is that of its places there, without what masks leave out. Blur is the whole's alone.
//!
//! Constants were fitted by `bench/view_loso.py`; docs/detection.md has what they are worth on scenes not seen.

mod detail;
mod look;
mod naming;
mod normals;
mod seen;
mod statistics;
#[cfg(test)]
mod tests;
mod tone;
mod units;

pub use look::{Look, Picture, ShapeError};
pub(crate) use look::{check, get_units, put};
pub use naming::{elsewhere, measures};
pub use normals::{MAX_PICTURES, Normals, TooMany};
pub(crate) use seen::similarity;
pub use seen::{Condition, Patches, Seen, SeenRegion};
pub(crate) use statistics::STATISTICS;
pub(crate) use units::Units;

/// Rows and columns of places after stage 5: 16×16 pixels each.
pub(crate) const FINE: (usize, usize) = (15, 20);
/// Rows and columns of places after stage 7: 32×32 pixels each.
pub(crate) const COARSE: (usize, usize) = (7, 10);
/// Channels after stage 5.
pub(crate) const FINE_CHANNELS: usize = 112;
/// Channels after stage 7.
const COARSE_CHANNELS: usize = 320;
/// The size, in pixels, that pictures are seen at.
const SIZE: (usize, usize) = (320, 240);

/// How many values this share of them is: at least one, half a value rounded to even as numpy does.
pub(crate) fn share_of(values: usize, share: f64) -> usize {
    ((values as f64 * share).round_ties_even() as usize).max(1)
}

/// The mean of so many values, the lowest; of all where there are fewer. `None` of none.
pub(crate) fn mean_of_lowest(values: &mut [f32], count: usize) -> Option<f32> {
    let count = count.min(values.len());
    values.sort_unstable_by(f32::total_cmp);
    (count > 0).then(|| values[..count].iter().sum::<f32>() / count as f32)
}

/// The values of those places that are marked.
pub(crate) fn of_places(values: &[f32], marked: &[bool]) -> Vec<f32> {
    let both = values.iter().zip(marked);
    both.filter(|it| *it.1).map(|it| *it.0).collect()
}

/// The middle value, or the mean of the two in the middle.
fn median(values: &mut [f32]) -> f32 {
    let middle = values.len() / 2;
    values.sort_unstable_by(f32::total_cmp);
    match values.len() % 2 {
        0 => (values[middle - 1] + values[middle]) / 2.0,
        _ => values[middle],
    }
}
