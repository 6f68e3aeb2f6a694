//! Ways and places in words.

use proto::v1::{Region, Shift};

/// Shifts of less than this, of the picture, are not told; nor turns and zooms of less than these.
const LEAST_SHIFT: f64 = 0.01;
const LEAST_TURN: f64 = 1.5;
const LEAST_ZOOM: f64 = 0.04;

/// How a camera was moved: "turned about 6 % to the right". Empty where that is too little to tell. What the camera
/// sees moves the other way than the camera.
pub(super) fn of_shift(shift: &Shift) -> String {
    let way = |by: f64, ways: [&str; 2]| {
        let way = if by > 0.0 { ways[0] } else { ways[1] };
        (by.abs() >= LEAST_SHIFT).then(|| format!("{} % {way}", percent(by.abs())))
    };
    let across = way(shift.dx, ["to the left", "to the right"]);
    let down = way(shift.dy, ["up", "down"]);
    let shifted: Vec<String> = across.into_iter().chain(down).collect();
    let shifted = (!shifted.is_empty()).then(|| format!("turned about {}", shifted.join(" and ")));
    let degrees = shift.degrees;
    let way = if degrees > 0.0 { "with" } else { "against" };
    let tilted = (degrees.abs() >= LEAST_TURN)
        .then(|| format!("tilted about {:.0}° {way} the clock", degrees.abs()));
    let way = if shift.zoom > 1.0 {
        "larger"
    } else {
        "smaller"
    };
    // Without a zoom in the message there was none.
    let zoomed = (shift.zoom > 0.0 && (shift.zoom - 1.0).abs() >= LEAST_ZOOM).then(|| {
        let by = percent((shift.zoom - 1.0).abs());
        format!("zoomed, so that things look about {by} % {way}")
    });
    let all: Vec<String> = [shifted, tilted, zoomed].into_iter().flatten().collect();
    all.join(", ")
}

fn percent(share: f64) -> String {
    format!("{:.0}", share * 100.0)
}

/// Where something has changed: "at gate, and at shelf 3" where the first region has a name, otherwise "in the left
/// third".
pub(super) fn of_regions(regions: &[Region]) -> String {
    let mut names: Vec<&str> = Vec::new();
    for region in regions {
        if !region.name.is_empty() && !names.contains(&region.name.as_str()) {
            names.push(&region.name);
        }
    }
    let is_named = regions.first().is_some_and(|it| !it.name.is_empty());
    match (is_named, regions.first()) {
        (true, _) => format!("at {}", names.join(", and at ")),
        (false, first) => first.map(of_region).unwrap_or_default(),
    }
}

/// Where a region is. Empty where it has no corners.
fn of_region(region: &Region) -> String {
    let ends = |of: fn(&proto::v1::Point) -> f64| {
        let all = region.polygon.iter().map(of);
        let least = all.clone().fold(f64::INFINITY, f64::min);
        (least, all.fold(f64::NEG_INFINITY, f64::max))
    };
    if region.polygon.is_empty() {
        return String::new();
    }
    let (across, down) = (Part::of(ends(|it| it.x)), Part::of(ends(|it| it.y)));
    let is_slim = |(least, most): (f64, f64)| if most - least <= 0.4 { "third" } else { "half" };
    let place = match (across, down) {
        (Part::All, Part::All) => "nearly everywhere",
        (Part::First, Part::All) => return format!("in the left {}", is_slim(ends(|it| it.x))),
        (Part::Last, Part::All) => return format!("in the right {}", is_slim(ends(|it| it.x))),
        (Part::All, Part::First) => return format!("in the upper {}", is_slim(ends(|it| it.y))),
        (Part::All, Part::Last) => return format!("in the lower {}", is_slim(ends(|it| it.y))),
        (Part::Middle, Part::All) => "in the middle, from top to bottom",
        (Part::All, Part::Middle) => "in the middle, from side to side",
        (Part::First, Part::First) => "at the upper left",
        (Part::First, Part::Middle) => "on the left",
        (Part::First, Part::Last) => "at the lower left",
        (Part::Middle, Part::First) => "at the top",
        (Part::Middle, Part::Middle) => "in the middle",
        (Part::Middle, Part::Last) => "at the bottom",
        (Part::Last, Part::First) => "at the upper right",
        (Part::Last, Part::Middle) => "on the right",
        (Part::Last, Part::Last) => "at the lower right",
    };
    place.to_owned()
}

/// A part of the way from the left to the right, or from the top to the bottom.
#[derive(Clone, Copy, PartialEq)]
enum Part {
    First,
    Middle,
    Last,
    /// Most of it.
    All,
}

impl Part {
    fn of((least, most): (f64, f64)) -> Self {
        let middle = (least + most) / 2.0;
        match middle {
            _ if most - least > 0.65 => Part::All,
            _ if middle < 0.375 => Part::First,
            _ if middle > 0.625 => Part::Last,
            _ => Part::Middle,
        }
    }
}

#[cfg(test)]
mod tests {
    use proto::v1::Point;

    use super::*;

    fn shift(dx: f64, dy: f64, degrees: f64, zoom: f64) -> String {
        of_shift(&Shift {
            dx,
            dy,
            degrees,
            zoom,
        })
    }

    #[test]
    fn a_camera_goes_the_other_way_than_what_it_sees() {
        assert_eq!(
            shift(-0.062, 0.001, 0.0, 1.0),
            "turned about 6 % to the right"
        );
        assert_eq!(
            shift(0.3, -0.12, 1.0, 1.02),
            "turned about 30 % to the left and 12 % down"
        );
        assert_eq!(
            shift(0.0, 0.1, -6.0, 1.0),
            "turned about 10 % up, tilted about 6° against the clock"
        );
        assert_eq!(
            shift(0.0, 0.0, 0.0, 1.13),
            "zoomed, so that things look about 13 % larger"
        );
        assert_eq!(shift(0.004, 0.0, 0.0, 0.0), "");
    }

    #[test]
    fn a_region_is_where_its_corners_are() {
        let of = |left: f64, top: f64, right: f64, bottom: f64| {
            let corners = [(left, top), (right, top), (right, bottom), (left, bottom)];
            of_region(&Region {
                polygon: corners.map(|(x, y)| Point { x, y }).to_vec(),
                ..Region::default()
            })
        };
        assert_eq!(of(0.0, 0.0, 0.3, 1.0), "in the left third");
        assert_eq!(of(0.0, 0.55, 1.0, 1.0), "in the lower half");
        assert_eq!(of(0.7, 0.1, 0.9, 0.3), "at the upper right");
        assert_eq!(of(0.4, 0.4, 0.6, 0.5), "in the middle");
        assert_eq!(of(0.05, 0.0, 1.0, 0.9), "nearly everywhere");
        assert_eq!(of_region(&Region::default()), "");
    }
}
