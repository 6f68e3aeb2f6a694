//! The real pictures that `FRAMEWATCH_CORPUS` names, and what is known of them.

use std::path::{Path, PathBuf};

use crate::{canvas::Canvas, table::Truth};

pub(crate) struct Row {
    pub(crate) path: PathBuf,
    pub(crate) set: String,
    pub(crate) scene: String,
    pub(crate) role: String,
    pub(crate) condition: String,
}

const CAMERA: [&str; 5] = ["cctv", "tamper", "objects", "webcam", "wrong-camera"];
/// Single photographs of things that no camera watches.
const UNLIKELY: [&str; 11] = [
    "imagehash",
    "text",
    "moon",
    "horse",
    "grass",
    "gravel",
    "clock",
    "color",
    "logo",
    "phantom",
    "page",
];

/// All of it; `None` without a corpus.
pub(crate) fn rows() -> Option<Vec<Row>> {
    let corpus = std::env::var_os("FRAMEWATCH_CORPUS")?;
    let manifest = Path::new(&corpus).join("manifest.csv");
    let text = std::fs::read_to_string(&manifest).unwrap_or_else(|error| {
        panic!("FRAMEWATCH_CORPUS must name a folder with a manifest.csv: {error}")
    });
    let row = |line: &str| {
        let first: Vec<&str> = line.splitn(5, ',').collect();
        // Width and height come last; only the note before the condition may have commas.
        let condition = line.rsplit(',').nth(2).unwrap_or_default();
        Row {
            path: Path::new(&corpus).join(first[0]),
            set: first[1].to_owned(),
            scene: format!("{}/{}", first[1], first[2]),
            role: first[3].to_owned(),
            condition: condition.to_owned(),
        }
    };
    Some(text.lines().skip(1).map(row).collect())
}

/// A frame and its reference: that in the same folder, where a scene has several.
pub(crate) fn pairs(rows: &[Row]) -> Vec<(&Row, &Row)> {
    let frames = rows.iter().filter(|row| {
        CAMERA.contains(&row.set.as_str()) && ["benign", "anomaly"].contains(&row.role.as_str())
    });
    let pair = |frame| -> Option<(&Row, &Row)> {
        let frame: &Row = frame;
        let of_scene = || {
            rows.iter()
                .filter(|it| it.role == "reference" && it.scene == frame.scene)
        };
        let beside = of_scene().find(|it| it.path.parent() == frame.path.parent());
        Some((beside.or_else(|| of_scene().next())?, frame))
    };
    frames.filter_map(pair).collect()
}

/// What a frame should be called; `None` for harmless ones.
pub(crate) fn truth(row: &Row) -> Option<Truth> {
    match row.condition.as_str() {
        _ if row.role != "anomaly" => None,
        "covered" => Some(Truth::Covered),
        "moved" => Some(Truth::Moved),
        "defocused" => Some(Truth::Blurred),
        "other-scene" => Some(Truth::Different),
        _ => Some(Truth::Changed),
    }
}

/// Views to draw incidents in: a reference, and a later frame in which nothing is wrong.
pub(crate) struct Source {
    pub(crate) scene: String,
    pub(crate) views: Vec<(PathBuf, PathBuf)>,
}

pub(crate) fn sources(rows: &[Row]) -> Vec<Source> {
    let mut sources: Vec<Source> = Vec::new();
    let is_day = |it: &&(&Row, &Row)| it.1.role == "benign" && it.1.condition != "night";
    for (reference, frame) in pairs(rows).iter().filter(is_day) {
        let view = (reference.path.clone(), frame.path.clone());
        match sources.iter_mut().find(|it| it.scene == frame.scene) {
            Some(source) => source.views.push(view),
            None => sources.push(Source {
                scene: frame.scene.clone(),
                views: vec![view],
            }),
        }
    }
    let singles = rows.iter().filter(|row| {
        let path = row.path.to_string_lossy();
        row.set == "photos-single" && !UNLIKELY.iter().any(|it| path.contains(it))
    });
    sources.extend(singles.map(|row| Source {
        scene: row.scene.clone(),
        views: vec![(row.path.clone(), row.path.clone())],
    }));
    sources
}

/// A picture, upright, not larger than 1000 pixels on a side.
pub(crate) fn load(path: &Path) -> Canvas {
    let bytes = std::fs::read(path).unwrap();
    let encoded = fingerprint::Encoded::open(&bytes, fingerprint::Limits::default()).unwrap();
    let mut picture = encoded.decode().unwrap();
    picture.apply_orientation(encoded.orientation());
    Canvas::of(&picture.into_rgb8()).at_most(1000)
}

/// Things that were cut out of real frames, each with the share of it that every pixel is.
pub(crate) fn things(rows: &[Row]) -> Vec<(String, Canvas, Vec<f32>)> {
    let mut things: Vec<(String, Canvas, Vec<f32>)> = Vec::new();
    for (reference, frame) in pairs(rows) {
        let of_scene = things.iter().filter(|it| it.0 == frame.scene).count();
        let is_of_use = frame.condition == "large-object" && !frame.scene.contains("courbevoie");
        if !is_of_use || of_scene >= 5 {
            continue;
        }
        let (before, now) = (load(&reference.path), load(&frame.path));
        if (before.wide, before.high) == (now.wide, now.high) {
            let cut = cut_out(&before, &now).into_iter();
            things.extend(
                cut.take(5 - of_scene)
                    .map(|(thing, share)| (frame.scene.clone(), thing, share)),
            );
        }
    }
    things
}

fn cut_out(before: &Canvas, now: &Canvas) -> Vec<(Canvas, Vec<f32>)> {
    let (wide, high) = (now.wide, now.high);
    let difference = now.clone().with(|x, y, pixel| {
        let other = before.pixels[y * wide + x];
        let most = (0..3)
            .map(|it| (pixel[it] - other[it]).abs())
            .fold(0.0, f32::max);
        [most; 3]
    });
    // Blurred twice, the second time for small gaps to close.
    let blurred = difference.blurred(2.0);
    let marked = blurred
        .with(|_, _, it| if it[0] > 28.0 { [255.0; 3] } else { [0.0; 3] })
        .blurred(2.0);
    let mut left: Vec<bool> = marked.pixels.iter().map(|it| it[0] > 100.0).collect();
    let mut cut = Vec::new();
    for start in 0..left.len() {
        let (mut to_see, mut of) = (vec![start], Vec::new());
        while let Some(at) = to_see.pop() {
            if !std::mem::take(&mut left[at]) {
                continue;
            }
            of.push(at);
            let (x, y) = (at % wide, at / wide);
            let beside = [
                (x > 0, at.wrapping_sub(1)),
                (x + 1 < wide, at + 1),
                (y > 0, at.wrapping_sub(wide)),
                (y + 1 < high, at + wide),
            ];
            to_see.extend(beside.into_iter().filter(|it| it.0).map(|it| it.1));
        }
        let share = of.len() as f32 / (wide * high) as f32;
        if !(0.004..0.15).contains(&share) {
            continue;
        }
        let ends = |by: fn(usize, usize) -> usize| {
            let all = of.iter().map(|&at| by(at, wide));
            (all.clone().min().unwrap(), all.max().unwrap() + 1)
        };
        let (left, right) = ends(|at, wide| at % wide);
        let (top, bottom) = ends(|at, wide| at / wide);
        if (of.len() as f32) < 0.45 * ((right - left) * (bottom - top)) as f32 {
            continue;
        }
        let of: std::collections::HashSet<usize> = of.into_iter().collect();
        let places = || (top..bottom).flat_map(|y| (left..right).map(move |x| y * wide + x));
        let thing = Canvas {
            wide: right - left,
            high: bottom - top,
            pixels: places().map(|at| now.pixels[at]).collect(),
        };
        cut.push((
            thing,
            places()
                .map(|at| f32::from(u8::from(of.contains(&at))))
                .collect(),
        ));
    }
    cut
}
