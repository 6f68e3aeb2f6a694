//! Messages that can't be read: counted, logged now and then, kept as dead letters.

use async_nats::jetstream;
use log_limiter::LogLimiter;

use super::{
    bus::Bus,
    causes::with_causes,
    event::{Event, Stored, Undecodable},
    publish_error::PublishError,
};

/// Reads messages, and logs those that can't be read once a minute: whoever sends one sends many.
#[derive(Default)]
pub(crate) struct UnreadableLog {
    lines: LogLimiter,
}

impl UnreadableLog {
    pub(crate) fn read<E: Event>(
        &mut self,
        message: &jetstream::Message,
    ) -> Result<Stored<E>, Undecodable> {
        let error = match Stored::read(message) {
            Ok(stored) => return Ok(stored),
            Err(error) => error,
        };
        metrics::counter!("framewatch_messages_unreadable_total", "stream" => E::STREAM)
            .increment(1);
        if self.lines.is_due(&()) {
            let subject = message.subject.as_str();
            tracing::warn!(subject, %error, "passing over a message; more of them are only counted for a minute");
        }
        Err(error)
    }
}

impl Bus {
    /// Keeps a message that can never be handled, where that succeeds, and goes on. One whose headers alone were sent is kept
    /// by who gets all of it, since it is kept once.
    pub(crate) async fn pass_over<E: Event>(&self, message: &jetstream::Message, cause: &str) {
        if E::HEADERS_ONLY {
            return;
        }
        if let Err(error) = self.keep_dead_letter(message, cause).await {
            not_kept(message, &error);
        }
    }
}

/// Says that a message that can never be handled is not among the dead letters.
pub(crate) fn not_kept(message: &jetstream::Message, error: &PublishError) {
    metrics::counter!("framewatch_dead_letters_not_kept_total").increment(1);
    let (subject, error) = (message.subject.as_str(), with_causes(error));
    tracing::warn!(subject, error, "a message that cannot be read was not kept");
}
