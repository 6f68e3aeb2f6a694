//! Settings: which cameras to connect to.

use std::path::PathBuf;

use anyhow::anyhow;
use camera_settings::CameraSpec;
use clap::Args;
use service_runtime::Failure;

use crate::{CamerasFile, wanted::ByApi};

/// Which cameras to connect to.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Cameras")]
#[group(skip)]
pub struct Config {
    /// File with the cameras to connect to (docs/cameras.md); read again when it changes
    #[arg(long, env = "FRAMEWATCH_CAMERAS_TOML", value_name = "FILE")]
    pub cameras: Option<PathBuf>,

    /// Those that are set by API, whose settings are the process's.
    #[arg(skip)]
    pub by_api: camera_settings::Config,

    /// Whether there may be other copies.
    #[arg(skip)]
    pub copies: Copies,
}

/// Whether other copies of the service may have the same cameras.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Copies {
    /// There may be: each camera is connected to by one of them.
    #[default]
    Several,
    /// There is none: nobody is asked.
    One,
}

/// The cameras of the file, and what is needed for those that are set by API.
#[derive(Debug)]
pub struct Cameras {
    pub(crate) file: Option<CamerasFile>,
    pub(crate) of_file: Vec<CameraSpec>,
    pub(crate) by_api: Option<ByApi>,
    pub(crate) copies: Copies,
}

impl Config {
    /// The cameras to connect to.
    ///
    /// # Errors
    /// When what is named can't be used, or there could be no camera.
    pub fn load(&self) -> Result<Cameras, Failure> {
        let networks = self.by_api.networks();
        let key = self.by_api.key().map_err(Failure::usage)?;
        let by_api = key.map(|key| ByApi { key, networks });
        // A variable that is set to nothing says nothing.
        let named = self.cameras.as_ref();
        let named = named.filter(|path| !path.as_os_str().is_empty());
        let Some(path) = named else {
            return match by_api {
                Some(by_api) => Ok(Cameras {
                    file: None,
                    of_file: Vec::new(),
                    by_api: Some(by_api),
                    copies: self.copies,
                }),
                None => Err(Failure::usage(anyhow!(
                    "there is no camera; name a file with --cameras (docs/cameras.md says what stands in it), or with \
                     --camera-key-file the key of cameras that are set by API"
                ))),
            };
        };
        let file = CamerasFile::new(path);
        let of_file = file.read().map_err(Failure::usage)?;
        if of_file.is_empty() && by_api.is_none() {
            return Err(Failure::usage(anyhow!(
                "{} has no camera; one begins with a line like [camera.gate]",
                path.display()
            )));
        }
        Ok(Cameras {
            file: Some(file),
            of_file,
            by_api,
            copies: self.copies,
        })
    }
}
