//! Headers of every kind of event, and what the value of one may be.

use async_nats::jetstream::message::PublishMessage;

/// Who caused the event: a user or a token.
pub(crate) const BY: &str = "By";

/// That the event was said before: it was put back into a stream that had been deleted.
pub(crate) const PUT_BACK: &str = "Put-Back";

/// Says who caused an event; nothing where nobody knows.
pub(crate) fn said_by(message: PublishMessage, who: &str) -> PublishMessage {
    match who {
        "" => message,
        who => message.header(BY, value(who)),
    }
}

/// Text without control characters: a line break would end the header.
pub(crate) fn value(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect()
}
