//! What is remembered of each folder, so that frames that show nothing new need no network. `comparison` decides
//! whether a frame does ([`carry`](comparison::carry)); `judge` does what follows.

use std::{
    collections::HashMap,
    sync::Arc,
    time::{Duration, Instant},
};

use parking_lot::{Mutex, MutexGuard};

use comparison::carry::{Glance, Grounds, Memory, Said};
use event_bus::Folder;
use proto::{EffectiveRule, Measure, v1::Comparison};
use time::OffsetDateTime;

use crate::references::CurrentReference;

/// What is remembered of folders: some 3 KB for each that has frames.
pub(crate) struct Cascade {
    is_on: bool,
    folders: Mutex<Folders>,
}

struct Folders {
    by_name: HashMap<Folder, Entry>,
    cleaned: Instant,
}

struct Entry {
    memory: Arc<Memory>,
    used: Instant,
}

/// What a frame is compared with before the network looks at it.
#[derive(Clone)]
pub(crate) struct Before {
    memory: Arc<Memory>,
    grounds: Grounds,
    /// When the frame was stored.
    at: OffsetDateTime,
}

impl Before {
    /// What was said of an earlier frame, if it holds for this one as well.
    pub(crate) fn carries(&self, glance: &Glance) -> Option<&Said> {
        self.memory.carries(glance, self.at, &self.grounds)
    }
}

/// After so long without a frame what was remembered of a folder goes.
const IDLE: Duration = Duration::from_secs(600);

/// How often it is looked for folders to forget.
const CLEANED_EVERY: Duration = Duration::from_secs(60);

impl Cascade {
    /// Nothing is remembered yet.
    pub(crate) fn new(is_on: bool) -> Self {
        Cascade {
            is_on,
            folders: Mutex::new(Folders {
                by_name: HashMap::new(),
                cleaned: Instant::now(),
            }),
        }
    }

    /// What a folder's frame that was stored `at` may be carried on from. `None` where the network must look at this
    /// frame, or is not needed at all.
    pub(crate) fn before(
        &self,
        folder: &Folder,
        reference: &CurrentReference,
        rule: &EffectiveRule,
        at: OffsetDateTime,
    ) -> Option<Before> {
        // What is looked at enlarged shows what a glance does not.
        let has_details = rule.in_detail().next().is_some();
        if !self.is_on || rule.measure != Measure::View || has_details {
            return None;
        }
        let grounds = Grounds::of(reference.baseline.as_ref()?, rule);
        let mut folders = self.folders();
        let entry = folders.by_name.get_mut(folder)?;
        entry.used = Instant::now();
        Some(Before {
            memory: Arc::clone(&entry.memory),
            grounds,
            at,
        })
    }

    /// Takes in a frame whose verdict was carried on.
    pub(crate) fn carried(&self, folder: &Folder, glance: &Glance) {
        if let Some(entry) = self.folders().by_name.get_mut(folder) {
            Arc::make_mut(&mut entry.memory).carried(glance);
        }
    }

    /// Takes in a frame that was stored `at` and judged in full, and what was said of it.
    pub(crate) fn judged(
        &self,
        folder: &Folder,
        grounds: Grounds,
        glance: Glance,
        at: OffsetDateTime,
        comparison: &Comparison,
    ) {
        if !self.is_on {
            return;
        }
        let mut folders = self.folders();
        folders.clean();
        let entry = folders
            .by_name
            .entry(folder.clone())
            .or_insert_with(|| Entry {
                memory: Arc::default(),
                used: Instant::now(),
            });
        entry.used = Instant::now();
        let said = Said::of(comparison);
        Arc::make_mut(&mut entry.memory).judged(glance, at, grounds, said);
        metrics::gauge!("framewatch_cascade_folders").set(folders.by_name.len() as f64);
    }

    /// Lets go of what is remembered of a folder that is not watched any more.
    pub(crate) fn forget(&self, folder: &Folder) {
        self.folders().by_name.remove(folder);
    }

    fn folders(&self) -> MutexGuard<'_, Folders> {
        self.folders.lock()
    }
}

impl Folders {
    fn clean(&mut self) {
        if self.cleaned.elapsed() >= CLEANED_EVERY {
            self.cleaned = Instant::now();
            self.by_name.retain(|_, entry| entry.used.elapsed() < IDLE);
        }
    }
}
