//! What mismatches are called, on real pictures and on incidents drawn in them: `FRAMEWATCH_CORPUS` names the pictures,
//! `FRAMEWATCH_MODEL` the network's weights. Passes, with a message, without them.
//!
//! `FRAMEWATCH_SEED=NUMBER` draws other incidents. `FRAMEWATCH_FIT=1` prints a new fit for `kinds::Cover::FITTED`, and
//! what would be called what by it.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a failing helper fails its test, and figures go to its output"
)]

mod canvas;
mod corpus;
mod fit;
mod incidents;
mod shifts;
mod swapped;
mod table;

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    sync::Arc,
};

use canvas::Canvas;
use comparison::{Areas, Depth, Look, view};
use fingerprint::Limits;
use incidents::{Draw, Incident};
use kinds::{Cover, Kind, Measures};
use looks::{Model, Viewer};
use proto::Measure;
use table::{Table, Truth, called};

struct Case {
    scene: String,
    what: String,
    truth: Truth,
    measures: Measures,
    shift: Option<(f32, f32)>,
    place: Option<[f32; 4]>,
}

struct Site {
    rows: Vec<corpus::Row>,
    viewer: Viewer,
}

/// `None` where pictures or weights are missing.
fn site() -> Option<Site> {
    let model = std::env::var_os("FRAMEWATCH_MODEL").map(PathBuf::from);
    let (Some(rows), Some(model)) = (corpus::rows(), model) else {
        println!("left out: FRAMEWATCH_CORPUS or FRAMEWATCH_MODEL is not set");
        return None;
    };
    let model = Arc::new(Model::load(&model).unwrap());
    Some(Site {
        rows,
        viewer: Viewer::new(Limits::default(), Some(model)),
    })
}

impl Site {
    fn look(&mut self, canvas: &Canvas) -> Look {
        let mut bytes = Vec::new();
        let to = &mut std::io::Cursor::new(&mut bytes);
        canvas
            .to_picture()
            .write_to(to, image::ImageFormat::Bmp)
            .unwrap();
        self.viewer.look(&bytes, Measure::View).unwrap()
    }

    fn look_of(&mut self, path: &Path) -> Look {
        let bytes = std::fs::read(path).unwrap();
        self.viewer.look(&bytes, Measure::View).unwrap()
    }

    fn drawn(&mut self, seed: u64, of_each: usize) -> Vec<Case> {
        let incidents = Draw::new(&self.rows, seed).incidents(of_each);
        let case = |incident: Incident| {
            let (reference, frame) = (self.look(&incident.reference), self.look(&incident.frame));
            Case {
                measures: measured(&reference, &frame),
                scene: incident.scene,
                what: incident.how,
                truth: incident.truth,
                shift: incident.shift,
                place: incident.place,
            }
        };
        incidents.into_iter().map(case).collect()
    }

    fn real(&mut self) -> Vec<Case> {
        let mut looks: HashMap<PathBuf, Look> = HashMap::new();
        let mut cases = Vec::new();
        let pairs: Vec<_> = corpus::pairs(&self.rows)
            .into_iter()
            .filter_map(|(reference, frame)| {
                let truth = corpus::truth(frame)?;
                Some((
                    reference.path.clone(),
                    frame.path.clone(),
                    frame.scene.clone(),
                    truth,
                ))
            })
            .collect();
        for (reference, frame, scene, truth) in pairs {
            for path in [&reference, &frame] {
                if !looks.contains_key(path) {
                    let look = self.look_of(path);
                    looks.insert(path.clone(), look);
                }
            }
            cases.push(Case {
                measures: measured(&looks[&reference], &looks[&frame]),
                scene,
                what: frame.display().to_string(),
                truth,
                shift: None,
                place: None,
            });
        }
        cases
    }
}

fn measured(reference: &Look, frame: &Look) -> Measures {
    let aspect = frame.fingerprint.height as f32 / frame.fingerprint.width as f32;
    let (reference, frame) = (
        reference.view.as_ref().unwrap(),
        frame.view.as_ref().unwrap(),
    );
    view::measures(
        (reference, &[]),
        frame,
        aspect,
        Depth::Turns,
        &Areas::default(),
    )
    .unwrap()
}

/// Those that the fit of covers is for: nothing else has named them before.
fn examples<'a>(cases: &'a [Case], but: &'a str) -> impl Iterator<Item = (&'a Measures, bool)> {
    let is_example = move |case: &&Case| {
        let is_either = matches!(case.truth, Truth::Covered | Truth::Different);
        let is_open = !matches!(case.measures.name().kind, Kind::Moved(_) | Kind::Dark);
        is_either
            && is_open
            && case.scene != but
            && (case.truth != Truth::Covered || case.measures.unlike >= 0.35)
    };
    let examples = cases.iter().filter(is_example);
    examples.map(|case| (&case.measures, case.truth == Truth::Covered))
}

fn tabled(cases: &[Case], cover: impl Fn(&Case) -> Cover) -> Table {
    let mut table = Table::default();
    for case in cases {
        let name = case.measures.name_by(&cover(case));
        let called = called(&name.kind);
        table.count(case.truth, called);
        if called != case.truth {
            println!(
                "{:?} called {called:?}: {} {} {:?}",
                case.truth,
                case.scene,
                case.what,
                Brief(&case.measures)
            );
        }
    }
    println!("{}macro F1 {:.3}", table.to_markdown(), table.macro_f1());
    table
}

/// What of the measures fits on a line.
struct Brief<'a>(&'a Measures);

impl std::fmt::Debug for Brief<'_> {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let it = self.0;
        write!(
            to,
            "z {:.1} next {:.1} in place {:.1} tiles {:.2} likeness {:.2} unlike {:.2} lost {:.2} plain {:.2} (was {:.2}) edges {:.3} ({:.3}) sharp {:.2} ({:.2}) mean {:.0} ({:.0}) contrast {:.0} ({:.0})",
            it.moved.z,
            it.moved.next,
            it.in_place,
            it.tiles.in_place,
            it.likeness,
            it.unlike,
            it.lost_detail,
            it.frame.plainness,
            it.reference.plainness,
            it.frame.edges,
            it.reference.edges,
            it.frame.sharpness,
            it.reference.sharpness,
            it.frame.mean,
            it.reference.mean,
            it.frame.contrast,
            it.reference.contrast
        )
    }
}

#[test]
fn real_incidents_are_called_what_they_are() {
    let Some(mut site) = site() else { return };
    let mut cases = site.real();
    let real = cases.len();
    let table = match std::env::var_os("FRAMEWATCH_FIT") {
        None => tabled(&cases, |_| Cover::FITTED),
        Some(_) => {
            cases.extend(site.drawn(1, 25));
            println!("{:?}", fit::fit(examples(&cases, "")));
            let mut by_scene: HashMap<String, Cover> = HashMap::new();
            for case in &cases {
                let scene = by_scene.entry(case.scene.clone());
                scene.or_insert_with(|| fit::fit(examples(&cases, &case.scene)));
            }
            tabled(&cases, |case| by_scene[&case.scene]);
            tabled(&cases[..real], |case| by_scene[&case.scene])
        }
    };
    assert!(table.macro_f1() >= 0.95, "{}", table.macro_f1());
}

#[test]
fn drawn_incidents_are_called_what_they_are() {
    let Some(mut site) = site() else { return };
    let seed = std::env::var("FRAMEWATCH_SEED").map_or(20, |text| text.parse().unwrap());
    let cases = site.drawn(seed, 34);
    let table = tabled(&cases, |_| Cover::FITTED);
    let shifts = cases
        .iter()
        .filter_map(|case| match (case.measures.name().kind, case.shift) {
            (Kind::Moved(moved), Some((dx, dy))) => {
                Some((moved.dx - dx).abs().max((moved.dy - dy).abs()))
            }
            _ => None,
        });
    let mut errors: Vec<f32> = shifts.collect();
    errors.sort_unstable_by(f32::total_cmp);
    println!(
        "{} shifts, the error's median {:?}, largest {:?}",
        errors.len(),
        errors.get(errors.len() / 2),
        errors.last()
    );
    let places = cases
        .iter()
        .filter_map(|case| match (case.measures.name().kind, case.place) {
            (Kind::Changed(areas), Some([left, top, right, bottom])) => areas.first().map(|area| {
                let (x, y) = (
                    (area.left + area.right) / 2.0,
                    (area.top + area.bottom) / 2.0,
                );
                (left..=right).contains(&x) && (top..=bottom).contains(&y)
            }),
            _ => None,
        });
    let places: Vec<bool> = places.collect();
    let right = places.iter().filter(|it| **it).count();
    println!(
        "{right} of {} areas have their centre in the thing",
        places.len()
    );
    assert!(table.macro_f1() >= 0.92, "{}", table.macro_f1());
    assert!(right * 10 >= places.len() * 8);
}
