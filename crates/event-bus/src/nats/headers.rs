//! Headers of every kind of event, and what the value of one may be.

use async_nats::{HeaderMap, jetstream::message::PublishMessage};

/// Who caused the event: a user or a token.
pub(crate) const BY: &str = "By";

/// When the event was said first: it was put back into a stream that had been deleted.
pub(crate) const PUT_BACK: &str = "Put-Back";

/// The most that is read of an event's headers, in bytes. A server sets them no limit of their own.
pub(crate) const MOST_BYTES: usize = 8 * 1024;

/// How many bytes they take in a message.
pub(crate) fn size(headers: &HeaderMap) -> usize {
    const BESIDE_NAME_AND_VALUE: usize = ": \r\n".len();
    headers
        .iter()
        .flat_map(|(name, values)| values.iter().map(move |value| (name, value)))
        .map(|(name, value)| {
            AsRef::<str>::as_ref(name).len() + value.as_str().len() + BESIDE_NAME_AND_VALUE
        })
        .sum()
}

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
