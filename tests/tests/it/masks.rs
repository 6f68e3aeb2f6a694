//! Masks and regions across all services: what is masked ends the alert that it raised, and what has a name is told by it.

use image::imageops;
use proto::v1::{Alert, Kind, Phase, ResolvedBy};
use serde_json::json;
use test_support::eventually;
use tests::{Stack, watched_by_view};

/// Where a thing is laid in the view, in fractions: left, top, right, bottom.
const THING: [f64; 4] = [0.5, 0.3, 0.9, 0.8];

/// The view with a piece of another one before it, as if somebody had put up a board.
fn with_a_thing(view: &[u8], other: &[u8]) -> Vec<u8> {
    let open = |bytes: &[u8]| image::load_from_memory(bytes).unwrap().into_rgb8();
    let (mut view, other) = (open(view), open(other));
    let (width, height) = view.dimensions();
    let at = |share: f64, of: u32| (share * f64::from(of)) as u32;
    let (left, top) = (at(THING[0], width), at(THING[1], height));
    let size = (at(THING[2], width) - left, at(THING[3], height) - top);
    let thing = imageops::resize(&other, size.0, size.1, imageops::FilterType::Triangle);
    imageops::replace(&mut view, &thing, i64::from(left), i64::from(top));
    let mut bytes = Vec::new();
    let to = &mut std::io::Cursor::new(&mut bytes);
    view.write_to(to, image::ImageFormat::Png).unwrap();
    bytes
}

fn polygon([left, top, right, bottom]: [f64; 4]) -> serde_json::Value {
    json!([{"x": left, "y": top}, {"x": right, "y": top}, {"x": right, "y": bottom}, {"x": left, "y": bottom}])
}

async fn set(stack: &Stack, rule: serde_json::Value) {
    stack.set_rule("folder1", &rule.to_string()).await;
}

async fn last_alert(stack: &Stack) -> Alert {
    let bus = stack.bus().await;
    let latest = bus.latest::<Alert>(&"folder1".parse().unwrap()).await;
    latest.unwrap().unwrap().event
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mask_over_all_that_changed_ends_the_alert_at_once() {
    let Some((stack, dock, shelf)) = watched_by_view().await else {
        return;
    };
    let frame = with_a_thing(&dock, &shelf);
    stack.publish("folder1", frame.clone()).await;
    let fired = stack.firing("folder1").await;

    let elsewhere = [0.0, 0.0, 0.3, 0.3];
    set(
        &stack,
        json!({"measure": "view", "masks": [{"polygon": polygon(elsewhere)}]}),
    )
    .await;
    stack.publish("folder1", frame.clone()).await;
    eventually("it is judged by the mask", async || {
        let folder = stack.get("/api/v1/folders/folder1").await;
        (folder["rule"]["masks"][0].is_object() && folder["state"] == "alert").then_some(())
    })
    .await;

    set(
        &stack,
        json!({"measure": "view", "masks": [{"polygon": polygon(THING)}]}),
    )
    .await;
    stack.quiet("folder1").await;
    let resolved = last_alert(&stack).await;
    assert_eq!(
        (resolved.phase(), &resolved.id),
        (Phase::Resolved, &fired.id)
    );
    assert_eq!(resolved.resolved_by(), ResolvedBy::Rule, "{resolved:?}");

    set(&stack, json!({"measure": "view"})).await;
    stack.firing("folder1").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_in_a_region_is_told_by_its_name() {
    let Some((stack, dock, shelf)) = watched_by_view().await else {
        return;
    };
    let around = [0.45, 0.2, 1.0, 0.9];
    let region = json!({"name": "gate", "polygon": polygon(around)});
    set(&stack, json!({"measure": "view", "regions": [region]})).await;
    stack.publish("folder1", with_a_thing(&dock, &shelf)).await;
    let alert = stack.firing("folder1").await;
    assert_eq!(alert.findings[0].kind(), Kind::Changed, "{alert:?}");
    assert_eq!(alert.findings[0].regions[0].name, "gate", "{alert:?}");
    let sentence = "has changed at gate";
    assert!(alert.message.contains(sentence), "{}", alert.message);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_region_is_judged_by_its_own_threshold() {
    let Some((stack, dock, shelf)) = watched_by_view().await else {
        return;
    };
    let region = |threshold: f64| json!({"name": "gate", "threshold": threshold, "polygon": polygon([0.4, 0.1, 1.0, 1.0])});
    // As different as may be, in the region alone.
    set(&stack, json!({"measure": "view", "regions": [region(0.0)]})).await;
    stack.publish("folder1", with_a_thing(&dock, &shelf)).await;
    eventually("it matches", async || {
        let folder = stack.get("/api/v1/folders/folder1").await;
        (folder["state"] == "ok").then_some(())
    })
    .await;
    set(
        &stack,
        json!({"measure": "view", "regions": [region(0.95)]}),
    )
    .await;
    let alert = stack.firing("folder1").await;
    assert_eq!(alert.findings[0].kind(), Kind::Changed, "{alert:?}");
    assert_eq!(alert.findings[0].regions[0].name, "gate", "{alert:?}");
    assert!(alert.similarity.unwrap() < alert.threshold, "{alert:?}");
}
