//! Parts of the picture that a rule leaves out or has a name for: what may be drawn, and how many of them.
//!
//! What they do to a comparison is left to `comparison`.

use crate::{
    InvalidLine, line,
    v1::{Mask, Point, Rule, WatchedRegion},
};

/// Masks and regions that cannot be. Fields are named as JSON has them.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum InvalidArea {
    /// Too many of them.
    #[error("{field} has {count} parts; it must have at most {most}", most = Rule::MOST_AREAS)]
    TooMany {
        /// `masks` or `regions`.
        field: &'static str,
        /// How many there are.
        count: usize,
    },
    /// Too few corners, or too many.
    #[error("{area}.polygon has {count} corners; it must have {least} to {most}",
        least = Rule::CORNERS.start(), most = Rule::CORNERS.end())]
    Corners {
        /// As in `masks[2]`.
        area: String,
        /// How many there are.
        count: usize,
    },
    /// A corner that lies beyond the picture.
    #[error(
        "{area}.polygon[{corner}].{axis} is {value}; it must be a number from 0 to 1, a share of the picture"
    )]
    Beyond {
        /// As in `masks[2]`.
        area: String,
        /// Which of its corners.
        corner: usize,
        /// `x` or `y`.
        axis: char,
        /// What it says.
        value: f64,
    },
    /// All corners lie on a line.
    #[error(
        "{area}.polygon has all its corners on one line; it must enclose a part of the picture"
    )]
    Flat {
        /// As in `masks[2]`.
        area: String,
    },
    /// A name that is no line, or too long.
    #[error("{area}: {source}")]
    Name {
        /// As in `regions[2]`.
        area: String,
        /// What is wrong with it.
        source: InvalidLine,
    },
    /// No name.
    #[error("{area}.name is empty; it must say what people call this part")]
    Nameless {
        /// As in `regions[2]`.
        area: String,
    },
    /// Two regions of one name.
    #[error("{area}.name is {name:?}, as that of regions[{other}]; each must have its own")]
    NamedTwice {
        /// As in `regions[2]`.
        area: String,
        /// Both names.
        name: String,
        /// The one before.
        other: usize,
    },
    /// A threshold that no similarity can be.
    #[error("{area}.threshold is {value}; it must be a number from 0 to 1")]
    Threshold {
        /// As in `regions[2]`.
        area: String,
        /// What it says.
        value: f64,
    },
    /// Too many regions that are looked at in their own detail.
    #[error(
        "{area}.ownDetail is true, and so it is of {most} regions before; at most {most} may have it, since each is looked at by itself in every frame",
        most = Rule::MOST_IN_DETAIL
    )]
    TooManyInDetail {
        /// As in `regions[4]`, the first beyond what may be.
        area: String,
    },
    /// In the rule of all folders.
    #[error(
        "{field} are drawn on one folder's view; set them in that folder's own rule, not in the default one"
    )]
    OfAllFolders {
        /// `masks` or `regions`.
        field: &'static str,
    },
}

impl Rule {
    /// The most masks of a rule, and the most regions.
    pub const MOST_AREAS: usize = 16;
    /// The most regions of a rule that are looked at in their own detail: each takes one more pass of the network a frame.
    pub const MOST_IN_DETAIL: usize = 4;
    /// How many corners a mask or a region may have.
    pub const CORNERS: std::ops::RangeInclusive<usize> = 3..=32;
    /// The most characters of a region's name.
    pub const LONGEST_NAME: usize = 40;
    /// The names in JSON of the fields for parts of the picture: those that [`Rule::FIELDS`] lacks.
    pub const AREAS: [&'static str; 2] = ["masks", "regions"];

    /// Whether it has masks or regions.
    pub fn has_areas(&self) -> bool {
        !(self.masks.is_empty() && self.regions.is_empty())
    }

    /// Checks that it has none, as must be in the rule of all folders.
    ///
    /// # Errors
    /// Names the field that it has.
    pub fn check_without_areas(&self) -> Result<(), InvalidArea> {
        let fields = [self.masks.is_empty(), self.regions.is_empty()];
        let found = Self::AREAS.into_iter().zip(fields).find(|it| !it.1);
        found.map_or(Ok(()), |(field, _)| {
            Err(InvalidArea::OfAllFolders { field })
        })
    }

    /// Checks all masks and regions.
    pub(super) fn check_areas(&self) -> Result<(), InvalidArea> {
        check_count("masks", self.masks.len())?;
        check_count("regions", self.regions.len())?;
        for (at, Mask { polygon }) in self.masks.iter().enumerate() {
            check_polygon(&format!("masks[{at}]"), polygon)?;
        }
        for (at, region) in self.regions.iter().enumerate() {
            check_region(format!("regions[{at}]"), region, &self.regions[..at])?;
        }
        let mut in_detail = self.regions.iter().enumerate().filter(|it| it.1.own_detail);
        if let Some((at, _)) = in_detail.nth(Self::MOST_IN_DETAIL) {
            let area = format!("regions[{at}]");
            return Err(InvalidArea::TooManyInDetail { area });
        }
        Ok(())
    }
}

fn check_count(field: &'static str, count: usize) -> Result<(), InvalidArea> {
    match count <= Rule::MOST_AREAS {
        true => Ok(()),
        false => Err(InvalidArea::TooMany { field, count }),
    }
}

fn check_region(
    area: String,
    region: &WatchedRegion,
    before: &[WatchedRegion],
) -> Result<(), InvalidArea> {
    let WatchedRegion {
        name,
        polygon,
        threshold,
        own_detail: _,
    } = region;
    if name.trim().is_empty() {
        return Err(InvalidArea::Nameless { area });
    }
    if let Err(source) = line::check("name", name, Rule::LONGEST_NAME) {
        return Err(InvalidArea::Name { area, source });
    }
    if let Some(other) = before.iter().position(|it| it.name == *name) {
        let name = name.clone();
        return Err(InvalidArea::NamedTwice { area, name, other });
    }
    match threshold {
        Some(value) if !(0.0..=1.0).contains(value) => Err(InvalidArea::Threshold {
            area,
            value: *value,
        }),
        _ => check_polygon(&area, polygon),
    }
}

fn check_polygon(area: &str, polygon: &[Point]) -> Result<(), InvalidArea> {
    let area = || area.to_owned();
    if !Rule::CORNERS.contains(&polygon.len()) {
        let count = polygon.len();
        return Err(InvalidArea::Corners {
            area: area(),
            count,
        });
    }
    for (corner, point) in polygon.iter().enumerate() {
        for (axis, value) in [('x', point.x), ('y', point.y)] {
            if !(0.0..=1.0).contains(&value) {
                return Err(InvalidArea::Beyond {
                    area: area(),
                    corner,
                    axis,
                    value,
                });
            }
        }
    }
    match is_flat(polygon) {
        true => Err(InvalidArea::Flat { area: area() }),
        false => Ok(()),
    }
}

/// Whether all corners lie on one line, apart from rounding.
fn is_flat(polygon: &[Point]) -> bool {
    const ROUNDING: f64 = 1e-9;
    let first = &polygon[0];
    let from_first = |point: &Point| (point.x - first.x, point.y - first.y);
    let length = |(x, y): (f64, f64)| x * x + y * y;
    let all = polygon.iter().map(from_first);
    let farthest = all
        .clone()
        .max_by(|one, other| length(*one).total_cmp(&length(*other)));
    let (x, y) = farthest.unwrap_or_default();
    all.into_iter()
        .all(|other| (x * other.1 - y * other.0).abs() < ROUNDING)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn polygon(corners: &[(f64, f64)]) -> Vec<Point> {
        let points = corners.iter().map(|&(x, y)| Point { x, y });
        points.collect()
    }

    const SQUARE: [(f64, f64); 4] = [(0.0, 0.0), (0.5, 0.0), (0.5, 1.0), (0.0, 1.0)];

    fn mask(corners: &[(f64, f64)]) -> Rule {
        let polygon = polygon(corners);
        Rule {
            masks: vec![Mask { polygon }],
            ..Rule::default()
        }
    }

    fn region(name: &str, threshold: Option<f64>) -> WatchedRegion {
        WatchedRegion {
            name: name.to_owned(),
            polygon: polygon(&SQUARE),
            threshold,
            own_detail: false,
        }
    }

    fn in_detail(count: usize) -> Rule {
        let shelf = |at: usize| WatchedRegion {
            own_detail: true,
            ..region(&format!("shelf {at}"), None)
        };
        let mut all = vec![region("gate", None)];
        all.extend((0..count).map(shelf));
        regions(all)
    }

    fn regions(regions: Vec<WatchedRegion>) -> Rule {
        Rule {
            regions,
            ..Rule::default()
        }
    }

    #[test]
    fn what_can_be_is_taken() {
        assert_eq!(mask(&SQUARE).check(), Ok(()));
        let named = regions(vec![region("gate", None), region("shelf 3", Some(0.95))]);
        assert_eq!(named.check(), Ok(()));
        let many = Rule {
            masks: vec![mask(&SQUARE).masks[0].clone(); Rule::MOST_AREAS],
            ..Rule::default()
        };
        assert_eq!(many.check(), Ok(()));
        assert_eq!(in_detail(Rule::MOST_IN_DETAIL).check(), Ok(()));
    }

    #[test]
    fn what_cannot_be_is_named_with_its_place() {
        let too_many = Rule {
            masks: vec![mask(&SQUARE).masks[0].clone(); 17],
            ..Rule::default()
        };
        for (rule, words) in [
            (too_many, "masks has 17 parts; it must have at most 16"),
            (
                mask(&SQUARE[..2]),
                "masks[0].polygon has 2 corners; it must have 3 to 32",
            ),
            (
                mask(&[SQUARE[0]; 33]),
                "masks[0].polygon has 33 corners; it must have 3 to 32",
            ),
            (
                mask(&[(0.0, 0.0), (1.0, 0.0), (0.5, 1.3)]),
                "masks[0].polygon[2].y is 1.3; it must be a number from 0 to 1, a share of the picture",
            ),
            (
                mask(&[(0.0, 0.0), (f64::NAN, 0.0), (0.5, 1.0)]),
                "masks[0].polygon[1].x is NaN; it must be a number from 0 to 1, a share of the picture",
            ),
            (
                mask(&[(0.1, 0.1), (0.2, 0.2), (0.7, 0.7), (0.4, 0.4)]),
                "masks[0].polygon has all its corners on one line; it must enclose a part of the picture",
            ),
            (
                mask(&[(0.3, 0.3); 3]),
                "masks[0].polygon has all its corners on one line; it must enclose a part of the picture",
            ),
            (
                regions(vec![region(" ", None)]),
                "regions[0].name is empty; it must say what people call this part",
            ),
            (
                regions(vec![region(&"x".repeat(41), None)]),
                "regions[0]: name has 41 characters; it must have at most 40",
            ),
            (
                regions(vec![region("gate", None), region("gate", Some(0.5))]),
                "regions[1].name is \"gate\", as that of regions[0]; each must have its own",
            ),
            (
                regions(vec![region("gate", Some(1.5))]),
                "regions[0].threshold is 1.5; it must be a number from 0 to 1",
            ),
            (
                in_detail(6),
                "regions[5].ownDetail is true, and so it is of 4 regions before; at most 4 may have it, since each is looked \
                 at by itself in every frame",
            ),
        ] {
            assert_eq!(rule.check().unwrap_err().to_string(), words);
        }
    }

    #[test]
    fn the_rule_of_all_folders_has_none() {
        assert_eq!(Rule::of_view().check_without_areas(), Ok(()));
        let refused = mask(&SQUARE).check_without_areas().unwrap_err();
        assert!(
            refused
                .to_string()
                .starts_with("masks are drawn on one folder's view")
        );
        assert!(
            regions(vec![region("gate", None)])
                .check_without_areas()
                .is_err()
        );
    }
}
