//! What a card needs to stay current. What changes with every frame is sent as a few figures: a glance. For everything
//! else the card is drawn anew here, as on the page.

use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use event_bus::Folder;
use folder_state::Version;
use quick_cache::sync::Cache;
use serde::Serialize;

use super::element::{self, Element};
use crate::{app::App, folders::card::Card, front_door::moment::Moment, live::drawing::fragment};

/// A folder at a glance: as an event of no more than 200 bytes, however long its name is.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Glance<'a> {
    folder: &'a str,
    /// As it is shown.
    similarity: &'a str,
    /// When the last frame was stored, in milliseconds since 1970.
    frame_at: Option<i64>,
    /// The ten seconds that the last point of its curve stands for, counted from 1970; and its last two points.
    recent: (i64, Option<f64>, Option<f64>),
}

/// When a view was last seen, and until when it is taken to look the same. Told only of folders whose alert is firing.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Sighting<'a> {
    folder: &'a str,
    /// Both in milliseconds since 1970.
    seen_at: i64,
    known_until: i64,
}

/// A card as events.
pub(super) struct Glanced {
    element: Element,
    /// What changes as often as frames come.
    pub(super) figures: Bytes,
    drawn: OnceLock<Bytes>,
}

/// Cards as events, made once for all viewers.
pub(super) struct Glances {
    made: Cache<Folder, (Version, Arc<Glanced>)>,
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
    /// A folder's card, if it is there.
    pub(super) fn of(&self, app: &App, folder: &Folder, version: Version) -> Option<Arc<Glanced>> {
        if let Some((made_of, glanced)) = self.made.get(folder)
            && made_of == version
        {
            return Some(glanced);
        }
        let element = {
            let known = app.states.read();
            Element::new(known.summary(folder)?, element::width(known.count()))
        };
        let glanced = Arc::new(Glanced::new(element));
        let made = (version, Arc::clone(&glanced));
        self.made.insert(folder.clone(), made);
        Some(glanced)
    }
}

impl Glanced {
    fn new(element: Element) -> Self {
        let card = &element.card;
        let (newest, [before, last]) = card.recent_end;
        let glance = Glance {
            folder: &card.folder,
            similarity: &card.similarity,
            frame_at: card.frame_moment.as_ref().map(Moment::milliseconds),
            recent: (newest, before, last),
        };
        let seen = seen(card).map_or(String::new(), |seen| event("seen", &seen));
        let figures = event("glance", &glance) + &seen;
        Glanced {
            figures: figures.into(),
            drawn: OnceLock::new(),
            element,
        }
    }

    /// Another text as soon as the card shows anything else than other figures.
    pub(super) fn looks(&self) -> &str {
        &self.element.looks
    }

    /// The card as it is drawn on the page.
    pub(super) fn drawn(&self) -> &Bytes {
        let draw = || fragment("card", self.element.to_string().trim()).into();
        self.drawn.get_or_init(draw)
    }
}

fn seen(card: &Card) -> Option<Sighting<'_>> {
    card.alert_moment.as_ref()?;
    Some(Sighting {
        folder: &card.folder,
        seen_at: card.seen.as_ref()?.milliseconds(),
        known_until: card.known_until.as_ref()?.milliseconds(),
    })
}

pub(super) fn event(name: &str, data: &impl Serialize) -> String {
    let data = serde_json::to_string(data).expect("texts and numbers can be said in JSON");
    format!("event: {name}\ndata: {data}\n\n")
}
