//! Cameras that were knocked a little: parts cut from real pictures, a little beside that of the reference, so that what
//! comes in at the edge is real. And cameras that tremble.

use std::path::PathBuf;

use comparison::{Baseline, BaselinePicture, Depth, Look, compare, name};
use proto::{
    EffectiveRule, Measure,
    v1::{Kind, Verdict},
};

use crate::{
    canvas::{Canvas, Chance},
    corpus::{self, Row},
};

/// The share of the width and height that is cut out.
const CUT: f32 = 0.85;
/// How far frames are shifted, as shares of the width.
const SHIFTS: [f32; 8] = [0.0, 0.005, 0.01, 0.015, 0.02, 0.025, 0.03, 0.04];
/// How many frames and how many normal pictures each view has.
const FRAMES: usize = 6;
const NORMALS: usize = 5;
/// For a camera that trembles: how far normal pictures lie from the reference, then frames that are in order, then
/// frames that are not.
const TREMBLING: f32 = 0.015;
const ORDERLY: f32 = 0.012;
const KNOCKED: f32 = 0.035;
/// A shift is right to so much of the width or height.
const EXACT: f32 = 0.01;

/// A view: its reference, and frames of the same size in which nothing is wrong.
struct View {
    scene: String,
    reference: Canvas,
    frames: Vec<Canvas>,
}

fn views(rows: &[Row]) -> Vec<View> {
    let mut found: Vec<(String, PathBuf, Vec<PathBuf>)> = Vec::new();
    for (reference, frame) in corpus::pairs(rows) {
        if frame.role != "benign" || frame.condition == "night" {
            continue;
        }
        match found.iter_mut().find(|it| it.1 == reference.path) {
            Some(view) => view.2.push(frame.path.clone()),
            None => found.push((
                frame.scene.clone(),
                reference.path.clone(),
                vec![frame.path.clone()],
            )),
        }
    }
    let view = |(scene, reference, frames): (String, PathBuf, Vec<PathBuf>)| {
        let reference = corpus::load(&reference);
        let frames = frames.iter().map(|path| corpus::load(path));
        let frames = frames.filter(|it| (it.wide, it.high) == (reference.wide, reference.high));
        View {
            scene,
            frames: frames.collect(),
            reference,
        }
    };
    found.into_iter().map(view).collect()
}

/// The part around the middle, or beside it by so many pixels.
fn cut(canvas: &Canvas, (right, down): (isize, isize)) -> Canvas {
    let of = |length: usize| (CUT * length as f32) as usize;
    let (wide, high) = (of(canvas.wide), of(canvas.high));
    let left = (canvas.wide - wide).div_ceil(2).strict_add_signed(right);
    let top = (canvas.high - high).div_ceil(2).strict_add_signed(down);
    let pixel = |at: usize| canvas.pixels[(top + at / wide) * canvas.wide + left + at % wide];
    Canvas {
        wide,
        high,
        pixels: (0..wide * high).map(pixel).collect(),
    }
}

/// A shift in pixels: its direction, and its length as a share of the width that is cut out.
fn pixels(canvas: &Canvas, share: f32, angle: f32) -> (isize, isize) {
    let far = share * CUT * canvas.wide as f32;
    (
        (far * angle.cos()).round() as isize,
        (far * angle.sin()).round() as isize,
    )
}

fn baseline(looks: impl IntoIterator<Item = Look>) -> Baseline {
    let picture = |look| BaselinePicture {
        id: "picture".to_owned(),
        name: "picture.jpg".to_owned(),
        look,
    };
    let mut pictures = looks.into_iter().map(picture);
    let reference = pictures.next().unwrap();
    Baseline::new(reference, pictures.collect())
}

fn rule(threshold: f64) -> EffectiveRule {
    EffectiveRule {
        measure: Measure::View,
        threshold,
        ..EffectiveRule::of(None, None)
    }
}

fn is_mismatch(baseline: &Baseline, frame: &Look) -> bool {
    let compared = compare(baseline, frame, &rule(0.9)).unwrap();
    compared.verdict == Verdict::Mismatch
}

/// What a frame is called where it is a mismatch, and how far the view has moved.
fn called(baseline: &Baseline, frame: &Look) -> (Kind, Option<(f32, f32)>) {
    // By this threshold every frame is one.
    let rule = rule(1.0);
    let mut compared = compare(baseline, frame, &rule).unwrap();
    name(&mut compared, frame, Depth::Turns, &[]);
    let Some(first) = compared.findings.first() else {
        return (Kind::Unspecified, None);
    };
    let shift = first.shift.map(|it| (it.dx as f32, it.dy as f32));
    (first.kind(), shift)
}

/// What became of frames with a certain shift.
#[derive(Debug, Default)]
struct Counts {
    frames: usize,
    mismatches: usize,
    with_normals: usize,
    mismatches_with_normals: usize,
    moved: usize,
    /// How many of these were given another shift than was drawn.
    wrong: usize,
}

#[test]
fn a_camera_that_was_knocked_is_called_moved_by_as_much() {
    let Some(mut site) = crate::site() else {
        return;
    };
    let mut chance = Chance::new(31);
    let mut counts: [Counts; SHIFTS.len()] = std::array::from_fn(|_| Counts::default());
    for view in views(&site.rows) {
        let mut look = |canvas: &Canvas, by| site.look(&cut(canvas, by));
        let reference = look(&view.reference, (0, 0));
        let all: Vec<Look> = view.frames.iter().map(|it| look(it, (0, 0))).collect();
        let alone = baseline([reference.clone()]);
        for (number, frame) in view.frames.iter().take(FRAMES).enumerate() {
            let others = (1..all.len()).map(|by| all[(number + by) % all.len()].clone());
            let normals = others.step_by((all.len() / NORMALS).max(1)).take(NORMALS);
            let with_normals = (all.len() > NORMALS + 1)
                .then(|| baseline(std::iter::once(reference.clone()).chain(normals)));
            for (share, counts) in SHIFTS.into_iter().zip(&mut counts) {
                let eighth = chance.below(8) as f32 / 4.0 * std::f32::consts::PI;
                let by = pixels(frame, share, eighth);
                let look = look(frame, by);
                counts.frames += 1;
                counts.mismatches += usize::from(is_mismatch(&alone, &look));
                if let Some(with_normals) = &with_normals {
                    counts.with_normals += 1;
                    counts.mismatches_with_normals += usize::from(is_mismatch(with_normals, &look));
                }
                let (Kind::Moved, shift) = called(&alone, &look) else {
                    continue;
                };
                counts.moved += 1;
                let (right, down) = shift.unwrap_or_default();
                let off = |was: isize, length: usize, told: f32| {
                    (-was as f32 / (CUT * length as f32) - told).abs()
                };
                let most = off(by.0, frame.wide, right).max(off(by.1, frame.high, down));
                if share == 0.0 || most > EXACT {
                    counts.wrong += 1;
                    println!("{} {share} {by:?} is told as {right} {down}", view.scene);
                }
            }
        }
    }
    for (share, counts) in SHIFTS.iter().zip(&counts) {
        println!("{:.1} %: {counts:?}", 100.0 * share);
    }
    let wrong: usize = counts.iter().map(|it| it.wrong).sum();
    assert_eq!(counts[0].moved, 0, "in place");
    assert_eq!(wrong, 0);
    for (share, counts) in SHIFTS.iter().zip(&counts) {
        assert!(
            *share < 0.015 || counts.moved * 10 >= counts.frames * 8,
            "{share}: {counts:?}"
        );
    }
}

#[test]
fn no_frame_in_which_nothing_is_wrong_is_called_moved() {
    let Some(mut site) = crate::site() else {
        return;
    };
    let pairs: Vec<(PathBuf, PathBuf)> = corpus::pairs(&site.rows)
        .into_iter()
        .filter(|(_, frame)| frame.role == "benign")
        .map(|(reference, frame)| (reference.path.clone(), frame.path.clone()))
        .collect();
    let mut moved = Vec::new();
    for (reference, frame) in &pairs {
        let baseline = baseline([site.look_of(reference)]);
        if called(&baseline, &site.look_of(frame)).0 == Kind::Moved {
            moved.push(frame.display().to_string());
        }
    }
    println!("of {} frames {} are called moved", pairs.len(), moved.len());
    assert!(moved.is_empty(), "{moved:?}");
}

/// The normal pictures of a camera that trembles lie around its reference, as do its frames.
#[test]
fn a_camera_that_trembles_has_not_moved_until_it_lies_farther_away() {
    let Some(mut site) = crate::site() else {
        return;
    };
    let mut chance = Chance::new(32);
    let (mut frames, mut orderly, mut without_normals, mut knocked) = (0, 0, 0, 0);
    for view in views(&site.rows) {
        if view.frames.len() < NORMALS + 2 {
            continue;
        }
        let mut look = |canvas: &Canvas, by| site.look(&cut(canvas, by));
        let reference = look(&view.reference, (0, 0));
        let (normals, others) = view.frames.split_at(NORMALS);
        let mut looks = vec![reference.clone()];
        for (at, normal) in normals.iter().enumerate() {
            // To the four corners, so that any way is as usual.
            let angle = (0.25 + 0.5 * at as f32) * std::f32::consts::PI;
            let far = std::f32::consts::SQRT_2 * TREMBLING;
            looks.push(look(normal, pixels(normal, far, angle)));
        }
        let (alone, trembling) = (baseline([reference]), baseline(looks));
        for frame in others.iter().take(FRAMES) {
            let mut is_moved = |baseline: &Baseline, share: f32, angle: f32| {
                let look = look(frame, pixels(frame, share, angle));
                usize::from(called(baseline, &look).0 == Kind::Moved)
            };
            let angle = chance.between(0.0, std::f32::consts::TAU);
            frames += 1;
            without_normals += is_moved(&alone, ORDERLY, angle);
            orderly += is_moved(&trembling, ORDERLY, angle);
            let level = chance.of(&[0.0, std::f32::consts::PI]);
            knocked += is_moved(&trembling, KNOCKED, level);
        }
    }
    println!(
        "of {frames} frames of trembling cameras {orderly} are called moved, without normal pictures {without_normals}; knocked, {knocked}"
    );
    assert!(orderly * 10 <= frames, "{orderly} of {frames}");
    assert!(without_normals * 2 > frames && knocked * 10 >= frames * 7);
}
