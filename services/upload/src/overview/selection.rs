//! Which folders are asked for, and in which order. Everything is found, sorted and counted here, however many there are.

use std::cmp::Ordering;

use event_bus::Folder;
use folder_state::{FolderState, Known, Listed};
use serde::Deserialize;

use crate::{front_door::addresses::encoded, live::pace::listed};

/// The ways to sort, as they stand in the address, and in words.
pub(super) const ORDERS: [(&str, &str); 4] = [
    ("urgency", "what is wrong first"),
    ("name", "by name"),
    ("similarity", "least similar first"),
    ("age", "oldest picture first"),
];

/// How many folders a page shows, or a part of a page.
pub(super) const PART: usize = 60;

/// Which folders, and in which order.
#[derive(Deserialize)]
#[serde(default)]
pub(super) struct OverviewQuery {
    /// Words, each a part of the name, title, site or area, or of a tag.
    pub(super) q: String,
    /// One word, as in JSON; empty where all states are asked for.
    pub(super) state: String,
    /// One of [`ORDERS`].
    pub(super) sort: String,
    /// How many matching folders are passed over first.
    pub(super) from: usize,
}

/// The folders that are asked for, a part of them by name.
pub(super) struct Selection {
    pub(super) folders: Vec<Folder>,
    /// How many folders match in all.
    pub(super) matching: usize,
    /// How many folders there are.
    pub(super) total: usize,
    /// How many folders are in each state.
    pub(super) tally: Vec<Tally>,
    /// See [`listed`].
    pub(super) listed: String,
}

pub(super) struct Tally {
    pub(super) slug: &'static str,
    pub(super) words: &'static str,
    pub(super) count: usize,
}

impl Default for OverviewQuery {
    fn default() -> Self {
        OverviewQuery {
            q: String::new(),
            state: String::new(),
            sort: ORDERS[0].0.to_owned(),
            from: 0,
        }
    }
}

impl OverviewQuery {
    /// Selects at most `count` of the folders that are asked for.
    pub(super) fn select(&self, known: &Known, count: usize) -> Selection {
        let mut listing = known.listing();
        let (total, listed) = (listing.len(), listed(&listing));
        let tally = FolderState::ALL.map(|state| Tally::of(state, &listing));
        self.keep_wanted(&mut listing);
        let matching = listing.len();
        self.keep_first(&mut listing, self.from.saturating_add(count));
        let part = listing.iter().skip(self.from);
        Selection {
            folders: part.map(|listed| listed.folder.clone()).collect(),
            matching,
            total,
            tally: tally.into(),
            listed,
        }
    }

    /// The page of those from a number on.
    pub(super) fn address(&self, from: usize) -> String {
        let mut said = vec![];
        for (name, value) in [("q", &self.q), ("state", &self.state)] {
            if !value.is_empty() {
                said.push(format!("{name}={}", encoded(value)));
            }
        }
        if self.sort != ORDERS[0].0 {
            said.push(format!("sort={}", encoded(&self.sort)));
        }
        if from > 0 {
            said.push(format!("from={from}"));
        }
        match said.is_empty() {
            true => "/".to_owned(),
            false => format!("/?{}", said.join("&")),
        }
    }

    fn keep_wanted(&self, listing: &mut Vec<Listed>) {
        let asked = self.q.to_lowercase();
        let words: Vec<&str> = asked.split_whitespace().collect();
        listing.retain(|listed| {
            let is_in_state = self.state.is_empty() || self.state == listed.state.slug();
            is_in_state && is_found(listed, &words)
        });
    }

    /// Sorts no more than are looked at.
    fn keep_first(&self, listing: &mut Vec<Listed>, count: usize) {
        let compare = |a: &Listed, b: &Listed| {
            let order = self.compare(a, b);
            order.then_with(|| a.by_name().cmp(&b.by_name()))
        };
        if (1..listing.len()).contains(&count) {
            listing.select_nth_unstable_by(count, compare);
        }
        listing.truncate(count);
        listing.sort_unstable_by(compare);
    }

    fn compare(&self, a: &Listed, b: &Listed) -> Ordering {
        const UNKNOWN: f64 = 2.0;
        let similarity = |listed: &Listed| listed.similarity.unwrap_or(UNKNOWN);
        match self.sort.as_str() {
            "name" => Ordering::Equal,
            "similarity" => similarity(a).total_cmp(&similarity(b)),
            "age" => a.frame_at.cmp(&b.frame_at),
            _ => a.by_urgency().cmp(&b.by_urgency()),
        }
    }
}

/// Whether each word is somewhere in what a folder is called.
fn is_found(listed: &Listed, words: &[&str]) -> bool {
    if words.is_empty() {
        return true;
    }
    let mut parts = vec![listed.folder.as_str()];
    if let Some(details) = listed.details {
        parts.extend([&*details.title, &*details.site, &*details.area]);
        parts.extend(details.tags.iter().map(String::as_str));
    }
    let findable = parts.join(" ").to_lowercase();
    words.iter().all(|word| findable.contains(word))
}

impl Selection {
    /// How many, in words.
    pub(super) fn count(&self) -> String {
        let Selection {
            matching, total, ..
        } = self;
        match matching == total {
            true => format!("{total} folders"),
            false => format!("{matching} of {total} folders"),
        }
    }
}

impl Tally {
    fn of(state: FolderState, listing: &[Listed]) -> Self {
        let in_state = listing.iter().filter(|listed| listed.state == state);
        Tally {
            slug: state.slug(),
            words: state.words(),
            count: in_state.count(),
        }
    }
}
