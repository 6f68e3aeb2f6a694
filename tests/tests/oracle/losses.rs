//! What faults may have lost. The checks excuse that and nothing more.

use std::{
    collections::HashSet,
    time::{Duration, SystemTime},
};

use time::OffsetDateTime;

use crate::{broker::Found, in_redis::Entry};

/// A time in which nobody may expect that anything is stored, or not all of it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Outage {
    pub(crate) from: SystemTime,
    pub(crate) to: SystemTime,
}

/// Pictures or looks that were lost in a moment.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Lost {
    pub(crate) from: OffsetDateTime,
    pub(crate) to: OffsetDateTime,
    /// When the only message was stored that was lost; all were, unless set.
    pub(crate) message: Option<OffsetDateTime>,
}

#[derive(Default)]
pub(crate) struct Losses {
    /// When the broker could not store anything.
    pub(crate) outages: Vec<Outage>,
    /// When evidence could not be stored. In the end of such a time the evidence of all alerts until then was lost.
    pub(crate) without_evidence: Vec<Outage>,
    /// The evidence of all alerts until then may be lost.
    pub(crate) evidence_until: Option<SystemTime>,
    /// The entries that were trimmed or deleted from the stream of alerts in Redis.
    pub(crate) removed: HashSet<Entry>,
    /// The pictures of references that were lost.
    pub(crate) pictures: Vec<Lost>,
    /// The looks of references that were lost.
    pub(crate) looks: Vec<Lost>,
    /// The messages that were damaged in the broker's store.
    pub(crate) damaged: Vec<Found>,
}

impl Lost {
    /// Whether the loss concerns what was stored between these moments.
    pub(crate) fn includes(&self, from: OffsetDateTime, to: OffsetDateTime) -> bool {
        match self.message {
            Some(message) => (from..=to).contains(&message),
            None => from <= self.to,
        }
    }
}

impl Losses {
    /// A stream or bucket was deleted, or lost its parts, between `from` and now.
    pub(crate) fn lost_all_of(&mut self, stream: &str, from: SystemTime) {
        self.lost(
            stream,
            Lost {
                from: from.into(),
                to: OffsetDateTime::now_utc(),
                message: None,
            },
        );
    }

    /// A message was damaged between `from` and now.
    pub(crate) fn lost_message(&mut self, found: Found, from: SystemTime) {
        self.lost(
            found.stream,
            Lost {
                from: from.into(),
                to: OffsetDateTime::now_utc(),
                message: Some(found.stored_at),
            },
        );
        self.damaged.push(found);
    }

    fn lost(&mut self, stream: &str, lost: Lost) {
        match stream {
            "OBJ_references" => self.pictures.push(lost),
            "KV_features" => self.looks.push(lost),
            _ => {}
        }
    }

    /// For how long the broker could store everything at a stretch, between these moments.
    pub(crate) fn longest_calm(&self, from: OffsetDateTime, to: OffsetDateTime) -> Duration {
        let (mut longest, mut since) = (time::Duration::ZERO, from);
        for outage in &self.outages {
            let begun = OffsetDateTime::from(outage.from).min(to);
            longest = longest.max(begun - since);
            since = since.max(outage.to.into());
        }
        let longest = longest.max(to - since).max(time::Duration::ZERO);
        longest.unsigned_abs()
    }

    /// When the messages of a stream were stored that were damaged.
    pub(crate) fn damaged_of(&self, stream: &str) -> HashSet<OffsetDateTime> {
        let damaged = self.damaged.iter();
        let of_stream = damaged.filter(|found| found.stream == stream);
        of_stream.map(|found| found.stored_at).collect()
    }

    /// The same of the alerts that were the last of their subject: who begins to read afterwards knows nothing of them.
    pub(crate) fn last_alerts_damaged(&self) -> HashSet<OffsetDateTime> {
        let damaged = self.damaged.iter();
        let alerts = damaged.filter(|found| found.stream == "ALERTS" && found.is_last);
        alerts.map(|found| found.stored_at).collect()
    }
}
