//! The decision alone, on comparisons and times that a test gives: when an alert fires and resolves, and what holds it back.

use proptest::prelude::*;
use proto::v1::{Kind, Reference};
use time::Duration as Span;

use super::*;
use crate::sentences;

fn at(seconds: i64) -> OffsetDateTime {
    OffsetDateTime::UNIX_EPOCH + Span::seconds(seconds)
}

fn comparison(since: i64, stored: i64, verdict: Verdict) -> Comparison {
    Comparison {
        folder: "dock".into(),
        frame: Some(Frame {
            stored_at: Some(proto::timestamp(at(stored))),
            camera: "cam-7".into(),
            ..Frame::default()
        }),
        reference: Some(Reference {
            name: "dock.jpg".into(),
            since: Some(proto::timestamp(at(since))),
            ..Reference::default()
        }),
        similarity: Some(if verdict == Verdict::Match {
            1.0
        } else {
            0.53125
        }),
        verdict: verdict.into(),
        threshold: 0.9,
        compared_at: Some(proto::timestamp(at(stored + 1))),
        ..Comparison::default()
    }
}

/// A folder, and what comparators have published of it.
struct Dock {
    rule: EffectiveRule,
    alerts: Vec<Alert>,
    hold: Option<Comparison>,
}

impl Dock {
    fn with(hold: u64, keep_firing: u64) -> Self {
        let rule = EffectiveRule {
            hold: Duration::from_secs(hold),
            keep_firing: Duration::from_secs(keep_firing),
            ..EffectiveRule::of(None, None)
        };
        Dock {
            rule,
            alerts: Vec::new(),
            hold: None,
        }
    }

    fn see(&mut self, comparison: Comparison) {
        let standing = Standing {
            folder: "dock",
            last: self.alerts.last(),
            expected: self.alerts.len() as u64,
        };
        let view = ViewStanding {
            rule: &self.rule,
            hold: self.hold.as_ref(),
        };
        match after_comparison(&standing, &view, &comparison) {
            Decision::Nothing => {}
            Decision::Remember => self.hold = Some(comparison),
            Decision::Publish(transition) => self.publish(*transition),
        }
    }

    fn publish(&mut self, Transition { mut alert, lasted }: Transition) {
        alert.message = sentences::of_alert(&alert, lasted);
        self.alerts.push(alert);
    }

    /// Sees frames of these seconds against one reference.
    fn see_all(&mut self, frames: impl IntoIterator<Item = (i64, Verdict)>) {
        for (second, verdict) in frames {
            self.see(comparison(0, second, verdict));
        }
    }

    /// The second and the phase of each alert.
    fn said(&self) -> Vec<(i64, Phase)> {
        let second = |alert: &Alert| alert.frame.as_ref().unwrap().stored_at.unwrap().seconds;
        let alerts = self.alerts.iter();
        alerts.map(|alert| (second(alert), alert.phase())).collect()
    }
}

/// The alerts on the subject `alerts.dock` after these comparisons, where nothing needs to last.
fn alerts_after(comparisons: impl IntoIterator<Item = Comparison>) -> Vec<Alert> {
    let mut dock = Dock::with(0, 0);
    comparisons
        .into_iter()
        .for_each(|comparison| dock.see(comparison));
    dock.alerts
}

#[test]
fn an_episode_fires_at_the_first_mismatch_and_resolves_at_the_first_match() {
    use Verdict::{Indeterminate, Match, Mismatch};
    let verdicts = [Match, Mismatch, Mismatch, Indeterminate, Match, Match];
    let alerts = alerts_after(
        (0..)
            .zip(verdicts)
            .map(|(second, verdict)| comparison(0, second, verdict)),
    );
    assert_eq!(alerts.len(), 2);
    assert_eq!(
        (alerts[0].phase(), alerts[1].phase()),
        (Phase::Firing, Phase::Resolved)
    );
    assert_eq!(alerts[0].id, alerts[1].id);
    assert_eq!(alerts[1].fired_at, alerts[0].fired_at);
    assert_eq!(
        alerts[0].message,
        "dock (camera cam-7) no longer looks like its reference dock.jpg: similarity 0.531 is below 0.9"
    );
    assert_eq!(
        alerts[1].message,
        "dock (camera cam-7) looks like its reference dock.jpg again: similarity 1.000"
    );
}

#[test]
fn a_frame_stored_before_the_last_transition_changes_nothing() {
    let alerts = alerts_after([
        comparison(0, 10, Verdict::Mismatch),
        comparison(0, 9, Verdict::Match),
        comparison(0, 20, Verdict::Match),
        comparison(0, 19, Verdict::Mismatch),
    ]);
    assert_eq!(alerts.len(), 2);
}

#[test]
fn a_comparison_with_an_older_reference_changes_nothing() {
    let alerts = alerts_after([
        comparison(5, 10, Verdict::Mismatch),
        comparison(4, 11, Verdict::Match),
    ]);
    assert_eq!(alerts.len(), 1);
}

#[test]
fn episodes_that_the_same_frame_opens_have_different_ids() {
    let alerts = alerts_after([
        comparison(0, 10, Verdict::Mismatch),
        comparison(1, 10, Verdict::Match),
        comparison(2, 10, Verdict::Mismatch),
    ]);
    assert_eq!(alerts.len(), 3);
    assert_ne!(alerts[0].id, alerts[2].id);
}

#[test]
fn comparators_that_race_for_an_episode_give_it_different_ids() {
    let id = |since, nanos| {
        let mut comparison = comparison(since, 10, Verdict::Mismatch);
        let stored_at = &mut comparison.frame.as_mut().unwrap().stored_at;
        stored_at.as_mut().unwrap().nanos = nanos;
        alerts_after([comparison]).remove(0).id
    };
    assert_ne!(id(0, 0), id(0, 1), "frames within a millisecond");
    assert_ne!(id(0, 0), id(1, 0), "references");
    assert_eq!(id(0, 0), id(0, 0));
}

#[test]
fn removing_the_reference_resolves_what_is_firing_and_nothing_else() {
    let firing = alerts_after([comparison(0, 10, Verdict::Mismatch)]).remove(0);
    let Decision::Publish(transition) = after_removal(Some(&firing), at(30)) else {
        panic!("it is firing");
    };
    let resolved = transition.alert;
    assert_eq!(resolved.resolved_by(), ResolvedBy::Removed);
    assert_eq!(resolved.fired_similarity, firing.similarity);
    assert_eq!(
        (resolved.phase(), &resolved.id),
        (Phase::Resolved, &firing.id)
    );
    assert_eq!(after_removal(Some(&resolved), at(31)), Decision::Nothing);
    assert_eq!(after_removal(None, at(31)), Decision::Nothing);
}

#[test]
fn with_a_hold_the_alert_fires_when_the_mismatch_has_lasted() {
    use Verdict::{Match, Mismatch};
    let mut dock = Dock::with(5, 0);
    dock.see_all([(0, Match), (10, Mismatch), (14, Mismatch), (15, Mismatch)]);
    assert_eq!(dock.said(), [(15, Phase::Firing)]);
    assert!(
        dock.alerts[0].message.ends_with("is below 0.9, for 5 s"),
        "{}",
        dock.alerts[0].message
    );
    dock.see_all([(16, Match), (17, Mismatch)]);
    assert_eq!(dock.said()[1..], [(16, Phase::Resolved)]);
    dock.see_all([(21, Mismatch), (22, Mismatch)]);
    assert_eq!(dock.said()[2..], [(22, Phase::Firing)]);
}

#[test]
fn a_match_breaks_a_hold_off_and_what_is_older_does_not_begin_it_again() {
    use Verdict::{Indeterminate, Match, Mismatch};
    let mut dock = Dock::with(5, 0);
    dock.see_all([
        (10, Mismatch),
        (12, Indeterminate),
        (13, Match),
        (11, Mismatch),
        (16, Mismatch),
    ]);
    assert_eq!(dock.said(), []);
    dock.see_all([(20, Mismatch)]);
    assert_eq!(dock.said(), [], "4 s after the first one that counts");
    dock.see_all([(21, Mismatch)]);
    assert_eq!(dock.said(), [(21, Phase::Firing)]);
}

#[test]
fn with_keep_firing_the_alert_resolves_when_the_match_has_lasted() {
    use Verdict::{Match, Mismatch};
    let mut dock = Dock::with(0, 5);
    dock.see_all([
        (10, Mismatch),
        (11, Match),
        (13, Mismatch),
        (14, Match),
        (18, Match),
    ]);
    assert_eq!(dock.said(), [(10, Phase::Firing)]);
    dock.see_all([(19, Match)]);
    assert_eq!(dock.said()[1..], [(19, Phase::Resolved)]);
}

#[test]
fn another_reference_begins_a_hold_anew() {
    let mut dock = Dock::with(5, 0);
    dock.see(comparison(0, 10, Verdict::Mismatch));
    dock.see(comparison(12, 10, Verdict::Mismatch));
    dock.see(comparison(12, 16, Verdict::Mismatch));
    assert_eq!(dock.said(), [], "it holds since 12");
    dock.see(comparison(0, 18, Verdict::Mismatch));
    assert_eq!(dock.said(), [], "that was the reference before");
    dock.see(comparison(12, 17, Verdict::Mismatch));
    assert_eq!(dock.said(), [(17, Phase::Firing)]);
}

#[test]
fn a_hold_that_is_shortened_is_over_with_the_next_look_at_the_same_frame() {
    let mut dock = Dock::with(60, 0);
    dock.see(comparison(0, 10, Verdict::Mismatch));
    dock.rule.hold = Duration::ZERO;
    dock.see(comparison(0, 10, Verdict::Mismatch));
    assert_eq!(dock.said(), [(10, Phase::Firing)]);
}

#[test]
fn switched_off_it_resolves_and_raises_nothing() {
    use Verdict::Mismatch;
    let mut dock = Dock::with(0, 60);
    dock.see_all([(10, Mismatch)]);
    dock.rule.enabled = false;
    dock.see_all([(11, Mismatch), (12, Mismatch)]);
    assert_eq!(dock.said(), [(10, Phase::Firing), (10, Phase::Resolved)]);
    assert_eq!(
        dock.alerts[1].message,
        "dock raises no alerts any more: its rule says so"
    );
    dock.rule.enabled = true;
    dock.see_all([(13, Mismatch)]);
    assert_eq!(dock.said()[2..], [(13, Phase::Firing)]);
}

#[test]
fn what_cannot_be_read_changes_nothing() {
    use Verdict::{Match, Mismatch, Unreadable};
    let mut dock = Dock::with(5, 0);
    dock.see_all([(10, Mismatch), (12, Unreadable), (15, Mismatch)]);
    assert_eq!(dock.said(), [(15, Phase::Firing)]);
    dock.see_all([(16, Unreadable), (17, Match), (18, Unreadable)]);
    assert_eq!(dock.said()[1..], [(17, Phase::Resolved)]);
}

#[test]
fn an_episode_keeps_what_it_fired_with() {
    let alerts = alerts_after([
        comparison(0, 10, Verdict::Mismatch),
        comparison(0, 11, Verdict::Match),
    ]);
    let resolved = &alerts[1];
    assert_eq!(resolved.similarity, Some(1.0));
    assert_eq!(resolved.fired_similarity, Some(0.53125));
    assert_eq!(resolved.fired_threshold, 0.9);
}

#[test]
fn an_alert_of_an_earlier_version_says_what_it_fired_with_when_it_ends() {
    let firing = Alert {
        phase: Phase::Firing.into(),
        similarity: Some(0.25),
        threshold: 0.8,
        ..Alert::default()
    };
    let Decision::Publish(transition) = after_removal(Some(&firing), at(30)) else {
        panic!("it is firing");
    };
    let resolved = transition.alert;
    assert_eq!(resolved.fired_similarity, Some(0.25));
    assert_eq!(resolved.fired_threshold, 0.8);
}

#[test]
fn a_camera_fires_and_resolves_by_what_is_found_of_it() {
    let silent = Finding {
        kind: Kind::Silent.into(),
        ..Finding::default()
    };
    let over = || CameraCondition::Over(ResolvedBy::Camera);
    let wrong = || CameraCondition::Wrong(vec![silent.clone()]);
    let seen = |condition, second| CameraSeen {
        condition,
        frame: None,
        at: at(second),
    };
    let standing = |last| Standing {
        folder: "dock",
        last,
        expected: 0,
    };
    let decide = |last, seen| match after_camera(&standing(last), &seen) {
        Decision::Publish(transition) => Some(transition.alert),
        _ => None,
    };
    assert_eq!(decide(None, seen(over(), 10)), None);
    let firing = decide(None, seen(wrong(), 11)).unwrap();
    assert_eq!(
        (firing.phase(), firing.subject()),
        (Phase::Firing, Subject::Camera)
    );
    assert_eq!(decide(Some(&firing), seen(wrong(), 12)), None);
    let resolved = decide(Some(&firing), seen(over(), 13)).unwrap();
    assert_eq!(resolved.id, firing.id);
    assert_eq!(resolved.resolved_by(), ResolvedBy::Camera);
    assert_eq!(decide(Some(&resolved), seen(over(), 14)), None);
}

fn any_verdict() -> impl Strategy<Value = Verdict> {
    prop_oneof![
        Just(Verdict::Match),
        Just(Verdict::Mismatch),
        Just(Verdict::Indeterminate)
    ]
}

/// What may happen to a folder, in any order: frames with either of some references, and changes of its rule.
#[derive(Debug, Clone)]
enum Happening {
    Compared {
        since: i64,
        stored: i64,
        verdict: Verdict,
    },
    Ruled {
        hold: u64,
        keep_firing: u64,
        enabled: bool,
    },
    Removed,
}

fn any_happening() -> impl Strategy<Value = Happening> {
    prop_oneof![
        12 => (0i64..4, 0i64..30, any_verdict()).prop_map(|(since, stored, verdict)| {
            Happening::Compared { since, stored, verdict }
        }),
        2 => (0u64..6, 0u64..6, prop::bool::weighted(0.8)).prop_map(|(hold, keep_firing, enabled)| {
            Happening::Ruled { hold, keep_firing, enabled }
        }),
        1 => Just(Happening::Removed),
    ]
}

impl Dock {
    fn undergo(&mut self, happening: &Happening) {
        match *happening {
            Happening::Compared {
                since,
                stored,
                verdict,
            } => self.see(comparison(since, stored, verdict)),
            Happening::Ruled {
                hold,
                keep_firing,
                enabled,
            } => {
                self.rule.hold = Duration::from_secs(hold);
                self.rule.keep_firing = Duration::from_secs(keep_firing);
                self.rule.enabled = enabled;
            }
            Happening::Removed => {
                if let Decision::Publish(transition) = after_removal(self.alerts.last(), at(30)) {
                    self.publish(*transition);
                }
            }
        }
    }
}

/// The seconds at which the phase changes when frames come in order, told by looking back from each frame.
fn changes_by_looking_back(frames: &[(i64, Verdict)], hold: i64, keep_firing: i64) -> Vec<i64> {
    let mut changes = Vec::new();
    for (index, &(second, verdict)) in frames.iter().enumerate() {
        let (awaited, patience) = match changes.len() % 2 {
            0 => (Verdict::Mismatch, hold),
            _ => (Verdict::Match, keep_firing),
        };
        let after = changes.last().copied().unwrap_or(-1);
        let run = frames[..=index]
            .iter()
            .rev()
            .filter(|(_, verdict)| *verdict != Verdict::Indeterminate)
            .take_while(|&&(second, verdict)| verdict == awaited && second > after);
        let begun = run.last().map(|(second, _)| *second);
        if verdict == awaited && begun.is_some_and(|begun| second - begun >= patience) {
            changes.push(second);
        }
    }
    changes
}

proptest! {
    /// In any order, with any repetition: firing and resolved take turns, begin with firing, belong together, and never
    /// go back in time.
    #[test]
    fn phases_alternate_whatever_comes(happenings in prop::collection::vec(any_happening(), 0..80)) {
        let mut dock = Dock::with(0, 0);
        happenings.iter().for_each(|happening| dock.undergo(happening));
        let alerts = dock.alerts;
        for (index, alert) in alerts.iter().enumerate() {
            let expected = if index % 2 == 0 { Phase::Firing } else { Phase::Resolved };
            prop_assert_eq!(alert.phase(), expected);
            if index % 2 == 1 {
                prop_assert_eq!(&alert.id, &alerts[index - 1].id);
            }
        }
        for pair in alerts.windows(2) {
            prop_assert!(!Age::of_alert(&pair[1]).is_older_than(Age::of_alert(&pair[0])));
        }
        let ids: std::collections::HashSet<_> = alerts.iter().step_by(2).map(|alert| &alert.id).collect();
        prop_assert_eq!(ids.len(), alerts.len().div_ceil(2));
    }

    /// Delivering everything twice changes nothing.
    #[test]
    fn repetition_changes_nothing(
        verdicts in prop::collection::vec(any_verdict(), 0..40), hold in 0u64..4, keep_firing in 0u64..4,
    ) {
        let said = |times: usize| {
            let mut dock = Dock::with(hold, keep_firing);
            for (second, &verdict) in (0..).zip(&verdicts) {
                dock.see_all(std::iter::repeat_n((second, verdict), times));
            }
            dock.said()
        };
        prop_assert_eq!(said(1), said(2));
    }

    /// In order, alerts change exactly when a run of verdicts has lasted.
    #[test]
    fn holds_are_what_one_sees_by_looking_back(
        steps in prop::collection::vec((1i64..4, any_verdict()), 0..60), hold in 0u64..8, keep_firing in 0u64..8,
    ) {
        let seconds = steps.iter().scan(0, |at, (step, _)| { *at += step; Some(*at) });
        let frames: Vec<_> = seconds.zip(steps.iter().map(|(_, verdict)| *verdict)).collect();
        let mut dock = Dock::with(hold, keep_firing);
        dock.see_all(frames.iter().copied());
        let changes: Vec<_> = dock.said().into_iter().map(|(second, _)| second).collect();
        prop_assert_eq!(changes, changes_by_looking_back(&frames, hold as i64, keep_firing as i64));
    }

    /// A frame that is delivered late, after newer ones, leaves the alert state as the newest frame has it, where nothing
    /// needs to last.
    #[test]
    fn the_newest_frame_decides_if_it_is_looked_at_last(
        frames in prop::collection::vec((0i64..30, prop_oneof![Just(Verdict::Match), Just(Verdict::Mismatch)]), 1..40),
    ) {
        let mut verdicts = std::collections::BTreeMap::new();
        for (second, verdict) in &frames {
            verdicts.entry(*second).or_insert(*verdict);
        }
        let mut dock = Dock::with(0, 0);
        dock.see_all(frames.iter().map(|(second, _)| (*second, verdicts[second])));
        let (newest, verdict) = verdicts.last_key_value().unwrap();
        dock.see_all([(*newest, *verdict)]);
        let is_firing = dock.alerts.last().is_some_and(|last| last.phase() == Phase::Firing);
        prop_assert_eq!(is_firing, *verdict == Verdict::Mismatch);
    }
}
