//! Alerts as they are listed and shown.

use event_bus::{AlertSubject, Exhibit, ExhibitKey, Expected};
use proto::v1::{Alert, CameraState, Comparison, Frame, Phase, Verdict};
use serde_json::Value;
use test_support::{NatsServer, eventually};
use time::{Duration, OffsetDateTime};

use crate::{
    pictures::jpeg,
    service::{Service, folder, problem},
};

pub(crate) async fn publish(service: &Service, name: &str, id: &str, phase: Phase) {
    publish_at(service, name, id, phase, 0).await;
}

/// An alert that fired so many seconds after midnight of the first of January 1970.
async fn publish_at(service: &Service, name: &str, id: &str, phase: Phase, second: i64) {
    let folder = folder(name);
    let latest = service
        .bus
        .latest::<Alert>(&AlertSubject::view(&folder))
        .await
        .unwrap();
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
    let subject = AlertSubject::view(&folder);
    let publish = service.bus.publish_alert(&subject, &alert, expected);
    publish.await.unwrap();
}

#[tokio::test]
async fn one_whose_frames_have_stopped_says_since_when_nothing_is_known_of_it() {
    let nats = NatsServer::start();
    let service = Service::start(&nats).await;
    let gate = folder("folder1");
    let now = OffsetDateTime::now_utc();
    let frame = |at| {
        Some(Frame {
            stored_at: Some(proto::timestamp(at)),
            ..Frame::default()
        })
    };
    let alert = Alert {
        id: "a".to_owned(),
        folder: gate.to_string(),
        phase: Phase::Firing.into(),
        frame: frame(now - Duration::minutes(9)),
        ..Alert::default()
    };
    let subject = AlertSubject::view(&gate);
    let published = service.bus.publish_alert(&subject, &alert, Expected(0));
    published.await.unwrap();
    let unknown_since = async |minutes: Option<i64>| {
        let expected = minutes.map(|minutes| proto::timestamp(now - Duration::minutes(minutes)));
        let expected = serde_json::to_value(expected).unwrap();
        eventually("the alert says so", async || {
            let list = service.json("/api/v1/alerts").await;
            let alert = list["alerts"].get(0)?;
            (alert["unknownSince"] == expected).then_some(())
        })
        .await;
        let pages = ["/alerts", "/alerts/a"];
        for page in pages {
            let page = service.get(page).await.text().await.unwrap();
            assert_eq!(
                page.contains("Nothing is known"),
                minutes.is_some(),
                "{page}"
            );
        }
    };
    unknown_since(Some(9)).await;
    let compared = async |verdict: Verdict, minutes| {
        let comparison = Comparison {
            folder: gate.to_string(),
            frame: frame(now - Duration::minutes(minutes)),
            verdict: verdict.into(),
            ..Comparison::default()
        };
        let published = service.bus.publish_comparison(&gate, &comparison);
        published.await.unwrap();
    };
    // What cannot be read says nothing of the view.
    compared(Verdict::Unreadable, 4).await;
    unknown_since(Some(9)).await;
    compared(Verdict::Mismatch, 3).await;
    unknown_since(Some(3)).await;
    // Nobody can expect more of a camera that sends seldom.
    let mut told = Expected(0);
    for (interval_seconds, minutes) in [(45.0, None), (1.0, Some(3))] {
        let state = CameraState {
            folder: gate.to_string(),
            interval_seconds: Some(interval_seconds),
            ..CameraState::default()
        };
        let published = service.bus.publish_camera_state(&gate, &state, told);
        told = Expected(published.await.unwrap());
        unknown_since(minutes).await;
    }
    compared(Verdict::Mismatch, 0).await;
    unknown_since(None).await;
}

pub(crate) async fn ids(service: &Service, query: &str) -> Vec<String> {
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
    assert_eq!((&page["total"], &rest["total"]), (&3.into(), &3.into()));
    assert_eq!(rest["alerts"][0]["id"], "a");
    assert_eq!(rest["alerts"][0]["phase"], "PHASE_RESOLVED");
    assert_eq!(rest["next"], Value::Null);

    let response = service.get("/api/v1/alerts?before=nosuch").await;
    problem(response, 404, "unknown-alert").await;
    for query in [
        "?phase=loud",
        "?phase=",
        "?limit=0",
        "?since=yesterday",
        "?within=year",
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
    let without_zone = "?since=1970-01-01T00:00:10&until=1970-01-01T00:01";
    assert_eq!(ids(&service, without_zone).await, ["d", "c", "b"]);

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

    let one = page("/alerts/over").await;
    for text in ["folder1 changed", "Resolved", "/alerts/over/acknowledge"] {
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

#[tokio::test]
async fn alerts_are_listed_by_how_long_ago_they_fired() {
    let nats = NatsServer::start();
    let service = Service::start(&nats).await;
    let now = OffsetDateTime::now_utc().unix_timestamp();
    let (hour, day) = (60 * 60, 24 * 60 * 60);
    let ages = [40 * day, 20 * day, 2 * day, 2 * hour, 10];
    for (age, id) in ages.into_iter().zip(["e", "d", "c", "b", "a"]) {
        publish_at(&service, "folder1", id, Phase::Firing, now - age).await;
        publish_at(&service, "folder1", id, Phase::Resolved, now - age).await;
    }
    eventually("all have ended", async || {
        (ids(&service, "?phase=resolved").await.len() == 5).then_some(())
    })
    .await;
    for (within, expected) in [
        ("hour", &["a"][..]),
        ("day", &["a", "b"]),
        ("week", &["a", "b", "c"]),
        ("month", &["a", "b", "c", "d"]),
    ] {
        let query = format!("?within={within}&phase=resolved");
        assert_eq!(ids(&service, &query).await, expected, "{within}");
    }
    let both = "?within=month&since=1970-01-01T00:00:00Z";
    assert_eq!(ids(&service, both).await, ["a", "b", "c", "d"]);
}

#[tokio::test]
async fn the_form_shows_its_filters_and_the_pages_that_follow_keep_them() {
    let nats = NatsServer::start();
    let service = Service::start(&nats).await;
    for (second, id) in (0..).step_by(10).zip(["a", "b", "c", "d"]) {
        publish_at(&service, "folder1", id, Phase::Firing, second).await;
        publish_at(&service, "folder1", id, Phase::Resolved, second).await;
    }
    eventually("all alerts are over", async || {
        (ids(&service, "?phase=resolved").await.len() == 4).then_some(())
    })
    .await;
    let page = async |path: &str| service.get(path).await.text().await.unwrap();
    let link = |html: &str, words: &str| {
        let (before, _) = html.split_once(&format!("\">{words}</a>")).expect(words);
        let (_, address) = before.rsplit_once("href=\"").unwrap();
        address.replace("&#38;", "&")
    };

    let everything = page("/alerts?limit=3").await;
    assert!(everything.contains("(3 of 4)"), "{everything}");
    let older = page(&link(&everything, "Older alerts")).await;
    assert!(older.contains("id=\"alert-a\""), "{older}");

    let query = "folder=folder1&phase=resolved&acknowledged=false\
        &since=1970-01-01T01:00:10%2B01:00&until=1970-01-01T00:01";
    let filtered = page(&format!("/alerts?limit=2&{query}")).await;
    for shown in [
        "(2 of 3)",
        "<option selected>folder1</option>",
        "<option value=\"resolved\" selected>",
        "<option value=\"false\" selected>",
        "value=\"1970-01-01T00:00:10\" step=\"1\">",
        "value=\"1970-01-01T00:01\">",
    ] {
        assert!(filtered.contains(shown), "{shown} in {filtered}");
    }
    let older = page(&link(&filtered, "Older alerts")).await;
    assert!(older.contains("id=\"alert-b\""), "{older}");
    assert!(!older.contains("id=\"alert-a\""), "{older}");
    assert!(older.contains("(1 of 3)"), "{older}");
    let first = page(&link(&older, "Newest")).await;
    assert!(first.contains("id=\"alert-d\""), "{first}");

    let none = page("/alerts?within=hour&folder=folder1").await;
    assert!(none.contains("No alert matches"), "{none}");
    assert_eq!(link(&none, "Show all alerts"), "/alerts");
    let hostile = page("/alerts?folder=folder1&until=1970-01-01T00:00:00Z&x=%22%3E%3Cb%3E").await;
    assert!(!hostile.contains("<b>"), "{hostile}");
}

#[tokio::test]
async fn the_page_of_an_alert_shows_the_difference_where_both_pictures_were_kept() {
    let nats = NatsServer::start();
    let service = Service::start(&nats).await;
    let evidence = service.bus.evidence();
    for (id, exhibits) in [
        ("both", &[Exhibit::Frame, Exhibit::Reference][..]),
        ("one", &[Exhibit::Frame]),
        ("none", &[]),
    ] {
        for exhibit in exhibits {
            let key = ExhibitKey::new(id, *exhibit);
            evidence.put(&key, &(), &jpeg(1)).await.unwrap();
        }
        publish(&service, "folder1", id, Phase::Firing).await;
        publish(&service, "folder1", id, Phase::Resolved).await;
    }
    eventually("all alerts are listed", async || {
        (ids(&service, "").await.len() == 3).then_some(())
    })
    .await;
    let page = async |path: &str| service.get(path).await.text().await.unwrap();
    for (id, has_frame, has_reference) in [
        ("both", true, true),
        ("one", true, false),
        ("none", false, false),
    ] {
        let html = page(&format!("/alerts/{id}")).await;
        let address = format!("src=\"/api/v1/alerts/{id}/evidence");
        assert_eq!(html.contains(&format!("{address}/frame")), has_frame);
        assert_eq!(html.contains("The frame was not kept"), !has_frame);
        assert_eq!(
            html.contains(&format!("{address}/reference")),
            has_reference
        );
        assert_eq!(html.contains("The reference was not kept"), !has_reference);
        assert_eq!(html.contains("black where"), has_frame && has_reference);
        assert!(!html.contains("style="), "{html}");
    }
}
