//! Real pictures, where the variable `FRAMEWATCH_CORPUS` names a folder of them with a `manifest.csv`.

use std::path::PathBuf;

use anyhow::Context as _;

/// The ordinary pictures, or those of other roles too. None without the variable.
///
/// # Errors
/// When the manifest or a picture can't be read.
pub fn pictures(with_odd: bool) -> anyhow::Result<Vec<(PathBuf, Vec<u8>)>> {
    let Some(corpus) = std::env::var_os("FRAMEWATCH_CORPUS").map(PathBuf::from) else {
        return Ok(Vec::new());
    };
    let manifest = corpus.join("manifest.csv");
    let text = std::fs::read_to_string(&manifest)
        .with_context(|| format!("FRAMEWATCH_CORPUS has no {}", manifest.display()))?;
    let mut pictures = Vec::new();
    for line in text.lines().skip(1).filter(|line| !line.is_empty()) {
        let mut columns = line.split(',');
        let path = corpus.join(columns.next().unwrap_or_default());
        if with_odd || columns.nth(2) != Some("odd") {
            let bytes = std::fs::read(&path).with_context(|| path.display().to_string())?;
            pictures.push((path, bytes));
        }
    }
    Ok(pictures)
}
