//! What faults may have lost. The checks excuse that and nothing more.

use std::{collections::HashSet, time::SystemTime};

use time::OffsetDateTime;

use crate::{broker::Found, in_redis::Entry};

/// A time in which nobody may expect that anything is stored, or not all of it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Outage {
    pub(crate) from: SystemTime,
    pub(crate) to: SystemTime,
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
    /// The messages that were damaged in the broker's store.
    pub(crate) damaged: Vec<Found>,
}

impl Losses {
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
