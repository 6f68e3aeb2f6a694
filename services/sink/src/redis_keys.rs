//! The keys, which users of the system that this one replaces query as before.

use std::fmt;

use event_bus::{AlertSubject, Event, Folder, Stored};
use proto::{
    from_timestamp, rfc3339,
    v1::{Alert, Comparison, Phase, Subject},
};

use crate::{AlertForm, removals::Removals};

/// Stream of every firing and resolved alert.
pub const ALERTS: &str = "alerts";

/// Set of the names of all folders that were ever compared.
pub const FOLDERS: &str = "folders";

/// The format of all this. Beside the positions, where the sink may write already.
pub(crate) const FORMAT_KEY: &str = "framewatch:position:format";

/// Entries that the stream [`ALERTS`] keeps at least.
pub(crate) const ENTRIES_KEPT: usize = 10_000;

/// Whether an error with this code refuses only the key that the command was about.
pub(crate) fn is_of_the_key(code: Option<&str>) -> bool {
    matches!(code, Some("WRONGTYPE" | "NOPERM"))
}

/// The folder's latest similarity, such as `0.953125`.
pub fn similarity_key(folder: &Folder) -> String {
    format!("similarity_{folder}")
}

/// When the broker stored the frame of that similarity, RFC 3339. No folder's name has a colon.
pub fn time_key(folder: &Folder) -> String {
    format!("at:{}", similarity_key(folder))
}

/// Exists exactly while the folder's alert is firing: the alert in the [form](AlertForm) that was asked for.
pub fn alert_key(folder: &Folder) -> String {
    format!("alert_{folder}")
}

/// The same for the alert of the folder's camera.
pub fn camera_alert_key(folder: &Folder) -> String {
    format!("camera_alert_{folder}")
}

/// How far the sink is in a stream ([`Held`](crate::position::Held)).
pub(crate) fn position_key(stream: &str) -> String {
    format!("framewatch:position:{}", stream.to_lowercase())
}

/// In a cluster: where the sink is with one key. What is in braces decides on the server, so it is that of the key. A stream
/// that is made anew counts from the beginning, and so has positions of its own.
pub(crate) fn position_of_key(position: &str, stream: &str, key: &str) -> String {
    format!("{position}:{stream}:{{{key}}}")
}

/// Where the sink is with the entries of [`ALERTS`]: the number of the last event that has one. They are never added again,
/// whatever becomes of the position. In a cluster, [`position_of_key`] is that.
pub(crate) fn entries_key(position: &str) -> String {
    format!("{position}:entries")
}

/// What the commands depend on besides the event.
#[derive(Clone)]
pub(crate) struct Writing {
    pub(crate) alerts: AlertForm,
    pub(crate) removals: Removals,
}

/// An event that has a place in Redis.
pub(crate) trait Commands: Event<Key: fmt::Display> {
    /// Whether it is kept for a folder only until the folder is removed.
    const GOES_WITH_ITS_FOLDER: bool;

    /// Whether each event has an entry in [`ALERTS`].
    const HAS_ENTRIES: bool;

    /// The commands that put it there, each a list of words.
    fn commands(stored: &Stored<Self>, writing: &Writing) -> Vec<Vec<String>>;
}

/// The commands that take away what is kept of a folder. Its alerts have ended, or will, by events of their own.
pub(crate) fn removal(folder: &Folder) -> [Vec<String>; 3] {
    [
        words(["DEL", &similarity_key(folder)]),
        words(["DEL", &time_key(folder)]),
        words(["SREM", FOLDERS, folder.as_str()]),
    ]
}

impl Commands for Comparison {
    const GOES_WITH_ITS_FOLDER: bool = true;
    const HAS_ENTRIES: bool = false;

    fn commands(stored: &Stored<Self>, writing: &Writing) -> Vec<Vec<String>> {
        let folder = &stored.key;
        if writing.removals.are_after(folder, stored.stored_at) {
            return Vec::new();
        }
        let mut commands = vec![words(["SADD", FOLDERS, folder.as_str()])];
        // A frame that cannot be read says nothing of the view: the last similarity stays, and its time.
        if let Some(similarity) = stored.event.similarity {
            let frame = stored.event.frame.as_ref();
            let seen_at = frame
                .and_then(|frame| frame.stored_at.as_ref())
                .and_then(from_timestamp)
                .unwrap_or(stored.stored_at);
            commands.extend([
                words(["SET", &similarity_key(folder), &similarity.to_string()]),
                words(["SET", &time_key(folder), &rfc3339(seen_at)]),
            ]);
        }
        commands
    }
}

impl Commands for Alert {
    const GOES_WITH_ITS_FOLDER: bool = false;
    const HAS_ENTRIES: bool = true;

    fn commands(stored: &Stored<Self>, writing: &Writing) -> Vec<Vec<String>> {
        let alert = &stored.event;
        let json = serde_json::to_string(alert).expect("an alert that was decoded can be JSON");
        let AlertSubject { folder, subject } = &stored.key;
        let key = match subject {
            Subject::Camera => camera_alert_key(folder),
            _ => alert_key(folder),
        };
        let state = match alert.phase() {
            Phase::Firing => {
                let value = match writing.alerts {
                    AlertForm::Json => &json,
                    AlertForm::Sentence => &alert.message,
                };
                words(["SET", &key, value])
            }
            _ => words(["DEL", &key]),
        };
        vec![state, entry(stored, &json)]
    }
}

fn entry(stored: &Stored<Alert>, json: &str) -> Vec<String> {
    let stored_ms = stored.stored_at.unix_timestamp_nanos() / 1_000_000;
    let id = format!("{stored_ms}-{}", stored.sequence);
    let (AlertSubject { folder, subject }, alert) = (&stored.key, &stored.event);
    let kept = ENTRIES_KEPT.to_string();
    let mut words = words(["XADD", ALERTS, "MAXLEN", "~", &kept, &id]);
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

/// The words of an entry's command before its fields.
pub(crate) const BEFORE_FIELDS: usize = 6;

fn words<const COUNT: usize>(words: [&str; COUNT]) -> Vec<String> {
    words.map(str::to_owned).into()
}
