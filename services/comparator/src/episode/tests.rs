use proptest::prelude::*;
use proto::v1::{Frame, Reference};
use time::Duration;

use super::*;

fn at(seconds: i64) -> OffsetDateTime {
    OffsetDateTime::UNIX_EPOCH + Duration::seconds(seconds)
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
        similarity: if verdict == Verdict::Match {
            1.0
        } else {
            0.53125
        },
        verdict: verdict.into(),
        threshold: 0.9,
        compared_at: Some(proto::timestamp(at(stored + 1))),
    }
}

/// What the subject `alerts.dock` holds after these comparisons, published as the comparator does.
fn alerts_after(comparisons: impl IntoIterator<Item = Comparison>) -> Vec<Alert> {
    let folder = "dock".parse().unwrap();
    let mut alerts: Vec<Alert> = Vec::new();
    for comparison in comparisons {
        let expected = alerts.len() as u64;
        alerts.extend(after_comparison(
            &folder,
            alerts.last(),
            expected,
            &comparison,
        ));
    }
    alerts
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
fn removing_the_reference_resolves_what_is_firing_and_nothing_else() {
    let firing = alerts_after([comparison(0, 10, Verdict::Mismatch)]).remove(0);
    let resolved = after_removal(&firing, at(30)).unwrap();
    assert_eq!(
        (resolved.phase(), &resolved.id),
        (Phase::Resolved, &firing.id)
    );
    assert_eq!(after_removal(&resolved, at(31)), None);
}

fn any_verdict() -> impl Strategy<Value = Verdict> {
    prop_oneof![
        Just(Verdict::Match),
        Just(Verdict::Mismatch),
        Just(Verdict::Indeterminate)
    ]
}

proptest! {
    /// In any order, with any repetition: firing and resolved take turns, begin with firing, belong together, and never
    /// go back in time.
    #[test]
    fn phases_alternate_whatever_comes(
        seen in prop::collection::vec((0i64..4, 0i64..30, any_verdict()), 0..60),
    ) {
        let comparisons = seen.iter().map(|&(since, stored, verdict)| comparison(since, stored, verdict));
        let alerts = alerts_after(comparisons);
        for (index, alert) in alerts.iter().enumerate() {
            let expected = if index % 2 == 0 { Phase::Firing } else { Phase::Resolved };
            prop_assert_eq!(alert.phase(), expected);
            if index % 2 == 1 {
                prop_assert_eq!(&alert.id, &alerts[index - 1].id);
            }
        }
        for pair in alerts.windows(2) {
            prop_assert!(stored_at(pair[0].frame.as_ref()) <= stored_at(pair[1].frame.as_ref()));
            prop_assert!(since(pair[0].reference.as_ref()) <= since(pair[1].reference.as_ref()));
        }
        let ids: std::collections::HashSet<_> = alerts.iter().step_by(2).map(|alert| &alert.id).collect();
        prop_assert_eq!(ids.len(), alerts.len().div_ceil(2));
    }

    /// Delivering everything twice changes nothing.
    #[test]
    fn repetition_changes_nothing(verdicts in prop::collection::vec(any_verdict(), 0..40)) {
        let once: Vec<_> =
            (0..).zip(&verdicts).map(|(second, &verdict)| comparison(0, second, verdict)).collect();
        let twice: Vec<_> = once.iter().flat_map(|comparison| [comparison.clone(), comparison.clone()]).collect();
        prop_assert_eq!(alerts_after(once), alerts_after(twice));
    }
}
