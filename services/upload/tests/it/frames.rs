//! The latest frame of a camera, and its comparison.

use event_bus::FrameHeaders;
use proto::{
    timestamp,
    v1::{Comparison, Frame, Reference, Verdict},
};
use serde_json::Value;
use test_support::{NatsServer, eventually};
use time::OffsetDateTime;

use crate::{
    folders::send_frame,
    pictures::jpeg,
    service::{Service, folder, problem},
};

const FRAME: &str = "/api/v1/folders/folder1/frame";

#[tokio::test]
async fn the_latest_frame_is_shown_with_what_its_camera_says() {
    let nats = NatsServer::start();
    let service = Service::start(&nats).await;
    problem(service.get(FRAME).await, 404, "no-frame").await;

    send_frame(&service, "folder1").await;
    let response = service.get(FRAME).await;
    assert_eq!(response.headers()["content-type"], "image/jpeg");
    assert_eq!(response.headers()["cache-control"], "private, no-cache");
    assert_eq!(response.headers()["camera"], "north");
    assert_eq!(response.headers()["captured-at"], "1970-01-01T00:00:00Z");
    assert_eq!(response.bytes().await.unwrap(), jpeg(1));

    let headers = FrameHeaders {
        camera: String::new(),
        captured_at: OffsetDateTime::now_utc(),
    };
    let page = "<html><script>alert(1)</script>".into();
    let folder = folder("folder1");
    let publish = service
        .bus
        .publish_frame(&folder, &headers, Some("image/jpeg"), page);
    publish.await.unwrap();
    problem(service.get(FRAME).await, 422, "unreadable-frame").await;
}

#[tokio::test]
async fn a_comparison_is_shown_only_while_its_reference_holds() {
    let nats = NatsServer::start();
    let service = Service::start(&nats).await;
    let id = service.upload("folder1", "a.jpg", jpeg(1)).await;
    send_frame(&service, "folder1").await;
    let comparison = comparison(&id);
    let folder = folder("folder1");
    let publish = service.bus.publish_comparison(&folder, &comparison);
    publish.await.unwrap();
    let shown = eventually("the comparison is shown", async || {
        let folder = service.json("/api/v1/folders/folder1").await;
        (folder["similarity"] == 0.984375).then_some(folder)
    })
    .await;
    assert_eq!(shown["state"], "ok");
    assert_eq!(shown["comparison"]["verdict"], "VERDICT_MATCH");

    service.upload("folder1", "b.jpg", jpeg(2)).await;
    let folder = service.json("/api/v1/folders/folder1").await;
    assert_eq!(folder["state"], "waiting");
    assert_eq!(folder["similarity"], Value::Null);
}

pub(crate) fn comparison(reference: &str) -> Comparison {
    let now = Some(timestamp(OffsetDateTime::now_utc()));
    Comparison {
        folder: "folder1".to_owned(),
        frame: Some(Frame {
            stored_at: now,
            captured_at: now,
            camera: String::new(),
        }),
        reference: Some(Reference {
            id: reference.to_owned(),
            name: "a.jpg".to_owned(),
            since: now,
        }),
        similarity: Some(0.984_375),
        verdict: Verdict::Match.into(),
        threshold: 0.9,
        compared_at: now,
        ..Comparison::default()
    }
}
