//! Frames that show nothing new, by the measure `view`, where the network's weights are installed.

use event_bus::{Bus, Stored};
use proto::v1::{Alert, Comparison, Verdict};
use test_support::eventually;
use tests::{Stack, watched_by_view};

/// More frames than a comparator must have seen of a folder before it carries a verdict on.
const ENOUGH: usize = 16;

async fn comparisons(bus: &Bus) -> Vec<Comparison> {
    let all: Vec<Stored<Comparison>> = bus.all().await;
    all.into_iter().map(|stored| stored.event).collect()
}

/// Publishes a picture so often, each time once the last one was compared; what was said of these.
async fn shown(stack: &Stack, bus: &Bus, picture: &[u8], times: usize) -> Vec<Comparison> {
    let before = comparisons(bus).await.len();
    for number in 1..=times {
        stack.publish("folder1", picture.to_vec()).await;
        eventually("the frame is compared", async || {
            (comparisons(bus).await.len() >= before + number).then_some(())
        })
        .await;
    }
    comparisons(bus).await.split_off(before)
}

/// What was said of the frame behind an alert: once, and not carried on.
async fn behind(bus: &Bus, alert: &Alert) -> Comparison {
    let all = comparisons(bus).await.into_iter();
    let mut of_frame: Vec<_> = all.filter(|it| it.frame == alert.frame).collect();
    assert_eq!(of_frame.len(), 1, "{of_frame:?}");
    of_frame.pop().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_still_scene_is_carried_on_and_what_comes_into_it_fires_at_once() {
    let Some((mut stack, dock, shelf)) = watched_by_view().await else {
        return;
    };
    let bus = stack.bus().await;
    let still = shown(&stack, &bus, &dock, ENOUGH + 4).await;
    let first = &still[0];
    assert_eq!(first.carried_from, None);
    let carried: Vec<_> = still
        .iter()
        .filter(|it| it.carried_from.is_some())
        .collect();
    assert!(carried.len() >= 4, "{}", carried.len());
    for carried in carried {
        let from = still.iter().find(|it| {
            it.carried_from.is_none()
                && it.frame.as_ref().unwrap().stored_at == carried.carried_from
        });
        let from = from.expect("it comes from a frame that was judged in full");
        let said = |it: &Comparison| {
            let of_frame = (
                it.similarity,
                it.verdict(),
                it.closest.clone(),
                it.patches.clone(),
            );
            let grounds = (
                it.baseline_digest.clone(),
                it.rule_digest.clone(),
                it.detector_version.clone(),
            );
            (of_frame, grounds, it.measure.clone(), it.threshold)
        };
        assert_eq!(said(carried), said(from));
        assert_eq!(carried.look_digest.len(), 128);
    }

    let new = shown(&stack, &bus, &shelf, 3).await;
    let alert = stack.firing("folder1").await;
    assert_eq!(alert.frame, new[0].frame);
    assert_eq!(behind(&bus, &alert).await.carried_from, None);
    assert!(new.iter().all(|it| it.verdict() == Verdict::Mismatch));
    assert!(new[2].carried_from.is_some(), "{:?}", new[2]);
    assert_eq!(new[2].findings, new[0].findings);

    let back = shown(&stack, &bus, &dock, 1).await;
    stack.quiet("folder1").await;
    assert_eq!(back[0].carried_from, None);

    stack.stop_comparators().await;
    stack
        .start_comparator_with(comparator::Config {
            no_cascade: true,
            ..comparator::Config::default()
        })
        .await;
    let still = shown(&stack, &bus, &dock, ENOUGH + 4).await;
    assert!(still.iter().all(|it| it.carried_from.is_none()));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_carried_on_lasts_and_the_frame_at_the_end_of_a_hold_is_judged_itself() {
    let Some((stack, dock, shelf)) = watched_by_view().await else {
        return;
    };
    stack
        .set_rule("folder1", r#"{"measure": "view", "holdSeconds": 6}"#)
        .await;
    let bus = stack.bus().await;
    shown(&stack, &bus, &dock, ENOUGH).await;
    let mut new = Vec::new();
    eventually("the alert fires", async || {
        new.extend(shown(&stack, &bus, &shelf, 1).await);
        (!stack.phases().await.is_empty()).then_some(())
    })
    .await;
    assert!(new.iter().any(|it| it.carried_from.is_some()), "{new:?}");
    let alert = stack.firing("folder1").await;
    assert_eq!(behind(&bus, &alert).await.carried_from, None);
}
