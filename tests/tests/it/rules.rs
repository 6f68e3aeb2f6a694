//! Rules as comparators apply them: thresholds, holds, measures.

use bytes::Bytes;
use event_bus::{FrameHeaders, Hold};
use proto::{
    from_timestamp,
    v1::{Alert, Comparison, Phase},
};
use test_support::eventually;
use tests::{Stack, View, picture};
use time::OffsetDateTime;

fn stored_at(alert: &Alert) -> OffsetDateTime {
    let stored_at = alert.frame.as_ref().unwrap().stored_at.unwrap();
    from_timestamp(&stored_at).unwrap()
}

/// Publishes this view until the folder's alerts are so many.
async fn show_until(stack: &Stack, view: View, alerts: usize) {
    eventually("the alert changes", async || {
        stack.publish("folder1", picture(view, 0)).await;
        (stack.phases().await.len() >= alerts).then_some(())
    })
    .await;
}

async fn shows_a_mismatch(stack: &Stack) {
    eventually("the folder shows a mismatch", async || {
        (stack.get("/api/v1/folders/folder1").await["state"] == "mismatch").then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_threshold_holds_at_once() {
    let stack = Stack::watching("folder1").await;
    stack.publish("folder1", picture(View::Wall, 0)).await;
    let alert = stack.firing("folder1").await;
    let rule = format!(r#"{{"threshold":{}}}"#, alert.similarity.unwrap());
    stack.set_rule("folder1", &rule).await;
    stack.quiet("folder1").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn with_holds_an_alert_fires_and_resolves_when_it_has_lasted() {
    let mut stack = Stack::start().await;
    stack.start_comparator().await;
    stack
        .set_rule("folder1", r#"{"holdSeconds":1.5,"keepFiringSeconds":1}"#)
        .await;
    stack.watch("folder1").await;

    let begun = OffsetDateTime::now_utc();
    show_until(&stack, View::Wall, 1).await;
    let firing = stack.firing("folder1").await;
    let lasted = stored_at(&firing) - begun;
    assert!(lasted >= time::Duration::milliseconds(1500), "{lasted}");

    let begun = OffsetDateTime::now_utc();
    show_until(&stack, View::Dock, 2).await;
    let bus = stack.bus().await;
    let latest = bus.latest::<Alert>(&"folder1".parse().unwrap()).await;
    let resolved = latest.unwrap().unwrap().event;
    assert_eq!(
        (resolved.phase(), &resolved.id),
        (Phase::Resolved, &firing.id)
    );
    let lasted = stored_at(&resolved) - begun;
    assert!(lasted >= time::Duration::seconds(1), "{lasted}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hold_goes_on_in_the_comparator_that_starts_next() {
    let mut stack = Stack::start().await;
    stack.set_rule("folder1", r#"{"holdSeconds":3600}"#).await;
    stack.watch("folder1").await;
    stack.publish("folder1", picture(View::Wall, 0)).await;
    let bus = stack.bus().await;
    let hold = eventually("the hold is remembered", async || {
        bus.latest::<Hold>(&"folder1".parse().unwrap()).await.ok()?
    })
    .await;
    let begun = hold.event.value.unwrap().frame.unwrap().stored_at.unwrap();
    shows_a_mismatch(&stack).await;

    stack.stop_comparators().await;
    stack.set_rule("folder1", r#"{"holdSeconds":1}"#).await;
    stack.start_comparator().await;
    show_until(&stack, View::Wall, 1).await;
    let alert = stack.firing("folder1").await;
    let lasted = stored_at(&alert) - from_timestamp(&begun).unwrap();
    assert!(
        alert
            .message
            .ends_with(&format!("for {} s", lasted.whole_seconds())),
        "it counts from the first mismatch: {}",
        alert.message
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn alerts_that_are_switched_off_resolve_and_switched_on_again_fire() {
    let stack = Stack::watching("folder1").await;
    stack.publish("folder1", picture(View::Wall, 0)).await;
    let first = stack.firing("folder1").await;

    stack.set_rule("folder1", r#"{"enabled":false}"#).await;
    stack.quiet("folder1").await;
    stack.publish("folder1", picture(View::Yard, 0)).await;
    let similarity = first.similarity.unwrap();
    stack
        .similarity_where("folder1", |other| other != similarity)
        .await;
    shows_a_mismatch(&stack).await;

    stack.set_rule("folder1", r#"{"enabled":true}"#).await;
    let second = stack.firing("folder1").await;
    assert_ne!(first.id, second.id);
    let phases = [Phase::Firing, Phase::Resolved, Phase::Firing];
    assert_eq!(stack.phases().await, phases);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rule_that_cannot_be_leaves_the_one_before_in_force_for_all() {
    let mut stack = Stack::start().await;
    stack.set_rule("folder1", r#"{"threshold":0}"#).await;
    let client = async_nats::connect(stack.nats.url()).await.unwrap();
    let jetstream = async_nats::jetstream::new(client);
    let bucket = jetstream.get_key_value("rules").await.unwrap();
    for beyond in [r#"{"threshold":7}"#, r#"{"threshold":"#, "7"] {
        bucket.put("folder1", beyond.into()).await.unwrap();
    }
    stack.watch("folder1").await;
    stack.publish("folder1", picture(View::Wall, 0)).await;
    stack.similarity_where("folder1", |_| true).await;
    shows_the_rule_of_before(&stack).await;

    // Services that start now know nothing but what the broker remembers; they and those of before agree on every frame.
    stack.stop_upload().await;
    stack.start_upload().await;
    stack.start_comparator().await;
    shows_the_rule_of_before(&stack).await;
    for seed in 1..6 {
        stack.publish("folder1", picture(View::Yard, seed)).await;
    }
    assert_eq!(stack.phases().await, []);

    let bus = stack.bus().await;
    let letters = bus.dead_letters().await;
    let of_rules = letters
        .iter()
        .filter(|it| it.event.subject == "$KV.rules.folder1");
    assert_eq!(of_rules.clone().count(), 3, "each is kept once");
    for letter in of_rules {
        let letter = bus.dead_letter(letter.sequence).await.unwrap().unwrap();
        let refused = bus.replay(&letter).await.unwrap_err().to_string();
        assert!(refused.contains("says what holds now"), "{refused}");
    }
    stack.set_rule("folder1", r#"{"threshold":1}"#).await;
    stack.firing("folder1").await;
}

async fn shows_the_rule_of_before(stack: &Stack) {
    let folder = eventually("the folder is judged", async || {
        let folder = stack.get("/api/v1/folders/folder1").await;
        (folder["state"] != "waiting").then_some(folder)
    })
    .await;
    assert_eq!(folder["state"], "ok", "{folder}");
    assert_eq!(folder["rule"]["threshold"], 0.0, "{folder}");
}

#[tokio::test(flavor = "multi_thread")]
async fn another_measure_holds_at_once_and_needs_no_upload() {
    let stack = Stack::watching("folder1").await;
    stack.publish("folder1", picture(View::Wall, 0)).await;
    let by_phash = stack.firing("folder1").await.similarity.unwrap();
    let (bus, folder) = (stack.bus().await, "folder1".parse().unwrap());
    for measure in [
        "mean",
        "median",
        "gradient",
        "double-gradient",
        "blockhash",
        "phash",
    ] {
        stack
            .set_rule("folder1", &format!(r#"{{"measure":"{measure}"}}"#))
            .await;
        let comparison = eventually("it is compared by the measure", async || {
            let last = bus.latest::<Comparison>(&folder).await.ok()??.event;
            (last.measure == measure).then_some(last)
        })
        .await;
        let similarity = comparison.similarity.unwrap();
        assert!(similarity < 0.9, "{measure}: {similarity}");
        if measure == "phash" {
            assert_eq!(similarity, by_phash);
        }
    }
    assert_eq!(stack.phases().await, [Phase::Firing], "it fires all along");
}

/// A frame that takes a while to decode.
fn large(view: View) -> Vec<u8> {
    let small = image::load_from_memory(&picture(view, 0)).unwrap();
    let large = small.resize_exact(3200, 2400, image::imageops::FilterType::Nearest);
    let mut png = std::io::Cursor::new(Vec::new());
    large.write_to(&mut png, image::ImageFormat::Png).unwrap();
    png.into_inner()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rule_that_changes_for_many_folders_holds_up_no_new_frame() {
    const MANY: usize = 120;
    let stack = Stack::start().await;
    let folders: Vec<String> = (0..MANY)
        .map(|number| format!("many-{number:03}"))
        .collect();
    for folder in &folders {
        stack.make_folder(folder).await;
        stack.watch(folder).await;
    }
    stack.make_folder("new").await;
    stack.watch("new").await;
    let bus = stack.bus().await;
    let all = async || -> Vec<Comparison> {
        let all = bus.all::<Comparison>().await;
        all.into_iter().map(|stored| stored.event).collect()
    };
    let names: Vec<&str> = folders.iter().map(String::as_str).collect();
    // No more at a time than a comparator takes: else newer ones would not be compared but overtaken.
    for names in names.chunks(8) {
        stack.publish_to(names, large(View::Dock)).await;
    }
    eventually("all are compared", async || {
        (all().await.len() >= MANY).then_some(())
    })
    .await;

    let new = Bytes::from(picture(View::Dock, 1));
    stack.set_rule_of_all(r#"{"threshold": 0.8}"#).await;
    // By a connection that is there already, so that it comes at once.
    let headers = FrameHeaders {
        camera: String::new(),
        captured_at: OffsetDateTime::now_utc(),
    };
    let folder = "new".parse().unwrap();
    let published = bus.publish_frame(&folder, &headers, None, new).await;
    published.unwrap();
    let again = |all: &[Comparison]| all.iter().filter(|it| it.threshold == 0.8).count();
    let before = eventually("the new frame is compared", async || {
        let all = all().await;
        let place = all.iter().position(|it| it.folder == "new")?;
        Some(again(&all[..place]))
    })
    .await;
    assert!(before < MANY * 3 / 4, "{before} came first");
    eventually("all are judged again", async || {
        (again(&all().await) > MANY).then_some(())
    })
    .await;
}
