//! A card as it is drawn. Pages and parts of them draw it here, and scripts draw none.

use std::hash::{DefaultHasher, Hash, Hasher};

use askama::Template;
use folder_state::Summary;

use crate::folders::card::Card;

/// A card of the overview.
#[derive(Template)]
#[template(path = "overview/card.html")]
pub(super) struct Element {
    pub(super) card: Card,
    /// The width of its pictures, in pixels.
    width: u32,
    /// See [`looks`].
    pub(super) looks: String,
}

/// How wide pictures are on a page of this many folders, in pixels.
pub(super) fn width(folders: usize) -> u32 {
    match folders {
        0..=12 => 640,
        _ => 320,
    }
}

impl Element {
    pub(super) fn new(summary: Summary, width: u32) -> Self {
        let card = Card::new(summary);
        Element {
            looks: looks(card.clone()),
            card,
            width,
        }
    }
}

/// Eight letters and digits that are others as soon as a card shows anything else, but for what a glance tells.
fn looks(card: Card) -> String {
    let at_rest = Element {
        card: card.at_rest(),
        width: 0,
        looks: String::new(),
    };
    let mut hasher = DefaultHasher::new();
    at_rest.to_string().hash(&mut hasher);
    format!("{:08x}", hasher.finish() as u32)
}
