//! One camera, by a clock that the test drives: when it is silent or sends garbage, and what is kept and told of it.

use event_bus::{FrameHeaders, Origin};
use proto::v1::{Reference, Rule};

use super::*;

/// A camera, watched from its first frame on, at a time of its own.
struct Watched {
    camera: Camera,
    begun: Instant,
    rule: EffectiveRule,
    firing: Option<Alert>,
    counted_from: Instant,
}

fn at(second: u64) -> OffsetDateTime {
    OffsetDateTime::UNIX_EPOCH + Duration::from_secs(second)
}

impl Watched {
    fn new() -> Self {
        let begun = Instant::now();
        Watched {
            camera: Camera::default(),
            begun,
            rule: EffectiveRule::of(None, None),
            firing: None,
            counted_from: begun,
        }
    }

    fn with(rule: Rule) -> Self {
        Watched {
            rule: EffectiveRule::of(Some(rule), None),
            ..Watched::new()
        }
    }

    /// A frame comes at this second.
    fn frame(&mut self, second: u64) {
        let stored = Stored {
            key: "dock".parse().unwrap(),
            event: FrameArrival {
                headers: FrameHeaders {
                    camera: "cam".to_owned(),
                    captured_at: at(second),
                },
                picture: Default::default(),
            },
            stored_at: at(second),
            sequence: second,
            by: String::new(),
            first_said_at: None,
            origin: Origin::default(),
        };
        let seen = self.begun + Duration::from_secs(second);
        self.camera.learn_frame(&stored, seen, self.begun);
    }

    fn garbage(&mut self, second: u64) {
        self.frame(second);
        self.camera.learn_comparison(&Comparison {
            frame: Some(Frame {
                stored_at: Some(timestamp(at(second))),
                ..Frame::default()
            }),
            reference: Some(Reference::default()),
            verdict: Verdict::Unreadable.into(),
            findings: vec![Finding::certain(
                Kind::Unreadable,
                "half a picture".to_owned(),
            )],
            ..Comparison::default()
        });
    }

    /// What is due at this second.
    fn due(&self, second: u64) -> Option<Due> {
        self.camera.due(&Circumstances {
            rule: &self.rule,
            firing: self.firing.as_ref(),
            now: self.begun + Duration::from_secs(second),
            counted_from: self.counted_from,
            kept_after: Duration::from_secs(60),
        })
    }

    /// The kind for which it fires at this second.
    fn fires(&self, second: u64) -> Option<Kind> {
        match self.due(second) {
            Some(Due::Fire(finding)) => Some(finding.kind()),
            _ => None,
        }
    }

    fn fire(&mut self, kind: Kind, second: u64) {
        self.firing = Some(Alert {
            findings: vec![Finding::certain(kind, "")],
            fired_at: Some(timestamp(at(second))),
            frame: self.camera.last().map(|last| last.frame.clone()),
            ..Alert::default()
        });
    }
}

fn silent(seconds: f64) -> Rule {
    Rule {
        silent_seconds: Some(seconds),
        ..Rule::default()
    }
}

#[test]
fn silence_is_automatic_from_ten_frames_on() {
    let mut camera = Watched::new();
    (1..=9).for_each(|second| camera.frame(second));
    assert_eq!(camera.fires(1_000), None);
    camera.frame(10);
    assert_eq!(camera.fires(39), None);
    assert_eq!(camera.fires(40), Some(Kind::Silent));
}

#[test]
fn a_rule_says_another_limit_or_none() {
    let mut camera = Watched::with(silent(5.0));
    camera.frame(1);
    assert_eq!(camera.fires(5), None);
    assert_eq!(camera.fires(6), Some(Kind::Silent));
    let mut never = Watched::with(silent(0.0));
    (1..=20).for_each(|second| never.frame(second));
    assert_eq!(never.fires(80_000), None);
    let mut off = Watched::with(Rule {
        enabled: Some(false),
        ..silent(5.0)
    });
    off.frame(1);
    assert_eq!(off.fires(100), None);
}

#[test]
fn time_in_which_the_watch_or_the_broker_was_away_does_not_count() {
    let mut camera = Watched::with(silent(5.0));
    camera.frame(1);
    camera.counted_from = camera.begun + Duration::from_secs(60);
    assert_eq!(camera.fires(64), None);
    assert_eq!(camera.fires(65), Some(Kind::Silent));
}

#[test]
fn a_frame_ends_silence_and_so_does_a_rule_that_allows_it() {
    let mut camera = Watched::with(silent(5.0));
    camera.frame(1);
    camera.fire(Kind::Silent, 6);
    assert!(!matches!(camera.due(20), Some(Due::End(_))));
    let by = |rule| {
        let changed = Watched {
            rule: EffectiveRule::of(Some(rule), None),
            camera: Camera::default(),
            firing: camera.firing.clone(),
            ..Watched::new()
        };
        let mut changed = changed;
        changed.frame(1);
        changed.due(20)
    };
    assert_eq!(by(silent(60.0)), Some(Due::End(ResolvedBy::Rule)));
    assert_eq!(by(silent(0.0)), Some(Due::End(ResolvedBy::Rule)));
    let off = Rule {
        enabled: Some(false),
        ..Rule::default()
    };
    assert_eq!(by(off), Some(Due::End(ResolvedBy::SwitchedOff)));
    camera.frame(21);
    assert_eq!(camera.due(21), Some(Due::End(ResolvedBy::Camera)));
}

#[test]
fn who_knows_why_nothing_comes_changes_nothing_of_when_that_is_over() {
    for kind in [Kind::Refused, Kind::NoKeyFrames] {
        let mut camera = Watched::with(silent(5.0));
        camera.frame(1);
        camera.fire(kind, 6);
        assert!(!matches!(camera.due(20), Some(Due::End(_))), "{kind:?}");
        for allowed in [silent(60.0), silent(0.0)] {
            camera.rule = EffectiveRule::of(Some(allowed), None);
            assert_eq!(camera.due(20), Some(Due::End(ResolvedBy::Rule)), "{kind:?}");
        }
        camera.frame(21);
        assert_eq!(
            camera.due(21),
            Some(Due::End(ResolvedBy::Camera)),
            "{kind:?}"
        );
    }
}

#[test]
fn only_garbage_for_as_long_as_silence_may_last_is_an_alert() {
    let mut camera = Watched::with(silent(5.0));
    (1..=5).for_each(|second| camera.garbage(second));
    assert_eq!(camera.fires(5), None);
    camera.garbage(6);
    assert_eq!(camera.fires(6), Some(Kind::Unreadable));
    camera.fire(Kind::Unreadable, 6);
    camera.garbage(7);
    assert_ne!(camera.due(7), Some(Due::End(ResolvedBy::Camera)));
}

#[test]
fn a_removed_folder_has_no_camera_until_one_sends_again() {
    let mut camera = Watched::with(silent(5.0));
    camera.frame(1);
    camera.fire(Kind::Silent, 6);
    camera.camera.remove(at(10));
    assert_eq!(camera.due(20), Some(Due::End(ResolvedBy::Removed)));
    camera.firing = None;
    assert_eq!(camera.due(100), None);
    camera.frame(101);
    assert_eq!(camera.fires(106), Some(Kind::Silent));
}

#[test]
fn a_frame_that_stays_the_last_for_a_minute_is_kept() {
    let mut camera = Watched::with(silent(0.0));
    camera.frame(1);
    assert_eq!(camera.due(60), None);
    assert_eq!(camera.due(61), Some(Due::Keep));
    camera.camera.cannot_keep(at(1));
    assert_eq!(camera.due(61), None);
}

#[test]
fn what_was_learned_is_told_once_and_again_where_it_changes() {
    let mut camera = Watched::new();
    (1..=10).for_each(|second| camera.frame(second));
    assert_eq!(camera.due(10), Some(Due::Tell));
    let state = camera.camera.state(&Circumstances {
        rule: &camera.rule,
        firing: None,
        now: camera.begun,
        counted_from: camera.begun,
        kept_after: Duration::from_secs(60),
    });
    assert_eq!(state.interval_seconds, Some(1.0));
    assert_eq!(state.silent_after_seconds, Some(30.0));
    camera.camera.learn_state(state.clone(), 1);
    assert_eq!(camera.due(10), None);
    camera.camera.forget_told();
    assert_eq!(camera.due(10), Some(Due::Tell), "its stream was made anew");
    camera.camera.learn_state(state, 1);
    (2..=32).for_each(|gap| camera.frame(gap * 10));
    assert_eq!(camera.due(321), Some(Due::Tell));
}
