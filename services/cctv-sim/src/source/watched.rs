//! A folder whose new and replaced files are frames.

use std::path::{Path, PathBuf};

use frame_source::Watch;
use tracing::warn;

use super::filter::Filter;
use super::pictures::load;
use super::{Error, Frame};
use crate::incident::Staged;

pub(super) struct Watched {
    dir: PathBuf,
    watch: Watch,
    /// Whether it has been said that the folder cannot be read.
    warned: bool,
    filter: Filter,
}

impl Watched {
    pub(super) async fn open(dir: &Path, filter: Filter) -> Result<Self, Error> {
        let watch = Watch::open(dir).await.map_err(|source| Error::Folder {
            path: dir.to_owned(),
            source,
        })?;
        Ok(Self {
            dir: dir.to_owned(),
            watch,
            warned: false,
            filter,
        })
    }

    /// The next file that is new or replaced, however long that takes.
    pub(super) async fn next(
        &mut self,
        staged: impl Fn() -> Staged,
    ) -> Result<Option<Frame>, Error> {
        loop {
            match self.watch.next().await {
                Ok(path) => {
                    self.warned = false;
                    if let Some(frame) = load(&path, &mut self.filter, &staged()).await {
                        return Ok(Some(frame));
                    }
                }
                Err(error) if !self.warned => {
                    warn!(dir = %self.dir.display(), %error, "the watched folder cannot be read; trying on");
                    self.warned = true;
                }
                Err(_) => {}
            }
        }
    }
}
