//! One message about alerts, rendered and delivered to one receiver: a webhook, e-mail, Slack, Alertmanager.
//!
//! A [`ReceiverSpec`] is what a configuration says of a receiver, a [`Receiver`] is one that can be sent to. What is to be
//! said comes as a [`Message`]; what became of it is an [`Outcome`]. When a message is sent, to whom, and how often it is
//! tried again is left to who calls: nothing here waits for anything but the receiver's answer, and that for no longer than
//! its `timeout`. Between two messages nothing is kept that is needed: connections, and who of a mail's list has it already.
//!
//! `wording` says a message in words, `body` in JSON; `picture` puts the pictures behind an alert into one. `http`, `secret`,
//! `template`, `fault` and `plain` are what several kinds of receivers share.

mod alertmanager;
mod body;
mod clock;
mod email;
mod fault;
mod http;
mod message;
mod outcome;
mod picture;
mod plain;
mod receiver;
mod secret;
mod slack;
mod spec;
mod template;
mod webhook;
mod wording;

pub use message::{Group, Links, Message, Occasion, Picture, Told};
pub use outcome::{Handle, Outcome};
pub use picture::{NoPicture, Shots};
pub use receiver::Receiver;
pub use spec::{MailTls, ReceiverKind, ReceiverSpec, SpecError, Url, WebhookFormat};
