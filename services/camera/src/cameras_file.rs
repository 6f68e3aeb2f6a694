//! The file `cameras.toml`: which cameras there are. It is read strictly, and what is wrong is said with the line and with
//! what is right; never with what stands there, which may be a secret.

mod fault;
mod section;

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
};

use camera_settings::CameraSpec;
use event_bus::Folder;
use toml::de::DeTable;

pub use fault::{Fault, Faults};
use section::Section;

/// Enough for thousands of cameras.
const MAX_BYTES: u64 = 4 * 1024 * 1024;

/// The file that says which cameras there are.
#[derive(Debug, Clone)]
pub struct CamerasFile(PathBuf);

/// Why it can't be used.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// It can't be read.
    #[error("cannot read the cameras in {}", path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// It isn't as it must be.
    #[error("{}: {faults}", path.display())]
    Wrong {
        /// Which.
        path: PathBuf,
        /// All that is wrong.
        faults: Faults,
    },
}

impl CamerasFile {
    /// The file at this path.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        CamerasFile(path.into())
    }

    /// The cameras in it, with what the files hold that it names.
    ///
    /// # Errors
    /// When it or a file that it names can't be read, or something in it can't be.
    pub fn read(&self) -> Result<Vec<CameraSpec>, FileError> {
        let text = self.text().map_err(|source| FileError::Read {
            path: self.0.clone(),
            source,
        })?;
        let beside = self.0.parent().unwrap_or(Path::new(""));
        parse(&text, beside).map_err(|faults| FileError::Wrong {
            path: self.0.clone(),
            faults,
        })
    }

    fn text(&self) -> io::Result<String> {
        if fs::metadata(&self.0)?.len() > MAX_BYTES {
            let message = format!("it has more than {MAX_BYTES} bytes");
            return Err(io::Error::new(io::ErrorKind::FileTooLarge, message));
        }
        fs::read_to_string(&self.0)
    }
}

/// The cameras in a text. Files that it names are sought from the folder `beside`.
fn parse(text: &str, beside: &Path) -> Result<Vec<CameraSpec>, Faults> {
    let table = DeTable::parse(text).map_err(|error| Faults::of_syntax(text, &error))?;
    let mut faults = Faults::new(text);
    let mut cameras: Vec<CameraSpec> = Vec::new();
    let mut of_folders: BTreeMap<Folder, Folder> = BTreeMap::new();
    for (key, value) in table.get_ref() {
        let tables = value.get_ref().as_table();
        let (true, Some(tables)) = (key.get_ref() == "camera", tables) else {
            faults.add(
                key.span(),
                None,
                "a camera begins with a line like [camera.gate]",
            );
            continue;
        };
        for (name, settings) in tables {
            let Some(camera) = Section::read(name, settings, beside, &mut faults) else {
                continue;
            };
            let other = of_folders.insert(camera.folder.clone(), camera.name.clone());
            if let Some(other) = other {
                let message = format!(
                    "its folder {} is that of the camera {other} as well: give it a folder = \"…\" of its own",
                    camera.folder
                );
                faults.add(name.span(), Some(name.get_ref()), message);
            }
            cameras.push(camera);
        }
    }
    faults.none_or(cameras)
}

#[cfg(test)]
mod tests;
