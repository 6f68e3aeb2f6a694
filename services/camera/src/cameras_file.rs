//! The file `cameras.toml`: which cameras there are. It is read strictly, and what is wrong is said with the line and with
//! what is right; never with what stands there, which may be a secret.

mod section;

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use camera_settings::CameraSpec;
use event_bus::Folder;
use strict_file::{Faults, FileError, StrictFile};
use toml::de::DeTable;

use section::Section;

/// Enough for thousands of cameras.
const MAX_BYTES: u64 = 4 * 1024 * 1024;

/// The file that says which cameras there are.
#[derive(Debug, Clone)]
pub struct CamerasFile(StrictFile);

impl CamerasFile {
    /// The file at this path.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        CamerasFile(StrictFile::new(path, "cameras", MAX_BYTES))
    }

    /// The cameras in it, with what the files hold that it names.
    ///
    /// # Errors
    /// When it or a file that it names can't be read, or something in it can't be.
    pub fn read(&self) -> Result<Vec<CameraSpec>, FileError> {
        self.0.parsed(&self.0.text()?, parse)
    }
}

/// The cameras in a text. Files that it names are sought from the folder `beside`.
fn parse(text: &str, beside: &Path) -> Result<Vec<CameraSpec>, Faults> {
    let table = DeTable::parse(text).map_err(|error| {
        let message = error.message().replace('\n', ", ");
        Faults::of_syntax(text, error.span(), format!("this is no TOML: {message}"))
    })?;
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
                faults.add(name.span(), Some(&called(name.get_ref())), message);
            }
            cameras.push(camera);
        }
    }
    faults.none_or(cameras)
}

/// The name of a camera in a fault.
fn called(name: &str) -> String {
    format!("camera {}", name.chars().take(64).collect::<String>())
}

#[cfg(test)]
mod tests;
