//! What is declared of each stream and bucket. From these declarations follow what is made, what a backup holds, what a
//! restore empties, the tables of docs/events.md, and the rights that are checked against deploy/nats/accounts.conf.

use std::time::Duration;

use super::rights::{Right, Service};
use crate::nats::{bucket::BucketNames, config::BusConfig, snapshot::Extent};

/// What is declared of a stream or bucket.
#[derive(Debug, Clone, Copy)]
pub struct Declaration {
    /// Its name: `ALERTS`, `rules`.
    pub name: &'static str,
    /// Its name as a stream, which buckets are as well: `ALERTS`, `KV_rules`.
    pub stream: &'static str,
    /// Whether it is a stream, a key-value bucket or an object bucket.
    pub kind: Kind,
    /// What is in it, in a line.
    pub description: &'static str,
    /// Where it is kept.
    pub medium: Medium,
    /// How many of the newest messages of a subject are kept; `None` keeps all.
    pub newest_kept: Option<u16>,
    /// How long a message is kept; `None` keeps it for good.
    pub max_age: Option<Duration>,
    /// A message id counts once within this time. The broker keeps the ids in memory meanwhile.
    pub duplicate_window: Duration,
    /// How much room it may take.
    pub room: Room,
    /// Whether the last message of a subject says what holds now. Then an earlier one must not come after it.
    pub is_state: bool,
    /// Whether its format is marked on it. Those without a mark have the same format as those with one.
    pub is_marked: bool,
    /// Whether a backup holds it.
    pub backup: Backup,
    /// What each service must be allowed to do with it, beyond making it.
    pub rights: &'static [(Service, &'static [Right])],
}

/// The kind of stream or bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A stream of events.
    Events {
        /// The subjects that it takes.
        subjects: &'static str,
    },
    /// A key-value bucket.
    KeyValue,
    /// An object bucket.
    Objects,
}

/// Where it is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Medium {
    /// On disk.
    File,
    /// In memory: gone when the server restarts.
    Memory,
}

/// How much room a stream or bucket may take.
#[derive(Debug, Clone, Copy)]
pub enum Room {
    /// As much as there is.
    Unlimited,
    /// This many bytes; the oldest messages go first.
    Bytes(i64),
    /// As many bytes as the settings say; the oldest messages go first.
    Configured(fn(&BusConfig) -> i64),
}

/// Whether a backup holds it, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Backup {
    /// No; a restore leaves it as it is.
    No,
    /// No; a restore empties it, since it belongs to what is replaced.
    Emptied,
    /// The latest of each key.
    LatestOfEachKey,
    /// All of it.
    Everything,
    /// Each object, and what is known of it.
    Pictures,
}

impl Declaration {
    /// All subjects that it takes.
    pub fn subjects(&self) -> Vec<String> {
        let name = self.name;
        match self.kind {
            Kind::Events { subjects } => vec![subjects.to_owned()],
            Kind::KeyValue => vec![format!("$KV.{name}.>")],
            Kind::Objects => vec![format!("$O.{name}.C.>"), format!("$O.{name}.M.>")],
        }
    }

    /// Whether it holds what is published on this subject.
    pub fn takes(&self, subject: &str) -> bool {
        let mut patterns = self.subjects().into_iter();
        patterns.any(|pattern| subject.starts_with(pattern.trim_end_matches(['*', '>'])))
    }

    /// Whether it is a stream rather than a bucket.
    pub fn is_stream(&self) -> bool {
        matches!(self.kind, Kind::Events { .. })
    }

    /// The most that it may take, in bytes; 0 where there is no limit.
    pub fn max_bytes(&self, config: &BusConfig) -> i64 {
        match self.room {
            Room::Unlimited => 0,
            Room::Bytes(bytes) => bytes,
            Room::Configured(setting) => setting(config),
        }
    }

    /// A bucket that keeps the last value of each key for good, on disk.
    pub(super) const fn key_value(names: BucketNames, description: &'static str) -> Self {
        Declaration {
            kind: Kind::KeyValue,
            newest_kept: Some(1),
            ..Self::bucket(names, description)
        }
    }

    /// A bucket that keeps each object for good, on disk.
    pub(super) const fn objects(names: BucketNames, description: &'static str) -> Self {
        Declaration {
            kind: Kind::Objects,
            newest_kept: None,
            backup: Backup::Pictures,
            ..Self::bucket(names, description)
        }
    }

    const fn bucket(names: BucketNames, description: &'static str) -> Self {
        Declaration {
            name: names.bucket,
            stream: names.stream,
            kind: Kind::KeyValue,
            description,
            medium: Medium::File,
            newest_kept: Some(1),
            max_age: None,
            duplicate_window: RETRIED_WITHIN,
            room: Room::Unlimited,
            is_state: true,
            is_marked: false,
            backup: Backup::LatestOfEachKey,
            rights: &[],
        }
    }

    /// A stream on disk that keeps all of its events, and is marked with its format.
    pub(super) const fn stream(
        name: &'static str,
        subjects: &'static str,
        description: &'static str,
    ) -> Self {
        Declaration {
            name,
            stream: name,
            kind: Kind::Events { subjects },
            description,
            medium: Medium::File,
            newest_kept: None,
            max_age: None,
            duplicate_window: RETRIED_WITHIN,
            room: Room::Unlimited,
            is_state: false,
            is_marked: true,
            backup: Backup::No,
            rights: &[],
        }
    }
}

impl Backup {
    /// How much of it a backup holds; `None` where it holds nothing.
    pub fn extent(self) -> Option<Extent> {
        match self {
            Backup::No | Backup::Emptied => None,
            Backup::LatestOfEachKey | Backup::Pictures => Some(Extent::LatestOfEachKey),
            Backup::Everything => Some(Extent::Everything),
        }
    }
}

/// The prefix of events that no subscriber shall hear: they are published on this, followed by their own subject. A
/// stream takes it only while something is put back into it.
pub(crate) const UNHEARD: &str = "restore.";

/// How many changes are remembered of a value that others than our services may set. A change that cannot be read is
/// passed over. The last one that can be read stays in force as long as it is among these.
pub(super) const REMEMBERED: Option<u16> = Some(64);

/// As long as it takes to try again, after a fault, what may have succeeded.
const RETRIED_WITHIN: Duration = Duration::from_secs(2 * 60);

pub(super) const GIGABYTE: i64 = 1_000_000_000;
pub(super) const MINUTE: Duration = Duration::from_secs(60);
pub(super) const DAY: Duration = Duration::from_secs(24 * 60 * 60);
