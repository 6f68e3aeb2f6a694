//! Who makes a request, and what they may do.

use accounts::{Role, TokenId, UserName};
use event_bus::SessionKey;

/// Who makes a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Visitor {
    /// Somebody, while there are no accounts.
    Anyone,
    /// Somebody who has not said who they are.
    Nobody,
    /// Somebody who has logged in.
    User {
        /// By which they did.
        name: UserName,
        /// What they may do now.
        role: Role,
        /// What the browser shows.
        session: SessionKey,
    },
    /// The bearer of a token.
    Program {
        /// What they presented.
        token: TokenId,
        /// What they may do.
        role: Role,
    },
}

/// Who makes a change: the name of a user or of a token; empty where nobody knows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct By(String);

impl By {
    pub(crate) fn name(&self) -> &str {
        &self.0
    }
}

impl From<&Visitor> for By {
    fn from(visitor: &Visitor) -> Self {
        By(visitor.name().unwrap_or_default())
    }
}

impl Visitor {
    /// Whether they may do what this role may.
    pub(crate) fn may(&self, needed: Role) -> bool {
        match self {
            Visitor::Anyone => true,
            Visitor::Nobody => false,
            Visitor::User { role, .. } | Visitor::Program { role, .. } => *role >= needed,
        }
    }

    /// What they may do, if it is known who they are.
    pub(crate) fn role(&self) -> Option<Role> {
        match self {
            Visitor::Anyone | Visitor::Nobody => None,
            Visitor::User { role, .. } | Visitor::Program { role, .. } => Some(*role),
        }
    }

    /// By which name they are known, if it is known who they are.
    fn name(&self) -> Option<String> {
        match self {
            Visitor::Anyone | Visitor::Nobody => None,
            Visitor::User { name, .. } => Some(name.to_string()),
            Visitor::Program { token, .. } => Some(token.to_string()),
        }
    }

    /// The same for people.
    pub(crate) fn who(&self) -> String {
        self.name().unwrap_or_else(|| "-".to_owned())
    }

    /// How they came in.
    pub(crate) fn how(&self) -> &'static str {
        match self {
            Visitor::Anyone => "open",
            Visitor::Nobody => "-",
            Visitor::User { .. } => "session",
            Visitor::Program { .. } => "token",
        }
    }

    /// Whether pages show them more than the login.
    pub(crate) fn may_look(&self) -> bool {
        self.may(Role::Viewer)
    }

    /// Whether pages offer them what is done every day.
    pub(crate) fn may_operate(&self) -> bool {
        self.may(Role::Operator)
    }

    /// Whether pages offer them the settings that decide what is watched.
    pub(crate) fn may_administer(&self) -> bool {
        self.may(Role::Admin)
    }

    /// Name and role of somebody who has logged in.
    pub(crate) fn user(&self) -> Option<(&UserName, Role)> {
        match self {
            Visitor::User { name, role, .. } => Some((name, *role)),
            _ => None,
        }
    }
}
