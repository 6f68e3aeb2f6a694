//! A message as JSON: what a webhook is sent, and what templates see.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use proto::{Known as _, rfc3339};
use serde::Serialize;
use serde_json::Value;

use crate::{Group, Links, Message, Occasion, Told, wording::Wording};

/// The most alerts in a body. `alertsLeftOut` says how many more there are.
const MOST_ALERTS: usize = 1000;

/// The version of what is below. Fields are added to it; what is there keeps its name and meaning.
const VERSION: u32 = 1;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Body<'a> {
    version: u32,
    key: &'a str,
    receiver: &'a str,
    occasion: Occasion,
    subject: &'a str,
    text: String,
    group: Option<&'a Group>,
    alerts: Vec<OneAlert<'a>>,
    alerts_left_out: usize,
    links: &'a Links,
    #[serde(skip_serializing_if = "Option::is_none")]
    picture: Option<Inline<'a>>,
}

#[derive(Serialize)]
struct OneAlert<'a> {
    folder: &'a str,
    title: &'a str,
    site: &'a str,
    about: &'static str,
    kind: &'a str,
    why: &'a str,
    since: Option<String>,
    ended: Option<String>,
    link: Option<&'a str>,
    /// In the JSON of proto3.
    alert: Value,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Inline<'a> {
    content_type: &'static str,
    shows: &'a str,
    /// In base64.
    data: String,
}

/// Whether the JSON holds the picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pictures {
    Inside,
    LeftOut,
}

/// A message as JSON.
pub(crate) fn json(
    receiver: &str,
    message: &Message,
    wording: &Wording,
    pictures: Pictures,
) -> Value {
    let picture = message.picture.as_ref();
    let picture = picture.filter(|_| pictures == Pictures::Inside);
    let body = Body {
        version: VERSION,
        key: &message.key,
        receiver,
        occasion: message.occasion,
        subject: &wording.subject,
        text: wording.text(),
        group: message.group.as_ref(),
        alerts: message.told.iter().take(MOST_ALERTS).map(one).collect(),
        alerts_left_out: message.told.len().saturating_sub(MOST_ALERTS),
        links: &message.links,
        picture: picture.map(|picture| Inline {
            content_type: "image/jpeg",
            shows: &picture.shows,
            data: STANDARD.encode(&picture.jpeg),
        }),
    };
    serde_json::to_value(body).unwrap_or_default()
}

fn one(told: &Told) -> OneAlert<'_> {
    let mut alert = told.alert.clone();
    alert.forget_unknown();
    OneAlert {
        folder: &told.folder,
        title: &told.title,
        site: &told.site,
        about: told.subject.word(),
        kind: &told.kind,
        why: &told.why,
        since: told.since.map(rfc3339),
        ended: told.ended.map(rfc3339),
        link: told.link.as_deref(),
        alert: serde_json::to_value(alert).unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{clock::Clock, wording::tests::any_message};

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]

        #[test]
        fn whatever_a_message_holds_it_has_a_json(message in any_message()) {
            let wording = Wording::of(&message, &Clock::of(None).unwrap());
            let json = json("ops", &message, &wording, Pictures::LeftOut);
            prop_assert_eq!(json["alerts"].as_array().unwrap().len(), message.told.len());
            prop_assert!(json["alerts"].as_array().unwrap().iter().all(|one| one["alert"].is_object()));
        }
    }
}
