//! The pictures that are right, what is normal among them, and a frame held against them.

use std::sync::Arc;

use super::look::Look;
use super::seen::{Condition, Patches, Seen, SeenRegion};
use super::{COARSE, FINE, mean_of_lowest, median, of_places, share_of};
use crate::Areas;
use crate::areas::Places;

/// The most pictures that a frame is held against: the reference and 16 normal pictures.
pub const MAX_PICTURES: usize = 17;

/// The fewest pictures that tell what is normal.
const MIN_PICTURES: usize = 5;
/// The share of stage 7's places, the lowest, whose mean is s.
const LOWEST: f64 = 0.05;
/// The share of stage 5's places, the highest, whose mean is z.
const HIGHEST: f64 = 0.02;
/// T of a reference alone, and with normal pictures. The second is higher, since the closest of several is closer by
/// chance.
const THRESHOLD: (f32, f32) = (0.35, 0.38);
/// T rises with the median likeness from the first on, by the second.
const ALIKE: (f32, f32) = (0.85, 2.0);
/// Added to the spread: that of a view where nothing ever moved is not 0.
const SPREAD_FLOOR: f32 = 0.16;
/// A folder's own limit: the largest z of its pictures times the first, but at least the second.
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
    /// How much each place of stage 5 usually differs.
    places: Vec<f32>,
    /// For each picture, how far each of its places is from what is normal by the others.
    own: Vec<Vec<f32>>,
    /// The highest z of a normal frame, where all places count.
    limit: f32,
}

impl Normals {
    /// Takes the reference, which comes first, and normal pictures. From five pictures on, this takes up to 5 million
    /// multiplications, so keep the result while the pictures stay the same.
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
        self.see_in(frame, &Areas::default())
    }

    /// The same, without what masks leave out, and regions with a threshold of their own by themselves.
    pub fn see_in(&self, frame: &Look, areas: &Areas) -> Seen {
        let whole = areas.of_the_whole();
        let against: Vec<Against> = self
            .looks
            .iter()
            .map(|look| Against::new(look, frame, self.threshold(), areas, &whole))
            .collect();
        let closest = closest(&against);
        let deltas = self.spread.as_ref().map(|it| it.deltas(&self.looks, frame));
        let deviation = self.spread.as_ref().zip(deltas.as_ref());
        let beyond = |fine: &[bool], count: usize| {
            let (spread, places) = deviation?;
            Some(Deviation::of(spread, places, fine, count))
        };
        let z = beyond(&whole.fine, share_of(FINE.0 * FINE.1, HIGHEST));
        let regions = areas.judged_apart().enumerate().map(|(at, (area, _))| {
            let count = area.fine.iter().filter(|it| **it).count();
            let z = beyond(&area.fine, share_of(count, HIGHEST));
            let u = against.iter().map(|it| it.regions[at]);
            SeenRegion {
                name: area.region.name.clone(),
                excess: u
                    .fold(f32::INFINITY, f32::min)
                    .max(z.map_or(0.0, |z| z.over())),
            }
        });
        let regions = regions.collect();
        let tone = frame.tone_in(areas);
        let is_night = |look: &Arc<Look>| look.tone_in(areas).is_night_in(&tone);
        let against = &against[closest];
        let condition = match (against.is_blurred, self.looks.iter().all(is_night)) {
            (true, _) => Condition::Blurred,
            (false, true) => Condition::Night,
            (false, false) => Condition::Clear,
        };
        let limit = z.as_ref().map(|z| z.limit);
        let by_limit = deltas.as_ref().zip(self.limit_of_patches(areas));
        let by_limit = by_limit
            .map(|(places, limit)| places.iter().map(|it| it / limit).collect::<Vec<f32>>());
        Seen {
            closest,
            condition,
            excess: against.u.max(z.as_ref().map_or(0.0, |z| z.over())),
            s: against.s,
            z: z.map(|z| z.z),
            limit,
            patches: Patches::new(&against.places, by_limit.as_deref(), areas.masked()),
            regions,
        }
    }

    fn threshold(&self) -> f32 {
        match self.looks.len() > 1 {
            true => THRESHOLD.1,
            false => THRESHOLD.0,
        }
    }

    /// The folder's own limit without what masks leave out.
    fn limit_of_patches(&self, areas: &Areas) -> Option<f32> {
        let spread = self.spread.as_ref()?;
        Some(match areas.masked() {
            None => spread.limit,
            Some(masked) => {
                let counting: Vec<bool> = masked.fine.iter().map(|it| !it).collect();
                spread.limit_in(&counting, share_of(FINE.0 * FINE.1, HIGHEST))
            }
        })
    }
}

/// The picture with the least u, the first of equals.
fn closest(against: &[Against]) -> usize {
    let all = against.iter().enumerate();
    let least = all.min_by(|(_, one), (_, other)| one.u.total_cmp(&other.u));
    least.expect("there is at least the reference").0
}

/// A frame against one picture.
struct Against {
    s: f32,
    u: f32,
    is_blurred: bool,
    /// (1 − m) / (1 − T) of each place of stage 7.
    places: Vec<f32>,
    /// u of each region that is judged by itself.
    regions: Vec<f32>,
}

impl Against {
    fn new(look: &Look, frame: &Look, threshold: f32, areas: &Areas, whole: &Places) -> Self {
        let likeness = look.coarse_likeness(frame);
        let is_blurred = look.sharper_in(frame, areas) > BLURRED;
        // Nothing of it is unlike where nothing of it counts.
        let lowest = |marked: &[bool], count: usize| {
            mean_of_lowest(&mut of_places(&likeness, marked), count).unwrap_or(1.0)
        };
        let lowest_of_whole = lowest(&whole.coarse, share_of(COARSE.0 * COARSE.1, LOWEST));
        let s = if is_blurred {
            lowest_of_whole.min(BLURRED_S)
        } else {
            lowest_of_whole
        };
        let mut counting = match areas.masked() {
            None => likeness.clone(),
            Some(masked) => {
                let counts: Vec<bool> = masked.coarse.iter().map(|it| !it).collect();
                of_places(&likeness, &counts)
            }
        };
        let middle = match counting.is_empty() {
            true => 1.0,
            false => median(&mut counting),
        };
        let rise = ALIKE.1 * (middle - ALIKE.0).max(0.0);
        let (room, all_room) = (1.0 - threshold - rise, 1.0 - threshold);
        let regions = areas.judged_apart().map(|(area, _)| {
            let count = area.coarse.iter().filter(|it| **it).count();
            excess(
                lowest(&area.coarse, share_of(count, LOWEST)),
                room,
                all_room,
            )
        });
        let regions = regions.collect();
        let places = likeness.iter().map(|m| (1.0 - m) / room);
        Against {
            s,
            u: excess(s, room, all_room),
            is_blurred,
            places: places.collect(),
            regions,
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

/// Some places of a frame against what is normal there.
struct Deviation {
    z: f32,
    limit: f32,
}

impl Deviation {
    /// The mean of the `count` highest of the marked places of stage 5, and its limit.
    fn of(spread: &Spread, places: &[f32], marked: &[bool], count: usize) -> Self {
        Deviation {
            z: highest(places, marked, count),
            limit: spread.limit_in(marked, count),
        }
    }

    /// z by the limit.
    fn over(&self) -> f32 {
        self.z / self.limit
    }
}

impl Spread {
    fn of(looks: &[Arc<Look>]) -> Self {
        let pairs = Pairs::of(looks);
        let all: Vec<usize> = (0..looks.len()).collect();
        let out_of_the_rest = all.iter().map(|&one| {
            let rest: Vec<usize> = all.iter().copied().filter(|&it| it != one).collect();
            by_spread(&pairs.least(one, &rest), &pairs.spread(&rest))
        });
        let mut spread = Spread {
            own: out_of_the_rest.collect(),
            places: pairs.spread(&all),
            limit: 0.0,
        };
        let places = FINE.0 * FINE.1;
        spread.limit = spread.computed_limit(&vec![true; places], share_of(places, HIGHEST));
        spread
    }

    /// The highest z of a frame that is normal in the marked places, by the `count` highest of them.
    fn limit_in(&self, marked: &[bool], count: usize) -> f32 {
        match marked.iter().all(|it| *it) {
            true => self.limit,
            false => self.computed_limit(marked, count),
        }
    }

    fn computed_limit(&self, marked: &[bool], count: usize) -> f32 {
        let own = self.own.iter().map(|places| highest(places, marked, count));
        (LIMIT.0 * own.fold(0.0_f32, f32::max)).max(LIMIT.1)
    }

    /// How far each place of a frame is from normal.
    fn deltas(&self, looks: &[Arc<Look>], frame: &Look) -> Vec<f32> {
        let mut least = vec![f32::INFINITY; FINE.0 * FINE.1];
        for look in looks {
            keep_least(&mut least, &deltas(look, frame));
        }
        by_spread(&least, &self.places)
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

    /// The spread of each place among some pictures. It is the mean of each picture's δ against the rest; then the
    /// largest of 3×3 places is taken.
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

/// How far each place is from normal: δ divided by what is usual there.
fn by_spread(deltas: &[f32], spread: &[f32]) -> Vec<f32> {
    let both = deltas.iter().zip(spread);
    both.map(|(delta, it)| delta / (it + SPREAD_FLOOR))
        .collect()
}

/// The mean of the `count` highest of the marked places; 0 where none is marked.
fn highest(places: &[f32], marked: &[bool], count: usize) -> f32 {
    let mut negative = of_places(places, marked);
    negative.iter_mut().for_each(|it| *it = -*it);
    mean_of_lowest(&mut negative, count).map_or(0.0, |mean| -mean)
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
