//! The page of all folders.

use std::sync::Arc;

use askama::Template;
use axum::{Extension, extract::State, response::Html};
use folder_state::{FolderState, UnmadeFolders};
use serde::Deserialize;

use super::{
    super::{extract::Search, folders::summaries},
    card::Card,
    render,
};
use crate::{access::Visitor, app::App, problem::Problem};

/// The ways to sort, as they stand in the address, and in words.
const ORDERS: [(&str, &str); 4] = [
    ("urgency", "what is wrong first"),
    ("name", "by name"),
    ("similarity", "least similar first"),
    ("age", "oldest picture first"),
];

/// How many folders one page has.
const MOST_CARDS: usize = 1000;

/// Which folders are shown, and in which order. All are part of the page, so that a script can show the others; where there are
/// very many, those that are asked for, the first of them.
#[derive(Deserialize)]
#[serde(default)]
pub(crate) struct Query {
    /// Words, each a part of the name, title, site or area, or of a tag.
    q: String,
    state: String,
    sort: String,
}

#[derive(Template)]
#[template(path = "overview.html")]
struct Overview {
    cards: Vec<Card>,
    /// How many there are that the page does not have, and how many in all.
    left_out: usize,
    total: usize,
    unmade: UnmadeFolders,
    /// How many folders are in each state.
    tally: Vec<Tally>,
    query: Query,
    orders: &'static [(&'static str, &'static str)],
    /// Of the pictures, in pixels.
    width: u32,
    /// Up to which announcement the page knows how things stand.
    position: String,
    visitor: Visitor,
    is_connected: bool,
}

struct Tally {
    slug: &'static str,
    words: &'static str,
    count: usize,
}

impl Default for Query {
    fn default() -> Self {
        Query {
            q: String::new(),
            state: String::new(),
            sort: ORDERS[0].0.to_owned(),
        }
    }
}

impl Query {
    fn wants(&self, card: &Card) -> bool {
        let (findable, asked) = (card.findable(), self.q.to_lowercase());
        asked.split_whitespace().all(|word| findable.contains(word))
            && (self.state.is_empty() || self.state == card.slug)
    }

    fn sort(&self, cards: &mut [Card]) {
        match self.sort.as_str() {
            "name" => {}
            "similarity" => cards.sort_by(|a, b| {
                let similarity = |card: &Card| card.similarity_exact.parse().unwrap_or(2.0_f64);
                similarity(a).total_cmp(&similarity(b))
            }),
            "age" => cards
                .sort_by_cached_key(|card| card.frame_moment.as_ref().map(|at| at.machine.clone())),
            _ => cards.sort_by_key(|card| card.urgency.key()),
        }
    }
}

pub(crate) async fn overview(
    State(app): State<Arc<App>>,
    Search(query): Search<Query>,
    Extension(visitor): Extension<Visitor>,
) -> Result<Html<String>, Problem> {
    let position = app.pace.last_position();
    let mut cards: Vec<Card> = summaries(&app).into_iter().map(Card::new).collect();
    query.sort(&mut cards);
    let tally = FolderState::ALL.map(|state| Tally::of(state, &cards));
    let total = cards.len();
    if total > MOST_CARDS {
        cards.retain(|card| query.wants(card));
        cards.truncate(MOST_CARDS);
    }
    let unmade = app.states.read().unmade_folders();
    render(&Overview {
        tally: tally.into(),
        left_out: total - cards.len(),
        total,
        unmade,
        width: if cards.len() <= 12 { 640 } else { 320 },
        cards,
        query,
        orders: &ORDERS,
        position,
        visitor,
        is_connected: app.broker.is_connected(),
    })
}

impl Tally {
    fn of(state: FolderState, cards: &[Card]) -> Self {
        let slug = state.slug();
        Tally {
            slug,
            words: state.words(),
            count: cards.iter().filter(|card| card.slug == slug).count(),
        }
    }
}
