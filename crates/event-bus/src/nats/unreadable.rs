//! Messages that can't be read: counted, logged now and then, kept as dead letters.

use async_nats::jetstream;
use log_limiter::LogLimiter;

use super::{
    bus::Bus,
    causes::with_causes,
    event::{Event, Stored, Undecodable},
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
    /// Keeps a message that can never be handled, where that succeeds, and goes on.
    pub(crate) async fn pass_over(&self, message: &jetstream::Message, cause: &str) {
        if let Err(error) = self.keep_dead_letter(message, cause).await {
            metrics::counter!("framewatch_dead_letters_not_kept_total").increment(1);
            let (subject, error) = (message.subject.as_str(), with_causes(&error));
            tracing::warn!(subject, error, "a message that cannot be read was not kept");
        }
    }
}
