//! The silences, which say of which alerts nobody is told: a fold over the bucket, in memory.

use std::{cmp::Reverse, collections::BTreeMap, sync::Arc};

use event_bus::{Bus, Latest, SilenceChange, SilenceKey};
use proto::v1::{Folder as Details, Silence};
use time::OffsetDateTime;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::followed::Followed;

/// The most that last or are to come: the notifiers hold each alert against each.
pub(crate) const MOST: usize = 1000;

/// The most silences that are known, so that those that are over are known as well. Beyond that, the one that ended
/// first is forgotten.
const KEPT: usize = 2 * MOST;

/// The silences that there are.
#[derive(Default)]
pub(crate) struct Silences(BTreeMap<SilenceKey, Silence>);

/// Where a silence stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Stage {
    /// It lasts.
    Active,
    /// It is to come, for the first time or again.
    ToCome,
    /// It is over.
    Over,
}

impl Stage {
    pub(crate) const ALL: [Stage; 3] = [Stage::Active, Stage::ToCome, Stage::Over];

    /// In a word.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Stage::Active => "active",
            Stage::ToCome => "to-come",
            Stage::Over => "over",
        }
    }

    /// Where a silence stands at this time.
    pub(crate) fn of(silence: &Silence, now: OffsetDateTime) -> Self {
        match silence.around(now) {
            Some(_) if silence.lasts_at(now) => Stage::Active,
            Some(_) => Stage::ToCome,
            None => Stage::Over,
        }
    }
}

impl Silences {
    /// Keeps them up to date until shutdown. Resolves when all that was there is loaded.
    pub(crate) fn follow(
        this: &Arc<Followed<Self>>,
        bus: &Bus,
        tracker: &TaskTracker,
        shutdown: &CancellationToken,
    ) -> impl Future<Output = ()> + use<> {
        let this = Arc::clone(this);
        let folds = bus.folds(tracker, shutdown);
        let following = folds.start_with(move |latest: Latest<SilenceChange>| {
            // Where the bucket is made anew, what was silenced stays so until it ends, or somebody takes it back.
            if let Latest::Event(stored) = latest {
                this.change(|silences| silences.learn(stored.key, stored.event.value));
            }
        });
        following.wait()
    }

    fn learn(&mut self, key: SilenceKey, value: Option<Silence>) {
        match value {
            Some(silence) => self.0.insert(key, silence),
            None => self.0.remove(&key),
        };
        if self.0.len() > KEPT {
            let ends = |silence: &Silence| silence.times().map(|(_, ends)| ends);
            let first = self.0.iter().min_by_key(|(_, silence)| ends(silence));
            if let Some(key) = first.map(|(key, _)| key.clone()) {
                self.0.remove(&key);
            }
        }
    }

    pub(crate) fn has(&self, key: &SilenceKey) -> bool {
        self.0.contains_key(key)
    }

    /// How many are not over.
    pub(crate) fn count(&self, now: OffsetDateTime) -> usize {
        let all = self.0.values();
        all.filter(|silence| Stage::of(silence, now) != Stage::Over)
            .count()
    }

    /// How many last that name this folder and were made for this reason.
    pub(crate) fn lasting(&self, folder: &str, reason: &str, now: OffsetDateTime) -> usize {
        let names = |silence: &Silence| {
            let matcher = silence.matcher.as_ref();
            matcher.is_some_and(|matcher| matcher.folders.iter().any(|it| it == folder))
        };
        let active = self.0.values().filter(|silence| {
            silence.reason == reason && names(silence) && Stage::of(silence, now) == Stage::Active
        });
        active.count()
    }

    /// All of these stages: first those that last, by their end; then those to come; then those that are over, the last first.
    pub(crate) fn at(&self, stages: &[Stage], now: OffsetDateTime) -> Vec<(Stage, &Silence)> {
        let all = self.0.values().map(|it| (Stage::of(it, now), it));
        let mut wanted: Vec<_> = all.filter(|(stage, _)| stages.contains(stage)).collect();
        wanted.sort_by_key(|(stage, silence)| {
            let times = silence.around(now).or(silence.times());
            let (starts, ends) = times.unzip();
            let is_over = *stage == Stage::Over;
            let first = match stage {
                Stage::ToCome => starts,
                _ => ends,
            };
            let last = Reverse(ends.filter(|_| is_over));
            (*stage, last, first.filter(|_| !is_over), &silence.id)
        });
        wanted
    }

    /// Those that last and may mean alerts of this folder.
    pub(crate) fn of_folder(
        &self,
        folder: &str,
        details: &Details,
        now: OffsetDateTime,
    ) -> Vec<&Silence> {
        let reaches = |silence: &Silence| {
            let matcher = silence.matcher.as_ref();
            matcher.is_some_and(|matcher| matcher.reaches(folder, details))
        };
        let active = self.at(&[Stage::Active], now).into_iter();
        let active = active.map(|(_, silence)| silence);
        active.filter(|silence| reaches(silence)).collect()
    }
}

#[cfg(test)]
mod tests {
    use proto::{timestamp, v1::AlertMatcher};
    use time::Duration;

    use super::*;

    const NOW: OffsetDateTime = OffsetDateTime::UNIX_EPOCH;

    fn silence(id: &str, from: i64, until: i64) -> Silence {
        Silence {
            id: id.to_owned(),
            matcher: Some(AlertMatcher {
                sites: vec!["hamburg".to_owned()],
                ..AlertMatcher::default()
            }),
            starts_at: Some(timestamp(NOW + Duration::hours(from))),
            ends_at: Some(timestamp(NOW + Duration::hours(until))),
            ..Silence::default()
        }
    }

    fn known(silences: &[Silence]) -> Silences {
        let mut known = Silences::default();
        for silence in silences {
            known.learn(silence.id.parse().unwrap(), Some(silence.clone()));
        }
        known
    }

    #[test]
    fn what_lasts_comes_first_and_what_ended_last_of_those_that_are_over() {
        let known = known(&[
            silence("a", -5, -4),
            silence("b", -5, -3),
            silence("c", 2, 3),
            silence("d", 1, 9),
            silence("e", -1, 5),
            silence("f", -9, 4),
        ]);
        let ids = |stages: &[Stage]| {
            let listed = known.at(stages, NOW).into_iter();
            listed.map(|(_, it)| it.id.clone()).collect::<String>()
        };
        assert_eq!(ids(&Stage::ALL), "fedcba");
        assert_eq!(ids(&[Stage::ToCome]), "dc");
        assert_eq!(known.count(NOW), 4);
    }

    #[test]
    fn one_that_recurs_is_to_come_between_its_hours() {
        // The beginning of time was a Thursday.
        let recurring = Silence {
            hours: "Thu 02:00-04:00 UTC".to_owned(),
            recurs_until: Some(timestamp(NOW + Duration::WEEK)),
            ends_at: None,
            ..silence("a", -1, 0)
        };
        let known = known(&[recurring, silence("b", 1, 2), silence("c", 3, 4)]);
        let ids = |at: OffsetDateTime| {
            let listed = known.at(&[Stage::Active, Stage::ToCome], at).into_iter();
            listed
                .map(|(stage, it)| format!("{} {}", it.id, stage.word()))
                .collect::<Vec<_>>()
        };
        assert_eq!(ids(NOW), ["b to-come", "a to-come", "c to-come"]);
        assert_eq!(ids(NOW + Duration::hours(3)), ["a active", "c active"]);
        assert_eq!(ids(NOW + Duration::hours(5)), Vec::<String>::new());
    }

    #[test]
    fn a_folder_is_reached_by_what_is_said_of_it() {
        let known = known(&[silence("a", -1, 1), silence("b", 1, 2)]);
        let there = Details {
            site: "hamburg".to_owned(),
            ..Details::default()
        };
        let of = |details| known.of_folder("dock", details, NOW).len();
        assert_eq!((of(&there), of(&Details::default())), (1, 0));
    }

    #[test]
    fn the_ones_that_end_first_are_forgotten() {
        let mut known = Silences::default();
        for number in 0..KEPT + 3 {
            let until = i64::try_from(number).unwrap() + 1;
            let silence = silence(&number.to_string(), 0, until);
            known.learn(silence.id.parse().unwrap(), Some(silence));
        }
        assert_eq!(known.0.len(), KEPT);
        assert!(!known.has(&"2".parse().unwrap()) && known.has(&"3".parse().unwrap()));
    }
}
