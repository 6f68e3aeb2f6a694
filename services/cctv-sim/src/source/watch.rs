//! A folder whose new and replaced files are frames, as cameras leave them there by FTP or on a share; those in the folders
//! below it as well, since many cameras make one for each day.
//!
//! The folder is polled: notifications of the kernel (inotify) say nothing about what another machine writes to a
//! network share. A file counts once two polls in a row find it with the same size and time, so that half-written
//! ones are left alone.

use std::collections::{HashMap, HashSet, VecDeque};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use tokio::time::sleep;
use tracing::warn;

use super::filter::Filter;
use super::folder::{self, Entry, Stamp};
use super::pictures::load;
use super::{Error, Frame};
use crate::incident::Staged;

const POLL: Duration = Duration::from_millis(250);

/// Of a folder with so many files that looking takes long, looking takes at most this part of the time.
const REST: u32 = 9;

pub(super) struct Watch {
    dir: PathBuf,
    /// Until the next poll.
    pause: Duration,
    /// What the last poll saw.
    previous: HashMap<PathBuf, Stamp>,
    /// The state in which each file was sent, or was passed over at the start.
    done: HashMap<PathBuf, Stamp>,
    /// Complete files that have not been sent yet, oldest first.
    ready: VecDeque<PathBuf>,
    /// Whether it has been said that the folder cannot be read.
    warned: bool,
    filter: Filter,
}

impl Watch {
    /// Passes over the files that are there, but for the newest.
    pub(super) async fn open(dir: &Path, filter: Filter) -> Result<Self, Error> {
        let mut there = folder::list_all(dir)
            .await
            .map_err(|source| Error::Folder {
                path: dir.to_owned(),
                source,
            })?;
        there.sort_by_key(|entry| entry.stamp);
        let newest = there.pop();
        Ok(Self {
            dir: dir.to_owned(),
            pause: POLL,
            previous: newest
                .into_iter()
                .map(|entry| (entry.path, entry.stamp))
                .collect(),
            done: there
                .into_iter()
                .map(|entry| (entry.path, entry.stamp))
                .collect(),
            ready: VecDeque::new(),
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
            while let Some(path) = self.ready.pop_front() {
                if let Some(frame) = load(&path, &mut self.filter, &staged()).await {
                    return Ok(Some(frame));
                }
            }
            sleep(self.pause).await;
            self.poll().await;
        }
    }

    async fn poll(&mut self) {
        let began = Instant::now();
        let listed = folder::list_all(&self.dir).await;
        self.pause = POLL.max(began.elapsed() * REST);
        match listed {
            Ok(entries) => {
                self.warned = false;
                self.note(entries);
            }
            Err(error) if !self.warned => {
                warn!(dir = %self.dir.display(), %error, "the watched folder cannot be read; trying on");
                self.warned = true;
            }
            Err(_) => {}
        }
    }

    fn note(&mut self, mut entries: Vec<Entry>) {
        entries.sort_by_key(|entry| entry.stamp);
        let now: HashMap<PathBuf, Stamp> = entries
            .iter()
            .map(|entry| (entry.path.clone(), entry.stamp))
            .collect();
        let (here, gone): (HashMap<_, _>, HashMap<_, _>) = self
            .done
            .drain()
            .partition(|(path, _)| now.contains_key(path));
        let moved: HashSet<Stamp> = gone.into_values().collect();
        self.done = here;
        for Entry { path, stamp } in entries {
            // A file that was sent and is elsewhere now, as in a folder for what is done, is no new one.
            if !self.previous.contains_key(&path) && moved.contains(&stamp) {
                self.done.insert(path.clone(), stamp);
            }
            let complete = self.previous.get(&path) == Some(&stamp);
            if complete && self.done.get(&path) != Some(&stamp) {
                self.done.insert(path.clone(), stamp);
                self.ready.push_back(path);
            }
        }
        self.previous = now;
    }
}
