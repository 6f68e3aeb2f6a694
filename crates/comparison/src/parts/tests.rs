//! The measure as a whole, on features that a formula makes.

use std::sync::Arc;

use proto::{
    EffectiveRule, Measure,
    v1::{Kind, Mask, Point, Verdict, WatchedRegion},
};

use super::*;
use crate::view::FINE_CHANNELS;
use crate::{Areas, AreasError, Baseline, BaselinePicture, Compared, check_areas, compare};

/// A part with something in it.
#[derive(Debug, Clone, Copy)]
struct Made {
    /// Where the part lies, in places.
    shift: (usize, usize),
    /// The number of a harmless change.
    light: u32,
    /// Where a defect of 4×4 places begins: row and column.
    defect: Option<(usize, usize)>,
}

const PART: Made = Made {
    shift: (0, 0),
    light: 0,
    defect: None,
};

impl Made {
    fn look(self) -> Arc<Look> {
        let tiles = std::array::from_fn(|tile| self.tile(tile));
        Arc::new(Look::of(&tiles).unwrap())
    }

    fn tile(self, tile: usize) -> Vec<f32> {
        let mut features = Vec::with_capacity(TILE_PLACES * FINE_CHANNELS);
        for place in 0..TILE_PLACES {
            let row = tile / TILES * FINE.0 + place / FINE.1;
            let column = tile % TILES * FINE.1 + place % FINE.1;
            features.extend((0..FINE_CHANNELS).map(|channel| self.value(row, column, channel)));
        }
        features
    }

    fn value(self, row: usize, column: usize, channel: usize) -> f32 {
        let is_defect = self.defect.is_some_and(|(top, left)| {
            (top..top + 4).contains(&row) && (left..left + 4).contains(&column)
        });
        let (y, x) = (row + 7 - self.shift.0, column + 7 - self.shift.1);
        let index = (y * 100 + x) * FINE_CHANNELS + channel;
        let light = 0.5 * noise(100 + self.light, index);
        // Around the part there is nothing to see.
        let is_part = (14..45).contains(&y) && (14..60).contains(&x);
        match (is_defect, is_part) {
            (true, _) => 20.0 * noise(999, channel) + light,
            (false, true) => 6.0 * noise(1, index) + light,
            (false, false) => light,
        }
    }
}

/// Numbers from −1 to 1 without any order.
fn noise(seed: u32, index: usize) -> f32 {
    let mut hash = (index as u64) ^ (u64::from(seed) << 40);
    for _ in 0..2 {
        hash = (hash ^ (hash >> 31)).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    }
    (hash >> 40) as f32 / (1 << 23) as f32 - 1.0
}

fn lights(count: u32) -> Vec<Arc<Look>> {
    let all = 0..count;
    all.map(|light| Made { light, ..PART }.look()).collect()
}

fn bank(looks: Vec<Arc<Look>>) -> Bank {
    Bank::new(looks).unwrap()
}

fn see(bank: &Bank, frame: Made) -> Seen {
    bank.see(&frame.look(), &Areas::default())
}

fn look(parts: Arc<Look>) -> crate::Look {
    crate::Look {
        parts: Some(parts),
        ..crate::Look::from(fingerprint::Fingerprint {
            algorithm: fingerprint::ALGORITHM,
            phash: 0,
            phash_256: [0; 4],
            hash: None,
            quality: fingerprint::Quality {
                contrast: 40.0,
                ..fingerprint::Quality::default()
            },
            width: 960,
            height: 720,
        })
    }
}

fn baseline(looks: Vec<Arc<Look>>) -> Baseline {
    let pictures = looks
        .into_iter()
        .enumerate()
        .map(|(at, parts)| BaselinePicture {
            id: at.to_string(),
            name: format!("{at}.jpg"),
            look: look(parts),
        });
    let mut pictures: Vec<_> = pictures.collect();
    let reference = pictures.remove(0);
    Baseline::new(reference, pictures)
}

fn rule() -> EffectiveRule {
    EffectiveRule {
        measure: Measure::Parts,
        ..EffectiveRule::of(None, None)
    }
}

fn judge<'a>(baseline: &'a Baseline, frame: Made, rule: &EffectiveRule) -> Compared<'a> {
    compare(baseline, &look(frame.look()), rule).unwrap()
}

/// A rectangle of places, from row and column to before row and column.
fn polygon(from: (usize, usize), to: (usize, usize)) -> Vec<Point> {
    let at = |row: usize, column: usize| Point {
        x: column as f64 / COLUMNS as f64,
        y: row as f64 / ROWS as f64,
    };
    let ((top, left), (bottom, right)) = (from, to);
    vec![
        at(top, left),
        at(top, right),
        at(bottom, right),
        at(bottom, left),
    ]
}

#[test]
fn a_picture_with_itself_is_one() {
    let (one, six) = (bank(lights(1)), bank(lights(6)));
    for bank in [&one, &six] {
        let seen = see(bank, PART);
        assert_eq!((seen.similarity(), seen.closest), (1.0, 0));
        assert_eq!(seen.patches(), vec![0; 300]);
        assert_eq!(seen.changed, None);
    }
    assert_eq!((one.limit(), six.limit().is_some()), (None, true));
}

#[test]
fn a_defect_is_found_and_where_it_is() {
    for pictures in [1, 6] {
        let baseline = baseline(lights(pictures));
        let frame = Made {
            light: 9,
            defect: Some((20, 33)),
            ..PART
        };
        let compared = judge(&baseline, frame, &rule());
        assert_eq!(compared.verdict, Verdict::Mismatch, "{pictures}");
        assert_eq!(compared.measure, "parts");
        let finding = &compared.findings[0];
        assert_eq!(finding.kind(), Kind::Changed);
        assert_eq!(finding.regions[0].polygon.len(), 4);
        let corners = finding.regions[0].polygon.iter();
        assert!(
            corners.clone().all(|at| (0.5..=0.65).contains(&at.x)),
            "{finding:?}"
        );
        assert!(
            corners.clone().all(|at| (0.4..=0.55).contains(&at.y)),
            "{finding:?}"
        );
        let most = compared.patches.iter().max().unwrap();
        let at = compared.patches.iter().position(|it| it == most).unwrap();
        let (row, column) = (at / 20, at % 20);
        assert!((6..8).contains(&row) && (11..13).contains(&column), "{at}");
        let sound = Made { light: 9, ..PART };
        assert_eq!(judge(&baseline, sound, &rule()).verdict, Verdict::Match);
    }
}

#[test]
fn a_part_may_lie_some_places_away() {
    let bank = bank(lights(6));
    let shifted = |shift| {
        let moved = see(
            &bank,
            Made {
                shift,
                light: 9,
                ..PART
            },
        );
        moved.similarity()
    };
    assert!(shifted((2, 1)) > 0.9, "{}", shifted((2, 1)));
    assert!(shifted((6, 6)) < 0.9, "{}", shifted((6, 6)));
}

#[test]
fn what_is_masked_does_not_count_and_a_region_has_its_name() {
    let baseline = baseline(lights(6));
    let frame = Made {
        light: 9,
        defect: Some((21, 33)),
        ..PART
    };
    let of = |from, to| polygon(from, to);
    let masked = EffectiveRule {
        masks: [Mask {
            polygon: of((18, 30), (27, 39)),
        }]
        .into(),
        ..rule()
    };
    let compared = judge(&baseline, frame, &masked);
    assert_eq!(compared.verdict, Verdict::Match);
    assert_eq!(compared.patches[7 * 20 + 12], 0);
    let region = |threshold| EffectiveRule {
        regions: [WatchedRegion {
            name: "hub".to_owned(),
            polygon: of((15, 27), (30, 42)),
            threshold,
            own_detail: false,
        }]
        .into(),
        ..rule()
    };
    for threshold in [None, Some(0.95)] {
        let compared = judge(&baseline, frame, &region(threshold));
        assert_eq!(compared.verdict, Verdict::Mismatch);
        let finding = &compared.findings[0];
        assert_eq!(
            (finding.kind(), &*finding.regions[0].name),
            (Kind::Changed, "hub")
        );
    }
    let all = EffectiveRule {
        masks: [Mask {
            polygon: of((0, 0), (45, 60)),
        }]
        .into(),
        ..rule()
    };
    assert_eq!(check_areas(&all), Err(AreasError::TooLittleLeft));
    let mut in_detail = region(None);
    let regions = in_detail.regions.iter().cloned();
    in_detail.regions = regions
        .map(|region| WatchedRegion {
            own_detail: true,
            ..region
        })
        .collect();
    assert_eq!(check_areas(&in_detail), Err(AreasError::OwnDetail("parts")));
    assert_eq!(
        judge(&baseline, frame, &in_detail).verdict,
        Verdict::Indeterminate
    );
    assert_eq!(check_areas(&region(None)), Ok(()));
}

#[test]
fn sixty_four_normal_pictures_count_and_sixteen_by_view() {
    assert_eq!(Baseline::max_normals(Measure::Parts), 64);
    assert_eq!(Baseline::max_normals(Measure::View), 16);
    assert_eq!(Baseline::counting_normals(Measure::View), 16);
    let part = PART.look();
    let many = baseline(vec![Arc::clone(&part); 70]);
    assert_eq!(many.pictures().len(), 65);
}

#[test]
fn a_look_comes_back_from_its_bytes_and_from_no_others() {
    let look = PART.look();
    let bytes = look.to_bytes();
    assert_eq!(bytes.len(), Look::BYTES);
    const { assert!(Look::BYTES < 320_000) };
    assert_eq!(Look::from_bytes(&bytes).as_ref(), Some(&*look));
    assert_eq!(Look::from_bytes(&bytes[1..]), None);
    assert_eq!(Look::from_bytes(&[&[2], &bytes[1..]].concat()), None);
}

#[test]
fn features_of_another_shape_or_no_numbers_are_refused() {
    let mut tiles: [Vec<f32>; 9] = std::array::from_fn(|_| vec![0.0; TILE_PLACES * FINE_CHANNELS]);
    assert!(Look::of(&tiles).is_ok());
    tiles[4][3] = f32::NAN;
    assert!(Look::of(&tiles).is_err());
    tiles[4].clear();
    assert!(Look::of(&tiles).is_err());
}
