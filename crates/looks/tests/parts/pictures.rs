//! The pictures of parts that `FRAMEWATCH_CORPUS` names.

use std::path::{Path, PathBuf};

pub(crate) struct Row {
    pub(crate) path: PathBuf,
    pub(crate) set: String,
    pub(crate) scene: String,
    pub(crate) role: String,
}

/// All of the corpus; `None` without one.
pub(crate) fn rows() -> Option<Vec<Row>> {
    let corpus = std::env::var_os("FRAMEWATCH_CORPUS")?;
    let manifest = Path::new(&corpus).join("manifest.csv");
    let text = std::fs::read_to_string(&manifest).unwrap_or_else(|error| {
        panic!("FRAMEWATCH_CORPUS must name a folder with a manifest.csv: {error}")
    });
    let row = |line: &str| {
        let first: Vec<&str> = line.splitn(5, ',').collect();
        Row {
            path: Path::new(&corpus).join(first[0]),
            set: first[1].to_owned(),
            scene: first[2].to_owned(),
            role: first[3].to_owned(),
        }
    };
    Some(text.lines().skip(1).map(row).collect())
}
