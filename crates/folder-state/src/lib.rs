//! How each folder stands: what the events and buckets say of it, folded in memory. Pages and the API show the
//! same fold, and so agree.
//!
//! - [`FolderStates`] follows everything and keeps it; [`FolderStates::read`] gives what is [`Known`] at one moment.
//! - [`Summary`] is a folder as clients see it: its [`FolderState`] in one word, its [`Trend`], its alert, its rule.
//! - [`Listed`] is the little of it that folders are found, sorted and counted by.
//! - [`Drift`] is how a folder's matching frames stand against its own past.
//! - [`AlertQuery`] selects episodes; [`Acknowledgements`] say who has which in hand.
//! - [`Live`] tells what happens as it happens; [`FolderStates::take_turn`] tells which folders have changed.
//! - [`Histories`] reads the last day of a folder when somebody asks for it, which [`keep_history`] keeps in short.
//!
//! The folds alone write. How anything is shown or sent (pages, server-sent events, HTTP's errors) is left to the
//! services, and so is every change.

mod acknowledgements;
mod drift;
mod episodes;
mod history;
mod live;
mod recent;
mod rule;
mod states;

pub use acknowledgements::Acknowledgements;
pub use drift::Drift;
pub use episodes::{AlertQuery, Selection, UnknownEpisode};
pub use history::{
    Curve, Histories, History, HistoryError, HistoryPace, Point, REACH, Rehearsal, keep_history,
};
pub use live::{Announcement, Live, News};
pub use recent::Trend;
pub use rule::{RuleSource, RuleSources};
pub use states::{
    Change, Changes, FRAME_IS_CURRENT, FolderState, FolderStates, Known, KnownFolder, Listed,
    MOST_UNMADE, Normal, Removal, Summary, Turn, UnmadeFolders, Urgency, Version, fingerprint,
    natural_order,
};
