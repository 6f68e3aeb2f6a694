//! Why a call of NATS failed, in words for clients and for the log.

use event_bus::{AskError, PublishError, StoreError, with_causes};
use folder_state::HistoryError;

use crate::problem::{Kind, Problem};

/// Why a call failed. What stands for it ends a sentence that clients are told.
#[derive(Debug, Clone, Copy, thiserror::Error)]
enum Class {
    #[error("the message broker does not answer. Try again in a moment.")]
    Unanswered,
    /// NATS answers, and this service does not.
    #[error("{0} did not answer in time. Try again in a moment.")]
    Late(&'static str),
    #[error("{0} answered something else: it is of another version.")]
    Unreadable(&'static str),
    #[error(
        "NATS has no room for more; raise its max_file and give its disk more room, or delete what nobody needs."
    )]
    NoRoom,
    #[error("what is stored is damaged; the log says how.")]
    Damaged,
    /// Nobody can tell whether that passes.
    #[error("NATS refused it; the log says why.")]
    Refused,
}

/// A call that failed.
pub(super) struct Failure {
    class: Class,
    /// For the log.
    pub(super) why: String,
}

/// Another service that answers questions by way of NATS, in words.
pub(super) struct Service {
    name: &'static str,
    /// What cannot be done where it does not answer.
    pub(super) task: &'static str,
    /// What there is to say where none of it runs.
    absence: &'static str,
}

pub(super) const CAMERA_SERVICE: Service = Service {
    name: "the camera service",
    task: "try the camera",
    absence: "No camera service is there that would try it: start framewatch-camera with --camera-key-file.",
};

pub(super) const NOTIFIER: Service = Service {
    name: "the notifier",
    task: "ask a notifier",
    absence: "No notifier is there, so nobody is told of alerts: start framewatch-notifier with --config, or \
              framewatch up with --notify.",
};

impl Service {
    pub(super) fn problem(&self, error: &AskError) -> Problem {
        let class = match error {
            AskError::Nobody => return Kind::Unavailable.because(self.absence),
            AskError::Late => Class::Late(self.name),
            AskError::Unreadable(_) => Class::Unreadable(self.name),
            AskError::Unasked(_) => Class::Refused,
        };
        let why = with_causes(error);
        Failure { class, why }.problem(self.task)
    }
}

impl Class {
    fn kind(self) -> Kind {
        match self {
            Class::Unanswered | Class::Late(_) | Class::Unreadable(_) | Class::Refused => {
                Kind::Unavailable
            }
            Class::NoRoom => Kind::NoRoom,
            Class::Damaged => Kind::Internal,
        }
    }
}

impl Failure {
    pub(super) fn unconnected() -> Self {
        Self::unanswered("there is no connection to NATS")
    }

    pub(super) fn unanswered(why: impl Into<String>) -> Self {
        Failure {
            class: Class::Unanswered,
            why: why.into(),
        }
    }

    /// What the client is told; the log has the cause.
    pub(super) fn problem(self, what: &str) -> Problem {
        let Failure { class, why } = self;
        tracing::warn!("cannot {what}: {why}");
        class.kind().because(format!("Could not {what}: {class}"))
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        let class = match error {
            StoreError::NoAnswer(_) => Class::Unanswered,
            StoreError::NoRoom(_) => Class::NoRoom,
            StoreError::Damaged { .. } => Class::Damaged,
            StoreError::Missing(_)
            | StoreError::MadeAnew
            | StoreError::Unencodable(_)
            | StoreError::Refused(_) => Class::Refused,
        };
        let why = with_causes(&error);
        Failure { class, why }
    }
}

impl From<PublishError> for Failure {
    fn from(error: PublishError) -> Self {
        match error {
            PublishError::Store(error) => error.into(),
            PublishError::Conflict | PublishError::TooLarge { .. } => Failure {
                class: Class::Refused,
                why: with_causes(&error),
            },
        }
    }
}

impl From<HistoryError> for Problem {
    fn from(error: HistoryError) -> Self {
        const WHAT: &str = "read the history";
        match error {
            HistoryError::NotConnected | HistoryError::TooSlow => {
                Failure::unanswered(with_causes(&error)).problem(WHAT)
            }
            HistoryError::Broker(error) => Failure::from(error).problem(WHAT),
            HistoryError::Computation(_) => {
                tracing::error!("{}", with_causes(&error));
                Kind::Internal.because("The history cannot be computed.")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_that_does_not_answer_in_time_is_named() {
        for (service, name) in [
            (CAMERA_SERVICE, "the camera service did not answer in time"),
            (NOTIFIER, "the notifier did not answer in time"),
        ] {
            let problem = service.problem(&AskError::Late);
            assert_eq!(problem.kind, Kind::Unavailable);
            assert!(problem.detail.contains(name), "{}", problem.detail);
        }
    }
}
