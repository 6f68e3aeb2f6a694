//! The pictures that are right, what is normal among them, and a frame held against them.

use std::sync::Arc;

use super::look::Look;
use super::seen::{Condition, Patches, Seen};
use super::{FINE, mean_of_lowest, median};

/// The most pictures that a frame is held against: the reference and 16 normal pictures.
pub const MAX_PICTURES: usize = 17;

/// So many pictures tell what is normal.
const MIN_PICTURES: usize = 5;
/// Of stage 7's places, whose mean is s.
const LOWEST: f64 = 0.05;
/// Of stage 5's places, whose mean is z.
const HIGHEST: f64 = 0.02;
/// T of a reference alone, and with normal pictures: the closest of several is closer by chance.
const THRESHOLD: (f32, f32) = (0.35, 0.38);
/// T rises with the median likeness from the first on, by the second.
const ALIKE: (f32, f32) = (0.85, 2.0);
/// Added to the spread: that of a view where nothing ever moved is not 0.
const SPREAD_FLOOR: f32 = 0.16;
/// A folder's own limit by the largest z of its pictures, and at least.
const LIMIT: (f32, f32) = (1.5, 3.0);
/// Fine detail lost, as a logarithm, from which on a frame is blurred.
const BLURRED: f32 = 0.75;
/// s of a blurred frame is at most this.
const BLURRED_S: f32 = 0.1;

/// The pictures that a folder's frames are held against, and what is normal among them.
#[derive(Debug, Clone)]
pub struct Normals {
    looks: Vec<Arc<Look>>,
    spread: Option<Spread>,
}

/// More pictures than [`MAX_PICTURES`], or none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a frame is held against 1 to {MAX_PICTURES} pictures, not {0}")]
pub struct TooMany(pub usize);

/// How the places of a view differ when all is well.
#[derive(Debug, Clone)]
struct Spread {
    /// Of each place of stage 5.
    places: Vec<f32>,
    /// z up to which a frame is normal.
    limit: f32,
}

impl Normals {
    /// Of the reference, which comes first, and normal pictures. From five pictures on takes up to 5 million multiplications,
    /// so keep it while the pictures stay the same.
    ///
    /// # Errors
    /// Where there are none, or more than [`MAX_PICTURES`].
    pub fn new(looks: Vec<Arc<Look>>) -> Result<Self, TooMany> {
        if looks.is_empty() || looks.len() > MAX_PICTURES {
            return Err(TooMany(looks.len()));
        }
        let spread = (looks.len() >= MIN_PICTURES).then(|| Spread::of(&looks));
        Ok(Normals { looks, spread })
    }

    /// The pictures, the reference first.
    pub fn looks(&self) -> &[Arc<Look>] {
        &self.looks
    }

    /// The folder's own limit; `None` with fewer than five pictures.
    pub fn limit(&self) -> Option<f32> {
        self.spread.as_ref().map(|spread| spread.limit)
    }

    /// Holds a frame against them. Takes 56,000 multiplications of bytes a picture.
    pub fn see(&self, frame: &Look) -> Seen {
        let (closest, against) = self.closest(frame);
        let z = self
            .spread
            .as_ref()
            .map(|spread| spread.z(&self.looks, frame));
        let over = z.as_ref().map_or(0.0, |z| z.over);
        let night = self.looks.iter().all(|it| it.tone.is_night_in(&frame.tone));
        let condition = match (against.is_blurred, night) {
            (true, _) => Condition::Blurred,
            (false, true) => Condition::Night,
            (false, false) => Condition::Clear,
        };
        Seen {
            closest,
            condition,
            excess: against.u.max(over),
            s: against.s,
            z: z.as_ref().map(|z| z.z),
            limit: self.limit(),
            patches: Patches::new(&against.places, z.as_ref().map(|z| &z.places[..])),
        }
    }

    /// The picture with the least u, the first of equals.
    fn closest(&self, frame: &Look) -> (usize, Against) {
        let threshold = if self.looks.len() > 1 {
            THRESHOLD.1
        } else {
            THRESHOLD.0
        };
        let all = self
            .looks
            .iter()
            .map(|look| Against::new(look, frame, threshold));
        all.enumerate()
            .min_by(|(_, one), (_, other)| one.u.total_cmp(&other.u))
            .expect("there is at least the reference")
    }
}

/// A frame against one picture.
struct Against {
    s: f32,
    u: f32,
    is_blurred: bool,
    /// (1 − m) / (1 − T) of each place of stage 7.
    places: Vec<f32>,
}

impl Against {
    fn new(look: &Look, frame: &Look, threshold: f32) -> Self {
        let likeness = look.coarse_likeness(frame);
        let mut sorted = likeness.clone();
        let is_blurred = look.sharper_by(frame) > BLURRED;
        let lowest = mean_of_lowest(&mut sorted, LOWEST);
        let s = if is_blurred {
            lowest.min(BLURRED_S)
        } else {
            lowest
        };
        let rise = ALIKE.1 * (median(&mut sorted) - ALIKE.0).max(0.0);
        let room = 1.0 - threshold - rise;
        let places = likeness.iter().map(|m| (1.0 - m) / room);
        Against {
            s,
            u: excess(s, room, 1.0 - threshold),
            is_blurred,
            places: places.collect(),
        }
    }
}

/// u. Beyond the threshold what counts is s alone: damage so large that it lowers the median would else count less.
fn excess(s: f32, room: f32, all_room: f32) -> f32 {
    let by_threshold = (1.0 - s) / room;
    match by_threshold <= 1.0 {
        true => by_threshold,
        false => (1.0 + (by_threshold - 1.0) / 4.0).max((1.0 - s) / all_room),
    }
}

/// A frame against what is normal.
struct Deviation {
    z: f32,
    /// z by the limit.
    over: f32,
    /// The same of each place of stage 5.
    places: Vec<f32>,
}

impl Spread {
    fn of(looks: &[Arc<Look>]) -> Self {
        let pairs = Pairs::of(looks);
        let all: Vec<usize> = (0..looks.len()).collect();
        let out_of_the_rest = all.iter().map(|&one| {
            let rest: Vec<usize> = all.iter().copied().filter(|&it| it != one).collect();
            deviation(&pairs.least(one, &rest), &pairs.spread(&rest)).0
        });
        let largest = out_of_the_rest.fold(0.0_f32, f32::max);
        Spread {
            places: pairs.spread(&all),
            limit: (LIMIT.0 * largest).max(LIMIT.1),
        }
    }

    fn z(&self, looks: &[Arc<Look>], frame: &Look) -> Deviation {
        let mut least = vec![f32::INFINITY; FINE.0 * FINE.1];
        for look in looks {
            keep_least(&mut least, &deltas(look, frame));
        }
        let (z, places) = deviation(&least, &self.places);
        Deviation {
            z,
            over: z / self.limit,
            places: places.iter().map(|it| it / self.limit).collect(),
        }
    }
}

/// δ of each two pictures, place by place.
struct Pairs {
    count: usize,
    deltas: Vec<Vec<f32>>,
}

impl Pairs {
    fn of(looks: &[Arc<Look>]) -> Self {
        let count = looks.len();
        let mut all = vec![Vec::new(); count * count];
        for one in 0..count {
            for other in 0..one {
                let deltas = deltas(&looks[one], &looks[other]);
                all[other * count + one].clone_from(&deltas);
                all[one * count + other] = deltas;
            }
        }
        Pairs { count, deltas: all }
    }

    /// δ of one picture against some others.
    fn least(&self, one: usize, others: &[usize]) -> Vec<f32> {
        let mut least = vec![f32::INFINITY; FINE.0 * FINE.1];
        for other in others {
            keep_least(&mut least, &self.deltas[one * self.count + other]);
        }
        least
    }

    /// Of each place, among some pictures: the mean of each one's δ against the rest, then the largest of 3×3 places.
    fn spread(&self, pictures: &[usize]) -> Vec<f32> {
        // 1 − m is a multiple of 2^−24 and at most 2, so the sum is exact, whatever the order.
        let mut sums = vec![0.0_f64; FINE.0 * FINE.1];
        for &one in pictures {
            let rest: Vec<usize> = pictures.iter().copied().filter(|&it| it != one).collect();
            for (sum, delta) in sums.iter_mut().zip(self.least(one, &rest)) {
                *sum += f64::from(delta);
            }
        }
        let mean = |sum: &f64| (sum / pictures.len() as f64) as f32;
        grown(&sums.iter().map(mean).collect::<Vec<f32>>())
    }
}

/// 1 − m of each place of stage 5.
fn deltas(one: &Look, other: &Look) -> Vec<f32> {
    let likeness = one.fine_likeness(other);
    likeness.iter().map(|m| 1.0 - m).collect()
}

fn keep_least(least: &mut [f32], deltas: &[f32]) {
    for (least, delta) in least.iter_mut().zip(deltas) {
        *least = least.min(*delta);
    }
}

/// z, and what it is the mean of.
fn deviation(deltas: &[f32], spread: &[f32]) -> (f32, Vec<f32>) {
    let both = deltas.iter().zip(spread);
    let places: Vec<f32> = both
        .map(|(delta, it)| delta / (it + SPREAD_FLOOR))
        .collect();
    let mut negative: Vec<f32> = places.iter().map(|it| -it).collect();
    (-mean_of_lowest(&mut negative, HIGHEST), places)
}

/// The largest of each place and its neighbours.
fn grown(spread: &[f32]) -> Vec<f32> {
    let (rows, columns) = FINE;
    let around = |at: usize, end: usize| at.saturating_sub(1)..(at + 2).min(end);
    let largest = |place: usize| {
        let (y, x) = (place / columns, place % columns);
        let lines = around(y, rows).flat_map(|y| &spread[y * columns..][around(x, columns)]);
        lines.fold(0.0_f32, |most, it| most.max(*it))
    };
    (0..spread.len()).map(largest).collect()
}
