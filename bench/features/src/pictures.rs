//! The pictures on which the two are compared.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use features::Input;

/// How many of the corpus are taken, spread over it.
const REAL: usize = 60;

/// Drawn ones, then real ones where `FRAMEWATCH_CORPUS` names a folder.
pub(crate) fn all() -> anyhow::Result<Vec<Input>> {
    let mut pictures = (0..4).map(drawn).collect::<Result<Vec<_>, _>>()?;
    if let Some(corpus) = std::env::var_os("FRAMEWATCH_CORPUS") {
        let mut files = Vec::new();
        collect(Path::new(&corpus), &mut files)?;
        files.sort();
        let step = files.len().div_ceil(REAL).max(1);
        pictures.extend(files.iter().step_by(step).filter_map(|file| read(file)));
    }
    Ok(pictures)
}

/// Slopes, rings and noise.
fn drawn(seed: usize) -> Result<Input, features::Error> {
    let (width, height) = (640 + 160 * seed, 480 + 40 * seed);
    let mut noise = seed as u32 + 1;
    let mut pixels = Vec::with_capacity(3 * width * height);
    for index in 0..width * height {
        let (x, y) = (index % width, index / width);
        let ring = ((x * x + y * y) / (3000 + 700 * seed)) % 2 * 60;
        for color in 0..3 {
            noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let level =
                (x * (color + 1) + y * (3 - color)) / 16 % 160 + ring + (noise >> 29) as usize;
            pixels.push(level as u8);
        }
    }
    Input::from_rgb(&pixels, width, height)
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> anyhow::Result<()> {
    for entry in std::fs::read_dir(folder).with_context(|| folder.display().to_string())? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, files)?;
        } else {
            files.push(path);
        }
    }
    Ok(())
}

/// Nothing of what is no picture.
fn read(file: &Path) -> Option<Input> {
    let picture = image::open(file).ok()?.into_rgb8();
    Input::from_rgb(
        &picture,
        picture.width() as usize,
        picture.height() as usize,
    )
    .ok()
}
