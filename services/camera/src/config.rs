use std::path::PathBuf;

use anyhow::anyhow;
use clap::Args;
use service_runtime::Failure;

use crate::{CameraSpec, CamerasFile};

/// Which cameras to connect to.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Cameras")]
#[group(skip)]
pub struct Config {
    /// File with the cameras to connect to (docs/cameras.md); read again when it changes
    #[arg(long, env = "FRAMEWATCH_CAMERAS_TOML", value_name = "FILE")]
    pub cameras: Option<PathBuf>,
}

impl Config {
    /// The file, and the cameras in it.
    ///
    /// # Errors
    /// When none is named, it can't be used, or no camera is in it.
    pub fn load(&self) -> Result<(CamerasFile, Vec<CameraSpec>), Failure> {
        let path = self.cameras.as_ref().ok_or_else(|| {
            Failure::usage(anyhow!("there is no camera; name a file with --cameras (docs/cameras.md says what stands in it)"))
        })?;
        let file = CamerasFile::new(path);
        let cameras = file.read().map_err(Failure::usage)?;
        if cameras.is_empty() {
            return Err(Failure::usage(anyhow!(
                "{} has no camera; one begins with a line like [camera.gate]",
                path.display()
            )));
        }
        Ok((file, cameras))
    }
}
