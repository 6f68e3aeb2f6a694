//! The alerts of cameras: silent, frozen, unreadable.

use std::time::Duration;

use event_bus::{AlertSubject, LatestFrameChange};
use proto::v1::{Alert, CameraState, Kind, Phase, ResolvedBy, Subject};
use test_support::{NatsServer, eventually, eventually_within};
use tests::{Stack, View, picture};
use tokio::time::{Instant, sleep};

/// With two comparators, which give cameras a second to connect again.
async fn watching() -> Stack {
    let mut stack = Stack::without_comparator_on(NatsServer::start()).await;
    for _ in 0..2 {
        stack.start_comparator_with(hasty()).await;
    }
    stack
}

fn hasty() -> comparator::Config {
    comparator::Config {
        camera_grace_s: 1,
        frame_kept_after: Duration::from_secs(3),
        ..comparator::Config::default()
    }
}

/// All that was said of cameras' alerts, in order.
async fn of_cameras(stack: &Stack) -> Vec<Alert> {
    let alerts = stack.bus().await.all::<Alert>().await.into_iter();
    let of_cameras = alerts.filter(|stored| stored.key.subject == Subject::Camera);
    of_cameras.map(|stored| stored.event).collect()
}

/// The alert's frame as it is kept, once it is there: where storing it takes more than a second the alert goes out before.
async fn frame_of(stack: &Stack, alert: &Alert) -> reqwest::Response {
    let evidence = stack.url(&format!("/api/v1/alerts/{}/evidence/frame", alert.id));
    eventually("the frame is kept", async || {
        let answer = reqwest::get(&evidence).await.unwrap();
        (answer.status() == 200).then_some(answer)
    })
    .await
}

fn kind(alert: &Alert) -> Kind {
    alert.findings.first().unwrap().kind()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_camera_that_falls_silent_has_one_alert_with_its_last_frame_until_it_sends_again() {
    let stack = watching().await;
    stack.set_rule("folder1", r#"{"silentSeconds": 2}"#).await;
    let last = picture(View::Dock, 7);
    for _ in 0..3 {
        stack.publish("folder1", last.clone()).await;
    }
    let alert = stack.camera_firing("folder1").await;
    assert_eq!(kind(&alert), Kind::Silent);
    assert!(
        alert
            .message
            .starts_with("The camera of folder1, cam-1, sends no frames: none for "),
        "{}",
        alert.message
    );
    let evidence = frame_of(&stack, &alert).await;
    assert_eq!(evidence.bytes().await.unwrap(), last);

    stack.publish("folder1", last).await;
    stack.camera_quiet("folder1").await;
    let alerts = of_cameras(&stack).await;
    let phases: Vec<Phase> = alerts.iter().map(Alert::phase).collect();
    // A busy machine may take so long to get here that it is silent again.
    assert_eq!(phases[..2], [Phase::Firing, Phase::Resolved]);
    assert_eq!(alerts[1].resolved_by(), ResolvedBy::Camera);
    assert_eq!(alerts[1].id, alerts[0].id);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_picture_that_stands_still_after_it_has_varied_is_frozen() {
    let stack = watching().await;
    stack.set_rule("folder1", r#"{"frozenSeconds": 2}"#).await;
    let reference = picture(View::Dock, 0);
    stack.upload("folder1", "dock.jpg", reference.clone()).await;
    stack.upload("folder2", "dock.jpg", reference.clone()).await;
    stack.set_rule("folder2", r#"{"frozenSeconds": 2}"#).await;
    for seed in 1..25 {
        stack.publish("folder1", picture(View::Dock, seed)).await;
        // A file that is published again and again.
        stack.publish("folder2", reference.clone()).await;
        sleep(Duration::from_millis(100)).await;
    }
    for _ in 0..30 {
        stack
            .publish_to(&["folder1", "folder2"], picture(View::Dock, 24))
            .await;
        sleep(Duration::from_millis(100)).await;
    }
    let alert = stack.camera_firing("folder1").await;
    assert_eq!(kind(&alert), Kind::Frozen);
    assert!(
        alert.message.contains("the same bytes for"),
        "{}",
        alert.message
    );
    stack.publish("folder1", picture(View::Dock, 99)).await;
    stack.camera_quiet("folder1").await;
    assert_eq!(of_cameras(&stack).await.len(), 2, "folder2 has none");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_picture_that_stands_still_is_frozen_also_where_the_reference_is_lost() {
    let mut stack = Stack::without_comparator_on(NatsServer::start()).await;
    // By this measure a frame is held against the stored picture.
    let rule = r#"{"frozenSeconds": 2, "measure": "median"}"#;
    stack.set_rule("folder1", rule).await;
    stack.watch("folder1").await;
    let client = async_nats::connect(stack.nats.url()).await.unwrap();
    let references = async_nats::jetstream::new(client)
        .get_stream("OBJ_references")
        .await;
    let chunks = references
        .unwrap()
        .purge()
        .filter("$O.references.C.>")
        .await;
    chunks.unwrap();
    stack.start_comparator_with(hasty()).await;
    for seed in 1..25 {
        stack.publish("folder1", picture(View::Dock, seed)).await;
        sleep(Duration::from_millis(100)).await;
    }
    for _ in 0..30 {
        stack.publish("folder1", picture(View::Dock, 24)).await;
        sleep(Duration::from_millis(100)).await;
    }
    let alert = stack.camera_firing("folder1").await;
    assert_eq!(kind(&alert), Kind::Frozen);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_camera_of_which_nothing_can_be_read_has_an_alert_that_says_why() {
    let stack = watching().await;
    stack.set_rule("folder1", r#"{"silentSeconds": 3}"#).await;
    stack.watch("folder1").await;
    stack.publish("folder1", picture(View::Dock, 1)).await;
    let page = b"<html>401 Unauthorized</html>".to_vec();
    for _ in 0..35 {
        stack.publish("folder1", page.clone()).await;
        sleep(Duration::from_millis(150)).await;
    }
    let alert = stack.camera_firing("folder1").await;
    assert_eq!(kind(&alert), Kind::Unreadable, "{}", alert.message);
    let evidence = frame_of(&stack, &alert).await;
    let content_type = evidence.headers()["content-type"].clone();
    assert_eq!(content_type, "application/octet-stream");
    assert_eq!(evidence.bytes().await.unwrap(), page);
    stack.publish("folder1", picture(View::Dock, 2)).await;
    stack.camera_quiet("folder1").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rule_that_is_switched_off_ends_it_and_so_does_a_folder_that_is_removed() {
    let stack = watching().await;
    for folder in ["folder1", "folder2"] {
        stack.set_rule(folder, r#"{"silentSeconds": 1}"#).await;
        stack.publish(folder, picture(View::Dock, 1)).await;
        stack.camera_firing(folder).await;
    }
    stack.set_rule("folder1", r#"{"enabled": false}"#).await;
    stack.camera_quiet("folder1").await;
    stack.remove_folder("folder2").await;
    stack.camera_quiet("folder2").await;
    let ended = of_cameras(&stack).await;
    let ended = ended
        .iter()
        .filter(|alert| alert.phase() == Phase::Resolved);
    let by: Vec<ResolvedBy> = ended.map(Alert::resolved_by).collect();
    assert_eq!(by, [ResolvedBy::SwitchedOff, ResolvedBy::Removed]);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_camera_is_called_silent_because_the_broker_was_away() {
    let mut stack = watching().await;
    stack.set_rule("folder1", r#"{"silentSeconds": 6}"#).await;
    for seed in 0..4 {
        stack.publish("folder1", picture(View::Dock, seed)).await;
        sleep(Duration::from_millis(300)).await;
    }
    stack.nats.kill();
    sleep(Duration::from_secs(8)).await;
    stack.nats.start_again();
    let until = Instant::now() + Duration::from_secs(9);
    let mut seed = 4;
    while Instant::now() < until {
        seed += 1;
        stack.publish("folder1", picture(View::Dock, seed)).await;
        sleep(Duration::from_millis(300)).await;
    }
    assert_eq!(of_cameras(&stack).await, []);
    // But one that has stopped is.
    stack.camera_firing("folder1").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn five_hundred_cameras_that_fall_silent_together_are_five_hundred_alerts() {
    let stack = watching().await;
    let folders: Vec<String> = (0..500).map(|number| format!("gate-{number}")).collect();
    stack.set_rule_of_all(r#"{"silentSeconds": 3}"#).await;
    let names: Vec<&str> = folders.iter().map(String::as_str).collect();
    stack.publish_to(&names, picture(View::Dock, 1)).await;
    let within = Duration::from_secs(120);
    let alerts = eventually_within(within, "five hundred alerts", async || {
        let alerts = of_cameras(&stack).await;
        match alerts.len() >= 500 {
            true => Ok(alerts),
            false => Err(alerts.len()),
        }
    })
    .await;
    let mut of: Vec<&str> = alerts.iter().map(|alert| alert.folder.as_str()).collect();
    of.sort_unstable();
    of.dedup();
    assert_eq!((alerts.len(), of.len()), (500, 500), "one each");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_folders_that_nobody_made_so_many_cameras_are_watched_and_of_the_others_all() {
    let mut stack = Stack::without_comparator_on(NatsServer::start()).await;
    let config = comparator::Config {
        max_unmade_folders: 2,
        ..hasty()
    };
    stack.start_comparator_with(config.clone()).await;
    stack.set_rule_of_all(r#"{"silentSeconds": 3}"#).await;
    stack.make_folder("gate").await;
    let invented: Vec<String> = (0..50).map(|number| format!("any-{number}")).collect();
    let all: Vec<&str> = invented
        .iter()
        .map(String::as_str)
        .chain(["gate"])
        .collect();
    stack.publish_to(&all, picture(View::Dock, 1)).await;
    stack.camera_firing("gate").await;
    eventually("three alerts", async || {
        (of_cameras(&stack).await.len() >= 3).then_some(())
    })
    .await;

    // The next comparator knows which were watched, and takes no others in their place.
    stack.stop_comparators().await;
    stack.start_comparator_with(config).await;
    stack
        .publish_to(&["any-48", "any-49", "gate"], picture(View::Dock, 2))
        .await;
    stack.camera_quiet("gate").await;
    stack.camera_firing("gate").await;
    let alerts = of_cameras(&stack).await;
    let mut folders: Vec<&str> = alerts.iter().map(|alert| alert.folder.as_str()).collect();
    folders.sort_unstable();
    folders.dedup();
    assert_eq!(folders.len(), 3, "{folders:?}");
    assert!(folders.contains(&"gate"), "{folders:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_usual_is_learned_told_and_known_after_a_restart() {
    let mut stack = watching().await;
    for seed in 0..12 {
        stack.publish("folder1", picture(View::Dock, seed)).await;
        sleep(Duration::from_millis(200)).await;
    }
    let bus = stack.bus().await;
    let folder = "folder1".parse().unwrap();
    let state = eventually("the camera's state is told", async || {
        bus.latest::<CameraState>(&folder).await.unwrap()
    })
    .await;
    assert_eq!(state.event.silent_after_seconds, Some(30.0));
    let interval = state.event.interval_seconds.unwrap();
    assert!((0.1..3.0).contains(&interval), "{interval}");
    stack.stop_comparators().await;
    stack.start_comparator_with(hasty()).await;
    let camera = AlertSubject::camera(&folder);
    let what = "it is silent, as was learned before";
    eventually_within(Duration::from_secs(45), what, async || {
        let alert = bus.latest::<Alert>(&camera).await.unwrap();
        alert.map(drop).ok_or("there is no alert")
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_frame_that_the_stream_forgets_is_kept_and_judged_by_a_new_reference() {
    let stack = watching().await;
    stack.set_rule("folder1", r#"{"silentSeconds": 0}"#).await;
    stack.publish("folder1", picture(View::Dock, 1)).await;
    let bus = stack.bus().await;
    let folder = "folder1".parse().unwrap();
    eventually("it is kept", async || {
        bus.latest::<LatestFrameChange>(&folder).await.unwrap()
    })
    .await;
    // As five minutes later.
    let jetstream =
        async_nats::jetstream::new(async_nats::connect(stack.nats.url()).await.unwrap());
    let frames = jetstream.get_stream("FRAMES").await.unwrap();
    frames.purge().await.unwrap();
    let frame = reqwest::get(stack.url("/api/v1/folders/folder1/frame"));
    assert_eq!(frame.await.unwrap().status(), 200);
    stack
        .upload("folder1", "wall.jpg", picture(View::Wall, 0))
        .await;
    let similarity = stack.similarity_where("folder1", |_| true).await;
    assert!(similarity < 0.9, "{similarity}");
    stack.firing("folder1").await;
}
