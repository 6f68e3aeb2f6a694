//! Pictures that a camera writes into a folder, by FTP or on a share.

use std::{
    io,
    path::{Path, PathBuf},
    time::Duration,
};

use frame_source::{Watch, read};
use tokio::time::{Instant, timeout_at};

use crate::{Outage, Picture};

/// How many files in a row may hold no picture.
const MOST_BAD: u32 = 3;

/// A folder that is watched.
pub struct Files {
    dir: PathBuf,
    watch: Watch,
    every: Duration,
    due: Instant,
    /// Files in a row that held no picture.
    bad: u32,
}

impl Files {
    pub(crate) async fn open(dir: &Path, every: Duration) -> Result<Self, Outage> {
        let watch = Watch::open(dir).await;
        Ok(Files {
            watch: watch.map_err(|error| unreadable(dir, &error))?,
            dir: dir.to_owned(),
            every,
            due: Instant::now(),
            bad: 0,
        })
    }

    /// The newest picture, once one is due. A camera may write none for a long time: that is no failure of the folder.
    pub(crate) async fn next(&mut self) -> Result<Picture, Outage> {
        loop {
            let path = self.newest().await?;
            let picture = match read(&path).await {
                Ok(bytes) => Picture::encoded(bytes).map_err(|error| error.to_string()),
                Err(error) => Err(error.to_string()),
            };
            let error = match picture {
                Ok(picture) => {
                    self.bad = 0;
                    self.due = (self.due + self.every).max(Instant::now());
                    return Ok(picture);
                }
                Err(error) => error,
            };
            self.bad += 1;
            if self.bad >= MOST_BAD {
                return Err(Outage::silent(format!(
                    "{MOST_BAD} files in a row are no pictures; {} is not, since {error}",
                    path.display()
                )));
            }
        }
    }

    /// The last of the files that come before a picture is due.
    async fn newest(&mut self) -> Result<PathBuf, Outage> {
        let dir = &self.dir;
        let told = |error| unreadable(dir, &error);
        let mut newest = self.watch.next().await.map_err(told)?;
        while let Ok(newer) = timeout_at(self.due, self.watch.next()).await {
            newest = newer.map_err(told)?;
        }
        Ok(newest)
    }
}

fn unreadable(dir: &Path, error: &io::Error) -> Outage {
    Outage::silent(format!(
        "the folder {} cannot be read: {error}. Its camera writes there; this service needs to read it",
        dir.display()
    ))
}
