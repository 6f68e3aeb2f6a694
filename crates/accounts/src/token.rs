//! Tokens, which let programs in for a while.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::{Digest, Role, Secret, secret::random_hex};

/// What lets a program in, for a while.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Token {
    /// Its public part, by which it is listed and removed.
    pub id: TokenId,
    /// What it may do.
    pub role: Role,
    /// From then on it is refused.
    #[serde(with = "time::serde::rfc3339")]
    pub expires: OffsetDateTime,
    /// What it is for.
    #[serde(default, skip_serializing_if = "Note::is_empty")]
    pub note: Note,
    /// The SHA-256 of its secret part.
    pub(crate) digest: Digest,
}

/// A token's public part: twelve hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TokenId(String);

/// A text that is no token's id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "a token's id is {ID_DIGITS} lower-case hexadecimal digits, as `framewatch token list` shows it"
)]
pub struct InvalidTokenId;

/// What a token is for: a line of at most 200 characters.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Note(String);

/// A text that is no such line.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a note is one line of at most {MAX_NOTE} characters")]
pub struct InvalidNote;

/// A new token, with what its bearer presents. That is known only here, and only now.
#[derive(Debug)]
pub struct Issued {
    /// What is kept of it.
    pub token: Token,
    secret: Secret,
}

const ID_BYTES: usize = 6;
const ID_DIGITS: usize = 2 * ID_BYTES;
const MAX_NOTE: usize = 200;

/// Begins every token: whoever searches files for secrets that were left in them finds it by this.
const PREFIX: &str = "fw_";

impl Token {
    /// Makes a new one.
    pub fn issue(role: Role, expires: OffsetDateTime, note: Note) -> Issued {
        let secret = Secret::random();
        let token = Token {
            id: TokenId(random_hex::<ID_BYTES>()),
            role,
            expires,
            note,
            digest: secret.digest(),
        };
        Issued { token, secret }
    }
}

impl Issued {
    /// What its bearer presents: `fw_<id>_<secret>`.
    pub fn reveal(&self) -> String {
        format!("{PREFIX}{}_{}", self.token.id, self.secret.reveal())
    }
}

/// The two parts of what somebody presents; `None` if it has not the form of a token.
pub(crate) fn parts(presented: &str) -> Option<(TokenId, Secret)> {
    let (id, secret) = presented.strip_prefix(PREFIX)?.split_once('_')?;
    Some((id.parse().ok()?, Secret::presented(secret)?))
}

impl fmt::Display for TokenId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl FromStr for TokenId {
    type Err = InvalidTokenId;

    fn from_str(text: &str) -> Result<Self, InvalidTokenId> {
        let is_digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        match text.len() == ID_DIGITS && text.bytes().all(is_digit) {
            true => Ok(TokenId(text.to_owned())),
            false => Err(InvalidTokenId),
        }
    }
}

impl TryFrom<String> for TokenId {
    type Error = InvalidTokenId;

    fn try_from(text: String) -> Result<Self, InvalidTokenId> {
        text.parse()
    }
}

impl From<TokenId> for String {
    fn from(id: TokenId) -> Self {
        id.0
    }
}

impl Note {
    /// As it is written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl FromStr for Note {
    type Err = InvalidNote;

    fn from_str(text: &str) -> Result<Self, InvalidNote> {
        Note::try_from(text.to_owned())
    }
}

impl TryFrom<String> for Note {
    type Error = InvalidNote;

    fn try_from(text: String) -> Result<Self, InvalidNote> {
        let is_line = text.chars().count() <= MAX_NOTE && !text.chars().any(char::is_control);
        is_line.then_some(Note(text)).ok_or(InvalidNote)
    }
}

impl From<Note> for String {
    fn from(note: Note) -> Self {
        note.0
    }
}
