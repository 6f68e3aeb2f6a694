//! The decision, over days that a test lets pass.

mod seen;
mod site;

use proto::v1::{Finding, Kind, Verdict};
use time::{Duration, ext::NumericalDuration};

use site::{Frame, Site, begin};

/// A frame that would be proposed if its hour is quiet.
const DUSK: Frame = Frame {
    verdict: Verdict::Match,
    similarity: 0.97,
    brightness: 60.0,
    stands_out: 5,
};

/// What adds nothing.
const NOON: Frame = Frame {
    similarity: 0.995,
    brightness: 101.0,
    ..DUSK
};

/// A frame a minute from the site's time until this one.
fn pass(site: &mut Site, until: Duration, frame: Frame) {
    while site.now < begin() + until {
        site.see(frame);
        site.now += 1.minutes();
    }
}

#[test]
fn a_view_in_another_light_is_proposed_once_the_hour_before_and_after_was_quiet() {
    let mut site = Site::new();
    pass(&mut site, 125.minutes(), DUSK);
    assert!(site.proposals.is_empty());
    pass(&mut site, 140.minutes(), DUSK);
    assert_eq!(site.proposed_at(), [begin() + 65.minutes()]);
    let proposal = &site.proposals[0];
    assert_eq!(proposal.reference_id, "reference");
    assert_eq!(proposal.closest.as_ref().unwrap().id, "reference");
    assert_eq!(proposal.brightness, 60.0);
}

#[test]
fn whatever_happens_within_the_hour_before_or_after_it_is_not_proposed() {
    for minute in 6..130 {
        for trouble in [
            Frame {
                verdict: Verdict::Mismatch,
                ..DUSK
            },
            Frame {
                verdict: Verdict::Indeterminate,
                ..DUSK
            },
            Frame {
                verdict: Verdict::Unreadable,
                ..DUSK
            },
        ] {
            let mut site = Site::new();
            pass(&mut site, minute.minutes(), DUSK);
            site.see(trouble);
            site.now += 1.minutes();
            pass(&mut site, 5.hours(), DUSK);
            let at = begin() + minute.minutes();
            for proposed in site.proposed_at() {
                assert!((proposed - at).abs() >= 1.hours(), "{minute}: {proposed}");
            }
            assert_eq!(site.proposals.len(), 1, "{minute}");
        }
    }
}

#[test]
fn an_alert_or_a_hold_within_the_hour_blocks_as_well() {
    for minute in [10, 40, 64, 70, 100, 124] {
        let mut site = Site::new();
        pass(&mut site, minute.minutes(), DUSK);
        site.trouble_at = Some(site.now);
        pass(&mut site, 5.hours(), DUSK);
        for proposed in site.proposed_at() {
            let apart = (proposed - (begin() + minute.minutes())).abs();
            assert!(apart >= 1.hours(), "{minute}: {proposed}");
        }
        assert_eq!(site.proposals.len(), 1, "{minute}");
    }
}

#[test]
fn a_finding_blocks_though_the_view_matches() {
    let mut site = Site::new();
    pass(&mut site, 100.minutes(), DUSK);
    let mut comparison = site.comparison(DUSK);
    comparison.findings = vec![Finding {
        kind: Kind::Blurred.into(),
        ..Finding::default()
    }];
    site.see_compared(&comparison, DUSK.brightness);
    site.now += 1.minutes();
    pass(&mut site, 160.minutes(), DUSK);
    assert!(site.proposals.is_empty());
}

#[test]
fn while_nobody_looks_anything_may_happen() {
    let mut site = Site::new();
    pass(&mut site, 100.minutes(), DUSK);
    site.now += 15.minutes();
    pass(&mut site, 5.hours(), DUSK);
    let began_anew = begin() + 115.minutes();
    assert_eq!(site.proposed_at(), [began_anew + 65.minutes()]);
}

#[test]
fn what_does_not_match_clearly_or_stands_out_in_one_place_is_never_proposed() {
    for frame in [
        Frame {
            similarity: 0.945,
            ..DUSK
        },
        Frame {
            stands_out: 13,
            ..DUSK
        },
        NOON,
    ] {
        let mut site = Site::new();
        pass(&mut site, 48.hours(), frame);
        assert!(site.proposals.is_empty(), "{frame:?}");
    }
}

#[test]
fn a_lax_rule_makes_no_worse_proposals_and_a_strict_one_better_ones() {
    for (threshold, similarity, proposes) in
        [(0.5, 0.94, false), (0.5, 0.96, true), (0.96, 0.97, false)]
    {
        let mut site = Site::new();
        site.threshold = threshold;
        pass(&mut site, 3.hours(), Frame { similarity, ..DUSK });
        assert_eq!(
            site.proposals.len(),
            usize::from(proposes),
            "{threshold} {similarity}"
        );
    }
}

#[test]
fn proposals_are_few_and_spread_over_a_day_and_its_hours() {
    let mut site = Site::new();
    pass(&mut site, 96.hours(), DUSK);
    let at = site.proposed_at();
    assert_eq!(at.len(), 5);
    for pair in at.windows(2) {
        assert!(pair[1] - pair[0] >= 8.hours(), "{at:?}");
    }
    assert!(at[3] - at[0] >= 24.hours(), "{at:?}");
    for (index, one) in at.iter().enumerate() {
        for other in &at[..index] {
            let apart = (*one - *other).whole_minutes() % (24 * 60);
            assert!(apart.min(24 * 60 - apart) >= 3 * 60, "{at:?}");
        }
    }
}

#[test]
fn there_are_no_more_than_a_baseline_has_room_for() {
    for (normals, expected) in [(16, 0), (14, 2), (4, 5)] {
        let mut site = Site::new();
        site.accept_some(normals);
        pass(&mut site, 96.hours(), DUSK);
        assert_eq!(site.proposals.len(), expected, "{normals}");
    }
}

#[test]
fn with_other_pictures_a_frame_has_to_wait_anew() {
    let mut site = Site::new();
    pass(&mut site, 100.minutes(), DUSK);
    site.reference = "another";
    pass(&mut site, 4.hours(), DUSK);
    assert_eq!(site.proposed_at(), [begin() + 165.minutes()]);

    let mut site = Site::new();
    pass(&mut site, 100.minutes(), DUSK);
    site.baseline = b"with a normal picture less";
    pass(&mut site, 131.minutes(), DUSK);
    assert!(site.proposals.is_empty());
}

#[test]
fn without_the_measure_view_nothing_is_remembered() {
    let mut site = Site::new();
    site.detectors = "phash-2";
    pass(&mut site, 4.hours(), DUSK);
    assert_eq!(site.remembered, None);
}

#[test]
fn what_is_remembered_is_written_some_minutes_apart() {
    let mut site = Site::new();
    pass(&mut site, 24.hours(), NOON);
    assert!(site.written <= 24 * 12 + 1, "{}", site.written);
    pass(
        &mut site,
        48.hours(),
        Frame {
            verdict: Verdict::Mismatch,
            ..NOON
        },
    );
    assert!(site.written <= 2 * (24 * 12 + 1), "{}", site.written);
}
