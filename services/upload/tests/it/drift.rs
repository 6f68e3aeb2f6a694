//! References that views drift away from.

use event_bus::Averages;
use proto::{
    timestamp,
    v1::{Comparison, Frame, Verdict},
};
use test_support::{NatsServer, eventually};
use time::{Duration, OffsetDateTime};

use crate::service::{Service, folder, problem};

/// What was written of a folder that has been watched for so many days.
async fn remember(service: &Service, name: &str, before: f64, lately: f64, days: i32) {
    let averages = Averages {
        basis: "phash  ".to_owned(),
        before,
        lately,
        seconds: f64::from(days * 86_400),
        at: OffsetDateTime::now_utc() - Duration::hours(1),
    };
    let written = service.bus.drifts().set(&folder(name), &averages).await;
    written.unwrap();
}

async fn listed(service: &Service, count: u64) -> Vec<serde_json::Value> {
    eventually("all is known", async || {
        let answer = service.json("/api/v1/drift").await;
        let folders = answer["folders"].as_array().cloned();
        folders.filter(|_| answer["total"] == count)
    })
    .await
}

#[tokio::test]
async fn folders_that_want_renewing_come_first_and_lead_to_their_page() {
    let nats = NatsServer::start();
    let service = Service::start(&nats).await;
    remember(&service, "folder1", 0.98, 0.97, 20).await;
    remember(&service, "folder2", 0.98, 0.94, 20).await;
    remember(&service, "folder3", 0.98, 0.91, 1).await;
    let folders = listed(&service, 3).await;
    let names: Vec<_> = folders.iter().map(|it| it["folder"].as_str()).collect();
    assert_eq!(names, [Some("folder2"), Some("folder3"), Some("folder1")]);
    assert_eq!(folders[0]["wantsRenewing"], true, "{folders:?}");
    assert_eq!(folders[1]["wantsRenewing"], false, "too early: {folders:?}");
    assert_eq!(folders[0]["threshold"], 0.9);

    let page = service.get("/drift").await.text().await.unwrap();
    let (renewing, others) = page.split_once("The others").unwrap();
    assert!(renewing.contains(r#"<a href="/folder/folder2">"#), "{page}");
    assert!(others.contains(r#"<a href="/folder/folder1">"#), "{page}");
    let one = service.json("/api/v1/drift?limit=1").await;
    assert_eq!(one["folders"].as_array().unwrap().len(), 1);
    let refused = service.get("/api/v1/drift?limit=0").await;
    problem(refused, 400, "invalid-request").await;
}

#[tokio::test]
async fn matching_frames_count_and_are_remembered_by_the_next_service() {
    let nats = NatsServer::start();
    let service = Service::start(&nats).await;
    remember(&service, "folder1", 0.98, 0.98, 20).await;
    listed(&service, 1).await;
    for (seconds, verdict, similarity) in [
        (20, Verdict::Match, 0.90),
        (10, Verdict::Mismatch, 0.1),
        (0, Verdict::Match, 0.90),
    ] {
        let at = OffsetDateTime::now_utc() - Duration::seconds(seconds);
        let comparison = Comparison {
            folder: "folder1".to_owned(),
            frame: Some(Frame {
                stored_at: Some(timestamp(at)),
                ..Frame::default()
            }),
            similarity: Some(similarity),
            verdict: verdict.into(),
            ..Comparison::default()
        };
        let gate = folder("folder1");
        let published = service.bus.publish_comparison(&gate, &comparison);
        published.await.unwrap();
    }
    let known = eventually("the frames count", async || {
        let known = listed(&service, 1).await.remove(0);
        (known["seconds"].as_f64()? >= 20.0 * 86_400.0 + 79.0).then_some(known)
    })
    .await;
    assert!(known["lately"].as_f64().unwrap() > 0.979, "{known}");
    service.stop().await;

    let service = Service::start(&nats).await;
    let again = listed(&service, 1).await.remove(0);
    assert_eq!(
        (&again["seconds"], &again["at"]),
        (&known["seconds"], &known["at"])
    );
}
