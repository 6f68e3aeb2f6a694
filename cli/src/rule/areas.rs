//! Masks and regions on the command line: `--mask "0,0 0.3,0 0.3,0.1 0,0.1"`, `--region "gate@0.95: 0.4,0.5 0.6,0.5 0.5,0.9"`.

use proto::v1::{Mask, Point, Rule, WatchedRegion};

/// What is set in place of the masks and regions that there are. What is not given stays as it is.
#[derive(Debug, Clone, PartialEq, clap::Args)]
pub(crate) struct AreaFlags {
    /// A part of the picture that does not count: its corners, as shares of width and height; may be given up to 16 times, in place
    /// of all masks before. By the measures view and parts
    #[arg(long = "mask", value_name = "X,Y X,Y X,Y…", value_parser = parse_mask)]
    masks: Vec<Mask>,

    /// Take all masks away
    #[arg(long, conflicts_with = "masks")]
    no_masks: bool,

    /// A part of the picture that has a name, and perhaps a threshold of its own; may be given up to 16 times, in place of all
    /// regions before. By the measures view and parts
    #[arg(long = "region", value_name = "NAME[@THRESHOLD]: X,Y X,Y X,Y…", value_parser = parse_region)]
    regions: Vec<WatchedRegion>,

    /// The same as --region, of a part that is also looked at in its own detail, enlarged, so that small things count; of up to 4
    /// parts. By the measure view
    #[arg(long = "detail-region", value_name = "NAME[@THRESHOLD]: X,Y X,Y X,Y…", value_parser = parse_detail_region)]
    detail_regions: Vec<WatchedRegion>,

    /// Take all regions away
    #[arg(long, conflicts_with_all = ["regions", "detail_regions"])]
    no_regions: bool,
}

/// Their names, for the group of flags of which one is needed.
pub(super) const FLAGS: [&str; 5] = [
    "masks",
    "no_masks",
    "regions",
    "detail_regions",
    "no_regions",
];

impl AreaFlags {
    /// Makes a rule say what they say.
    pub(crate) fn set(self, rule: &mut Rule) {
        if self.no_masks || !self.masks.is_empty() {
            rule.masks = self.masks;
        }
        let regions = [self.regions, self.detail_regions].concat();
        if self.no_regions || !regions.is_empty() {
            rule.regions = regions;
        }
    }
}

/// A rule's masks and regions, a line each, as the flags have them.
pub(super) fn in_lines(rule: &Rule) -> Vec<String> {
    let masks = rule.masks.iter();
    let masks = masks.map(|mask| format!("mask    {}", corners(&mask.polygon)));
    let regions = rule.regions.iter().map(|region| {
        let threshold = region.threshold.map(|own| format!("@{own}"));
        let WatchedRegion { name, polygon, .. } = region;
        let threshold = threshold.unwrap_or_default();
        let flag = match region.own_detail {
            true => "detail-region",
            false => "region",
        };
        format!("{flag:7} {name}{threshold}: {}", corners(polygon))
    });
    masks.chain(regions).collect()
}

fn corners(polygon: &[Point]) -> String {
    let corners = polygon
        .iter()
        .map(|point| format!("{},{}", point.x, point.y));
    corners.collect::<Vec<_>>().join(" ")
}

fn parse_mask(text: &str) -> Result<Mask, String> {
    let polygon = parse_polygon(text)?;
    let mask = Mask { polygon };
    check(Rule {
        masks: vec![mask.clone()],
        ..Rule::default()
    })?;
    Ok(mask)
}

fn parse_detail_region(text: &str) -> Result<WatchedRegion, String> {
    Ok(WatchedRegion {
        own_detail: true,
        ..parse_region(text)?
    })
}

fn parse_region(text: &str) -> Result<WatchedRegion, String> {
    let (name, polygon) = text
        .rsplit_once(':')
        .ok_or("it must begin with a name and a colon, as in `gate: 0.4,0.5 0.6,0.5 0.5,0.9`")?;
    let (name, threshold) = match name.rsplit_once('@') {
        None => (name, None),
        Some((name, own)) => {
            let own = own.trim();
            let number = own.parse();
            let number = number.map_err(|_| format!("{own:?} is no threshold from 0 to 1"))?;
            (name, Some(number))
        }
    };
    let region = WatchedRegion {
        name: name.trim().to_owned(),
        polygon: parse_polygon(polygon)?,
        threshold,
        own_detail: false,
    };
    check(Rule {
        regions: vec![region.clone()],
        ..Rule::default()
    })?;
    Ok(region)
}

fn check(rule: Rule) -> Result<(), String> {
    rule.check().map_err(|error| error.to_string())
}

fn parse_polygon(text: &str) -> Result<Vec<Point>, String> {
    let corner = |corner: &str| {
        let both = corner.split_once(',');
        let point = both.and_then(|(x, y)| {
            Some(Point {
                x: x.parse().ok()?,
                y: y.parse().ok()?,
            })
        });
        point.ok_or_else(|| {
            format!("{corner:?} is no corner; one is two shares of the picture with a comma between, as in 0.4,0.5")
        })
    };
    text.split_whitespace().map(corner).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_printed_is_what_is_read() {
        let mask = parse_mask("0,0 0.3,0 0.3,0.1  0,0.1").unwrap();
        let gate = parse_region("gate@0.95: 0.4,0.5 0.6,0.5 0.5,0.9").unwrap();
        let odd = parse_region("shelf: 3: 0.4,0.5 0.6,0.5 0.5,0.9").unwrap();
        let lock = parse_detail_region("lock: 0.1,0.1 0.2,0.1 0.2,0.3").unwrap();
        assert!(lock.own_detail);
        assert_eq!((gate.name.as_str(), gate.threshold), ("gate", Some(0.95)));
        assert_eq!((odd.name.as_str(), odd.threshold), ("shelf: 3", None));
        let rule = Rule {
            masks: vec![mask],
            regions: vec![gate, odd, lock],
            ..Rule::default()
        };
        assert_eq!(
            in_lines(&rule),
            [
                "mask    0,0 0.3,0 0.3,0.1 0,0.1",
                "region  gate@0.95: 0.4,0.5 0.6,0.5 0.5,0.9",
                "region  shelf: 3: 0.4,0.5 0.6,0.5 0.5,0.9",
                "detail-region lock: 0.1,0.1 0.2,0.1 0.2,0.3",
            ]
        );
    }

    #[test]
    fn what_cannot_be_is_named() {
        for (text, words) in [
            ("0,0 0.3;0 1,1", "\"0.3;0\" is no corner"),
            ("0,0 0.3,0", "2 corners"),
            ("0,0 1.3,0 1,1", "polygon[1].x is 1.3"),
        ] {
            let error = parse_mask(text).unwrap_err();
            assert!(error.contains(words), "{text}: {error}");
        }
        for (text, words) in [
            ("0.4,0.5 0.6,0.5 0.5,0.9", "a name and a colon"),
            (
                "gate@high: 0.4,0.5 0.6,0.5 0.5,0.9",
                "\"high\" is no threshold",
            ),
            ("gate@2: 0.4,0.5 0.6,0.5 0.5,0.9", "threshold is 2"),
            (": 0.4,0.5 0.6,0.5 0.5,0.9", "name is empty"),
        ] {
            let error = parse_region(text).unwrap_err();
            assert!(error.contains(words), "{text}: {error}");
        }
    }

    #[test]
    fn none_takes_all_away_and_silence_none() {
        let mut rule = Rule {
            masks: vec![Mask::default()],
            regions: vec![WatchedRegion::default()],
            ..Rule::default()
        };
        let flags = AreaFlags {
            masks: Vec::new(),
            no_masks: true,
            regions: Vec::new(),
            detail_regions: Vec::new(),
            no_regions: false,
        };
        flags.set(&mut rule);
        assert_eq!((rule.masks.len(), rule.regions.len()), (0, 1));
    }
}
