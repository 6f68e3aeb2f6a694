//! The parts of a picture that are looked at in their own detail: where they are cut out, and where a rule's masks and the
//! region lie in what is cut out.

use std::{collections::BTreeMap, fmt, ops::Range, sync::Arc};

use proto::{
    EffectiveRule, Measure,
    v1::{Mask, Point, WatchedRegion},
};

use crate::{Areas, view};

/// A rectangle that is cut out of a picture, enlarged to 320×240 and given to the network by itself. In ten-thousandths of
/// width and height, so that it can be a part of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Crop {
    left: u16,
    top: u16,
    right: u16,
    bottom: u16,
}

/// What the network saw of parts of a picture. `None` stands for a part that it could not see because the picture is
/// lost.
pub type Details = BTreeMap<Crop, Option<Arc<view::Look>>>;

/// What a look must have for frames to be judged by a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Needs {
    /// All that this measure compares.
    pub measure: Measure,
    /// What the network sees of these parts by themselves, each once.
    pub crops: Vec<Crop>,
}

const WHOLE: u16 = 10_000;

/// The smallest part that is cut out is as wide and high as a place of stage 5: a twentieth of the width, a fifteenth
/// of the height. Anything smaller has no detail.
const LEAST: (u16, u16) = (500, 667);

impl Needs {
    /// What a rule needs. Only the measure `view` looks at regions in their own detail.
    pub fn of(rule: &EffectiveRule) -> Self {
        let mut crops: Vec<Crop> = match rule.measure {
            Measure::View => rule.in_detail().map(Crop::of).collect(),
            _ => Vec::new(),
        };
        crops.sort_unstable();
        crops.dedup();
        Needs {
            measure: rule.measure,
            crops,
        }
    }
}

impl From<&Needs> for Needs {
    fn from(needs: &Needs) -> Self {
        needs.clone()
    }
}

impl From<Measure> for Needs {
    fn from(measure: Measure) -> Self {
        Needs {
            measure,
            crops: Vec::new(),
        }
    }
}

impl Crop {
    /// The least rectangle around a region, of a twentieth of the width and a fifteenth of the height at least.
    pub fn of(region: &WatchedRegion) -> Self {
        let span = |axis: fn(&Point) -> f64, least: u16| {
            let all = region.polygon.iter().map(axis);
            let from = all.clone().fold(1.0, f64::min).clamp(0.0, 1.0);
            let to = all.fold(0.0, f64::max).clamp(from, 1.0);
            let whole = f64::from(WHOLE);
            at_least(
                (from * whole).round() as u16,
                (to * whole).round() as u16,
                least,
            )
        };
        let (left, right) = span(|point| point.x, LEAST.0);
        let (top, bottom) = span(|point| point.y, LEAST.1);
        Crop {
            left,
            top,
            right,
            bottom,
        }
    }

    /// The columns and rows of a picture of this size that are cut out: at least one of each. The picture has at least one, too.
    pub fn pixels(self, (width, height): (usize, usize)) -> (Range<usize>, Range<usize>) {
        let whole = usize::from(WHOLE);
        let span = |from: u16, to: u16, length: usize| {
            let from = (usize::from(from) * length / whole).min(length - 1);
            let to = (usize::from(to) * length).div_ceil(whole);
            from..to.clamp(from + 1, length)
        };
        (
            span(self.left, self.right, width),
            span(self.top, self.bottom, height),
        )
    }

    /// Where a rule's masks and this region lie in the part that is cut out. The region is the only one there, and is
    /// judged by itself.
    pub(crate) fn areas(self, masks: &[Mask], region: &WatchedRegion) -> Areas {
        let masks: Vec<Mask> = masks
            .iter()
            .map(|mask| Mask {
                polygon: self.within(&mask.polygon),
            })
            .collect();
        let region = WatchedRegion {
            polygon: self.within(&region.polygon),
            threshold: Some(region.threshold.unwrap_or_default()),
            ..region.clone()
        };
        Areas::of(&masks, &[region])
    }

    pub(crate) fn to_bytes(self) -> Vec<u8> {
        let numbers = [self.left, self.top, self.right, self.bottom];
        numbers.iter().flat_map(|it| it.to_be_bytes()).collect()
    }

    /// Corners as shares of what is cut out; those beyond it are below 0 or above 1.
    fn within(self, polygon: &[Point]) -> Vec<Point> {
        let share = |at: f64, from: u16, to: u16| {
            let (from, to) = (f64::from(from), f64::from(to));
            (at * f64::from(WHOLE) - from) / (to - from)
        };
        let point = |point: &Point| Point {
            x: share(point.x, self.left, self.right),
            y: share(point.y, self.top, self.bottom),
        };
        polygon.iter().map(point).collect()
    }
}

/// A span of at least this length around the middle of one, within the picture.
fn at_least(from: u16, to: u16, least: u16) -> (u16, u16) {
    match to - from < least {
        false => (from, to),
        true => {
            let middle = from.midpoint(to);
            let from = middle.saturating_sub(least / 2).min(WHOLE - least);
            (from, from + least)
        }
    }
}

/// As a part of a key.
impl fmt::Display for Crop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Crop {
            left,
            top,
            right,
            bottom,
        } = self;
        write!(f, "{left}-{top}-{right}-{bottom}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn region(left: f64, top: f64, right: f64, bottom: f64) -> WatchedRegion {
        let corners = [(left, top), (right, top), (right, bottom), (left, bottom)];
        WatchedRegion {
            name: "lock".to_owned(),
            polygon: corners.map(|(x, y)| Point { x, y }).to_vec(),
            threshold: None,
            own_detail: true,
        }
    }

    #[test]
    fn what_is_cut_out_lies_around_the_region_and_in_the_picture() {
        for (region, key) in [
            (region(0.4, 0.5, 0.6, 0.9), "4000-5000-6000-9000"),
            (region(0.0, 0.0, 1.0, 1.0), "0-0-10000-10000"),
            // Too small: enlarged around its middle, and pushed into the picture.
            (region(0.5, 0.5, 0.51, 0.51), "4800-4717-5300-5384"),
            (region(0.99, 0.0, 1.0, 0.01), "9500-0-10000-667"),
        ] {
            assert_eq!(Crop::of(&region).to_string(), key);
        }
    }

    #[test]
    fn a_picture_of_any_size_has_a_pixel_of_it() {
        let crop = Crop::of(&region(0.4, 0.5, 0.6, 0.9));
        assert_eq!(crop.pixels((1280, 720)), (512..768, 360..648));
        assert_eq!(crop.pixels((1, 1)), (0..1, 0..1));
        let corner = Crop::of(&region(0.99, 0.99, 1.0, 1.0));
        assert_eq!(corner.pixels((3, 2)), (2..3, 1..2));
    }

    #[test]
    fn a_rule_names_each_part_once_and_only_by_the_measure_that_looks() {
        let one = region(0.4, 0.5, 0.6, 0.9);
        let same = WatchedRegion {
            name: "hasp".to_owned(),
            ..one.clone()
        };
        let without = WatchedRegion {
            own_detail: false,
            ..region(0.0, 0.0, 0.3, 0.3)
        };
        let rule = |measure| EffectiveRule {
            measure,
            regions: vec![one.clone(), same.clone(), without.clone()].into(),
            ..EffectiveRule::of(None, None)
        };
        assert_eq!(Needs::of(&rule(Measure::View)).crops, [Crop::of(&one)]);
        assert_eq!(Needs::of(&rule(Measure::Parts)).crops, []);
    }
}
