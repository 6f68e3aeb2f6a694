//! How often a comparator in shadow would have differed, and where.

use std::{collections::BTreeMap, time::Duration};

use parking_lot::Mutex;

use event_bus::Folder;
use proto::v1::Verdict;
use tokio::time::interval;

/// The result of comparing a frame again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Outcome {
    /// It says the same.
    Agrees,
    /// It would match, and is said to be a mismatch.
    WouldMatch,
    /// It would be a mismatch, and is said to match.
    WouldMismatch,
    /// It would be indeterminate, and is said to be something.
    WouldNotTell,
    /// It would be something, and is said to be indeterminate.
    WouldTell,
    /// It was not compared again: its frame or reference is gone, it cannot be read, or there was too much to do.
    LeftOut,
    /// It could not be compared again.
    Failed,
}

/// Counts outcomes.
#[derive(Default)]
pub(crate) struct Tally(Mutex<Counts>);

/// Since the last line of the log.
#[derive(Default)]
struct Counts {
    of_all: BTreeMap<Outcome, u64>,
    /// How often something else would be said of a folder, for each such folder.
    differing: BTreeMap<Folder, u64>,
}

const EVERY: Duration = Duration::from_secs(60);

/// Folders that a line names.
const NAMED: usize = 5;

impl Outcome {
    pub(crate) fn of(said: Verdict, would_be: Verdict) -> Self {
        match (said, would_be) {
            (said, would_be) if said == would_be => Outcome::Agrees,
            (Verdict::Indeterminate, _) => Outcome::WouldTell,
            (_, Verdict::Match) => Outcome::WouldMatch,
            (_, Verdict::Mismatch) => Outcome::WouldMismatch,
            _ => Outcome::WouldNotTell,
        }
    }

    fn word(self) -> &'static str {
        match self {
            Outcome::Agrees => "agrees",
            Outcome::WouldMatch => "would-match",
            Outcome::WouldMismatch => "would-mismatch",
            Outcome::WouldNotTell => "would-be-indeterminate",
            Outcome::WouldTell => "would-decide",
            Outcome::LeftOut => "left-out",
            Outcome::Failed => "failed",
        }
    }

    fn differs(self) -> bool {
        match self {
            Outcome::WouldMatch
            | Outcome::WouldMismatch
            | Outcome::WouldNotTell
            | Outcome::WouldTell => true,
            Outcome::Agrees | Outcome::LeftOut | Outcome::Failed => false,
        }
    }
}

impl Tally {
    pub(crate) fn count(&self, folder: &Folder, outcome: Outcome) {
        metrics::counter!("framewatch_shadow_comparisons_total", "outcome" => outcome.word())
            .increment(1);
        let mut counts = self.0.lock();
        *counts.of_all.entry(outcome).or_default() += 1;
        if outcome.differs() {
            *counts.differing.entry(folder.clone()).or_default() += 1;
        }
    }

    /// Says once a minute what was counted in it, where something was. Never ends.
    pub(crate) async fn keep_saying(&self) {
        let mut ticks = interval(EVERY);
        loop {
            ticks.tick().await;
            let counts = std::mem::take(&mut *self.0.lock());
            if !counts.of_all.is_empty() {
                let (outcomes, folders) = (counts.outcomes(), counts.folders());
                tracing::info!(outcomes, folders, "compared in shadow");
            }
        }
    }
}

impl Counts {
    fn outcomes(&self) -> String {
        let all = self.of_all.iter();
        let all = all.map(|(outcome, count)| format!("{} {count}", outcome.word()));
        all.collect::<Vec<_>>().join(", ")
    }

    /// Those that differ most, the first by name of equals.
    fn folders(&self) -> String {
        let mut folders: Vec<_> = self.differing.iter().collect();
        folders.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
        let more = folders.len().saturating_sub(NAMED);
        let named = folders.iter().take(NAMED);
        let mut named: Vec<_> = named
            .map(|(name, count)| format!("{name} {count}"))
            .collect();
        if more > 0 {
            named.push(format!("and {more} more"));
        }
        named.join(", ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_be_said_differs_in_one_way() {
        use Verdict::{Indeterminate, Match, Mismatch};
        for (said, would_be, outcome) in [
            (Match, Match, Outcome::Agrees),
            (Indeterminate, Indeterminate, Outcome::Agrees),
            (Mismatch, Match, Outcome::WouldMatch),
            (Match, Mismatch, Outcome::WouldMismatch),
            (Match, Indeterminate, Outcome::WouldNotTell),
            (Indeterminate, Mismatch, Outcome::WouldTell),
        ] {
            assert_eq!(
                Outcome::of(said, would_be),
                outcome,
                "{said:?} {would_be:?}"
            );
        }
    }

    #[test]
    fn a_line_names_the_folders_that_differ_most() {
        let tally = Tally::default();
        for number in 1..8 {
            let folder: Folder = format!("dock{number}").parse().unwrap();
            for _ in 0..number {
                tally.count(&folder, Outcome::WouldMatch);
            }
            tally.count(&folder, Outcome::Agrees);
        }
        let counts = tally.0.lock();
        assert_eq!(counts.outcomes(), "agrees 7, would-match 28");
        let named = "dock7 7, dock6 6, dock5 5, dock4 4, dock3 3, and 2 more";
        assert_eq!(counts.folders(), named);
    }
}
