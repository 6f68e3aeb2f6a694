//! A folder of pictures, by name one after the other, or the newest one.

use std::cmp::Reverse;
use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::time::Duration;

use frame_source::{Entry, content_type, list, read};
use tokio::time::sleep;
use tracing::warn;

use super::filter::Filter;
use super::{Error, Frame};
use crate::incident::Staged;
use crate::spec::{Play, Repeat};

/// How long to wait before an empty folder is read again.
const WAIT: Duration = Duration::from_secs(1);

pub(super) struct Pictures {
    dir: PathBuf,
    order: Order,
    repeat: Repeat,
    /// What is left of this pass over the folder.
    ahead: VecDeque<Entry>,
    /// Whether a pass has begun; with [`Repeat::Once`] there is only one.
    begun: bool,
    /// Whether this pass has given a frame.
    fruitful: bool,
    /// Whether it has been said that there is nothing to send.
    warned: bool,
    filter: Filter,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Order {
    Name,
    Newest,
}

impl Pictures {
    /// Checks that the folder can be read; it may be empty.
    pub(super) async fn open(dir: &Path, play: Play, filter: Filter) -> Result<Self, Error> {
        list(dir).await.map_err(|source| Error::Folder {
            path: dir.to_owned(),
            source,
        })?;
        let (order, repeat) = match play {
            Play::Newest(repeat) => (Order::Newest, repeat),
            Play::Sorted(repeat) => (Order::Name, repeat),
            Play::Watch => (Order::Newest, Repeat::Loop),
        };
        Ok(Self {
            dir: dir.to_owned(),
            order,
            repeat,
            ahead: VecDeque::new(),
            begun: false,
            fruitful: false,
            warned: false,
            filter,
        })
    }

    /// The next picture; none after the end of the only pass.
    pub(super) async fn next(&mut self, staged: &Staged) -> Result<Option<Frame>, Error> {
        loop {
            while let Some(entry) = self.ahead.pop_front() {
                if let Some(frame) = load(&entry.path, &mut self.filter, staged).await {
                    self.fruitful = true;
                    self.warned = false;
                    if self.order == Order::Newest {
                        self.ahead.clear();
                    }
                    return Ok(Some(frame));
                }
            }
            if self.begun && self.repeat == Repeat::Once {
                return Ok(None);
            }
            self.begin().await;
        }
    }

    /// Lists the folder for another pass; waits where the last one gave nothing or there is nothing to list.
    async fn begin(&mut self) {
        if self.begun && !self.fruitful {
            self.wait("none of its pictures can be read").await;
        }
        self.fruitful = false;
        loop {
            match list(&self.dir).await {
                Ok(entries) if entries.is_empty() => self.wait("it holds no pictures").await,
                Ok(entries) => {
                    self.ahead = self.ordered(entries);
                    self.begun = true;
                    return;
                }
                Err(error) => self.wait(&error.to_string()).await,
            }
        }
    }

    fn ordered(&self, mut entries: Vec<Entry>) -> VecDeque<Entry> {
        if self.order == Order::Newest {
            entries.sort_by_key(|entry| Reverse(entry.stamp.modified));
        }
        entries.into()
    }

    async fn wait(&mut self, reason: &str) {
        if !self.warned {
            warn!(dir = %self.dir.display(), reason, "no frames from the folder; waiting for pictures");
            self.warned = true;
        }
        sleep(WAIT).await;
    }
}

/// The frame of a file; none, with a warning, if it has vanished or cannot be read.
pub(super) async fn load(path: &Path, filter: &mut Filter, staged: &Staged) -> Option<Frame> {
    let content_type = content_type(path)?;
    let bytes = match read(path).await {
        Ok(bytes) => bytes,
        Err(error) => {
            warn!(path = %path.display(), %error, "left out");
            return None;
        }
    };
    match filter.frame(bytes, content_type, staged).await {
        Ok(frame) => Some(frame),
        Err(error) => {
            warn!(path = %path.display(), %error, "the picture cannot be used; left out");
            None
        }
    }
}
