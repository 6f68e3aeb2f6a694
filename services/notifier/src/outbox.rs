//! What people must be told, and how that is carried out step by step: pure, without a server, a clock or a network.
//!
//! [`due`] says whether an episode is to be told to a receiver now. A [`Lane`] is one receiver's: it chooses the next message,
//! and says one [`Effect`] after another; whoever carries them out says what came of each. Before a message is sent, the
//! intent is stored in the notices of all episodes that it tells; until it is settled, nothing else is told of these. So
//! whatever dies in between, the next one finds the intent and sends the same message, with the same key.

mod backoff;
mod begun;
mod due;
mod lane;
mod rate;
mod settle;
#[cfg(test)]
mod simulation;

use std::time::Duration;

use event_bus::{Notice, NoticeKey, Telling};
use time::OffsetDateTime;

pub(crate) use due::{Due, Hold, Part, Standing, due};
pub(crate) use lane::{Answer, Counts, Effect, Lane, Stored};
pub(crate) use rate::Rate;

/// What time it is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Now {
    /// By the machine's clock, which may be set: for what people and other machines say.
    pub(crate) wall: OffsetDateTime,
    /// Since some beginning, never set: for how long something lasts.
    pub(crate) running: Duration,
}

/// An episode, as far as one receiver is concerned.
#[derive(Debug, Clone)]
pub(crate) struct Case {
    pub(crate) key: NoticeKey,
    /// What the receiver was told, and the number of the change that says so; 0 before the first.
    pub(crate) notice: Notice,
    pub(crate) revision: u64,
    /// The state of the episode. `None` where nothing is known of it any more: then a message that was begun is still
    /// brought to its end.
    pub(crate) standing: Option<Standing>,
}

/// One message.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Dispatch {
    /// The same however often it is sent.
    pub(crate) key: String,
    pub(crate) telling: Telling,
    /// The episodes that it tells.
    pub(crate) members: Vec<Member>,
}

impl Dispatch {
    /// How many of its episodes are given up if the receiver does not take it this time.
    pub(crate) fn given_up_after_this(&self) -> usize {
        let tries = self
            .members
            .iter()
            .filter_map(|it| it.notice.sending.as_ref());
        tries
            .filter(|sending| sending.tries + 1 >= backoff::MOST_TRIES)
            .count()
    }
}

/// An episode that a message tells.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Member {
    pub(crate) key: NoticeKey,
    pub(crate) notice: Notice,
    pub(crate) revision: u64,
}

/// The ways in which the simulation breaks the outbox, to see that its checks notice.
#[cfg(test)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mutant {
    /// Sends without having stored the intent.
    NoIntent,
    /// Does not bring to its end what was begun, before it tells something else.
    NotSettledFirst,
    /// Takes a message for told after a few tries.
    GivesUpSilently,
    /// Holds back the end while a silence lasts.
    SilencedEnds,
    /// Makes another key for each try.
    NewKeys,
    /// Does not count what the copy before it sent.
    ForgetsTheRate,
    /// Forgets an episode as soon as it is over and nobody is known to have heard of it.
    ForgetsAtOnce,
}
