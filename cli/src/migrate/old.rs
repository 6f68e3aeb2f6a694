//! What an installation of the system that this one replaces has on disk.

use std::{
    cmp::Ordering,
    fs, io,
    path::{Path, PathBuf},
    time::SystemTime,
};

use cctv_sim::source::content_type;
use event_bus::Folder;

/// An installation: `uploads/<folder>/…` has the pictures that people uploaded, `cctv_inputs/<folder>/…` those of cameras.
#[derive(Debug)]
pub(super) struct Installation {
    pub(super) folders: Vec<OldFolder>,
    /// Where the pictures of cameras are, if there are any.
    pub(super) camera_inputs: Option<PathBuf>,
    /// Folders whose names cannot be kept.
    pub(super) misnamed: Vec<PathBuf>,
}

/// The pictures of a folder that people uploaded, the oldest first.
#[derive(Debug)]
pub(super) struct OldFolder {
    pub(super) folder: Folder,
    pub(super) pictures: Vec<OldPicture>,
    pub(super) unreadable: Vec<Unreadable>,
}

/// A file or a folder that cannot be read, and why.
#[derive(Debug)]
pub(super) struct Unreadable {
    pub(super) path: PathBuf,
    pub(super) source: io::Error,
}

#[derive(Debug)]
pub(super) struct OldPicture {
    pub(super) path: PathBuf,
    pub(super) bytes: u64,
    modified: SystemTime,
}

/// The setting `SIMILARITY_THRESHOLD`, and the file that has it.
#[derive(Debug, PartialEq)]
pub(super) struct Threshold {
    pub(super) value: f64,
    pub(super) path: PathBuf,
}

/// Why there is nothing to migrate.
#[derive(Debug, thiserror::Error)]
pub(super) enum OldError {
    #[error("cannot read {}", path.display())]
    Read {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error(
        "{} has neither a folder uploads nor cctv_inputs; give the folder of the old system, which has its docker-compose.yml",
        path.display()
    )]
    Nothing { path: PathBuf },
    #[error(
        "SIMILARITY_THRESHOLD in {} is {value}; it must be a number from 0 to 1: give --threshold",
        path.display()
    )]
    Threshold { path: PathBuf, value: String },
}

const COMPOSE_FILES: [&str; 4] = [
    "docker-compose.yml",
    "docker-compose.yaml",
    "compose.yml",
    "compose.yaml",
];

const SETTING: &str = "SIMILARITY_THRESHOLD";

/// Below a folder of pictures: dates had folders of their own.
const DEEPEST: usize = 3;

impl Installation {
    /// Reads what is in this folder.
    pub(super) fn read(root: &Path) -> Result<Self, OldError> {
        let (uploads, inputs) = (root.join("uploads"), root.join("cctv_inputs"));
        // A folder that is not there is told from one that may not be read.
        entries(root)?;
        if !uploads.is_dir() && !inputs.is_dir() {
            return Err(OldError::Nothing {
                path: root.to_owned(),
            });
        }
        let (mut folders, mut misnamed) = (Vec::new(), Vec::new());
        if uploads.is_dir() {
            for path in entries(&uploads)?.into_iter().filter(|path| path.is_dir()) {
                match folder_of(&path) {
                    Some(folder) => folders.push(OldFolder::read(folder, &path)),
                    None => misnamed.push(path),
                }
            }
        }
        Ok(Installation {
            folders,
            camera_inputs: inputs.is_dir().then_some(inputs),
            misnamed,
        })
    }
}

fn folder_of(path: &Path) -> Option<Folder> {
    path.file_name()?.to_str()?.parse().ok()
}

/// Files that were copied with one time for all are told apart by their names.
fn by_age(one: &OldPicture, other: &OldPicture) -> Ordering {
    (one.modified, &one.path).cmp(&(other.modified, &other.path))
}

impl OldFolder {
    fn read(folder: Folder, dir: &Path) -> Self {
        let mut read = OldFolder {
            folder,
            pictures: Vec::new(),
            unreadable: Vec::new(),
        };
        read.add_all(dir, DEEPEST);
        read.pictures.sort_by(by_age);
        read
    }

    fn add_all(&mut self, dir: &Path, deepest: usize) {
        match entries(dir) {
            Ok(paths) => paths.into_iter().for_each(|path| self.add(path, deepest)),
            Err(OldError::Read { path, source }) => {
                self.unreadable.push(Unreadable { path, source });
            }
            Err(_) => {}
        }
    }

    fn add(&mut self, path: PathBuf, deepest: usize) {
        if path.is_dir() {
            if deepest > 0 {
                self.add_all(&path, deepest - 1);
            }
            return;
        }
        if content_type(&path).is_none() {
            return;
        }
        match fs::metadata(&path).and_then(|it| Ok((it.is_file(), it.len(), it.modified()?))) {
            Ok((true, bytes, modified)) => self.pictures.push(OldPicture {
                path,
                bytes,
                modified,
            }),
            Ok(_) => {}
            Err(source) => self.unreadable.push(Unreadable { path, source }),
        }
    }
}

impl OldPicture {
    pub(super) fn name(&self) -> String {
        let name = self.path.file_name().unwrap_or_default();
        name.to_string_lossy().into_owned()
    }
}

/// What is in a folder, by name.
fn entries(dir: &Path) -> Result<Vec<PathBuf>, OldError> {
    let read = fs::read_dir(dir).and_then(|entries| {
        let paths = entries.map(|entry| Ok(entry?.path()));
        paths.collect::<io::Result<Vec<_>>>()
    });
    let mut paths = read.map_err(|source| OldError::Read {
        path: dir.to_owned(),
        source,
    })?;
    paths.sort();
    Ok(paths)
}

/// The setting, as Compose and the programs see it: what stands in the compose file; what `.env` has, where that asks for it by
/// `${…}`; what it says if `.env` has nothing; and a program's own default.
pub(super) fn threshold(root: &Path) -> Result<Option<Threshold>, OldError> {
    let compose = COMPOSE_FILES.map(|name| root.join(name));
    let env = [root.join(".env")];
    let programs = programs(root)?;
    let in_order = [
        find(&compose, |line| !line.contains("${")),
        find(&env, |_| true),
        find(&compose, |_| true),
        find(&programs, |_| true),
    ];
    let Some((path, value)) = in_order.into_iter().flatten().next() else {
        return Ok(None);
    };
    match upload::parse_threshold(&value) {
        Ok(value) => Ok(Some(Threshold { value, path })),
        Err(_) => Err(OldError::Threshold { path, value }),
    }
}

/// The first of these files that has the setting in a line for which this holds, and its value.
fn find(files: &[PathBuf], counts: impl Fn(&str) -> bool) -> Option<(PathBuf, String)> {
    files.iter().find_map(|path| {
        let text = fs::read(path).ok()?;
        let text = String::from_utf8_lossy(&text);
        let value = text.lines().filter(|line| counts(line)).find_map(setting)?;
        Some((path.clone(), value))
    })
}

/// The Python files there, and one folder below.
fn programs(root: &Path) -> Result<Vec<PathBuf>, OldError> {
    let mut programs = Vec::new();
    for path in entries(root)? {
        let is_data = path.ends_with("uploads") || path.ends_with("cctv_inputs");
        match path.is_dir() {
            true if !is_data => programs.extend(entries(&path).unwrap_or_default()),
            true => {}
            false => programs.push(path),
        }
    }
    programs.retain(|path| path.extension().is_some_and(|extension| extension == "py"));
    Ok(programs)
}

/// The number that follows the setting's name in a line that is no comment, as in `SIMILARITY_THRESHOLD: "0.9"` or
/// `float(os.getenv("SIMILARITY_THRESHOLD", 0.9))`.
fn setting(line: &str) -> Option<String> {
    let is_between = |c: char| c.is_whitespace() || "\"':=,()[-".contains(c);
    let is_of_number = |c: &char| c.is_ascii_digit() || *c == '.';
    let (before, after) = line.rsplit_once(SETTING)?;
    let number = after.trim_start_matches(is_between);
    let number: String = number.chars().take_while(is_of_number).collect();
    (!before.trim_start().starts_with('#') && !number.is_empty()).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_setting_is_found_as_people_write_it() {
        for (text, value) in [
            ("SIMILARITY_THRESHOLD=0.85", Some("0.85")),
            ("  - SIMILARITY_THRESHOLD=0.8 # stricter", Some("0.8")),
            ("  SIMILARITY_THRESHOLD: \"0.7\"\n", Some("0.7")),
            (
                "  SIMILARITY_THRESHOLD: ${SIMILARITY_THRESHOLD:-0.95}",
                Some("0.95"),
            ),
            (
                "T = float(os.getenv('SIMILARITY_THRESHOLD', '0.9'))",
                Some("0.9"),
            ),
            ("SIMILARITY_THRESHOLD = 1.7", Some("1.7")),
            ("# SIMILARITY_THRESHOLD=0.5", None),
            ("SIMILARITY_THRESHOLD: ${SIMILARITY_THRESHOLD}", None),
            ("if similarity < SIMILARITY_THRESHOLD:", None),
        ] {
            assert_eq!(setting(text).as_deref(), value, "{text}");
        }
    }
}
