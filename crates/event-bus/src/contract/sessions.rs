//! The bucket `sessions`: who is logged in to the pages. Every copy of the upload service follows it.

use std::{fmt, str::FromStr, time::Duration};

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::{
    declaration::{Backup, DAY, Declaration},
    rights::{Right, Service},
};
use crate::nats::{
    bucket::{BucketNames, Change, KeyValue, KeyValueBucket, key_value_names, values_as_json},
    bus::Bus,
};

pub(super) const DECLARATION: Declaration = Declaration {
    // The longest that anybody is logged in.
    max_age: Some(Duration::from_secs(30 * DAY.as_secs())),
    backup: Backup::No,
    rights: &[(Service::Upload, &[Right::Write, Right::Follow, Right::Ask])],
    ..Declaration::key_value(Sessions::NAMES, "Who is logged in to the pages")
};

/// Who is logged in: the bucket `sessions`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sessions;

/// A session began, or was ended (`None`).
pub type SessionChange = Change<Sessions>;

/// The SHA-256 of what a browser shows for its session, in hexadecimal: whoever reads the bucket can't show it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionKey(String);

/// A text that is no such key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a session's key is {KEY_LENGTH} lower-case hexadecimal digits")]
pub struct InvalidSessionKey;

/// Somebody who is logged in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Session {
    /// Who.
    pub user: String,
    /// Tells the password that they gave from others that they have had: with another one the session is over.
    pub password_mark: String,
    /// When they logged in.
    #[serde(with = "time::serde::rfc3339")]
    pub began_at: OffsetDateTime,
    /// From then on it is over.
    #[serde(with = "time::serde::rfc3339")]
    pub ends_at: OffsetDateTime,
}

const KEY_LENGTH: usize = 64;

impl SessionKey {
    /// In hexadecimal.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for SessionKey {
    type Err = InvalidSessionKey;

    fn from_str(text: &str) -> Result<Self, InvalidSessionKey> {
        let is_digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        match text.len() == KEY_LENGTH && text.bytes().all(is_digit) {
            true => Ok(SessionKey(text.to_owned())),
            false => Err(InvalidSessionKey),
        }
    }
}

impl fmt::Display for SessionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl KeyValueBucket for Sessions {
    const NAMES: BucketNames = key_value_names!("sessions");
    type Key = SessionKey;
    type Value = Session;

    values_as_json!();
}

impl Bus {
    /// Who is logged in.
    pub fn sessions(&self) -> KeyValue<Sessions> {
        self.key_value()
    }
}
