//! Real pictures, where there are some: the folder that `FRAMEWATCH_CORPUS` names, with a `manifest.csv` whose first
//! columns are path, set, scene and role. Passes without it.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use fingerprint::Fingerprint;

/// What any picture may take, in a build with debug assertions on a busy machine. Usual are milliseconds.
const LONGEST: Duration = Duration::from_secs(10);

struct Entry {
    path: PathBuf,
    odd: bool,
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
            odd: columns[3] == "odd",
        }
    };
    text.lines()
        .skip(1)
        .filter(|line| !line.is_empty())
        .map(entry)
        .collect()
}

fn read(path: &Path) -> Result<Fingerprint, fingerprint::Error> {
    let bytes = std::fs::read(path).expect("the manifest lists only files that exist");
    let start = Instant::now();
    let result = fingerprint::of(&bytes);
    assert!(
        start.elapsed() < LONGEST,
        "{path:?} took {:?}",
        start.elapsed()
    );
    result
}

#[test]
fn every_ordinary_picture_is_read() {
    for entry in entries().iter().filter(|entry| !entry.odd) {
        if let Err(error) = read(&entry.path) {
            panic!("{:?}: {error}", entry.path);
        }
    }
}

#[test]
fn odd_pictures_get_an_answer_in_bounded_time() {
    for entry in entries().iter().filter(|entry| entry.odd) {
        if let Err(error) = read(&entry.path) {
            assert!(!error.to_string().is_empty());
        }
    }
}
