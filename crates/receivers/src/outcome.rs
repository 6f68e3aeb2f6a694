//! The outcome of sending a message.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// The outcome of sending a message. None of these holds a secret, or a webhook's whole URL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The receiver has it. Later messages about the same are sent with the handle, where there is one.
    Delivered(Option<Handle>),
    /// The receiver may take it later. It may have taken it, and its answer been lost.
    TryAgain {
        /// How long the receiver asks to be left alone.
        after: Option<Duration>,
        /// What was wrong.
        why: String,
    },
    /// The receiver will not take it, however often it is sent.
    Refused {
        /// What is wrong, and what would be right, where that can be told.
        why: String,
    },
}

/// By what a receiver finds an earlier message again, so that later ones join it: a thread of Slack, a mail. It means
/// something to the receiver that gave it alone; it is no secret, and can be stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Handle(pub String);
