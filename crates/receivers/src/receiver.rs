//! A receiver that can be sent to.

use std::{borrow::Cow, fmt, path::Path, sync::Arc, time::Duration};

use tokio::time::timeout;

use crate::{
    Handle, Message, Occasion, Outcome, ReceiverKind, ReceiverSpec, SpecError,
    alertmanager::{self, Alertmanager},
    clock::Clock,
    email::Email,
    http::Refusal,
    slack::Slack,
    webhook::Webhook,
    wording::Wording,
};

/// One receiver. It is cheap to clone, and takes several messages at a time.
#[derive(Clone)]
pub struct Receiver(Arc<Inner>);

struct Inner {
    name: String,
    kind: ReceiverKind,
    clock: Clock,
    timeout: Duration,
    way: Way,
}

enum Way {
    Webhook(Webhook),
    Email(Email),
    Slack(Slack),
    Alertmanager(Alertmanager),
}

impl Receiver {
    /// The receiver that a configuration describes. Files that it names are sought from the folder `beside`. They are read
    /// now, as a check, and secrets again for each message, so they can be changed without more ado. Nothing is connected
    /// to.
    ///
    /// # Errors
    /// When a setting is missing, doesn't go with the type, or says what can't be.
    pub fn of(name: &str, spec: &ReceiverSpec, beside: &Path) -> Result<Self, SpecError> {
        spec.check_settings()?;
        let way = match spec.kind {
            ReceiverKind::Webhook => Way::Webhook(Webhook::of(name, spec, beside)?),
            ReceiverKind::Email => Way::Email(Email::of(name, spec, beside)?),
            ReceiverKind::Slack => Way::Slack(Slack::of(name, spec, beside)?),
            ReceiverKind::Alertmanager => Way::Alertmanager(Alertmanager::of(spec, beside)?),
        };
        Ok(Receiver(Arc::new(Inner {
            name: name.to_owned(),
            kind: spec.kind,
            clock: Clock::of(spec.time_zone.as_deref())?,
            timeout: spec.whole_timeout()?,
            way,
        })))
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// Its type.
    pub fn kind(&self) -> ReceiverKind {
        self.0.kind
    }

    /// Where messages go, for people: the host of a server, a channel. It is no secret.
    pub fn place(&self) -> Cow<'_, str> {
        match &self.0.way {
            Way::Webhook(webhook) => webhook.place().into(),
            Way::Email(email) => email.place().into(),
            Way::Slack(slack) => slack.place().into(),
            Way::Alertmanager(alertmanager) => alertmanager.place().into(),
        }
    }

    /// Whether a message's picture goes with it. If not, no picture need be made.
    pub fn takes_pictures(&self) -> bool {
        match &self.0.way {
            Way::Webhook(webhook) => webhook.takes_pictures(),
            Way::Email(email) => email.takes_pictures(),
            Way::Slack(slack) => slack.takes_pictures(),
            Way::Alertmanager(_) => false,
        }
    }

    /// How often a firing message must be sent again while it holds, since the receiver forgets it otherwise. Only
    /// Alertmanager does.
    pub fn repeats_every(&self) -> Option<Duration> {
        match self.0.way {
            Way::Alertmanager(_) => Some(alertmanager::REPEATS_EVERY),
            Way::Webhook(_) | Way::Email(_) | Way::Slack(_) => None,
        }
    }

    /// The line that stands for a message where there is room for one, as this receiver is told it.
    pub fn subject(&self, message: &Message) -> String {
        Wording::of(message, &self.0.clock).subject
    }

    /// Sends a message, and says what became of it within the receiver's `timeout`. `thread` is what an earlier message
    /// about the same was delivered with. Where a message is too large with its picture, it is sent without.
    pub async fn send(&self, message: &Message, thread: Option<&Handle>) -> Outcome {
        let sent = timeout(self.0.timeout, self.0.send(message, thread)).await;
        let sent = sent.unwrap_or_else(|_| {
            let (place, timeout) = (self.place(), self.0.timeout);
            let why = format!(
                "{place} was not done within {}",
                humantime::format_duration(timeout)
            );
            Err(Refusal::now(why))
        });
        match sent {
            Ok(handle) => Outcome::Delivered(handle),
            Err(refusal) => refusal.into(),
        }
    }
}

impl fmt::Debug for Receiver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({:?})", self.name(), self.kind())
    }
}

impl Inner {
    async fn send(
        &self,
        message: &Message,
        thread: Option<&Handle>,
    ) -> Result<Option<Handle>, Refusal> {
        if message.told.is_empty() && message.occasion != Occasion::Test {
            return Err(Refusal::Forever("the message tells of no alert".to_owned()));
        }
        let wording = Wording::of(message, &self.clock);
        match self.try_to_send(message, &wording, thread).await {
            Err(Refusal::TooLarge(why)) if message.picture.is_some() => {
                let receiver = &self.name;
                tracing::warn!(receiver, why, "a message is sent again without its picture");
                let without = Message {
                    picture: None,
                    ..message.clone()
                };
                self.try_to_send(&without, &wording, thread).await
            }
            sent => sent,
        }
    }

    async fn try_to_send(
        &self,
        message: &Message,
        wording: &Wording,
        thread: Option<&Handle>,
    ) -> Result<Option<Handle>, Refusal> {
        match &self.way {
            Way::Webhook(webhook) => webhook.send(message, wording).await,
            Way::Email(email) => email.send(message, wording, thread).await,
            Way::Slack(slack) => slack.send(message, wording, thread).await,
            Way::Alertmanager(alertmanager) => {
                alertmanager.send(message, wording).await.map(|()| None)
            }
        }
    }
}
