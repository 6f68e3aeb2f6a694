//! A folder with all that is known of it, and when something was said of it.

use std::{collections::HashMap, fmt};

use event_bus::Stored;
use proto::{
    from_timestamp,
    v1::{Alert, Comparison, Frame, Reference, Verdict},
};
use tests::View;
use time::OffsetDateTime;

use crate::{
    cameras::Log,
    history::{FolderHistory, number_of},
    people::reference,
    undecided::Announced,
};

/// A folder with all that is known of it.
pub(super) struct Folder<'a> {
    pub(super) number: usize,
    pub(super) name: String,
    pub(super) history: &'a FolderHistory,
    pub(super) log: &'a Log,
    /// The view of each reference, by id.
    pub(super) references: HashMap<&'a str, View>,
}

impl fmt::Display for Folder<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

impl Folder<'_> {
    /// The verdict that is right for a comparison; `None` where its frame or its reference was sent by nobody.
    pub(super) fn expected(&self, comparison: &Comparison) -> Option<Verdict> {
        let sent = self.log.get(number_of(comparison.frame.as_ref()))?;
        let view = self
            .references
            .get(comparison.reference.as_ref()?.id.as_str())?;
        Some(if sent.view == *view {
            Verdict::Match
        } else {
            Verdict::Mismatch
        })
    }

    /// The reference of a comparison, as it was announced first.
    pub(super) fn announced(&self, comparison: &Comparison) -> Option<Announced<'_>> {
        let id = &comparison.reference.as_ref()?.id;
        let mut announced = self.history.announced();
        announced.find(|announced| announced.upload.id == *id)
    }

    /// Whether a newer reference had led to an alert before. Then a comparison with the reference before it changes
    /// nothing. A comparator may hear late of a reference, since its consumer died with a server.
    pub(super) fn is_overruled(&self, comparison: &Stored<Comparison>) -> bool {
        let reference = Moment::of(&comparison.event).reference;
        self.history.alerts.iter().any(|alert| {
            alert.stored_at <= comparison.stored_at
                && Moment::of_alert(&alert.event).reference > reference
        })
    }

    pub(super) fn may_be_firing_at(&self, at: Moment, is_firing: bool) -> bool {
        let alerts = self.history.alerts.iter();
        let mut until = alerts.filter(|alert| Moment::of_alert(&alert.event).is_not_after(at));
        let last = until.next_back();
        self.history.may_be_firing_after(last, is_firing)
    }
}

/// Which frame was compared with which reference, by when the broker stored either.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Moment {
    pub(super) frame: Option<OffsetDateTime>,
    pub(super) reference: Option<OffsetDateTime>,
}

impl Moment {
    pub(super) fn of(comparison: &Comparison) -> Self {
        Self::new(comparison.frame.as_ref(), comparison.reference.as_ref())
    }

    pub(super) fn of_alert(alert: &Alert) -> Self {
        Self::new(alert.frame.as_ref(), alert.reference.as_ref())
    }

    fn new(frame: Option<&Frame>, reference: Option<&Reference>) -> Self {
        let stored_at = frame.and_then(|frame| frame.stored_at.as_ref());
        let since = reference.and_then(|reference| reference.since.as_ref());
        Moment {
            frame: stored_at.and_then(from_timestamp),
            reference: since.and_then(from_timestamp),
        }
    }

    pub(super) fn is_not_after(self, other: Moment) -> bool {
        self.frame <= other.frame && self.reference <= other.reference
    }
}

pub(super) fn references(history: &FolderHistory) -> HashMap<&str, View> {
    let announced = history.announced().map(|it| it.upload);
    announced
        .map(|upload| (upload.id.as_str(), reference(&upload.name).0))
        .collect()
}
