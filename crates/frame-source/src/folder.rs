//! The pictures in a folder.

use std::fs;
use std::io::{
    self,
    ErrorKind::{NotFound, PermissionDenied},
};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use tokio::task::spawn_blocking;

/// One file with the extension of a picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Where it is.
    pub path: PathBuf,
    /// The state in which it was found.
    pub stamp: Stamp,
}

/// What tells one state of a file from another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Stamp {
    /// When it was written last.
    pub modified: SystemTime,
    /// How many bytes it has.
    pub len: u64,
}

/// Below a folder that is listed with what is below it: dates have folders of their own, and so may hours.
const DEEPEST: usize = 4;

/// The pictures of the folder, sorted by name; files that vanish meanwhile are left out.
///
/// # Errors
/// When the folder cannot be read.
pub async fn list(dir: &Path) -> io::Result<Vec<Entry>> {
    let dir = dir.to_owned();
    spawn_blocking(move || read(&dir, 0)).await?
}

/// The same, with the pictures of the folders below it.
pub(crate) async fn list_all(dir: &Path) -> io::Result<Vec<Entry>> {
    let dir = dir.to_owned();
    spawn_blocking(move || read(&dir, DEEPEST)).await?
}

/// The type that goes with a file's extension; none if it is not a picture's.
pub fn content_type(path: &Path) -> Option<&'static str> {
    let extension = path.extension()?.to_str()?.to_ascii_lowercase();
    match extension.as_str() {
        "jpg" | "jpeg" => Some("image/jpeg"),
        "png" => Some("image/png"),
        "webp" => Some("image/webp"),
        "gif" => Some("image/gif"),
        "bmp" => Some("image/bmp"),
        _ => None,
    }
}

fn read(dir: &Path, deepest: usize) -> io::Result<Vec<Entry>> {
    let mut entries = Vec::new();
    add(dir, deepest, &mut entries)?;
    entries.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(entries)
}

fn add_below(dir: &Path, deepest: usize, entries: &mut Vec<Entry>) -> io::Result<()> {
    match deepest {
        0 => Ok(()),
        deepest => add(dir, deepest - 1, entries),
    }
}

fn add(dir: &Path, deepest: usize, entries: &mut Vec<Entry>) -> io::Result<()> {
    for file in fs::read_dir(dir)? {
        let file = file?;
        let path = file.path();
        // A link to a folder is not followed: it may lead back.
        if file.file_type()?.is_dir() {
            match add_below(&path, deepest, entries) {
                // It has gone meanwhile, or is nobody's but the system's: it has no pictures. After any other error it might
                // seem that files had gone, which came again as new ones.
                Err(error) if matches!(error.kind(), NotFound | PermissionDenied) => continue,
                listed => listed?,
            }
            continue;
        }
        if content_type(&path).is_none() {
            continue;
        }
        let Ok(metadata) = fs::metadata(&path) else {
            continue;
        };
        if metadata.is_file() {
            let stamp = Stamp {
                modified: metadata.modified()?,
                len: metadata.len(),
            };
            entries.push(Entry { path, stamp });
        }
    }
    Ok(())
}
