//! The keys, which users of the system that this one replaces query as before.

use event_bus::{Event, Folder, Stored};
use proto::v1::{Alert, Comparison, Phase};

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
pub(crate) trait Commands: Event<Key = Folder> {
    /// The commands that put it there, each a list of words.
    fn commands(stored: &Stored<Self>) -> Vec<Vec<String>>;
}

impl Commands for Comparison {
    fn commands(stored: &Stored<Self>) -> Vec<Vec<String>> {
        let similarity = stored.event.similarity.to_string();
        vec![
            words(["SET", &similarity_key(&stored.key), &similarity]),
            words(["SADD", FOLDERS, stored.key.as_str()]),
        ]
    }
}

impl Commands for Alert {
    fn commands(stored: &Stored<Self>) -> Vec<Vec<String>> {
        let alert = &stored.event;
        let json = serde_json::to_string(alert).expect("an alert that was decoded can be JSON");
        let key = alert_key(&stored.key);
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
    let (folder, alert) = (stored.key.as_str(), &stored.event);
    let mut words = words(["XADD", ALERTS, "MAXLEN", "~", ALERTS_KEPT, &id]);
    for (name, value) in [
        ("folder", folder),
        ("phase", alert.phase().word()),
        ("id", &alert.id),
        ("alert", json),
    ] {
        words.extend([name.to_owned(), value.to_owned()]);
    }
    words
}

fn words<const COUNT: usize>(words: [&str; COUNT]) -> Vec<String> {
    words.map(str::to_owned).into()
}
