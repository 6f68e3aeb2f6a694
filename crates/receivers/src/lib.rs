//! One message about alerts, rendered and delivered to one receiver: a webhook, e-mail, Slack, Alertmanager.
//!
//! A [`ReceiverSpec`] is what a configuration says of a receiver, a [`Receiver`] is one that can be sent to. What is to be
//! said comes as a [`Message`]; what became of it is an [`Outcome`]. When a message is sent, to whom, and how often it is
//! tried again is left to who calls: nothing here waits for anything but the receiver's answer, and that for no longer than
//! its `timeout`. Nothing is kept between two messages but connections.

mod message;
mod outcome;
mod receiver;
mod spec;

pub use message::{Group, Links, Message, Occasion, Picture, Told};
pub use outcome::{Handle, Outcome};
pub use receiver::Receiver;
pub use spec::{MailTls, ReceiverKind, ReceiverSpec, SpecError, Url, WebhookFormat};
