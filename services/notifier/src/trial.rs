//! A message that somebody sends to see whether messages arrive.

use event_bus::ReceiverName;
use receivers::{Links, Message, Occasion, Outcome};

use crate::Routes;

/// There is no such receiver.
#[derive(Debug, thiserror::Error)]
#[error("there is no receiver {name:?}; the file has: {all}")]
pub struct UnknownReceiver {
    name: String,
    all: String,
}

impl Routes {
    /// The names of those who may be told.
    pub fn receivers(&self) -> impl Iterator<Item = &ReceiverName> {
        self.receivers.keys()
    }

    /// Sends a message to a receiver that tells of no alert, and says what became of it. It counts for no rate, and is not tried
    /// again.
    ///
    /// # Errors
    /// When the file has no such receiver.
    pub async fn try_receiver(&self, name: &str) -> Result<Outcome, UnknownReceiver> {
        let found = name.parse::<ReceiverName>().ok();
        let found = found.and_then(|name| self.receivers.get(&name));
        let addressee = found.ok_or_else(|| {
            let names: Vec<&str> = self.receivers.keys().map(ReceiverName::as_str).collect();
            UnknownReceiver {
                name: name.chars().take(80).collect(),
                all: names.join(", "),
            }
        })?;
        let message = Message {
            key: uuid::Uuid::now_v7().to_string(),
            occasion: Occasion::Test,
            group: None,
            told: Vec::new(),
            picture: None,
            links: Links {
                open: self.link.as_ref().map(ToString::to_string),
                ..Links::default()
            },
        };
        Ok(addressee.receiver.send(&message, None).await)
    }
}
