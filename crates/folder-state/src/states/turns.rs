//! Which folders have changed since when. Cameras may send hundreds of frames a second, which nobody could look at; so
//! one task takes turns at its own pace and tells what has changed since the last one. How often, to whom and in which
//! form is left to that task.

use event_bus::Folder;

use super::{FolderState, FolderStates, Known, KnownFolder, Summary};

/// Turns are numbered from 1. The number that a folder carries is that of the first one that tells of its last change.
pub type Turn = u64;

/// The changes that one turn tells of.
#[derive(Debug)]
pub struct Changes {
    /// The last turn that this takes account of.
    pub turn: Turn,
    /// Each folder once.
    pub folders: Vec<Change>,
}

/// A folder that has changed, as it stands now.
#[derive(Debug)]
pub struct Change {
    /// Its name.
    pub folder: Folder,
    /// `None` where it is gone.
    pub summary: Option<Summary>,
}

/// What was last told of a folder, and when.
#[derive(Default)]
pub(super) struct LastTold {
    turn: Turn,
    state: Option<FolderState>,
}

impl LastTold {
    /// Whether viewers were last told that it is there.
    pub(super) fn is_told_of(&self) -> bool {
        self.state.is_some()
    }
}

/// Folders of one turn. Where more have changed, those whose state has come first, then those that waited longest.
const MOST_FOLDERS: usize = 100;

impl FolderStates {
    /// Takes the next turn: what has changed since the last one, of no more than 100 folders. The rest waits for the
    /// turns that follow. One task alone takes turns, since each change is told in one.
    pub fn take_turn(&self) -> Changes {
        self.change(Known::take_turn)
    }

    /// The last turn that was taken; 0 before the first.
    pub fn turn(&self) -> Turn {
        self.read().turn
    }

    /// All folders that were told of in the turns after `seen`, each as it stands now. Either of all folders, or of one
    /// alone.
    pub fn changes_since(&self, seen: Turn, only: Option<&Folder>) -> Changes {
        let known = self.read();
        let told = known
            .folders
            .iter()
            .filter(|(folder, of)| of.told.turn > seen && only.is_none_or(|only| only == *folder));
        Changes {
            turn: known.turn,
            folders: told.map(|(folder, _)| known.standing(folder)).collect(),
        }
    }
}

impl Known {
    fn take_turn(&mut self) -> Changes {
        self.turn += 1;
        let turn = self.turn;
        let changed = self.changed();
        for folder in &changed {
            if let Some(known) = self.folders.get_mut(folder) {
                known.has_changed = false;
                known.told = LastTold {
                    turn,
                    state: known.shown_state(),
                };
            }
        }
        Changes {
            turn,
            folders: changed.iter().map(|folder| self.standing(folder)).collect(),
        }
    }

    /// The folders that the next turn tells of.
    fn changed(&self) -> Vec<Folder> {
        let mut changed: Vec<(bool, Turn, &Folder)> = Vec::new();
        for (folder, known) in &self.folders {
            let state = known.shown_state();
            let is_told_of = state.is_some() || known.told.state.is_some();
            let state_changed = known.told.state != state;
            if is_told_of && (state_changed || known.has_changed) {
                changed.push((!state_changed, known.told.turn, folder));
            }
        }
        if changed.len() > MOST_FOLDERS {
            changed.sort();
            changed.truncate(MOST_FOLDERS);
        }
        let folders = changed.into_iter().map(|(_, _, folder)| folder.clone());
        folders.collect()
    }

    fn standing(&self, folder: &Folder) -> Change {
        Change {
            folder: folder.clone(),
            summary: self.summary(folder),
        }
    }
}

impl KnownFolder {
    fn shown_state(&self) -> Option<FolderState> {
        self.exists().then(|| self.state())
    }
}
