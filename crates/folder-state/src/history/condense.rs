//! Comparisons into parts, a quarter of an hour of a folder in each. Where a part ends follows from the folder and the broker's
//! clock alone, so that all who condense the same comparisons make the same parts.

use std::{
    collections::{HashMap, VecDeque},
    hash::{DefaultHasher, Hash as _, Hasher as _},
};

use comparison::Measured;
use event_bus::{Folder, Stored};
use prost::Message as _;
use proto::{
    timestamp,
    v1::{Comparison, HistoryPart, Kind, Verdict},
};
use time::{Duration, OffsetDateTime};

/// The most comparisons in a part: enough for all those of a camera with two frames a second.
const MOST_IN_A_PART: usize = 2000;

/// The most comparisons that are held, about 40 MB. When there are as many, parts are written before they are complete.
const MOST_HELD: usize = 1_000_000;

/// How much of a folder's past is in a part, and how long to wait before parts are written.
#[derive(Debug, Clone, Copy)]
pub struct HistoryPace {
    /// How much of a folder's past is in a part.
    pub stretch: Duration,
    /// After how long without another one a folder's last comparison is kept in full.
    pub quiet: Duration,
    /// The longest that a copy of the service waits for another one to write a part.
    pub most_lag: Duration,
}

impl Default for HistoryPace {
    fn default() -> Self {
        HistoryPace {
            stretch: Duration::minutes(15),
            quiet: Duration::minutes(5),
            most_lag: Duration::seconds(30),
        }
    }
}

/// The comparisons that were read and are in no part yet.
pub(super) struct Condenser {
    folders: HashMap<Folder, Waiting>,
    /// When the last one was stored that was read.
    reached: Option<OffsetDateTime>,
    held: usize,
    most_held: usize,
    pace: HistoryPace,
    /// For how long parts wait that another copy of the service may write meanwhile.
    lag: Duration,
}

/// What is not written yet of a folder.
#[derive(Default)]
struct Waiting {
    /// Oldest first; the last one may go on.
    stretches: VecDeque<Stretch>,
    /// The last comparison, until it is kept in full.
    last: Option<Last>,
}

/// Comparisons that become a part.
struct Stretch {
    part: HistoryPart,
    first: OffsetDateTime,
    through: OffsetDateTime,
    /// When the folder's next part begins, at the latest.
    ends: OffsetDateTime,
}

/// A comparison, encoded: of its own bytes, not in a buffer of the connection's.
struct Last {
    bytes: Vec<u8>,
    at: OffsetDateTime,
}

/// How far the parts of a folder reach.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Written {
    pub(super) through: OffsetDateTime,
    /// Whether the last comparison is there in full.
    pub(super) has_last: bool,
}

/// A part that is to be written.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Due {
    pub(super) folder: Folder,
    pub(super) part: HistoryPart,
    pub(super) written: Written,
}

/// Somebody has written a part that ends within one that waits here: what is left cannot be told apart.
#[derive(Debug, PartialEq)]
pub(super) struct Torn;

impl Condenser {
    pub(super) fn new(pace: HistoryPace, lag: Duration) -> Self {
        Condenser {
            folders: HashMap::new(),
            reached: None,
            held: 0,
            most_held: MOST_HELD,
            pace,
            lag,
        }
    }

    /// Takes in the next comparison, where parts of its folder reach so far.
    pub(super) fn learn(&mut self, stored: &Stored<Comparison>, written: Option<Written>) {
        let at = stored.stored_at;
        self.reached = Some(at);
        let is_written = written.is_some_and(|written| at <= written.through);
        if is_written && written.is_some_and(|written| written.has_last) {
            return;
        }
        let waiting = self.folders.entry(stored.key.clone()).or_default();
        waiting.last = Some(Last {
            bytes: stored.event.encode_to_vec(),
            at,
        });
        if is_written {
            return;
        }
        let Some(kind) = telling_kind(&stored.event) else {
            return;
        };
        if waiting.ends_before(at) {
            let begun = Stretch::begin(&stored.key, at, self.pace.stretch);
            waiting.stretches.push_back(begun);
        }
        let Some(last) = waiting.stretches.back_mut() else {
            return;
        };
        if last.part.push(&stored.event, kind) {
            last.through = at;
            self.held += 1;
        }
    }

    /// Whether parts must be written before more can be read.
    pub(super) fn is_full(&self) -> bool {
        self.held >= self.most_held
    }

    /// Drops what is in parts already, of this folder.
    pub(super) fn forget(&mut self, folder: &Folder, written: Written) -> Result<(), Torn> {
        let Some(waiting) = self.folders.get_mut(folder) else {
            return Ok(());
        };
        let through = written.through;
        let stretches = &mut waiting.stretches;
        while let Some(first) = stretches.front().filter(|first| first.first <= through) {
            if first.through > through {
                return Err(Torn);
            }
            self.held -= first.part.count();
            stretches.pop_front();
        }
        if written.has_last {
            waiting.last.take_if(|last| last.at <= through);
        }
        if waiting.stretches.is_empty() && waiting.last.is_none() {
            self.folders.remove(folder);
        }
        Ok(())
    }

    /// The folders of which something waits.
    pub(super) fn waiting(&self) -> impl Iterator<Item = &Folder> {
        self.folders.keys()
    }

    /// The parts that are to be written now: the oldest complete part of each folder. Where no more can be held, each
    /// folder's oldest part, complete or not.
    pub(super) fn due(&self) -> Vec<Due> {
        // What ended at this time has waited long enough.
        let Some(ended) = self.reached.map(|reached| reached - self.lag) else {
            return Vec::new();
        };
        let is_full = self.is_full();
        let all_before = self.all_before().map(timestamp);
        let due = self.folders.iter().filter_map(|(folder, waiting)| {
            let (mut part, mut written) = match (is_full, waiting.stretches.front()) {
                (true, Some(first)) => first.as_it_is(),
                _ => waiting.complete(ended, self.pace.quiet)?,
            };
            part.folder = folder.to_string();
            part.all_before = all_before;
            if let Some(last) = waiting.last_in_full(ended, self.pace.quiet) {
                written.through = written.through.max(last.at);
                written.has_last = true;
                part.last = Comparison::decode(last.bytes.as_slice()).ok();
            }
            part.through = Some(timestamp(written.through));
            Some(Due {
                folder: folder.clone(),
                part,
                written,
            })
        });
        due.collect()
    }

    /// No comparison that was stored before this time still waits here, of any folder.
    pub(super) fn all_before(&self) -> Option<OffsetDateTime> {
        let firsts = self.folders.values().filter_map(Waiting::since);
        firsts.min().or(self.reached)
    }
}

impl Waiting {
    fn ends_before(&self, at: OffsetDateTime) -> bool {
        let last = self.stretches.back();
        last.is_none_or(|last| at >= last.ends || last.part.count() >= MOST_IN_A_PART)
    }

    /// The oldest part, where it had ended by then; one without comparisons where only the last one is left to be kept.
    fn complete(&self, ended: OffsetDateTime, quiet: Duration) -> Option<(HistoryPart, Written)> {
        let Some(first) = self.stretches.front() else {
            let last = self.last_in_full(ended, quiet)?;
            return Some((HistoryPart::default(), Written::through(last.at)));
        };
        let end = match self.stretches.get(1) {
            Some(next) => next.first.min(first.ends),
            None => first.ends,
        };
        (end <= ended).then(|| first.as_it_is())
    }

    /// The last comparison, where none came for so long before then.
    fn last_in_full(&self, ended: OffsetDateTime, quiet: Duration) -> Option<&Last> {
        let last = self.last.as_ref()?;
        (self.stretches.len() <= 1 && last.at + quiet <= ended).then_some(last)
    }

    /// When the first of what waits was stored.
    fn since(&self) -> Option<OffsetDateTime> {
        let last = self.last.as_ref().map(|last| last.at);
        let first = self.stretches.front().map(|first| first.first);
        first.into_iter().chain(last).min()
    }
}

impl Written {
    fn through(through: OffsetDateTime) -> Self {
        Written {
            through,
            has_last: false,
        }
    }
}

impl Stretch {
    fn begin(folder: &Folder, at: OffsetDateTime, stretch: Duration) -> Self {
        Stretch {
            part: HistoryPart::default(),
            first: at,
            through: at,
            ends: end_of_stretch(folder, at, stretch),
        }
    }

    fn as_it_is(&self) -> (HistoryPart, Written) {
        (self.part.clone(), Written::through(self.through))
    }
}

/// The kind of what was wrong with a frame, as far as another rule needs it; `None` where the frame could not be read.
fn telling_kind(comparison: &Comparison) -> Option<Kind> {
    let measured = Measured::of(comparison)?;
    Some(match (measured.frame_is_blank, comparison.verdict()) {
        (true, _) => Kind::Blank,
        (false, Verdict::Match) => Kind::Unspecified,
        (false, _) => measured.kind,
    })
}

/// Each folder has moments of its own, so that parts are written one after another and not all at once.
fn end_of_stretch(folder: &Folder, at: OffsetDateTime, stretch: Duration) -> OffsetDateTime {
    let length = stretch.whole_nanoseconds();
    let mut hasher = DefaultHasher::new();
    folder.as_str().hash(&mut hasher);
    let moment = i128::from(hasher.finish()).rem_euclid(length);
    let since = (at.unix_timestamp_nanos() - moment).rem_euclid(length);
    at + Duration::nanoseconds(i64::try_from(length - since).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests;
