//! Names of users.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// A user's name: `[a-z0-9][a-z0-9._@-]{0,63}`. It stands in logs and pages, so nothing in it needs quoting, and no two
/// names look alike.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct UserName(String);

/// A name that no user can have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} cannot be a user's name; it must be 1 to 64 lower-case letters, digits, `.`, `_`, `@` and `-`, beginning with a letter or digit"
)]
pub struct InvalidUserName(String);

const MAX_LENGTH: usize = 64;

impl UserName {
    /// As it is written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for UserName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl FromStr for UserName {
    type Err = InvalidUserName;

    fn from_str(name: &str) -> Result<Self, InvalidUserName> {
        let begins_well = name.starts_with(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit());
        let is_plain = |byte: u8| {
            byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"._@-".contains(&byte)
        };
        if begins_well && name.len() <= MAX_LENGTH && name.bytes().all(is_plain) {
            return Ok(UserName(name.to_owned()));
        }
        Err(InvalidUserName(name.chars().take(MAX_LENGTH + 1).collect()))
    }
}

impl TryFrom<String> for UserName {
    type Error = InvalidUserName;

    fn try_from(name: String) -> Result<Self, InvalidUserName> {
        name.parse()
    }
}

impl From<UserName> for String {
    fn from(name: UserName) -> Self {
        name.0
    }
}
