use event_bus::Expected;
use proto::v1::{Alert, Phase};
use serde_json::Value;
use test_support::{NatsServer, eventually};
use time::{Duration, OffsetDateTime};

use crate::service::{Service, folder, problem};

async fn publish(service: &Service, name: &str, id: &str, phase: Phase) {
    publish_at(service, name, id, phase, 0).await;
}

/// An alert that fired so many seconds after midnight of the first of January 1970.
async fn publish_at(service: &Service, name: &str, id: &str, phase: Phase, second: i64) {
    let folder = folder(name);
    let latest = service.bus.latest::<Alert>(&folder).await.unwrap();
    let alert = Alert {
        id: id.to_owned(),
        folder: name.to_owned(),
        phase: phase.into(),
        message: format!("{name} changed"),
        fired_at: Some(proto::timestamp(
            OffsetDateTime::UNIX_EPOCH + Duration::seconds(second),
        )),
        ..Alert::default()
    };
    let expected = Expected::after(latest.as_ref());
    let publish = service.bus.publish_alert(&folder, &alert, expected);
    publish.await.unwrap();
}

async fn ids(service: &Service, query: &str) -> Vec<String> {
    let page = service.json(&format!("/api/v1/alerts{query}")).await;
    let alerts = page["alerts"].as_array().unwrap();
    let id = |alert: &Value| alert["id"].as_str().unwrap().to_owned();
    alerts.iter().map(id).collect()
}

#[tokio::test]
async fn alerts_are_listed_by_episode_newest_first() {
    let nats = NatsServer::start();
    let service = Service::start(&nats).await;
    publish(&service, "folder1", "a", Phase::Firing).await;
    publish(&service, "folder2", "b", Phase::Firing).await;
    publish(&service, "folder1", "a", Phase::Resolved).await;
    publish(&service, "folder1", "c", Phase::Firing).await;
    eventually("all alerts are listed", async || {
        (ids(&service, "").await == ["c", "b", "a"]).then_some(())
    })
    .await;
    assert_eq!(ids(&service, "?folder=folder1").await, ["c", "a"]);
    assert_eq!(ids(&service, "?phase=resolved").await, ["a"]);
    assert_eq!(ids(&service, "?phase=firing&folder=folder2").await, ["b"]);

    let page = service.json("/api/v1/alerts?limit=2").await;
    let next = page["next"].as_str().unwrap();
    let rest = service.json(next).await;
    assert_eq!(rest["alerts"][0]["id"], "a");
    assert_eq!(rest["alerts"][0]["phase"], "PHASE_RESOLVED");
    assert_eq!(rest["next"], Value::Null);

    for query in [
        "?phase=loud",
        "?before=nosuch",
        "?limit=0",
        "?since=yesterday",
        "?until=2026-02-30T00:00:00Z",
    ] {
        let response = service.get(&format!("/api/v1/alerts{query}")).await;
        problem(response, 400, "invalid-request").await;
    }
    let firing = service.json("/api/v1/folders/folder2").await;
    assert_eq!(firing["alert"]["id"], "b");
}

#[tokio::test]
async fn alerts_are_listed_by_the_time_at_which_they_fired() {
    let nats = NatsServer::start();
    let service = Service::start(&nats).await;
    for (second, id) in (0..).step_by(10).zip(["a", "b", "c", "d"]) {
        publish_at(&service, "folder1", id, Phase::Firing, second).await;
        publish_at(&service, "folder1", id, Phase::Resolved, second).await;
    }
    let between = "?since=1970-01-01T00:00:10Z&until=1970-01-01T00:00:30Z";
    eventually("all alerts are listed", async || {
        (ids(&service, "").await.len() == 4).then_some(())
    })
    .await;
    assert_eq!(ids(&service, between).await, ["c", "b"]);
    assert_eq!(
        ids(&service, "?since=1970-01-01T01:00:20%2B01:00").await,
        ["d", "c"],
        "whatever its zone"
    );

    let page = service
        .json(&format!("/api/v1/alerts{between}&limit=1"))
        .await;
    let rest = service.json(page["next"].as_str().unwrap()).await;
    assert_eq!(
        rest["alerts"][0]["id"], "b",
        "the next page is of the same time"
    );
    assert_eq!(rest["next"], Value::Null);
}

#[tokio::test]
async fn the_page_of_alerts_shows_what_fires_then_what_is_over_and_each_has_its_own() {
    let nats = NatsServer::start();
    let service = Service::start(&nats).await;
    publish(&service, "folder1", "over", Phase::Firing).await;
    publish(&service, "folder1", "over", Phase::Resolved).await;
    publish(&service, "folder2", "now<b>", Phase::Firing).await;
    eventually("all alerts are listed", async || {
        (ids(&service, "?phase=resolved").await == ["over"] && ids(&service, "").await.len() == 2)
            .then_some(())
    })
    .await;
    let page = async |path: &str| service.get(path).await.text().await.unwrap();

    let all = page("/alerts").await;
    let (now, history) = all.split_once("History").unwrap();
    assert!(
        now.contains("folder2 changed") && !now.contains("folder1 changed"),
        "{now}"
    );
    assert!(
        history.contains("folder1 changed") && !history.contains("folder2 changed"),
        "{history}"
    );
    assert!(!all.contains("<b>"), "{all}");

    let filtered = page("/alerts?folder=folder1&phase=").await;
    assert!(filtered.contains("folder1 changed"), "{filtered}");
    assert!(!filtered.contains("folder2 changed"), "{filtered}");
    let first = page("/alerts?limit=1").await;
    assert!(
        first.contains("/alerts?limit=1&amp;before=now")
            || first.contains("/alerts?limit=1&#38;before=now"),
        "{first}"
    );

    let one = page("/alerts/over").await;
    for text in [
        "folder1 changed",
        "/api/v1/alerts/over/evidence/frame",
        "Resolved",
    ] {
        assert!(one.contains(text), "{text} in {one}");
    }
    problem(service.get("/alerts/nosuch").await, 404, "unknown-alert").await;
    problem(
        service.get("/alerts?phase=loud").await,
        400,
        "invalid-request",
    )
    .await;
}
