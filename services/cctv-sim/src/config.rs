//! Settings: which cameras to simulate.

use std::path::PathBuf;

use anyhow::Context as _;
use clap::Args;
use service_runtime::Failure;

use crate::CameraSpec;

/// Which cameras to simulate.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Cameras", after_help = SPECIFICATIONS)]
#[group(skip)]
pub struct Config {
    /// A camera, as FOLDER=SOURCE[,KEY=VALUE…]; can be given several times (in the variable, one a line)
    #[arg(
        long = "camera",
        env = "FRAMEWATCH_CAMERAS",
        value_delimiter = '\n',
        value_name = "SPEC"
    )]
    pub cameras: Vec<CameraSpec>,

    /// File with one camera a line; a line that begins with `#` is a comment
    #[arg(long, env = "FRAMEWATCH_CAMERAS_FILE", value_name = "FILE")]
    pub cameras_file: Option<PathBuf>,
}

const SPECIFICATIONS: &str = "\
Cameras: FOLDER=SOURCE[,KEY=VALUE…]
  SOURCE  drawn:SCENE     dock, shelf, conveyor, corridor, carpark, panel
          pictures:DIR    files of a folder
          video:FILE      through ffmpeg
  KEY     name=NAME       the camera's name [default: the folder]
          rate=R          frames a second, 0.01 to 120 [default: 1]
          size=WxH        e.g. 1280x720
          quality=Q       JPEG quality, 1 to 100 [default: 85]
          seed=N          of a drawn scene
          order=sorted|newest, repeat=loop|once, watch    of pictures
          incident=KIND@START+DURATION[/EVERY], several times; KIND is covered, turned, defocused, dark,
                          object-missing, object-added, frozen or silent; e.g. covered@20s+15s/2m
Example:
  framewatch-cctv-sim --camera folder1=drawn:dock,rate=2,incident=covered@20s+15s/2m \\
                      --camera folder2=pictures:/srv/ftp/gate,watch";

impl Config {
    /// All cameras, of flags and file.
    pub fn load(&self) -> Result<Vec<CameraSpec>, Failure> {
        let mut cameras = self.cameras.clone();
        if let Some(path) = &self.cameras_file {
            let text = std::fs::read_to_string(path)
                .with_context(|| format!("cannot read the cameras in {}", path.display()))
                .map_err(Failure::Usage)?;
            let listed = CameraSpec::parse_lines(&text)
                .with_context(|| path.display().to_string())
                .map_err(Failure::Usage)?;
            cameras.extend(listed);
        }
        if cameras.is_empty() {
            return Err(Failure::Usage(anyhow::anyhow!(
                "there is no camera; give one by --camera or a list by --cameras-file (--help explains them)"
            )));
        }
        Ok(cameras)
    }
}
