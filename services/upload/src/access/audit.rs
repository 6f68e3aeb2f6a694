//! The audit: who changed what, and what came of it.

use std::net::IpAddr;

use accounts::Role;

use super::{Access, Mode};

/// Something that somebody changed, or tried to.
pub(crate) struct Change<'a> {
    pub(crate) who: &'a str,
    pub(crate) role: Option<Role>,
    /// How they came in.
    pub(crate) how: &'static str,
    /// In words, as in the table of permissions.
    pub(crate) what: &'static str,
    pub(crate) method: &'a str,
    pub(crate) path: &'a str,
    /// The folder in the path, if there is one.
    pub(crate) folder: Option<&'a str>,
    /// The picture or alert in the path, if there is one.
    pub(crate) id: Option<&'a str>,
    pub(crate) client: IpAddr,
}

/// What came of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    Done,
    Refused,
    Failed,
}

impl Outcome {
    fn word(self) -> &'static str {
        match self {
            Outcome::Done => "done",
            Outcome::Refused => "refused",
            Outcome::Failed => "failed",
        }
    }
}

/// The fields of a line of the audit, at one of two levels.
macro_rules! line {
    ($level:ident, $change:expr, $outcome:expr) => {
        tracing::$level!(
            target: "audit",
            who = $change.who,
            role = $change.role.map_or("-", Role::word),
            how = $change.how,
            what = $change.what,
            method = $change.method,
            path = $change.path,
            folder = $change.folder,
            id = $change.id,
            outcome = $outcome.word(),
            client = %$change.client,
        )
    };
}

impl Access {
    /// Writes a line. Where everybody who comes is on this machine, only for those who want to see details.
    pub(crate) fn audit(&self, change: &Change<'_>, outcome: Outcome) {
        match self.mode {
            Mode::Loopback => line!(debug, change, outcome),
            Mode::Everyone | Mode::Accounts(_) => line!(info, change, outcome),
        }
    }
}
