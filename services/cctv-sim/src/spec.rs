//! What a camera is, in one line: `FOLDER=SOURCE[,key=value...]`.
//!
//! SOURCE is `drawn:SCENE`, `pictures:DIR` or `video:FILE`; a path must not hold a comma. The keys:
//!
//! | key | for | value | without it |
//! |---|---|---|---|
//! | `name` | all | the camera's name | the folder |
//! | `rate` | all | frames a second, 0.01 to 120 | 1 |
//! | `size` | all | `WIDTHxHEIGHT` | 1280x720 if drawn, otherwise the source's own |
//! | `quality` | all | JPEG quality, 1 to 100 | 85 where pictures are encoded; others pass as they are |
//! | `seed` | drawn | a whole number | 0 |
//! | `order` | pictures | `sorted` (by name) or `newest` (the newest file only) | `sorted` |
//! | `repeat` | pictures, video | `loop` or `once` | `loop` |
//! | `watch` | pictures | no value: a new or replaced file is a new frame, in the folders below as well | off |
//! | `incident` | all, any number | see [`crate::incident`] | none |

mod error;
mod parse;

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

pub use error::{SpecError, SpecsError};

use event_bus::Folder;

use crate::incident::Incident;
use crate::scene::Scene;
use crate::size::Size;

/// One simulated camera.
#[derive(Clone, Debug, PartialEq)]
pub struct CameraSpec {
    /// The folder that its frames are for.
    pub folder: Folder,
    /// The camera's name.
    pub name: String,
    /// Where frames come from.
    pub source: SourceSpec,
    /// Frames a second.
    pub rate: f64,
    /// The size of frames; none leaves pictures and video as they are.
    pub size: Option<Size>,
    /// The JPEG quality; none leaves pictures as they are and encodes others at 85.
    pub quality: Option<u8>,
    /// What is staged.
    pub incidents: Vec<Incident>,
}

/// Where a camera's frames come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SourceSpec {
    /// A drawn scene.
    Drawn {
        /// Which.
        scene: Scene,
        /// Decides on its details.
        seed: u64,
    },
    /// Files of a folder.
    Pictures {
        /// The folder.
        dir: PathBuf,
        /// Which files are sent, and when.
        play: Play,
    },
    /// A video file.
    Video {
        /// The file.
        file: PathBuf,
        /// What follows its end.
        repeat: Repeat,
    },
}

/// How a folder of pictures becomes frames.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Play {
    /// One after the other, by name.
    Sorted(Repeat),
    /// The newest one, again and again, or once.
    Newest(Repeat),
    /// The newest one at the start, then each that is new or replaced, as soon as it is complete.
    Watch,
}

/// What follows the end of a source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Repeat {
    /// Its beginning.
    Loop,
    /// Nothing: the camera ends.
    Once,
}

impl CameraSpec {
    /// Whether its frames come when somebody puts them there, and not at a rate.
    pub(crate) fn is_watched(&self) -> bool {
        let play = match &self.source {
            SourceSpec::Pictures { play, .. } => Some(play),
            SourceSpec::Drawn { .. } | SourceSpec::Video { .. } => None,
        };
        play == Some(&Play::Watch)
    }

    /// The specifications in a text: one a line; empty lines and what follows a `#` at a line's start are left out.
    ///
    /// # Errors
    /// The first line that is no specification, with its number.
    pub fn parse_lines(text: &str) -> Result<Vec<Self>, SpecsError> {
        text.lines()
            .enumerate()
            .map(|(index, line)| (index + 1, line.trim()))
            .filter(|(_, line)| !line.is_empty() && !line.starts_with('#'))
            .map(|(line, text)| {
                text.parse().map_err(|error| SpecsError {
                    line,
                    text: text.to_owned(),
                    source: Box::new(error),
                })
            })
            .collect()
    }
}

impl FromStr for CameraSpec {
    type Err = SpecError;

    fn from_str(text: &str) -> Result<Self, SpecError> {
        parse::camera(text)
    }
}

impl fmt::Display for CameraSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}={}", self.folder, self.source)?;
        if self.name != self.folder.as_str() {
            write!(f, ",name={}", self.name)?;
        }
        if self.rate != parse::DEFAULT_RATE {
            write!(f, ",rate={}", self.rate)?;
        }
        if let Some(size) = self.size {
            write!(f, ",size={size}")?;
        }
        if let Some(quality) = self.quality {
            write!(f, ",quality={quality}")?;
        }
        self.incidents
            .iter()
            .try_for_each(|incident| write!(f, ",incident={incident}"))
    }
}

impl fmt::Display for SourceSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Drawn { scene, seed: 0 } => write!(f, "drawn:{scene}"),
            Self::Drawn { scene, seed } => write!(f, "drawn:{scene},seed={seed}"),
            Self::Pictures { dir, play } => write!(f, "pictures:{}{play}", dir.display()),
            Self::Video { file, repeat } => write!(f, "video:{}{repeat}", file.display()),
        }
    }
}

impl fmt::Display for Play {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sorted(repeat) => write!(f, "{repeat}"),
            Self::Newest(repeat) => write!(f, ",order=newest{repeat}"),
            Self::Watch => f.write_str(",watch"),
        }
    }
}

impl fmt::Display for Repeat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Loop => Ok(()),
            Self::Once => f.write_str(",repeat=once"),
        }
    }
}
