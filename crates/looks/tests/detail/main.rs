//! Regions in their own detail, on the real pictures that `FRAMEWATCH_CORPUS` names, by the weights that `FRAMEWATCH_MODEL`
//! names: small things drawn into references, copies of them that show nothing new, and the frames in which nothing is
//! wrong, by the reference alone and with five of these as normal pictures; and what a region costs. Passes, with a message,
//! without these.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
#![expect(
    clippy::print_stderr,
    reason = "the output of a test is where its reader looks"
)]

mod pictures;

use std::{fs, path::PathBuf, sync::Arc, time::Instant};

use comparison::{Baseline, BaselinePicture, Needs, compare};
use fingerprint::Limits;
use image::RgbImage;
use looks::{Look, Model, Viewer};
use pictures::{Chance, Place, Scene, copies, jpeg, scenes, with_a_thing};
use proto::{
    EffectiveRule, Measure,
    v1::{Verdict, WatchedRegion},
};

/// How wide regions are, as shares of the picture's width.
const REGIONS: [f64; 2] = [0.05, 0.08];
/// The least share of things that is caught, for regions of each size.
const LEAST_CAUGHT: [f64; REGIONS.len()] = [0.8, 0.55];
/// How wide things are.
const THING: f64 = 0.015;
/// How many things are drawn in each region.
const THINGS: usize = 2;
/// How many normal pictures are drawn, and how often. A view must have two more frames than that at least.
const NORMALS: usize = 5;
const DRAWS: usize = 3;
const LEAST_FRAMES: usize = NORMALS + 2;
/// The largest share of frames in order that may be called a mismatch, for regions of each size, with normal pictures.
const MOST_FALSE: [f64; REGIONS.len()] = [0.25, 0.37];
/// How often each look is made to see how long it takes. The fastest counts, since others use the processor as well.
const TIMES: usize = 7;

/// How often something was said, and out of how many times.
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
    picture: BaselinePicture,
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
        Watched {
            reference,
            places,
            picture: picture(eyes.look(&bytes, &rules[2])),
            rules,
        }
    }

    fn look(&self, eyes: &mut Eyes, frame: &[u8]) -> Look {
        eyes.look(frame, &self.rules[2])
    }

    /// What frames are held against: the reference, and normal pictures that look so.
    fn baseline(&self, normals: impl Iterator<Item = Look>) -> Baseline {
        Baseline::new(self.picture.clone(), normals.map(picture).collect())
    }

    /// Frames with a thing in them, each with the region that it lies in.
    fn with_things(&self, eyes: &mut Eyes, chance: &mut Chance) -> Vec<(Option<usize>, Look)> {
        let mut drawn = Vec::new();
        for (region, place) in self.places.iter().enumerate() {
            for _ in 0..THINGS {
                let frame = with_a_thing(&self.reference, place, THING, chance);
                drawn.push((Some(region), self.look(eyes, &jpeg(&frame, 80))));
            }
        }
        drawn
    }

    /// Counts what is said of a frame; where it shows something at a region, only that counts which names it and no other.
    fn count(&self, baseline: &Baseline, look: &Look, region: Option<usize>, said: &mut Said) {
        for (way, (rule, said)) in self.rules.iter().zip(said).enumerate() {
            let compared = compare(baseline, look, rule).unwrap();
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

fn picture(look: Look) -> BaselinePicture {
    BaselinePicture {
        id: "picture".to_owned(),
        name: "picture.jpg".to_owned(),
        look,
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

/// What is said of frames with things and of real frames, by a reference alone and with normal pictures.
#[derive(Default)]
struct Counts {
    things: Said,
    real: Said,
}

/// Frames that are held against normal pictures as well, by the reference alone too.
#[derive(Default)]
struct Draws {
    alone: Counts,
    with_normals: Counts,
}

impl Draws {
    fn count(
        &mut self,
        watched: &Watched,
        things: &[(Option<usize>, Look)],
        frames: &[Look],
        chance: &mut Chance,
    ) {
        for _ in 0..DRAWS {
            let mut order: Vec<usize> = (0..frames.len()).collect();
            for at in 0..NORMALS {
                let left = (order.len() - at) as u32;
                order.swap(at, at + chance.below(left) as usize);
            }
            let (normals, others) = order.split_at(NORMALS);
            let alone = watched.baseline(std::iter::empty());
            let with_normals = watched.baseline(normals.iter().map(|&at| frames[at].clone()));
            for (counts, baseline) in [
                (&mut self.alone, &alone),
                (&mut self.with_normals, &with_normals),
            ] {
                for (region, look) in things {
                    watched.count(baseline, look, *region, &mut counts.things);
                }
                for &at in others {
                    watched.count(baseline, &frames[at], None, &mut counts.real);
                }
            }
        }
    }
}

#[test]
fn small_things_count_and_copies_do_not() {
    let Some((mut eyes, scenes)) = Eyes::open() else {
        return;
    };
    for (at, share) in REGIONS.into_iter().enumerate() {
        let mut chance = Chance::new(7);
        // Normal pictures are drawn by another, so that they change nothing of what is drawn otherwise.
        let mut draw = Chance::new(11);
        let mut by_copy: Vec<(&str, Said)> = Vec::new();
        let mut all = Counts::default();
        let mut draws = Draws::default();
        for scene in &scenes {
            let watched = Watched::new(&mut eyes, scene, share, &mut chance);
            let alone = watched.baseline(std::iter::empty());
            let things = watched.with_things(&mut eyes, &mut chance);
            for (region, look) in &things {
                watched.count(&alone, look, *region, &mut all.things);
            }
            let copies = copies(&watched.reference, &mut chance);
            for (number, (name, copy)) in copies.iter().enumerate() {
                if by_copy.len() <= number {
                    by_copy.push((name, Said::default()));
                }
                let look = watched.look(&mut eyes, copy);
                watched.count(&alone, &look, None, &mut by_copy[number].1);
            }
            let frames = scene.benign.iter().map(|it| fs::read(it).unwrap());
            let frames: Vec<Look> = frames.map(|it| watched.look(&mut eyes, &it)).collect();
            for look in &frames {
                watched.count(&alone, look, None, &mut all.real);
            }
            if frames.len() >= LEAST_FRAMES {
                draws.count(&watched, &things, &frames, &mut draw);
            }
        }
        eprintln!("regions of {share} of the width, things of {THING}:");
        line("caught", &all.things);
        for (name, said) in &by_copy {
            line(name, said);
            assert_eq!(said.map(|it| it.said), [0; 3], "{share}: {name}");
        }
        line("real frames", &all.real);
        line("views with more frames, caught", &draws.alone.things);
        line("views with more frames, real frames", &draws.alone.real);
        let normal = &draws.with_normals;
        line("with normal pictures, caught", &normal.things);
        line("with normal pictures, real frames", &normal.real);
        let [whole, _, own_detail] = all.things.map(Share::value);
        assert!(whole < 0.05 && own_detail > LEAST_CAUGHT[at], "{share}");
        assert!(normal.real[2].value() <= MOST_FALSE[at], "{share}");
    }
}

/// What a frame takes more for each region in its own detail, in milliseconds: a quarter of what four take.
#[test]
fn a_region_costs_less_than_two_frames() {
    let Some((mut eyes, scenes)) = Eyes::open() else {
        return;
    };
    let mut chance = Chance::new(7);
    let (mut whole, mut regions) = (Vec::new(), Vec::new());
    for scene in &scenes {
        let watched = Watched::new(&mut eyes, scene, REGIONS[0], &mut chance);
        let bytes = fs::read(&scene.reference).unwrap();
        let baseline = watched.baseline(std::iter::empty());
        let mut fastest_ms = |rule: &EffectiveRule| {
            let took_ms = (0..TIMES).map(|_| {
                let begun = Instant::now();
                let look = eyes.look(&bytes, rule);
                compare(&baseline, &look, rule).unwrap();
                begun.elapsed().as_secs_f64() * 1000.0
            });
            took_ms.fold(f64::INFINITY, f64::min)
        };
        let (without, with) = (fastest_ms(&watched.rules[1]), fastest_ms(&watched.rules[2]));
        whole.push(without);
        regions.push((with - without) / watched.places.len() as f64);
    }
    let (whole, regions) = (middle(&mut whole), middle(&mut regions));
    eprintln!("a frame takes {whole:.1} ms, each region in its own detail {regions:.1} ms more");
    assert!(regions < 2.0 * whole);
}

fn middle(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
