//! What somebody may do.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// What somebody may do; each role may do what those before it may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "&'static str")]
pub enum Role {
    /// Looks.
    Viewer,
    /// Does what comes up every day.
    Operator,
    /// Decides what is watched, and by which rules.
    Admin,
}

/// A word that is no role.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no role; it must be viewer, operator or admin")]
pub struct InvalidRole(String);

impl Role {
    /// All of them, the least first.
    pub const ALL: [Role; 3] = [Role::Viewer, Role::Operator, Role::Admin];

    /// As it is written.
    pub fn word(self) -> &'static str {
        match self {
            Role::Viewer => "viewer",
            Role::Operator => "operator",
            Role::Admin => "admin",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

impl FromStr for Role {
    type Err = InvalidRole;

    fn from_str(word: &str) -> Result<Self, InvalidRole> {
        let role = Role::ALL.into_iter().find(|role| role.word() == word);
        role.ok_or_else(|| InvalidRole(word.to_owned()))
    }
}

impl TryFrom<String> for Role {
    type Error = InvalidRole;

    fn try_from(word: String) -> Result<Self, InvalidRole> {
        word.parse()
    }
}

impl From<Role> for &'static str {
    fn from(role: Role) -> Self {
        role.word()
    }
}
