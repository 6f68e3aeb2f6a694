//! The name of a folder: what most events are about.

use std::{fmt, str::FromStr, sync::Arc};

/// The name of a folder: one subject token, `[a-z0-9][a-z0-9_-]{0,63}`. Cheap to clone.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Folder(Arc<str>);

/// A name that no folder can have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is not a folder name: 1 to 64 lower-case letters, digits, `_` and `-`, beginning with a letter or digit"
)]
pub struct InvalidFolder(String);

const MAX_LENGTH: usize = 64;

impl Folder {
    /// What names look like, as a regular expression.
    pub const PATTERN: &'static str = "^[a-z0-9][a-z0-9_-]{0,63}$";

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn is_valid(name: &str) -> bool {
        let alphanumeric = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
        let bytes = name.as_bytes();
        bytes.len() <= MAX_LENGTH
            && bytes.first().copied().is_some_and(alphanumeric)
            && bytes
                .iter()
                .all(|&byte| alphanumeric(byte) || byte == b'_' || byte == b'-')
    }
}

impl FromStr for Folder {
    type Err = InvalidFolder;

    fn from_str(name: &str) -> Result<Self, InvalidFolder> {
        if Self::is_valid(name) {
            Ok(Folder(name.into()))
        } else {
            Err(InvalidFolder(name.chars().take(MAX_LENGTH + 1).collect()))
        }
    }
}

impl fmt::Display for Folder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Folder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_one_lower_case_subject_token() {
        for good in ["folder1", "0", "a-b_c", &"x".repeat(64)] {
            assert_eq!(good.parse::<Folder>().unwrap().as_str(), good);
        }
        let long = "x".repeat(65);
        for bad in [
            "", "-a", "_default", "Folder1", "a.b", "a b", "*", ">", "a/..", "ä", &long,
        ] {
            assert!(bad.parse::<Folder>().is_err(), "{bad:?} must be refused");
        }
    }
}
