//! Tests on real pictures, where there are some: the folder that `FRAMEWATCH_CORPUS` names, with a `manifest.csv` whose
//! first columns are path, set, scene and role. They pass without it.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::luma::Luma;
use crate::resample::{Lines, Resampler};
use crate::{Encoded, Error, Fingerprint, Limits, phash};

/// What any picture may take, in a build with debug assertions on a busy machine. Usual are milliseconds.
const LONGEST: Duration = Duration::from_secs(10);

/// The similarity at which alerts fire where no rule says otherwise.
const THRESHOLD: f64 = 0.9;

struct Entry {
    path: PathBuf,
    set: String,
    scene: String,
    role: String,
}

fn entries() -> Vec<Entry> {
    let Some(corpus) = std::env::var_os("FRAMEWATCH_CORPUS") else {
        return Vec::new();
    };
    let manifest = Path::new(&corpus).join("manifest.csv");
    let text = std::fs::read_to_string(&manifest).unwrap_or_else(|error| {
        panic!("FRAMEWATCH_CORPUS must name a folder with a manifest.csv: {manifest:?}: {error}")
    });
    let entry = |line: &str| {
        let columns: Vec<_> = line.splitn(5, ',').collect();
        Entry {
            path: Path::new(&corpus).join(columns[0]),
            set: columns[1].to_owned(),
            scene: columns[2].to_owned(),
            role: columns[3].to_owned(),
        }
    };
    let lines = text.lines().skip(1).filter(|line| !line.is_empty());
    lines.map(entry).collect()
}

fn bytes(path: &Path) -> Vec<u8> {
    std::fs::read(path).expect("the manifest lists only files that exist")
}

fn read(path: &Path) -> Result<Fingerprint, Error> {
    let start = Instant::now();
    let result = crate::of(&bytes(path));
    let taken = start.elapsed();
    assert!(taken < LONGEST, "{path:?} took {taken:?}");
    result
}

/// The fingerprint with the hash that `imagehash.phash` has of the whole picture.
fn of_whole_picture(path: &Path) -> Fingerprint {
    let bytes = bytes(path);
    let encoded = Encoded::open(&bytes, Limits::default()).expect("it is a picture");
    let luma = Luma::new(encoded.decode().expect("it can be decoded"));
    let mut upright = Luma::default();
    upright.turn(&luma, encoded.orientation());
    let mut columns = Lines::default();
    columns.take_columns(&upright);
    let square = Resampler::<32>::default().square(&columns, upright.width, upright.height);
    let [phash] = phash::hash::<32, 8, 1>(&square);
    Fingerprint {
        phash,
        ..read(path).expect("it is a picture")
    }
}

#[test]
fn every_ordinary_picture_is_read() {
    for entry in entries().iter().filter(|entry| entry.role != "odd") {
        if let Err(error) = read(&entry.path) {
            panic!("{:?}: {error}", entry.path);
        }
    }
}

#[test]
fn odd_pictures_get_an_answer_in_bounded_time() {
    for entry in entries().iter().filter(|entry| entry.role == "odd") {
        if let Err(error) = read(&entry.path) {
            assert!(!error.to_string().is_empty());
        }
    }
}

/// The thumbnail's hash stands for the whole picture's: at most 2 bits apart, and the same decision, for 99 of 100.
#[test]
fn thumbnails_stand_for_whole_pictures() {
    let entries = entries();
    let ordinary: Vec<_> = entries.iter().filter(|entry| entry.role != "odd").collect();
    let prints: Vec<_> = ordinary
        .iter()
        .map(|entry| {
            let print = read(&entry.path).expect("it is a picture");
            (print, of_whole_picture(&entry.path))
        })
        .collect();
    let near = prints
        .iter()
        .filter(|(print, whole)| (print.phash ^ whole.phash).count_ones() <= 2);
    assert!(near.count() * 100 >= ordinary.len() * 99);

    let (mut pairs, mut alike) = (0, 0);
    let is_reference = |entry: &Entry| entry.role == "reference";
    let with_prints = || ordinary.iter().zip(&prints);
    for (reference, of_reference) in with_prints().filter(|(entry, _)| is_reference(entry)) {
        let is_compared = |entry: &Entry| {
            !is_reference(entry)
                && (&entry.set, &entry.scene) == (&reference.set, &reference.scene)
                && entry.path.parent() == reference.path.parent()
        };
        for (_, of_frame) in with_prints().filter(|(entry, _)| is_compared(entry)) {
            let matches = of_reference.0.similarity(&of_frame.0) >= THRESHOLD;
            let whole_matches = of_reference.1.similarity(&of_frame.1) >= THRESHOLD;
            pairs += 1;
            alike += usize::from(matches == whole_matches);
        }
    }
    assert!(alike * 100 >= pairs * 99, "{alike} of {pairs}");
}
