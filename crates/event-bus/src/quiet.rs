use async_nats::jetstream;
use log_limiter::LogLimiter;

use crate::{Event, Stored, Undecodable};

/// Reads messages, and says of those that can't be read that it is so, once a minute: whoever sends one sends many.
#[derive(Default)]
pub(crate) struct Quiet {
    lines: LogLimiter,
}

impl Quiet {
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
