//! The bucket `silences`: of which alerts nobody is told for a while.

use std::{fmt, str::FromStr};

use bytes::Bytes;
use proto::v1::Silence;
use time::OffsetDateTime;

use super::{
    declaration::{Backup, Declaration},
    rights::{Right, Service},
};
use crate::nats::{
    bucket::{BucketNames, Change, KeyValue, KeyValueBucket, key_value_names},
    bus::Bus,
    codec::{from_json, to_json},
    event::Undecodable,
    store_error::StoreError,
};

pub(super) const DECLARATION: Declaration = Declaration {
    // A restore leaves what people have said lately.
    backup: Backup::No,
    // The longest that one may last begins when it is made, and one that was may still be asked for.
    max_age: Some(std::time::Duration::from_secs(
        2 * 366 * super::declaration::DAY.as_secs(),
    )),
    rights: &[
        (Service::Upload, &[Right::Write, Right::Follow, Right::Ask]),
        (Service::Notifier, &[Right::Follow]),
    ],
    ..Declaration::key_value(
        Silences::NAMES,
        "Of which alerts nobody is told for a while",
    )
};

/// The silences, which say of which alerts nobody is told: the bucket `silences`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Silences;

/// A silence was made or changed, or taken back (`None`).
pub type SilenceChange = Change<Silences>;

/// The id of a silence: `[a-z0-9-]{1,64}`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SilenceKey(String);

/// A text that is no id of a silence.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no id of a silence: it has 1 to 64 lower-case letters, digits and `-`")]
pub struct InvalidSilenceKey(String);

const MAX_LENGTH: usize = 64;

impl FromStr for SilenceKey {
    type Err = InvalidSilenceKey;

    fn from_str(id: &str) -> Result<Self, InvalidSilenceKey> {
        let is_plain =
            |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        match (1..=MAX_LENGTH).contains(&id.len()) && id.bytes().all(is_plain) {
            true => Ok(SilenceKey(id.to_owned())),
            false => Err(InvalidSilenceKey(id.chars().take(MAX_LENGTH + 1).collect())),
        }
    }
}

impl fmt::Display for SilenceKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl KeyValueBucket for Silences {
    const NAMES: BucketNames = key_value_names!("silences");
    type Key = SilenceKey;
    type Value = Silence;

    fn encode(silence: &Silence) -> Result<Bytes, StoreError> {
        to_json(silence)
    }

    fn decode(_: &SilenceKey, payload: &Bytes) -> Result<Silence, Undecodable> {
        let silence: Silence = from_json(payload)?;
        // One that says less than it must could silence more than somebody meant.
        silence
            .check()
            .map_err(|error| Undecodable(error.to_string()))?;
        Ok(silence)
    }
}

impl KeyValue<Silences> {
    /// Keeps a silence under an id of its own, which the answer has.
    pub async fn add(&self, silence: Silence) -> Result<Silence, StoreError> {
        let mut number = OffsetDateTime::now_utc().unix_timestamp_nanos() / 1000;
        loop {
            let id = format!("{number:x}");
            let key = SilenceKey(id.clone());
            let added = Silence {
                id,
                ..silence.clone()
            };
            if self.create(&key, &added).await? {
                return Ok(added);
            }
            // Somebody has made one in the same microsecond.
            number += 1;
        }
    }
}

impl Bus {
    /// The silences: they say of which alerts nobody is told.
    pub fn silences(&self) -> KeyValue<Silences> {
        self.key_value()
    }
}
