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

    /// By which name they are known.
    pub(crate) fn who(&self) -> String {
        match self {
            Visitor::Anyone | Visitor::Nobody => "-".to_owned(),
            Visitor::User { name, .. } => name.to_string(),
            Visitor::Program { token, .. } => token.to_string(),
        }
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

    /// Whether pages show them more than the way in.
    pub(crate) fn may_look(&self) -> bool {
        self.may(Role::Viewer)
    }

    /// Whether pages offer them what comes up every day.
    pub(crate) fn may_operate(&self) -> bool {
        self.may(Role::Operator)
    }

    /// Whether pages offer them what decides what is watched.
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
