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

/// So many comparisons are in a part at most: of two frames a second all that there are.
const MOST_IN_A_PART: usize = 2000;

/// So many comparisons are held at most, about 40 MB. Then parts are written that are not complete.
const MOST_HELD: usize = 1_000_000;

/// How much of a folder's past is in a part, and how long is waited.
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

/// What was read of the comparisons, and is in no part yet.
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

/// What waits of a folder.
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

    /// Whether parts must be written before more is read.
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

    /// What is to be written now: of each folder the oldest part that is complete; of all, where no more can be held.
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

    /// What was stored before this time, of whatever folder, does not wait here.
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

/// What was wrong with a frame, as far as another rule would ask; `None` where it could not be read.
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
mod tests {
    use proto::{
        from_timestamp,
        v1::{Finding, Frame},
    };

    use super::*;

    fn at(seconds: f64) -> OffsetDateTime {
        OffsetDateTime::from_unix_timestamp(1_800_000_000).unwrap() + Duration::seconds_f64(seconds)
    }

    fn condenser(lag: i64) -> Condenser {
        Condenser::new(HistoryPace::default(), Duration::seconds(lag))
    }

    /// Parts that reach so far, the last comparison in full or not.
    fn written(seconds: f64, has_last: bool) -> Written {
        Written {
            through: at(seconds),
            has_last,
        }
    }

    fn folder(name: &str) -> Folder {
        name.parse().unwrap()
    }

    fn compared(name: &str, seconds: f64, verdict: Verdict, kinds: &[Kind]) -> Stored<Comparison> {
        let findings = kinds.iter().map(|&kind| Finding {
            kind: kind.into(),
            ..Finding::default()
        });
        Stored {
            key: folder(name),
            event: Comparison {
                frame: Some(Frame {
                    stored_at: Some(timestamp(at(seconds - 0.1))),
                    ..Frame::default()
                }),
                similarity: (verdict != Verdict::Unreadable).then_some(0.95),
                threshold: 0.9,
                verdict: verdict.into(),
                findings: findings.collect(),
                ..Comparison::default()
            },
            stored_at: at(seconds),
            sequence: 0,
            by: String::new(),
            first_said_at: None,
            origin: event_bus::Origin::default(),
        }
    }

    fn a_match(name: &str, seconds: f64) -> Stored<Comparison> {
        compared(name, seconds, Verdict::Match, &[])
    }

    /// All parts of frames each 20 s of these seconds, written at once.
    fn parts(condenser: &mut Condenser, seconds: std::ops::Range<i32>) -> Vec<Due> {
        let mut written = Vec::new();
        for second in seconds.step_by(20) {
            condenser.learn(&a_match("dock", f64::from(second)), None);
            for due in condenser.due() {
                condenser.forget(&due.folder, due.written).unwrap();
                written.push(due);
            }
        }
        written
    }

    #[test]
    fn a_quarter_of_an_hour_is_a_part_and_nothing_is_lost_or_double() {
        let mut condenser = condenser(0);
        let written = parts(&mut condenser, 0..6 * 3600);
        assert!((23..=25).contains(&written.len()), "{}", written.len());
        let times: Vec<_> = written
            .iter()
            .flat_map(|due| due.part.comparisons())
            .map(|it| it.frame.unwrap().stored_at.unwrap().seconds)
            .collect();
        assert!(times.windows(2).all(|pair| pair[1] - pair[0] == 20));
        assert_eq!(written[3].part.count(), 45);
        let left = 6 * 180 - times.len();
        assert_eq!(condenser.held, left, "the rest waits");
    }

    #[test]
    fn who_begins_later_makes_the_same_parts() {
        let all = parts(&mut condenser(0), 0..3 * 3600);
        let begin = from_timestamp(all[3].part.through.as_ref().unwrap()).unwrap();
        let after = i32::try_from((begin - at(0.0)).whole_seconds()).unwrap() + 20;
        let lagging = parts(&mut condenser(25), after..3 * 3600);
        assert!(lagging.len() > 5);
        for (one, other) in all[4..].iter().zip(&lagging) {
            assert_eq!(one.part.runs, other.part.runs);
        }
    }

    #[test]
    fn what_all_parts_reach_is_what_waits_longest() {
        let mut condenser = condenser(0);
        assert_eq!(condenser.all_before(), None);
        condenser.learn(&a_match("dock", 5.0), None);
        condenser.learn(&a_match("gate", 7.0), None);
        condenser.learn(&a_match("dock", 9.0), None);
        assert_eq!(condenser.all_before(), Some(at(5.0)));
        condenser
            .forget(&folder("dock"), written(9.0, true))
            .unwrap();
        assert_eq!(condenser.all_before(), Some(at(7.0)));
        condenser
            .forget(&folder("gate"), written(8.0, true))
            .unwrap();
        assert_eq!(condenser.all_before(), Some(at(9.0)));
        assert_eq!((condenser.held, condenser.waiting().count()), (0, 0));
    }

    #[test]
    fn a_part_that_ends_within_one_that_waits_tears_it() {
        let mut condenser = condenser(0);
        condenser.learn(&a_match("dock", 1.0), None);
        condenser.learn(&a_match("dock", 2.0), None);
        assert_eq!(
            condenser.forget(&folder("dock"), written(0.5, true)),
            Ok(())
        );
        assert_eq!(
            condenser.forget(&folder("dock"), written(1.5, true)),
            Err(Torn)
        );
        assert_eq!(
            condenser.forget(&folder("other"), written(9.0, true)),
            Ok(())
        );
    }

    #[test]
    fn the_last_comparison_is_kept_in_full_where_none_follows() {
        let mut condenser = condenser(0);
        condenser.learn(
            &compared("dock", 0.0, Verdict::Mismatch, &[Kind::Moved]),
            None,
        );
        let ends = end_of_stretch(&folder("dock"), at(0.0), HistoryPace::default().stretch);
        let ends = (ends - at(0.0)).as_seconds_f64();
        // Another folder goes on, so time does.
        condenser.learn(&a_match("gate", ends.min(299.0)), None);
        let early = condenser.due();
        assert!(early.iter().all(|due| due.part.last.is_none()), "{early:?}");
        condenser.learn(&a_match("gate", 1000.0), None);
        let due = condenser.due();
        let dock = due.iter().find(|due| due.folder == folder("dock")).unwrap();
        let last = dock.part.last.as_ref().unwrap();
        assert_eq!(last.findings[0].kind(), Kind::Moved);
        assert_eq!(dock.written, written(0.0, true));
        condenser.forget(&folder("dock"), dock.written).unwrap();
        assert!(condenser.waiting().all(|it| *it == folder("gate")));

        // In a part already, but not in full; what cannot be read is a last one, too.
        let unreadable = compared("dock", 1500.0, Verdict::Unreadable, &[]);
        condenser.learn(&unreadable, Some(written(1500.0, false)));
        assert_eq!(condenser.all_before(), Some(at(ends.min(299.0))));
        condenser.learn(&a_match("gate", 1801.0), None);
        let due = condenser.due();
        let dock = due.iter().find(|due| due.folder == folder("dock")).unwrap();
        assert_eq!(dock.part.last.as_ref(), Some(&unreadable.event));
        assert_eq!(
            (dock.part.count(), dock.written),
            (0, written(1500.0, true))
        );
        condenser.learn(&unreadable, Some(written(1500.0, true)));
        condenser.forget(&folder("dock"), dock.written).unwrap();
        assert!(condenser.waiting().all(|it| *it == folder("gate")));
    }

    #[test]
    fn many_frames_are_several_parts_and_frames_that_cannot_be_read_are_none() {
        let mut condenser = condenser(0);
        condenser.learn(&compared("dock", 0.0, Verdict::Unreadable, &[]), None);
        assert_eq!(condenser.held, 0);
        // From just after the beginning of a stretch.
        let begin = (end_of_stretch(&folder("dock"), at(0.0), HistoryPace::default().stretch)
            - at(0.0))
        .as_seconds_f64();
        for frame in 0..4100 {
            condenser.learn(&a_match("dock", begin + f64::from(frame) * 0.01), None);
        }
        let first = condenser.due().remove(0);
        assert_eq!(first.part.count(), MOST_IN_A_PART);
        condenser.forget(&first.folder, first.written).unwrap();
        let second = condenser.due().remove(0);
        assert_eq!(second.part.count(), MOST_IN_A_PART);
        condenser.forget(&second.folder, second.written).unwrap();
        assert_eq!(condenser.due(), []);
        assert_eq!(condenser.held, 100);
    }

    #[test]
    fn what_is_too_much_to_hold_is_written_before_it_is_complete() {
        let mut condenser = condenser(0);
        condenser.most_held = 6;
        let begin = (end_of_stretch(&folder("dock"), at(0.0), HistoryPace::default().stretch)
            - at(0.0))
        .as_seconds_f64();
        for second in 0..5 {
            condenser.learn(&a_match("dock", begin + f64::from(second)), None);
        }
        assert_eq!(condenser.due(), []);
        condenser.learn(&a_match("dock", begin + 5.0), None);
        assert!(condenser.is_full());
        let due = condenser.due().remove(0);
        assert_eq!(due.part.count(), 6);
        condenser.forget(&due.folder, due.written).unwrap();
        assert!(!condenser.is_full());
        condenser.learn(&a_match("dock", begin + 6.0), None);
        assert_eq!(condenser.held, 1, "the next part begins");
    }

    #[test]
    fn another_rule_is_told_the_same_by_a_part_as_by_the_comparisons() {
        use Verdict::{Indeterminate, Match, Mismatch};
        for (verdict, kinds) in [
            (Match, vec![]),
            (Mismatch, vec![Kind::Moved]),
            (Mismatch, vec![Kind::Covered, Kind::Moved]),
            (Mismatch, vec![Kind::Different]),
            (Mismatch, vec![Kind::Dark]),
            (Indeterminate, vec![Kind::Dark]),
            (Indeterminate, vec![]),
            // Of an earlier version: a blank frame, though it is similar enough.
            (Mismatch, vec![]),
            (Mismatch, vec![Kind::Blank]),
        ] {
            let stored = compared("dock", 0.0, verdict, &kinds);
            let mut part = HistoryPart::default();
            part.push(&stored.event, telling_kind(&stored.event).unwrap());
            let kept = part.comparisons().next().unwrap();
            assert_eq!(
                Measured::of(&kept),
                Measured::of(&stored.event),
                "{verdict:?} {kinds:?}"
            );
        }
    }
}
