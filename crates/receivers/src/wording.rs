//! A message in words that a person can act on from a phone: what, where, since when, and why.
//!
//! Texts of others, such as titles and causes, are made fit for a message by [`plain`](crate::plain). What HTML or
//! Slack needs beyond that is done there.

mod headline;
mod item;
#[cfg(test)]
pub(crate) mod tests;

use crate::{Message, Occasion, Told, clock::Clock, plain};
pub(crate) use item::Item;

/// How many alerts are listed; the others are only counted.
const LISTED: usize = 20;

/// What a message says.
#[derive(Debug, Clone)]
pub(crate) struct Wording {
    /// One line that says it all.
    pub(crate) subject: String,
    /// The alerts, one by one, as many as there is room for.
    pub(crate) items: Vec<Item>,
    /// How many alerts are not listed.
    pub(crate) more: usize,
    /// The links: what is there, and the URL.
    pub(crate) links: Vec<(&'static str, String)>,
    /// A note below the rest.
    pub(crate) note: Option<&'static str>,
}

impl Wording {
    pub(crate) fn of(message: &Message, clock: &Clock) -> Self {
        let listed = message.told.iter().take(LISTED);
        Wording {
            subject: headline::of(message, clock),
            items: listed.map(|told| Item::of(told, clock)).collect(),
            more: message.told.len().saturating_sub(LISTED),
            links: links(message),
            note: (message.occasion == Occasion::Test)
                .then_some("Somebody asked for this to see whether messages arrive."),
        }
    }

    /// What is wrong with one, without a time: `Loading dock, hamburg: covered`.
    pub(crate) fn of_one(told: &Told) -> String {
        format!("{}: {}", item::place(told), item::state(told))
    }

    /// As plain text.
    pub(crate) fn text(&self) -> String {
        let mut text = format!("{}\n", self.subject);
        let is_one = self.items.len() == 1 && self.more == 0;
        if !self.items.is_empty() {
            text.push('\n');
        }
        for item in &self.items {
            text += &if is_one { item.full() } else { item.short() };
            text.push('\n');
        }
        if let Some(more) = self.and_more() {
            text += &format!("{more}\n");
        }
        if let Some(note) = self.note {
            text += &format!("\n{note}\n");
        }
        if !self.links.is_empty() {
            text.push('\n');
        }
        for (what, link) in &self.links {
            text += &format!("{what}: {link}\n");
        }
        text
    }

    /// The line that says how many alerts are not listed; `None` where all are.
    pub(crate) fn and_more(&self) -> Option<String> {
        (self.more > 0).then(|| format!("… and {} more", self.more))
    }
}

fn links(message: &Message) -> Vec<(&'static str, String)> {
    let links = &message.links;
    let open = links.open.as_ref();
    let open = open.or(match message.told.as_slice() {
        [told] => told.link.as_ref(),
        _ => None,
    });
    let all = [
        ("Open", open),
        ("Acknowledge", links.acknowledge.as_ref()),
        ("Snooze", links.snooze.as_ref()),
    ];
    let all = all.into_iter();
    all.filter_map(|(what, link)| Some((what, plain::link(link?)?.to_owned())))
        .collect()
}
