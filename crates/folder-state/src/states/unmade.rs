//! Folders that nobody made: a camera sends to them. There are so many at most, since whoever may send can name any number.

use std::{
    collections::HashSet,
    time::{Duration, Instant},
};

use event_bus::Folder;

use super::{Known, KnownFolder};

/// Which folders are known of that nobody made.
#[derive(Debug)]
pub(super) struct Unmade {
    most: usize,
    /// From when on it is known which folders were made.
    is_held: bool,
    admitted: HashSet<Folder>,
    /// How many messages were dropped because their folders were too many, and when the last of them was.
    dropped: u64,
    last_dropped: Option<Instant>,
    /// When it was last looked which of them are gone.
    tidied: Option<Instant>,
}

/// The state of the folders that nobody made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnmadeFolders {
    /// How many of them exist.
    pub count: usize,
    /// The most that there may be.
    pub most: usize,
    /// How many messages of further folders were dropped.
    pub dropped: u64,
    /// Whether any was dropped within the last minutes.
    pub are_dropped: bool,
}

/// How many folders there may be that nobody made, unless something else is set.
pub const MOST_UNMADE: usize = 1000;

/// Between two looks which of them are gone: a flood must not have all of them looked through with each frame.
const TIDY_EVERY: Duration = Duration::from_secs(1);

/// For so long after something was dropped it is said.
const DROPPED_LATELY: Duration = Duration::from_secs(5 * 60);

impl Default for Unmade {
    fn default() -> Self {
        Unmade {
            most: MOST_UNMADE,
            is_held: false,
            admitted: HashSet::new(),
            dropped: 0,
            last_dropped: None,
            tidied: None,
        }
    }
}

impl Known {
    /// Allows so many folders that nobody made.
    pub(super) fn allow_unmade(&mut self, most: usize) {
        self.unmade.most = most;
    }

    /// The folders that exist though nobody made them, by name.
    pub fn unmade(&self) -> Vec<Folder> {
        let unmade = self.folders.iter();
        unmade
            .filter(|(_, known)| known.made.is_none() && known.exists())
            .map(|(folder, _)| folder.clone())
            .collect()
    }

    /// The state of these folders.
    pub fn unmade_folders(&self) -> UnmadeFolders {
        let unmade = self.folders.values();
        let lately = self.unmade.last_dropped;
        UnmadeFolders {
            count: unmade
                .filter(|known| known.made.is_none() && known.exists())
                .count(),
            most: self.unmade.most,
            dropped: self.unmade.dropped,
            are_dropped: lately.is_some_and(|at| at.elapsed() < DROPPED_LATELY),
        }
    }

    /// Now that it is known which folders were made, keeps the others to as many as there may be.
    pub(super) fn hold_unmade(&mut self) {
        self.unmade.is_held = true;
        let unmade = self.folders.iter();
        let unmade: Vec<Folder> = unmade
            .filter(|(_, known)| !known.concerns_people() && known.exists())
            .map(|(folder, _)| folder.clone())
            .collect();
        for folder in unmade {
            if !self.admits(&folder) {
                self.folders.remove(&folder);
            }
        }
    }

    /// Whether to take in what comes from a folder's camera. It is refused where nobody made the folder and there are
    /// already as many such folders as there may be; refusals are counted.
    pub(super) fn admits(&mut self, folder: &Folder) -> bool {
        let is_known = !self.unmade.is_held || self.unmade.admitted.contains(folder);
        if is_known || self.concerns_people(folder) {
            return true;
        }
        if self.unmade.admitted.len() >= self.unmade.most {
            self.tidy();
        }
        if self.unmade.admitted.len() >= self.unmade.most {
            self.unmade.dropped += 1;
            self.unmade.last_dropped = Some(Instant::now());
            return false;
        }
        self.unmade.admitted.insert(folder.clone());
        true
    }

    fn concerns_people(&self, folder: &Folder) -> bool {
        let known = self.folders.get(folder);
        known.is_some_and(KnownFolder::concerns_people)
    }

    /// Lets go of those that are gone, or have been made.
    fn tidy(&mut self) {
        let tidied = self.unmade.tidied;
        if tidied.is_some_and(|at| at.elapsed() < TIDY_EVERY) {
            return;
        }
        self.unmade.tidied = Some(Instant::now());
        let (folders, admitted) = (&mut self.folders, &mut self.unmade.admitted);
        admitted.retain(|folder| {
            let Some(known) = folders.get(folder) else {
                return false;
            };
            if known.concerns_people() {
                return false;
            }
            let (exists, is_told_of) = (known.exists(), known.told.is_told_of());
            if !exists && !is_told_of {
                folders.remove(folder);
            }
            exists
        });
    }
}

impl KnownFolder {
    /// Whether people made it, or left a rule or pictures in it.
    fn concerns_people(&self) -> bool {
        self.made.is_some()
            || self.rule.is_some()
            || self.reference.is_some()
            || !self.pictures.is_empty()
            || !self.stored_normals.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::FolderStates;

    fn folder(number: u32) -> Folder {
        format!("camera{number}").parse().unwrap()
    }

    #[test]
    fn so_many_are_taken_in_and_those_of_people_beside_them() {
        let states = FolderStates::with_unmade(0);
        let mut known = states.known.write();
        assert!(known.admits(&folder(1)), "nothing is known yet");
        known.hold_unmade();
        known.folders.entry(folder(2)).or_default().made = Some(Default::default());
        let admitted = [1, 2, 3].map(|number| known.admits(&folder(number)));
        assert_eq!(admitted, [false, true, false]);
        let told = known.unmade_folders();
        assert_eq!((told.most, told.dropped, told.are_dropped), (0, 2, true));
    }

    #[test]
    fn those_that_are_gone_or_were_made_leave_room() {
        let states = FolderStates::with_unmade(2);
        let mut known = states.known.write();
        known.hold_unmade();
        assert!(known.admits(&folder(1)) && known.admits(&folder(2)));
        known.folders.entry(folder(2)).or_default().made = Some(Default::default());
        // The first has no frame that is current.
        assert!(known.admits(&folder(3)) && known.admits(&folder(4)));
    }
}
