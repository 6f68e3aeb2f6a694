//! Why a camera gives no pictures, in a sentence that a technician can act on.

use proto::v1::SourceState;

/// Why a camera gives no pictures.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct Outage {
    /// The state of the camera.
    pub state: SourceState,
    /// Why, and what to do.
    pub reason: String,
    /// How soon to try again.
    pub patience: Patience,
}

/// How soon to try again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Patience {
    /// Ever more slowly.
    Usual,
    /// After minutes: a camera locks an account after a few wrong passwords.
    Long,
}

impl Outage {
    /// No picture comes.
    pub(crate) fn silent(reason: impl Into<String>) -> Self {
        Outage {
            state: SourceState::Silent,
            reason: reason.into(),
            patience: Patience::Usual,
        }
    }

    /// It answers, and refuses.
    pub(crate) fn refused(reason: impl Into<String>) -> Self {
        Outage {
            state: SourceState::Refused,
            ..Outage::silent(reason)
        }
    }

    /// It does not let us in.
    pub(crate) fn login(has_login: HasLogin) -> Self {
        let reason = match has_login {
            HasLogin::Yes => {
                "the camera refuses the name or the password: check both; it is tried again every five minutes, since cameras lock \
                 accounts"
            }
            HasLogin::No => "the camera asks for a login: set username and password",
        };
        Outage {
            patience: Patience::Long,
            ..Outage::refused(reason)
        }
    }

    /// Its video has no pictures that can be decoded by themselves.
    pub(crate) fn no_key_frames(reason: impl Into<String>) -> Self {
        Outage {
            state: SourceState::NoKeyFrames,
            ..Outage::silent(reason)
        }
    }
}

/// Whether we had a login to show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum HasLogin {
    /// There was.
    Yes,
    /// There was none.
    No,
}
