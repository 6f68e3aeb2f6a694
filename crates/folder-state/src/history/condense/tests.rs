//! What is condensed says the same as the comparisons that it was made of.

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
