use std::{fmt, str::FromStr};

use async_nats::jetstream::kv::Store;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::{
    Bus, Event, StoreError, Undecodable,
    event::Message,
    pictures::json,
    registry::{is_put, key},
    topology::SESSIONS_BUCKET,
};

/// Who is logged in: the key-value bucket `sessions`, which every copy of the upload service follows.
#[derive(Clone)]
pub struct Sessions(Store);

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

impl Bus {
    /// Who is logged in.
    pub async fn sessions(&self) -> Result<Sessions, StoreError> {
        let store = self.jetstream.get_key_value(SESSIONS_BUCKET).await?;
        Ok(Sessions(store))
    }
}

impl Sessions {
    /// The session of this key, ended by its time or not.
    pub async fn get(&self, key: &SessionKey) -> Result<Option<Session>, StoreError> {
        match self.0.get(&key.0).await? {
            Some(value) => Ok(Some(serde_json::from_slice(&value)?)),
            None => Ok(None),
        }
    }

    /// Begins one; gives its number among all changes of the bucket.
    pub async fn begin(&self, key: &SessionKey, session: &Session) -> Result<u64, StoreError> {
        let value = serde_json::to_vec(session)?;
        Ok(self.0.put(&key.0, value.into()).await?)
    }

    /// Ends one. Where there is none, nothing changes.
    pub async fn end(&self, key: &SessionKey) -> Result<(), StoreError> {
        Ok(self.0.delete(&key.0).await?)
    }
}

/// A session began, or was ended (`None`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionChange(pub Option<Session>);

impl Event for SessionChange {
    type Key = SessionKey;
    const STREAM: &'static str = "KV_sessions";
    const SUBJECTS: &'static str = "$KV.sessions.*";

    fn decode(message: Message<'_>, _: OffsetDateTime) -> Result<(SessionKey, Self), Undecodable> {
        let session_key = key(message).parse().map_err(|error| {
            Undecodable(format!("key of the bucket {SESSIONS_BUCKET}: {error}"))
        })?;
        let session = match is_put(message) {
            true => Some(json(message.payload)?),
            false => None,
        };
        Ok((session_key, SessionChange(session)))
    }
}
