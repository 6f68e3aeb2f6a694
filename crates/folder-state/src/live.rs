//! Tells listeners what happens to folders. What is new to the fold is told once. What a reconnect brings again is not
//! told.

use std::sync::{Arc, OnceLock};

use event_bus::Folder;
use proto::v1::{
    Acknowledgement, Alert, Comparison, NormalAdded, NormalRemoved, Upload, UploadRemoved,
};
use tokio::sync::broadcast;

/// Tells what happens, as it happens.
pub struct Live(broadcast::Sender<Announcement>);

/// Something that happened to a folder. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Announcement(Arc<Announced>);

#[derive(Debug)]
struct Announced {
    folder: Folder,
    news: News,
    json: OnceLock<String>,
}

/// What happened.
#[derive(Debug, Clone, PartialEq)]
pub enum News {
    /// A picture was stored and is the reference.
    Uploaded(Upload),
    /// A picture was removed.
    UploadRemoved(UploadRemoved),
    /// A normal picture was added.
    NormalAdded(NormalAdded),
    /// A normal picture was removed.
    NormalRemoved(NormalRemoved),
    /// A frame was compared.
    Compared(Comparison),
    /// An alert fires or resolves.
    Alert(Alert),
    /// Somebody has an alert in hand.
    Acknowledged(Acknowledgement),
    /// This one held before, and was taken back.
    AcknowledgementRemoved(Acknowledgement),
}

/// How many announcements a listener may lag behind before it misses some.
const CAPACITY: usize = 1024;

impl Default for Live {
    fn default() -> Self {
        Live(broadcast::Sender::new(CAPACITY))
    }
}

impl Live {
    /// What happens from now on. Whoever lags by more than 1024 announcements misses the oldest.
    pub fn subscribe(&self) -> broadcast::Receiver<Announcement> {
        self.0.subscribe()
    }

    /// Tells all listeners; where there are none, nothing is done.
    pub(crate) fn announce(&self, folder: &Folder, news: News) {
        if self.0.receiver_count() == 0 {
            return;
        }
        let announced = Announced {
            folder: folder.clone(),
            news,
            json: OnceLock::new(),
        };
        if self.0.send(Announcement(Arc::new(announced))).is_err() {
            tracing::debug!("the last listener has just left");
        }
    }
}

impl Announcement {
    /// The folder to which it happened.
    pub fn folder(&self) -> &Folder {
        &self.0.folder
    }

    /// What happened.
    pub fn news(&self) -> &News {
        &self.0.news
    }

    /// The message as proto3 JSON, made once for all listeners.
    pub fn json(&self) -> &str {
        self.0.json.get_or_init(|| self.0.news.json())
    }
}

impl News {
    fn json(&self) -> String {
        let json = match self {
            News::Uploaded(upload) => serde_json::to_string(upload),
            News::UploadRemoved(removed) => serde_json::to_string(removed),
            News::NormalAdded(added) => serde_json::to_string(added),
            News::NormalRemoved(removed) => serde_json::to_string(removed),
            News::Compared(comparison) => serde_json::to_string(comparison),
            News::Alert(alert) => serde_json::to_string(alert),
            News::Acknowledged(acknowledgement) | News::AcknowledgementRemoved(acknowledgement) => {
                serde_json::to_string(acknowledgement)
            }
        };
        json.expect("a message of the contract has nothing that JSON cannot say")
    }
}
