//! The pictures of parts that are right, and a frame held against them.

use std::sync::{Arc, LazyLock};

use super::look::Look;
use super::seen::{Seen, changed};
use super::{COLUMNS, PLACES, ROWS, of_tiles};
use crate::Areas;
use crate::view::{STATISTICS, SeenRegion, mean_of_lowest, of_places, share_of};

/// The most pictures that a frame is held against: the reference and 64 normal pictures.
pub const MAX_PICTURES: usize = 65;

/// The fewest pictures that tell what is normal.
const MIN_PICTURES: usize = 5;
/// At most this many of them are held against the others.
const MOST_HELD: usize = 16;
/// The share of the places that counts for s. Its mean is s, and the highest are taken.
const HIGHEST: f64 = 0.0015;
/// How far away, in places, a place is looked for: R.
const REACH: isize = 3;
/// The limit of s with fewer than five pictures.
const LIMIT_ALONE: f32 = 0.6;
/// A folder's own limit: so much, and so many times the mean s of its pictures.
const LIMIT: (f32, f32) = (0.27, 0.5);
/// A folder's own limit is at least this.
const LEAST_LIMIT: f32 = 0.45;
/// A place so near is searched no further.
const NEAR_ENOUGH: f32 = 0.1;

/// Where a place is looked for, the nearest first: rows and columns.
static AROUND: LazyLock<Vec<(isize, isize)>> = LazyLock::new(|| {
    let rows = -REACH..=REACH;
    let mut all: Vec<_> = rows
        .flat_map(|y| (-REACH..=REACH).map(move |x| (y, x)))
        .collect();
    all.sort_by_key(|(y, x)| y * y + x * x);
    all
});

/// The pictures that a folder's frames are held against, and how far they are from each other.
#[derive(Debug, Clone)]
pub struct Bank {
    looks: Vec<Arc<Look>>,
    /// δ of each place, for each picture that was held against the others; empty with fewer than five pictures.
    own: Vec<Vec<f32>>,
}

impl Bank {
    /// Takes the reference, which comes first, and normal pictures, of which the first 64 count; `None` if there are
    /// none. This takes seconds where there are many, so keep the result while the pictures stay the same.
    pub fn new(mut looks: Vec<Arc<Look>>) -> Option<Self> {
        looks.truncate(MAX_PICTURES);
        let held = match looks.len() {
            0 => return None,
            few if few < MIN_PICTURES => 0,
            many => many.min(MOST_HELD),
        };
        let own = (0..held).map(|at| {
            let one = at * looks.len() / held;
            let others = looks.iter().enumerate().filter(|(other, _)| *other != one);
            let others: Vec<&Look> = others.map(|(_, look)| &**look).collect();
            distances(&others, &looks[one])
        });
        Some(Bank {
            own: own.collect(),
            looks,
        })
    }

    /// The pictures, the reference first.
    pub fn looks(&self) -> &[Arc<Look>] {
        &self.looks
    }

    /// The folder's own limit; `None` with fewer than five pictures.
    pub fn limit(&self) -> Option<f32> {
        let all = vec![true; PLACES];
        (!self.own.is_empty()).then(|| self.limit_in(&all, share_of(PLACES, HIGHEST)))
    }

    /// Holds a frame against them, without what masks leave out, and regions with a threshold of their own by themselves. Takes
    /// up to 15 million multiplications of bytes a picture, and a tenth of that where the part is as it should be.
    pub fn see(&self, frame: &Look, areas: &Areas) -> Seen {
        let closest = self.closest(frame);
        // What is most like the frame comes first, since the search of a place ends where it is near enough.
        let mut looks: Vec<&Look> = self.looks.iter().map(|look| &**look).collect();
        looks.swap(0, closest);
        let distances = distances(&looks, frame);
        let whole = of_tiles(&areas.of_the_whole().fine);
        let count = share_of(PLACES, HIGHEST);
        let limit = self.limit_in(&whole, count);
        let s = highest(&distances, &whole, count);
        let regions = areas.judged_apart().map(|(area, _)| {
            let places = of_tiles(&area.fine);
            let count = share_of(places.iter().filter(|it| **it).count(), HIGHEST);
            SeenRegion {
                name: area.region.name.clone(),
                excess: highest(&distances, &places, count) / self.limit_in(&places, count),
            }
        });
        let counting = match areas.masked() {
            None => vec![true; PLACES],
            Some(masked) => of_tiles(&masked.fine).iter().map(|it| !it).collect(),
        };
        let by_limit = distances.iter().zip(&counting);
        let by_limit: Vec<f32> = by_limit
            .map(|(far, counts)| if *counts { far / limit } else { 0.0 })
            .collect();
        Seen {
            closest,
            excess: s / limit,
            s,
            limit,
            regions: regions.collect(),
            changed: changed(&by_limit),
            places: by_limit,
        }
    }

    /// The picture that is most like a frame in the same places, of every other row and column; the first of equals.
    fn closest(&self, frame: &Look) -> usize {
        let places: Vec<usize> = (0..PLACES)
            .filter(|place| (place / COLUMNS).is_multiple_of(2) && place.is_multiple_of(2))
            .collect();
        let softness = STATISTICS.0.softness();
        let unlike = |look: &Arc<Look>| -> f64 {
            let of = |&place: &usize| {
                let likeness = frame
                    .places
                    .likeness_of(place, &look.places, place, softness);
                f64::from(1.0 - likeness)
            };
            places.iter().map(of).sum()
        };
        let all: Vec<f64> = self.looks.iter().map(unlike).collect();
        let least = (0..all.len()).min_by(|one, other| all[*one].total_cmp(&all[*other]));
        least.expect("there is at least the reference")
    }

    /// s up to which a frame is normal in those places that are marked, by so many of them.
    fn limit_in(&self, marked: &[bool], count: usize) -> f32 {
        if self.own.is_empty() {
            return LIMIT_ALONE;
        }
        let own = self.own.iter().map(|places| highest(places, marked, count));
        let mean = own.sum::<f32>() / self.own.len() as f32;
        (LIMIT.0 + LIMIT.1 * mean).max(LEAST_LIMIT)
    }
}

/// δ of each place of a frame.
fn distances(looks: &[&Look], frame: &Look) -> Vec<f32> {
    (0..PLACES)
        .map(|place| nearest(looks, frame, place))
        .collect()
}

fn nearest(looks: &[&Look], frame: &Look, place: usize) -> f32 {
    let softness = STATISTICS.0.softness();
    let (y, x) = ((place / COLUMNS) as isize, (place % COLUMNS) as isize);
    let mut least = f32::INFINITY;
    for look in looks {
        for (down, right) in AROUND.iter() {
            let (y, x) = (y + down, x + right);
            if !(0..ROWS as isize).contains(&y) || !(0..COLUMNS as isize).contains(&x) {
                continue;
            }
            let there = y as usize * COLUMNS + x as usize;
            let likeness = frame
                .places
                .likeness_of(place, &look.places, there, softness);
            least = least.min(1.0 - likeness);
            if least <= NEAR_ENOUGH {
                return least;
            }
        }
    }
    least
}

/// The mean of so many of those places that are marked, the highest; 0 where none is.
fn highest(places: &[f32], marked: &[bool], count: usize) -> f32 {
    let mut negative = of_places(places, marked);
    negative.iter_mut().for_each(|it| *it = -*it);
    mean_of_lowest(&mut negative, count).map_or(0.0, |mean| -mean)
}
