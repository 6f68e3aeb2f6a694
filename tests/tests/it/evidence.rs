//! The pictures that are kept with an alert.

use async_nats::jetstream;
use event_bus::{Exhibit, ExhibitKey};
use futures::StreamExt;
use prost::Message as _;
use proto::v1::Alert;
use test_support::{eventually, soon};
use tests::{Stack, View, picture};

async fn download(stack: &Stack, path: &str) -> (u16, String, Vec<u8>) {
    let response = reqwest::get(stack.url(path)).await.unwrap();
    let kind = response.headers()["Content-Type"]
        .to_str()
        .unwrap()
        .to_owned();
    let status = response.status().as_u16();
    (status, kind, response.bytes().await.unwrap().to_vec())
}

/// The same, once it is there: where storing a picture takes more than a second the alert goes out before it.
async fn kept(stack: &Stack, path: &str) -> (String, Vec<u8>) {
    eventually("the picture is kept", async || {
        let (status, kind, bytes) = download(stack, path).await;
        (status == 200).then_some((kind, bytes))
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_alert_comes_with_the_frame_and_the_reference_as_they_were() {
    let stack = Stack::start().await;
    let (reference, frame) = (picture(View::Dock, 0), picture(View::Wall, 0));
    let upload = stack.upload("folder1", "dock.jpg", reference.clone()).await;
    stack.publish("folder1", frame.clone()).await;
    let alert = stack.firing("folder1").await;

    let path = format!("/api/v1/alerts/{}", alert.id);
    for exhibit in ["frame", "reference"] {
        kept(&stack, &format!("{path}/evidence/{exhibit}")).await;
    }

    // Neither a newer frame nor the end of the reference changes what was seen.
    stack.publish("folder1", picture(View::Wall, 5)).await;
    stack.remove("folder1", &upload.id).await;
    stack.quiet("folder1").await;

    let (kind, bytes) = kept(&stack, &format!("{path}/evidence/frame")).await;
    assert_eq!(kind, "image/jpeg");
    assert!(bytes == frame, "the frame is not the one that was sent");
    let again = reqwest::get(stack.url(&format!("{path}/evidence/frame"))).await;
    let caching = again.unwrap().headers()["Cache-Control"].clone();
    assert!(
        caching.to_str().unwrap().contains("immutable"),
        "{caching:?}"
    );
    let (_, bytes) = kept(&stack, &format!("{path}/evidence/reference")).await;
    assert!(
        bytes == reference,
        "the reference is not the one that was uploaded"
    );

    let shown: Alert = serde_json::from_value(stack.get(&path).await).unwrap();
    assert_eq!((&shown.id, &shown.folder), (&alert.id, &alert.folder));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_evidence_is_there_when_the_alert_is_or_the_alert_says_that_it_is_not() {
    let stack = Stack::start().await;
    let client = async_nats::connect(stack.nats.url()).await.unwrap();
    let mut alerts = client.subscribe("alerts.>").await.unwrap();
    client.flush().await.unwrap();
    let frame = picture(View::Wall, 0);
    stack.watch("folder1").await;
    stack.publish("folder1", frame.clone()).await;

    let alert = soon("an alert", alerts.next()).await.unwrap();
    let evidence = stack.bus().await.evidence();
    let alert = Alert::decode(alert.payload).unwrap();
    for exhibit in [Exhibit::Frame, Exhibit::Reference] {
        let kept = evidence.get(&ExhibitKey::new(&alert.id, exhibit)).await;
        let kept = kept.unwrap();
        // On a busy machine storing may take more than the second that the alert waits for it.
        let is_missing = alert.evidence_missing.contains(exhibit.word());
        assert!(kept.is_some() || is_missing, "the {}", exhibit.word());
        if let (Some(kept), Exhibit::Frame) = (kept, exhibit) {
            assert_eq!(kept, frame);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_alert_has_no_evidence() {
    let stack = Stack::start().await;
    for id in ["nosuch", "..%2F..%2Freferences", "%00", "folder1-0-0"] {
        for rest in ["", "/evidence/frame", "/evidence/reference"] {
            let path = format!("/api/v1/alerts/{id}{rest}");
            let (status, kind, _) = download(&stack, &path).await;
            assert_eq!(
                (status, kind.as_str()),
                (404, "application/problem+json"),
                "{path}"
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_alert_does_not_wait_for_room_for_its_evidence() {
    let mut stack = Stack::without_comparator().await;
    let config = comparator::Config {
        evidence_max_gb: 0,
        ..comparator::Config::default()
    };
    stack.start_comparator_with(config).await;
    stack.watch("folder1").await;
    stack.publish("folder1", picture(View::Wall, 0)).await;
    let alert = stack.firing("folder1").await;
    let path = format!("/api/v1/alerts/{}/evidence/frame", alert.id);
    eventually("the page knows that it has none", async || {
        let missing = stack.get(&path).await;
        (missing["type"] == "/problems/no-evidence").then_some(())
    })
    .await;
}

/// Gives folder1 a reference; hands out JetStream, for who would do harm to its streams.
async fn watched(stack: &Stack) -> jetstream::Context {
    stack.watch("folder1").await;
    jetstream::new(async_nats::connect(stack.nats.url()).await.unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_alert_does_not_wait_for_a_store_that_does_not_store() {
    let stack = Stack::start().await;
    let jetstream = watched(&stack).await;
    // Nothing can be put into it, whatever is done: it is sealed.
    let sealed = jetstream.get_stream("OBJ_evidence").await.unwrap();
    let mut config = sealed.cached_info().config.clone();
    config.sealed = true;
    jetstream.update_stream(config).await.unwrap();
    let frame = picture(View::Wall, 0);
    stack.publish("folder1", frame.clone()).await;
    let alert = stack.firing("folder1").await;
    assert!(alert.evidence_missing.contains("its frame"), "{alert:?}");

    // It is added as soon as that is possible.
    jetstream.delete_stream("OBJ_evidence").await.unwrap();
    let path = format!("/api/v1/alerts/{}/evidence/frame", alert.id);
    eventually("the evidence is there", async || {
        let (status, _, bytes) = download(&stack, &path).await;
        (status == 200 && bytes == frame).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reference_whose_picture_is_damaged_is_watched_as_before() {
    let stack = Stack::start().await;
    let jetstream = watched(&stack).await;
    let references = jetstream.get_stream("OBJ_references").await.unwrap();
    let purge = references.purge().filter("$O.references.C.>");
    purge.await.unwrap();
    stack.publish("folder1", picture(View::Wall, 0)).await;
    let alert = stack.firing("folder1").await;
    let missing = &alert.evidence_missing;
    assert!(missing.contains("its reference"), "{missing}");
    kept(
        &stack,
        &format!("/api/v1/alerts/{}/evidence/frame", alert.id),
    )
    .await;
}
