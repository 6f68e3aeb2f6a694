//! What was seen of an alert, and under what it is remembered.

use std::sync::Arc;

use alerting::Shown;
use comparison::Digest;
use proto::Measure;

/// What was seen of an alert.
#[derive(Debug, PartialEq)]
pub(super) enum Saw {
    /// What its frame shows, by each measure that tells something.
    Shown(Vec<(Measure, Shown)>),
    /// Its frame is a normal picture by now.
    NormalPicture,
    /// A picture behind it is no longer kept.
    Gone,
    /// One cannot be read.
    Unreadable,
    NotLookedAt,
}

/// What was seen of an alert by one measure.
#[derive(Clone, Copy)]
pub(super) enum Told {
    /// Nothing is to be seen where the reference is blank.
    Shown(Option<Shown>),
    NormalPicture,
    Unreadable,
}

/// Under which that is remembered: whatever it depends on.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) struct Key {
    pub(super) alert: String,
    pub(super) way: Digest,
    pub(super) held: Arc<[String]>,
}

impl Saw {
    pub(super) fn shown(&self) -> Vec<(Measure, Shown)> {
        match self {
            Saw::Shown(shown) => shown.clone(),
            Saw::NormalPicture | Saw::Gone | Saw::Unreadable | Saw::NotLookedAt => Vec::new(),
        }
    }
}
