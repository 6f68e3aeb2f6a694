//! The bucket `turns`: which copy of the notifier sends to a receiver, and when that was sent to.

use serde::{Deserialize, Serialize};

use super::{
    declaration::{Backup, Declaration},
    notices::ReceiverName,
    rights::{Right, Service},
};
use crate::nats::{
    bucket::{BucketNames, Change, KeyValue, KeyValueBucket, key_value_names, values_as_json},
    bus::Bus,
};

pub(super) const DECLARATION: Declaration = Declaration {
    backup: Backup::No,
    rights: &[
        (Service::Upload, &[Right::Follow]),
        (Service::Notifier, &[Right::Write, Right::Follow]),
    ],
    ..Declaration::key_value(
        Turns::NAMES,
        "Which copy of the notifier sends to a receiver",
    )
};

/// Which copy of the notifier sends to a receiver: the bucket `turns`, a key each receiver.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Turns;

/// Another copy sends to a receiver, or the same has sent.
pub type TurnChange = Change<Turns>;

/// Which copy sends to a receiver, until it says nothing any more. Times are ages when this was written: the broker stamps
/// that, so no copy's clock counts.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Turn {
    /// The copy; empty where none does.
    pub holder: String,
    /// How long ago each of those messages was sent that still count for the receiver's rate, in milliseconds.
    #[serde(default)]
    pub sent_ms_ago: Vec<u64>,
    /// For how long the receiver is to be left alone, in milliseconds.
    #[serde(default)]
    pub rests_ms: u64,
    /// Why; empty where it is not.
    #[serde(default)]
    pub why: String,
    /// How many alerts wait to be told to it.
    #[serde(default)]
    pub waiting: u64,
    /// How many of these its rate holds back.
    #[serde(default)]
    pub held_by_rate: u64,
    /// How many alerts it is not told of because of a silence, its hours, or an alert of the camera.
    #[serde(default)]
    pub held: u64,
}

impl KeyValueBucket for Turns {
    const NAMES: BucketNames = key_value_names!("turns");
    type Key = ReceiverName;
    type Value = Turn;

    values_as_json!();
}

impl Bus {
    /// Which copies of the notifier send to receivers.
    pub fn turns(&self) -> KeyValue<Turns> {
        self.key_value()
    }
}
