//! A message as an event of [CloudEvents 1.0](https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md), in the
//! structured mode of its binding to HTTP: the event is the body, as JSON.

use proto::rfc3339;
use serde_json::{Value, json};
use time::OffsetDateTime;

use crate::Message;

pub(super) const CONTENT_TYPE: &str = "application/cloudevents+json; charset=utf-8";

/// The event, whose `id` is the message's key: with `source` it tells whether an event has come before.
pub(super) fn of(message: &Message, data: Value, key: &str, now: OffsetDateTime) -> Value {
    let kind = serde_json::to_value(message.occasion).unwrap_or_default();
    let kind = kind.as_str().unwrap_or_default();
    let mut event = json!({
        "specversion": "1.0",
        "id": key,
        "source": "/framewatch",
        "type": format!("framewatch.message.{kind}"),
        "time": rfc3339(now),
        "datacontenttype": "application/json",
        "data": data,
    });
    // Where there is none, the attribute must not be there.
    if let Some(subject) = subject(message) {
        event["subject"] = subject.into();
    }
    event
}

/// The folder, or the name that the group shares.
fn subject(message: &Message) -> Option<&str> {
    let subject = match message.told.as_slice() {
        [told] => Some(told.folder.as_str()),
        _ => message.group.as_ref().map(|group| group.name.as_str()),
    };
    subject.filter(|subject| !subject.is_empty())
}
