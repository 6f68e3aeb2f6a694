//! What a card needs to stay current: little, since it comes as often as frames do. Whatever else changes on a card, a glance
//! says that the card looks otherwise, and its script has it drawn anew.

use bytes::Bytes;
use event_bus::Folder;
use folder_state::{Summary, Version};
use quick_cache::sync::Cache;
use serde::Serialize;

use super::element::Element;
use crate::{app::App, folders::card::Card, front_door::moment::Moment};

/// A folder at a glance: as an event of no more than 200 bytes, however long its name is.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Glance<'a> {
    folder: &'a str,
    /// Another text as soon as its card shows anything else.
    looks: &'a str,
    /// As it is shown.
    similarity: &'a str,
    /// When the last frame was stored, in milliseconds since 1970.
    frame_at: Option<i64>,
    /// The ten seconds that the last point of its curve stands for, counted from 1970; and its last two points.
    recent: (i64, Option<f64>, Option<f64>),
}

/// How long it is taken that a view looks as it last did; told of folders alone whose alert is firing.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Seen<'a> {
    folder: &'a str,
    /// Both in milliseconds since 1970.
    seen_at: i64,
    known_until: i64,
}

/// Glances as events, made once for all viewers.
pub(super) struct Glances {
    made: Cache<Folder, (Version, Bytes)>,
}

/// More than several walls show at a time.
const KEPT: usize = 4096;

impl Default for Glances {
    fn default() -> Self {
        Glances {
            made: Cache::new(KEPT),
        }
    }
}

impl Glances {
    /// A folder at a glance, if it is there.
    pub(super) fn of(&self, app: &App, folder: &Folder, version: Version) -> Option<Bytes> {
        if let Some((made_of, events)) = self.made.get(folder)
            && made_of == version
        {
            return Some(events);
        }
        let summary = app.states.read().summary(folder)?;
        let events = events(summary);
        self.made.insert(folder.clone(), (version, events.clone()));
        Some(events)
    }
}

fn events(summary: Summary) -> Bytes {
    let element = Element::new(summary, 0);
    let card = &element.card;
    let (newest, [before, last]) = card.recent_end;
    let glance = Glance {
        folder: &card.folder,
        looks: &element.looks,
        similarity: &card.similarity,
        frame_at: card.frame_moment.as_ref().map(Moment::milliseconds),
        recent: (newest, before, last),
    };
    let seen = seen(card).map_or(String::new(), |seen| event("seen", &seen));
    (event("glance", &glance) + &seen).into()
}

fn seen(card: &Card) -> Option<Seen<'_>> {
    card.alert_moment.as_ref()?;
    Some(Seen {
        folder: &card.folder,
        seen_at: card.seen.as_ref()?.milliseconds(),
        known_until: card.known_until.as_ref()?.milliseconds(),
    })
}

pub(super) fn event(name: &str, data: &impl Serialize) -> String {
    let data = serde_json::to_string(data).expect("texts and numbers can be said in JSON");
    format!("event: {name}\ndata: {data}\n\n")
}
