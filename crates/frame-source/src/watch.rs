//! A folder whose new and replaced files are frames, as cameras leave them there by FTP or on a share; those in the folders
//! below it as well, since many cameras make one for each day.
//!
//! The folder is polled: notifications of the kernel (inotify) say nothing about what another machine writes to a
//! network share. A file counts once two polls in a row find it with the same size and time, so that half-written
//! ones are left alone.

use std::{
    collections::{HashMap, HashSet, VecDeque},
    io,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use tokio::time::sleep;

use crate::folder::{self, Entry, Stamp};

const POLL: Duration = Duration::from_millis(250);

/// In a folder with very many files looking takes long. Then the pauses are at least this many times as long.
const REST: u32 = 9;

/// A folder that is watched.
pub struct Watch {
    dir: PathBuf,
    /// Until the next poll.
    pause: Duration,
    /// What the last poll saw.
    previous: HashMap<PathBuf, Stamp>,
    /// The state in which each file was sent, or was passed over at the start.
    done: HashMap<PathBuf, Stamp>,
    /// Complete files that have not been sent yet, oldest first.
    ready: VecDeque<PathBuf>,
}

impl Watch {
    /// Passes over the files that are there, but for the newest.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub async fn open(dir: &Path) -> io::Result<Self> {
        let mut there = folder::list_all(dir).await?;
        there.sort_by_key(|entry| entry.stamp);
        let newest = there.pop();
        let by_path = |entry: Entry| (entry.path, entry.stamp);
        Ok(Self {
            dir: dir.to_owned(),
            pause: POLL,
            previous: newest.into_iter().map(by_path).collect(),
            done: there.into_iter().map(by_path).collect(),
            ready: VecDeque::new(),
        })
    }

    /// The next file that is new or replaced, however long that takes. Dropping the future loses nothing.
    ///
    /// # Errors
    /// When the folder cannot be read at the moment. Asking again goes on.
    pub async fn next(&mut self) -> io::Result<PathBuf> {
        loop {
            if let Some(path) = self.ready.pop_front() {
                return Ok(path);
            }
            sleep(self.pause).await;
            self.poll().await?;
        }
    }

    async fn poll(&mut self) -> io::Result<()> {
        let began = Instant::now();
        let listed = folder::list_all(&self.dir).await;
        self.pause = POLL.max(began.elapsed() * REST);
        self.note(listed?);
        Ok(())
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
