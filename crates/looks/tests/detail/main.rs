//! Regions in their own detail, on the real pictures that `FRAMEWATCH_CORPUS` names, by the weights that `FRAMEWATCH_MODEL`
//! names: small things drawn into references, copies of them that show nothing new, and the frames in which nothing is
//! wrong. Passes, with a message, without these.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
#![expect(
    clippy::print_stderr,
    reason = "the output of a test is where its reader looks"
)]

mod pictures;

use std::{fs, path::PathBuf, sync::Arc};

use comparison::{Baseline, BaselinePicture, Needs, compare};
use fingerprint::Limits;
use image::RgbImage;
use looks::{Look, Model, Viewer};
use pictures::{Chance, Place, Scene, copies, jpeg, scenes, with_a_thing};
use proto::{
    EffectiveRule, Measure,
    v1::{Verdict, WatchedRegion},
};

/// Regions are so many times as wide as a picture's width.
const REGIONS: [f64; 2] = [0.05, 0.08];
/// What of the things is caught at least in regions of each size.
const LEAST_CAUGHT: [f64; REGIONS.len()] = [0.8, 0.55];
/// Things are so wide.
const THING: f64 = 0.015;
/// So many things are drawn in each region.
const THINGS: usize = 2;

/// How often something was said, of how many.
#[derive(Default, Clone, Copy)]
struct Share {
    said: usize,
    of: usize,
}

impl Share {
    fn count(&mut self, is_said: bool) {
        self.said += usize::from(is_said);
        self.of += 1;
    }

    fn value(self) -> f64 {
        self.said as f64 / self.of.max(1) as f64
    }
}

/// How a frame is judged: the whole alone, regions with a threshold of their own, and these in their own detail.
const WAYS: [&str; 3] = ["whole", "threshold", "own detail"];

/// What is said of frames in each of [`WAYS`].
type Said = [Share; WAYS.len()];

struct Eyes(Viewer);

impl Eyes {
    /// `None` where pictures or weights are not there.
    fn open() -> Option<(Self, Vec<Scene>)> {
        let model = std::env::var_os("FRAMEWATCH_MODEL").map(PathBuf::from);
        let (Some(scenes), Some(model)) = (scenes(), model) else {
            eprintln!("left out: FRAMEWATCH_CORPUS or FRAMEWATCH_MODEL is not set");
            return None;
        };
        let model = Arc::new(Model::load(&model).unwrap());
        Some((Eyes(Viewer::new(Limits::default(), Some(model))), scenes))
    }

    fn look(&mut self, bytes: &[u8], rule: &EffectiveRule) -> Look {
        self.0.look(bytes, Needs::of(rule)).unwrap()
    }
}

/// A reference with four regions of one size.
struct Watched {
    reference: RgbImage,
    places: Vec<Place>,
    baseline: Baseline,
    rules: [EffectiveRule; WAYS.len()],
}

impl Watched {
    fn new(eyes: &mut Eyes, scene: &Scene, share: f64, chance: &mut Chance) -> Self {
        let bytes = fs::read(&scene.reference).unwrap();
        let reference = image::load_from_memory(&bytes).unwrap().into_rgb8();
        let places: Vec<Place> = (0..4)
            .map(|_| Place::in_picture(&reference, share, chance))
            .collect();
        let rules = [(None, false), (Some(0.9), false), (Some(0.9), true)]
            .map(|(threshold, own_detail)| rule(&places, threshold, own_detail));
        let picture = BaselinePicture {
            id: "reference".to_owned(),
            name: "reference.jpg".to_owned(),
            look: eyes.look(&bytes, &rules[2]),
        };
        Watched {
            reference,
            places,
            baseline: Baseline::new(picture, Vec::new()),
            rules,
        }
    }

    /// Counts what is said of a frame; where it shows something at a region, only that counts which names it and no other.
    fn count(&self, eyes: &mut Eyes, frame: &[u8], region: Option<usize>, said: &mut Said) {
        let look = eyes.look(frame, &self.rules[2]);
        for (way, (rule, said)) in self.rules.iter().zip(said).enumerate() {
            let compared = compare(&self.baseline, &look, rule).unwrap();
            let is_said = compared.verdict != Verdict::Match;
            let names = compared.findings.iter().flat_map(|it| &it.regions);
            let names: Vec<&str> = names.map(|it| it.name.as_str()).collect();
            said.count(match region {
                Some(at) if way > 0 => is_said && names == [at.to_string()],
                _ => is_said,
            });
        }
    }
}

fn rule(places: &[Place], threshold: Option<f64>, own_detail: bool) -> EffectiveRule {
    let region = |(at, place): (usize, &Place)| WatchedRegion {
        name: at.to_string(),
        polygon: place.polygon.clone(),
        threshold,
        own_detail,
    };
    EffectiveRule {
        measure: Measure::View,
        regions: places.iter().enumerate().map(region).collect(),
        ..EffectiveRule::of(None, None)
    }
}

fn line(what: &str, said: &Said) {
    let shares = WAYS.iter().zip(said).map(|(way, share)| {
        let Share { said, of } = share;
        format!("{way} {:.3} ({said} of {of})", share.value())
    });
    eprintln!("  {what}: {}", shares.collect::<Vec<_>>().join(", "));
}

#[test]
fn small_things_count_and_copies_do_not() {
    let Some((mut eyes, scenes)) = Eyes::open() else {
        return;
    };
    for (at, share) in REGIONS.into_iter().enumerate() {
        let mut chance = Chance::new(7);
        let mut things = Said::default();
        let mut by_copy: Vec<(&str, Said)> = Vec::new();
        let mut real = Said::default();
        for scene in &scenes {
            let watched = Watched::new(&mut eyes, scene, share, &mut chance);
            for region in 0..watched.places.len() {
                for _ in 0..THINGS {
                    let place = &watched.places[region];
                    let frame = with_a_thing(&watched.reference, place, THING, &mut chance);
                    watched.count(&mut eyes, &jpeg(&frame, 80), Some(region), &mut things);
                }
            }
            for (number, (name, copy)) in copies(&watched.reference, &mut chance).iter().enumerate()
            {
                if by_copy.len() <= number {
                    by_copy.push((name, Said::default()));
                }
                watched.count(&mut eyes, copy, None, &mut by_copy[number].1);
            }
            for frame in &scene.benign {
                watched.count(&mut eyes, &fs::read(frame).unwrap(), None, &mut real);
            }
        }
        eprintln!("regions of {share} of the width, things of {THING}:");
        line("caught", &things);
        for (name, said) in &by_copy {
            line(name, said);
            assert_eq!(said.map(|it| it.said), [0; 3], "{share}: {name}");
        }
        line("real frames", &real);
        let [whole, _, own_detail] = things.map(Share::value);
        assert!(whole < 0.05 && own_detail > LEAST_CAUGHT[at], "{share}");
    }
}
