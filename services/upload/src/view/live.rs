use std::sync::Arc;

use event_bus::Folder;
use serde::Serialize;
use tokio::sync::broadcast;

/// What viewers are told as it happens.
pub(crate) struct Live(broadcast::Sender<Announcement>);

/// Something that happened to a folder.
#[derive(Clone)]
pub(crate) struct Announcement {
    pub(crate) name: &'static str,
    pub(crate) folder: Folder,
    /// The message as proto3 JSON, made once for all viewers.
    pub(crate) data: Arc<str>,
}

/// How far a viewer may lag before it misses something.
const CAPACITY: usize = 1024;

impl Default for Live {
    fn default() -> Self {
        Live(broadcast::Sender::new(CAPACITY))
    }
}

impl Live {
    pub(crate) fn subscribe(&self) -> broadcast::Receiver<Announcement> {
        self.0.subscribe()
    }

    /// Tells all viewers; where there are none, nothing is done.
    pub(crate) fn announce(&self, name: &'static str, folder: &Folder, message: &impl Serialize) {
        if self.0.receiver_count() == 0 {
            return;
        }
        let data = serde_json::to_string(message)
            .expect("a message of the contract has nothing that JSON cannot say");
        let announcement = Announcement {
            name,
            folder: folder.clone(),
            data: data.into(),
        };
        if self.0.send(announcement).is_err() {
            tracing::debug!("the last viewer has just left");
        }
    }
}
