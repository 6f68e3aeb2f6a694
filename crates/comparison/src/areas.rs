//! Where in a picture something holds: which places of the measure `view` masks leave out, and which lie in regions.
//!
//! Polygons are drawn onto the 160×120 grey levels that looks keep, by the even-odd rule at the middle of each. A place of
//! stage 5 is 8×8 of them, one of stage 7 16×16; the lowest 8 rows are in none of stage 7, as everywhere.

use proto::v1::{Mask, Point, WatchedRegion};

use crate::view::{COARSE, FINE};

/// Grey levels across and down.
const SIZE: (usize, usize) = (kinds::WIDTH, kinds::HEIGHT);
/// The side of a place of stage 5, and of stage 7.
const SIDES: (usize, usize) = (8, 16);
/// A place does not count from this share of it on that lies in masks.
const MASKED: f32 = 0.25;
/// A place is one of a region from this share of it on.
const INSIDE: f32 = 0.5;
/// The share of the places that must count for anything to be said of a frame.
const LEAST: f32 = 0.1;

/// Where masks and regions lie. Which polygon comes first makes no difference.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Areas {
    masked: Option<Masked>,
    regions: Vec<Area>,
}

/// What masks leave out.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Masked {
    /// For each grey level.
    pub(crate) pixels: Vec<bool>,
    /// For each place of stage 5.
    pub(crate) fine: Vec<bool>,
    /// For each place of stage 7.
    pub(crate) coarse: Vec<bool>,
}

/// Where a region lies.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Area {
    /// As the rule has it.
    pub(crate) region: WatchedRegion,
    pixels: Vec<bool>,
    /// The places of stage 5 that lie in it, without those that masks leave out.
    pub(crate) fine: Vec<bool>,
    /// The same for stage 7.
    pub(crate) coarse: Vec<bool>,
}

impl Areas {
    /// The areas of a rule that has passed [`Rule::check`](proto::v1::Rule::check).
    pub fn of(masks: &[Mask], regions: &[WatchedRegion]) -> Self {
        let masked = (!masks.is_empty()).then(|| Masked::of(masks));
        let regions = regions
            .iter()
            .map(|region| Area::of(region, masked.as_ref()));
        Areas {
            regions: regions.collect(),
            masked,
        }
    }

    /// Whether masks leave enough of the picture for anything to be said of a frame: a tenth of its places.
    pub fn leave_enough(&self) -> bool {
        let is_enough = |masked: &[bool]| {
            let count = masked.iter().filter(|it| !**it).count();
            count as f32 >= LEAST * masked.len() as f32
        };
        let masked = self.masked.as_ref();
        masked.is_none_or(|it| is_enough(&it.fine) && is_enough(&it.coarse))
    }

    /// What masks leave out; `None` where there are none.
    pub(crate) fn masked(&self) -> Option<&Masked> {
        self.masked.as_ref()
    }

    /// The regions that have a threshold of their own, with it.
    pub(crate) fn judged_apart(&self) -> impl Iterator<Item = (&Area, f64)> {
        let regions = self.regions.iter();
        regions.filter_map(|area| Some((area, area.region.threshold?)))
    }

    /// Which places of stage 7 count for the view as a whole, and which of stage 5: those neither masked nor judged apart.
    pub(crate) fn of_the_whole(&self) -> Places {
        let mut places = Places::all();
        if let Some(masked) = &self.masked {
            places.take_out(&masked.fine, &masked.coarse);
        }
        for (area, _) in self.judged_apart() {
            places.take_out(&area.fine, &area.coarse);
        }
        places
    }

    /// The name of the region in which most of a rectangle lies, in fractions of the picture; half of it at least.
    pub(crate) fn name_at(&self, left: f32, top: f32, right: f32, bottom: f32) -> Option<&str> {
        let (across, down) = (SIZE.0 as f32, SIZE.1 as f32);
        let columns = (left * across).round() as usize..(right * across).round() as usize;
        let rows = (top * down).round() as usize..(bottom * down).round() as usize;
        let all = columns.len() * rows.len();
        let inside = |area: &Area| {
            let lines = rows
                .clone()
                .map(|y| &area.pixels[y * SIZE.0..][columns.clone()]);
            lines.flatten().filter(|it| **it).count()
        };
        // Of equal ones the name decides, so that their order does not.
        let most = self
            .regions
            .iter()
            .map(|area| (inside(area), area.region.name.as_str()));
        let most = most.max_by(|one, other| one.0.cmp(&other.0).then(other.1.cmp(one.1)));
        most.filter(|(count, _)| *count > 0 && 2 * count >= all)
            .map(|(_, name)| name)
    }
}

/// Places that count.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Places {
    pub(crate) fine: Vec<bool>,
    pub(crate) coarse: Vec<bool>,
}

impl Places {
    fn all() -> Self {
        Places {
            fine: vec![true; FINE.0 * FINE.1],
            coarse: vec![true; COARSE.0 * COARSE.1],
        }
    }

    fn take_out(&mut self, fine: &[bool], coarse: &[bool]) {
        let out = |places: &mut [bool], of: &[bool]| {
            for (place, out) in places.iter_mut().zip(of) {
                *place &= !out;
            }
        };
        out(&mut self.fine, fine);
        out(&mut self.coarse, coarse);
    }
}

impl Masked {
    fn of(masks: &[Mask]) -> Self {
        let mut pixels = vec![false; SIZE.0 * SIZE.1];
        for mask in masks {
            draw(&mask.polygon, &mut pixels);
        }
        let from = |share: f32| share >= MASKED;
        Masked {
            fine: shares(&pixels, FINE, SIDES.0)
                .into_iter()
                .map(from)
                .collect(),
            coarse: shares(&pixels, COARSE, SIDES.1)
                .into_iter()
                .map(from)
                .collect(),
            pixels,
        }
    }
}

impl Area {
    fn of(region: &WatchedRegion, masked: Option<&Masked>) -> Self {
        let mut pixels = vec![false; SIZE.0 * SIZE.1];
        draw(&region.polygon, &mut pixels);
        if !pixels.contains(&true) {
            pixels[pixel_at(&region.polygon)] = true;
        }
        let without = |mut places: Vec<bool>, masked: Option<&[bool]>| {
            for (place, masked) in places.iter_mut().zip(masked.unwrap_or_default()) {
                *place &= !masked;
            }
            places
        };
        let fine = inside(&shares(&pixels, FINE, SIDES.0));
        let coarse = inside(&shares(&pixels, COARSE, SIDES.1));
        Area {
            region: region.clone(),
            fine: without(fine, masked.map(|it| &it.fine[..])),
            coarse: without(coarse, masked.map(|it| &it.coarse[..])),
            pixels,
        }
    }
}

/// The pixel in which the middle of the corners lies: for what is smaller than one.
fn pixel_at(polygon: &[Point]) -> usize {
    let count = polygon.len().max(1) as f64;
    let mean = |of: fn(&Point) -> f64| polygon.iter().map(of).sum::<f64>() / count;
    let at = |share: f64, pixels: usize| ((share * pixels as f64) as usize).min(pixels - 1);
    at(mean(|it| it.y), SIZE.1) * SIZE.0 + at(mean(|it| it.x), SIZE.0)
}

/// The places that are of a region; of one that is smaller than a place, that in which most of it lies.
fn inside(shares: &[f32]) -> Vec<bool> {
    let most = shares.iter().copied().fold(0.0, f32::max);
    let least = INSIDE.min(most);
    shares
        .iter()
        .map(|&share| share > 0.0 && share >= least)
        .collect()
}

/// Which share of each place is marked.
fn shares(pixels: &[bool], (rows, columns): (usize, usize), side: usize) -> Vec<f32> {
    let share = |place: usize| {
        let (top, left) = (place / columns * side, place % columns * side);
        let lines = (top..top + side).map(|y| &pixels[y * SIZE.0 + left..][..side]);
        let marked = lines.flatten().filter(|it| **it).count();
        marked as f32 / (side * side) as f32
    };
    (0..rows * columns).map(share).collect()
}

/// Marks the pixels whose middle lies in a polygon.
fn draw(polygon: &[Point], pixels: &mut [bool]) {
    let corners: Vec<(f64, f64)> = polygon
        .iter()
        .map(|it| (it.x * SIZE.0 as f64, it.y * SIZE.1 as f64))
        .collect();
    let mut crossings = Vec::new();
    for (row, line) in pixels.chunks_exact_mut(SIZE.0).enumerate() {
        let y = row as f64 + 0.5;
        crossings.clear();
        let edges = corners.iter().zip(corners.iter().cycle().skip(1));
        crossings.extend(edges.filter_map(|(one, other)| crossing(*one, *other, y)));
        crossings.sort_unstable_by(f64::total_cmp);
        for span in crossings.chunks_exact(2) {
            let first_at_or_after = |x: f64| (x - 0.5).ceil().clamp(0.0, SIZE.0 as f64) as usize;
            let (begin, end) = (first_at_or_after(span[0]), first_at_or_after(span[1]));
            line[begin..end].fill(true);
        }
    }
}

/// Where an edge crosses a row. Its upper end is one of it, and its lower end is not.
fn crossing(one: (f64, f64), other: (f64, f64), y: f64) -> Option<f64> {
    let (upper, lower) = match one.1 <= other.1 {
        true => (one, other),
        false => (other, one),
    };
    let is_crossed = upper.1 <= y && y < lower.1;
    is_crossed.then(|| upper.0 + (y - upper.1) / (lower.1 - upper.1) * (lower.0 - upper.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn polygon(corners: &[(f64, f64)]) -> Vec<Point> {
        let points = corners.iter().map(|&(x, y)| Point { x, y });
        points.collect()
    }

    fn box_of(left: f64, top: f64, right: f64, bottom: f64) -> Vec<Point> {
        polygon(&[(left, top), (right, top), (right, bottom), (left, bottom)])
    }

    fn masks(polygons: Vec<Vec<Point>>) -> Areas {
        let masks = polygons.into_iter().map(|polygon| Mask { polygon });
        Areas::of(&masks.collect::<Vec<_>>(), &[])
    }

    fn region(name: &str, polygon: Vec<Point>) -> WatchedRegion {
        WatchedRegion {
            name: name.to_owned(),
            polygon,
            ..WatchedRegion::default()
        }
    }

    fn count(marked: &[bool]) -> usize {
        marked.iter().filter(|it| **it).count()
    }

    #[test]
    fn a_polygon_marks_what_lies_in_it() {
        for (polygon, pixels) in [
            (box_of(0.0, 0.0, 1.0, 1.0), 160 * 120),
            (box_of(0.5, 0.0, 1.0, 1.0), 80 * 120),
            (box_of(0.25, 0.5, 0.75, 1.0), 80 * 60),
            (
                polygon(&[(0.0, 0.0), (1.0, 0.0), (0.0, 1.0)]),
                160 * 120 / 2,
            ),
            // Crossed over, it is two triangles.
            (
                polygon(&[(0.0, 0.0), (1.0, 1.0), (1.0, 0.0), (0.0, 1.0)]),
                160 * 120 / 2,
            ),
        ] {
            let mut marked = vec![false; 160 * 120];
            draw(&polygon, &mut marked);
            let close = count(&marked).abs_diff(pixels) <= 120;
            assert!(close, "{polygon:?}: {}", count(&marked));
        }
    }

    #[test]
    fn places_are_out_from_a_quarter_of_them_on() {
        let places = |areas: Areas| {
            let masked = areas.masked.unwrap();
            (count(&masked.fine), count(&masked.coarse))
        };
        // The upper row of stage 5 as a whole, half of that of stage 7.
        assert_eq!(
            places(masks(vec![box_of(0.0, 0.0, 1.0, 1.0 / 15.0)])),
            (20, 10)
        );
        assert_eq!(places(masks(vec![box_of(0.0, 0.0, 1.0, 0.015)])), (20, 0));
        assert_eq!(places(masks(vec![box_of(0.0, 0.0, 1.0, 0.01)])), (0, 0));
        let half = box_of(0.0, 0.0, 0.5, 1.0);
        assert_eq!(places(masks(vec![half.clone()])), (150, 35));
        assert_eq!(places(masks(vec![half.clone(), half])), (150, 35));
    }

    #[test]
    fn a_tenth_must_be_left() {
        assert!(Areas::default().leave_enough());
        assert!(masks(vec![box_of(0.0, 0.0, 0.85, 1.0)]).leave_enough());
        for right in [0.93, 1.0] {
            assert!(!masks(vec![box_of(0.0, 0.0, right, 1.0)]).leave_enough());
        }
    }

    #[test]
    fn a_region_has_a_place_however_small_it_is() {
        let tiny = region("lock", box_of(0.51, 0.41, 0.515, 0.42));
        let areas = Areas::of(&[], &[tiny]);
        let area = &areas.regions[0];
        assert_eq!((count(&area.fine), count(&area.coarse)), (1, 1));
        let half = Areas::of(&[], &[region("yard", box_of(0.0, 0.0, 0.5, 1.0))]);
        assert_eq!(count(&half.regions[0].coarse), 35);
    }

    #[test]
    fn masks_go_before_regions() {
        let mask = Mask {
            polygon: box_of(0.0, 0.0, 0.5, 0.5),
        };
        let yard = region("yard", box_of(0.0, 0.0, 0.5, 1.0));
        let areas = Areas::of(&[mask], &[yard]);
        let area = &areas.regions[0];
        let masked = areas.masked.as_ref().unwrap();
        let both = area.fine.iter().zip(&masked.fine);
        assert_eq!(
            both.filter(|(inside, masked)| **inside && **masked).count(),
            0
        );
        assert!(count(&area.fine) > 60);
    }

    #[test]
    fn only_regions_with_a_threshold_are_taken_out_of_the_whole() {
        let apart = WatchedRegion {
            threshold: Some(0.8),
            ..region("gate", box_of(0.5, 0.0, 1.0, 1.0))
        };
        let named = region("yard", box_of(0.0, 0.0, 0.5, 1.0));
        let areas = Areas::of(&[], &[named, apart]);
        let whole = areas.of_the_whole();
        assert_eq!((count(&whole.fine), count(&whole.coarse)), (150, 35));
        assert_eq!(areas.judged_apart().count(), 1);
    }

    #[test]
    fn a_place_has_the_name_of_the_region_that_most_of_it_lies_in() {
        let gate = region("gate", box_of(0.0, 0.0, 0.5, 0.5));
        let shelf = region("shelf 3", box_of(0.4, 0.0, 1.0, 0.5));
        let areas = Areas::of(&[], &[gate, shelf]);
        for (at, name) in [
            ((0.1, 0.1, 0.3, 0.3), Some("gate")),
            ((0.4, 0.1, 0.6, 0.3), Some("shelf 3")),
            ((0.3, 0.1, 0.5, 0.3), Some("gate")),
            ((0.1, 0.4, 0.3, 0.9), None),
            ((0.1, 0.6, 0.3, 0.9), None),
        ] {
            assert_eq!(areas.name_at(at.0, at.1, at.2, at.3), name, "{at:?}");
        }
    }
}
