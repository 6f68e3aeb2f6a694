//! The corpus's anomalies, each after its reference.

use std::path::{Path, PathBuf};

/// A reference and a frame of the same folder of pictures.
pub(crate) struct Pair {
    pub(crate) reference: PathBuf,
    pub(crate) frame: PathBuf,
    pub(crate) is_anomaly: bool,
}

/// What cameras see; the other sets are of products and photographs.
const SETS: [&str; 5] = ["cctv", "tamper", "objects", "webcam", "wrong-camera"];

/// `None` without a corpus.
pub(crate) fn pairs() -> Option<Vec<Pair>> {
    let Some(corpus) = std::env::var_os("FRAMEWATCH_CORPUS") else {
        println!("left out: FRAMEWATCH_CORPUS is not set");
        return None;
    };
    let corpus = Path::new(&corpus);
    let manifest = std::fs::read_to_string(corpus.join("manifest.csv")).unwrap();
    let rows: Vec<Vec<&str>> = manifest
        .lines()
        .skip(1)
        .map(|line| line.splitn(5, ',').collect())
        .filter(|row: &Vec<&str>| SETS.contains(&row[1]))
        .collect();
    let folder = |row: &[&str]| Path::new(row[0]).parent().unwrap().to_owned();
    let pair = |row: &Vec<&str>| {
        let is_reference = |other: &&Vec<&str>| {
            other[3] == "reference" && folder(other) == folder(row) && other[2] == row[2]
        };
        let reference = rows.iter().find(is_reference)?;
        Some(Pair {
            reference: corpus.join(reference[0]),
            frame: corpus.join(row[0]),
            is_anomaly: row[3] == "anomaly",
        })
    };
    let frames = rows
        .iter()
        .filter(|row| ["benign", "anomaly"].contains(&row[3]));
    Some(frames.filter_map(pair).collect())
}
