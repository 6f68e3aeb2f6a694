//! The keys, which users of the system that this one replaces query as before.

use std::fmt;

use event_bus::{AlertSubject, Event, Folder, Stored};
use proto::v1::{Alert, Comparison, Phase, Subject};

/// Stream of every firing and resolved alert.
pub const ALERTS: &str = "alerts";

/// Set of the names of all folders that were ever compared.
pub const FOLDERS: &str = "folders";

/// The format of all this. Beside the positions, where the sink may write already.
pub(crate) const FORMAT_KEY: &str = "framewatch:position:format";

/// Entries that the stream [`ALERTS`] keeps at least.
const ALERTS_KEPT: &str = "10000";

/// The folder's latest similarity, such as `0.953125`.
pub fn similarity_key(folder: &Folder) -> String {
    format!("similarity_{folder}")
}

/// Exists exactly while the folder's alert is firing: the alert as JSON.
pub fn alert_key(folder: &Folder) -> String {
    format!("alert_{folder}")
}

/// Exists exactly while the alert of the folder's camera is firing: the alert as JSON.
pub fn camera_alert_key(folder: &Folder) -> String {
    format!("camera_alert_{folder}")
}

/// Where the sink is in a stream: the number of the last event whose effect Redis holds.
pub(crate) fn position_key(stream: &str) -> String {
    format!("framewatch:position:{}", stream.to_lowercase())
}

/// In a cluster: where the sink is with one key. What is in braces decides on the server, so it is that of the key. A stream
/// that is made anew counts from the beginning, and so has positions of its own.
pub(crate) fn position_of_key(position: &str, stream: &str, key: &str) -> String {
    format!("{position}:{stream}:{{{key}}}")
}

/// An event that has a place in Redis.
pub(crate) trait Commands: Event<Key: fmt::Display> {
    /// The commands that put it there, each a list of words.
    fn commands(stored: &Stored<Self>) -> Vec<Vec<String>>;
}

impl Commands for Comparison {
    fn commands(stored: &Stored<Self>) -> Vec<Vec<String>> {
        let folder = words(["SADD", FOLDERS, stored.key.as_str()]);
        // A frame that cannot be read says nothing of the view: the last similarity stays.
        let similarity = stored.event.similarity.map(|similarity| {
            let key = similarity_key(&stored.key);
            words(["SET", &key, &similarity.to_string()])
        });
        similarity.into_iter().chain([folder]).collect()
    }
}

impl Commands for Alert {
    fn commands(stored: &Stored<Self>) -> Vec<Vec<String>> {
        let alert = &stored.event;
        let json = serde_json::to_string(alert).expect("an alert that was decoded can be JSON");
        let AlertSubject { folder, subject } = &stored.key;
        let key = match subject {
            Subject::Camera => camera_alert_key(folder),
            _ => alert_key(folder),
        };
        let state = match alert.phase() {
            Phase::Firing => words(["SET", &key, &json]),
            _ => words(["DEL", &key]),
        };
        vec![state, entry(stored, &json)]
    }
}

fn entry(stored: &Stored<Alert>, json: &str) -> Vec<String> {
    let stored_ms = stored.stored_at.unix_timestamp_nanos() / 1_000_000;
    let id = format!("{stored_ms}-{}", stored.sequence);
    let (AlertSubject { folder, subject }, alert) = (&stored.key, &stored.event);
    let mut words = words(["XADD", ALERTS, "MAXLEN", "~", ALERTS_KEPT, &id]);
    for (name, value) in [
        ("folder", folder.as_str()),
        ("phase", alert.phase().word()),
        ("id", &alert.id),
        ("alert", json),
        ("subject", subject.word()),
    ] {
        words.extend([name.to_owned(), value.to_owned()]);
    }
    words
}

fn words<const COUNT: usize>(words: [&str; COUNT]) -> Vec<String> {
    words.map(str::to_owned).into()
}
