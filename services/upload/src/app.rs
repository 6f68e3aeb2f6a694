//! What every request handler is given.

use std::sync::Arc;

use event_bus::Folder;
use folder_state::{FolderStates, Histories, Summary};
use tokio::sync::{Semaphore, watch};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    Config,
    access::Access,
    broker::Broker,
    cameras::settings::Cameras,
    folder_writer::Folders,
    followed::Followed,
    live::pace::Pace,
    notices::known::Notices,
    pictures::{inspection::Inspection, places::Places, thumbnails::Thumbnails},
    problem::{Kind, Problem},
    rules::measures::means::Measures,
    silences::known::Silences,
};

pub(crate) struct App {
    pub(crate) config: Config,
    pub(crate) access: Access,
    pub(crate) states: Arc<FolderStates>,
    pub(crate) pace: Arc<Pace>,
    pub(crate) broker: Broker,
    pub(crate) folders: Folders,
    pub(crate) cameras: Cameras,
    pub(crate) notices: Arc<Followed<Notices>>,
    pub(crate) silences: Arc<Followed<Silences>>,
    pub(crate) histories: Histories,
    pub(crate) inspection: Inspection,
    pub(crate) thumbnails: Thumbnails,
    pub(crate) measures: Measures,
    pub(crate) uploads: Places,
    /// One permit for each viewer of events.
    pub(crate) viewers: Arc<Semaphore>,
    /// Whether everything was loaded once.
    pub(crate) loaded: watch::Receiver<bool>,
    pub(crate) tracker: TaskTracker,
    pub(crate) shutdown: CancellationToken,
}

pub(crate) const MAX_VIEWERS: usize = 1024;

impl App {
    /// The folder of this name, if it exists.
    pub(crate) fn existing(&self, name: &str) -> Result<Folder, Problem> {
        let folder = parse(name)?;
        match self.states.read().existing(&folder) {
            Some(_) => Ok(folder),
            None => Err(unknown(&folder)),
        }
    }

    /// The folder of this name or number, as in the addresses of pages: `1` is `folder1`, unless a folder is named `1`.
    pub(crate) fn existing_by_number(&self, name: &str) -> Result<Folder, Problem> {
        let is_number = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_digit());
        match self.existing(name) {
            Err(_) if is_number => self.existing(&format!("folder{name}")),
            result => result,
        }
    }

    /// The ids of the frames that are proposed as normal pictures, the oldest first.
    pub(crate) fn proposed(&self, folder: &Folder) -> Vec<String> {
        let state = self.states.read();
        let proposals = state.proposals(folder).into_iter();
        proposals.map(|(id, _)| id.to_owned()).collect()
    }

    pub(crate) fn summary(&self, folder: &Folder) -> Result<Summary, Problem> {
        let summary = self.states.read().summary(folder);
        summary.ok_or_else(|| unknown(folder))
    }
}

/// A name that a folder can have, whether it exists or not.
pub(crate) fn parse(name: &str) -> Result<Folder, Problem> {
    name.parse()
        .map_err(|error: event_bus::InvalidFolder| Kind::InvalidFolder.because(format!("{error}.")))
}

pub(crate) fn unknown(folder: &Folder) -> Problem {
    Kind::UnknownFolder.because(format!(
        "There is no folder {folder}; PUT /api/v1/folders/{folder} makes it, or a camera that sends to it."
    ))
}
