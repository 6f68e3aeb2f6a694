use accounts::{Role, TokenId};

/// Who makes a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Visitor {
    /// Somebody, while there are no accounts.
    Anyone,
    /// Somebody who has not said who they are.
    Nobody,
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
            Visitor::Program { role, .. } => *role >= needed,
        }
    }

    /// What they may do, if it is known who they are.
    pub(crate) fn role(&self) -> Option<Role> {
        match self {
            Visitor::Anyone | Visitor::Nobody => None,
            Visitor::Program { role, .. } => Some(*role),
        }
    }

    /// By which name they are known.
    pub(crate) fn who(&self) -> String {
        match self {
            Visitor::Anyone | Visitor::Nobody => "-".to_owned(),
            Visitor::Program { token, .. } => token.to_string(),
        }
    }

    /// How they came in.
    pub(crate) fn how(&self) -> &'static str {
        match self {
            Visitor::Anyone => "open",
            Visitor::Nobody => "-",
            Visitor::Program { .. } => "token",
        }
    }
}
