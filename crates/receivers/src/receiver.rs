//! A receiver that can be sent to.

use std::{path::Path, time::Duration};

use crate::{Handle, Message, Outcome, ReceiverKind, ReceiverSpec, SpecError};

/// One receiver. It is cheap to clone, and takes several messages at a time.
#[derive(Debug, Clone)]
pub struct Receiver {
    name: String,
    kind: ReceiverKind,
}

impl Receiver {
    /// The receiver that a configuration describes. Files that it names are sought from the folder `beside`. They are read
    /// now, as a check, and again for each message, so a secret can be changed without more ado. Nothing is connected to.
    ///
    /// # Errors
    /// When a setting is missing, doesn't go with the type, or says what can't be.
    pub fn of(name: &str, spec: &ReceiverSpec, beside: &Path) -> Result<Self, SpecError> {
        let _ = beside;
        Ok(Receiver {
            name: name.to_owned(),
            kind: spec.kind,
        })
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What it is.
    pub fn kind(&self) -> ReceiverKind {
        self.kind
    }

    /// Whether a message's picture goes with it; if not, none need be made.
    pub fn takes_pictures(&self) -> bool {
        false
    }

    /// How often a firing message has to be sent again as long as it holds, where the receiver forgets it otherwise:
    /// Alertmanager's.
    pub fn repeats_every(&self) -> Option<Duration> {
        None
    }

    /// Sends a message, and says what became of it within the receiver's `timeout`. `thread` is what an earlier message
    /// about the same was delivered with.
    pub async fn send(&self, message: &Message, thread: Option<&Handle>) -> Outcome {
        let _ = (message, thread);
        Outcome::Refused {
            why: format!("{} cannot be sent to yet", self.name),
        }
    }
}
