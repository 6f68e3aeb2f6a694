//! The curve of similarity, and what another rule would have raised.

use event_bus::{Expected, Folder};
use proto::{
    timestamp,
    v1::{Comparison, Frame, HistoryPart, Kind, Reference, Verdict},
};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use test_support::NatsServer;
use time::{Duration, OffsetDateTime, format_description::well_known::Rfc3339};

use crate::{
    pictures::jpeg,
    service::{Service, folder, problem},
};

/// Comparisons of one frame a second that end now.
async fn publish(service: &Service, gate: &Folder, similarities: &[f64]) -> OffsetDateTime {
    publish_with(service, gate, "r", similarities).await
}

async fn publish_with(
    service: &Service,
    gate: &Folder,
    reference: &str,
    similarities: &[f64],
) -> OffsetDateTime {
    let now = OffsetDateTime::now_utc();
    let count = i64::try_from(similarities.len()).unwrap();
    let begun = now - Duration::seconds(count);
    for (second, &similarity) in (0..).zip(similarities) {
        let stored_at = begun + Duration::seconds(second);
        let verdict = match similarity >= 0.9 {
            true => Verdict::Match,
            false => Verdict::Mismatch,
        };
        let comparison = Comparison {
            folder: gate.to_string(),
            frame: Some(Frame {
                stored_at: Some(timestamp(stored_at)),
                ..Frame::default()
            }),
            reference: Some(Reference {
                id: reference.into(),
                since: Some(timestamp(begun)),
                ..Reference::default()
            }),
            similarity: Some(similarity),
            verdict: verdict.into(),
            threshold: 0.9,
            compared_at: Some(timestamp(stored_at)),
            ..Comparison::default()
        };
        let published = service.bus.publish_comparison(gate, &comparison);
        published.await.unwrap();
    }
    begun
}

async fn what_if(service: &Service, rule: Value) -> Value {
    let request = service.request(Method::POST, "/api/v1/folders/folder1/what-if");
    let response = request.json(&rule).send().await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    response.json().await.unwrap()
}

#[tokio::test]
async fn what_if_says_which_alerts_another_rule_would_have_raised() {
    let nats = NatsServer::start();
    let service = Service::start(&nats).await;
    let gate = folder("folder1");
    let reference = service.upload("folder1", "day.jpg", jpeg(1)).await;
    publish(&service, &gate, &[0.1, 0.1]).await;
    let similarities = [1.0, 0.7, 0.95, 0.5, 0.5, 0.5, 0.95, 1.0];
    publish_with(&service, &gate, &reference, &similarities).await;

    let built_in = what_if(&service, json!({})).await;
    assert_eq!(built_in["episodeCount"], 2, "{built_in}");
    let of_this_reference = &built_in["comparisons"];
    assert_eq!(
        of_this_reference, 8,
        "those with an earlier one tell nothing"
    );
    assert_eq!(built_in["rule"]["threshold"], 0.9);
    assert_eq!(built_in["firingSeconds"], 4.0);
    let fired_at = |index: usize| built_in["episodes"][index]["firedAt"].as_str();
    assert!(fired_at(0) > fired_at(1), "newest first: {built_in}");

    let lower = what_if(&service, json!({"threshold": 0.6})).await;
    assert_eq!(lower["episodeCount"], 1);
    let held = what_if(&service, json!({"holdSeconds": 10})).await;
    assert_eq!(held["episodeCount"], 0);
    let kept = what_if(&service, json!({"keepFiringSeconds": 60})).await;
    assert_eq!(kept["episodeCount"], 1);
    assert_eq!(kept["episodes"][0].get("resolvedAt"), None);

    publish_with(&service, &gate, &reference, &[0.2]).await;
    let later = what_if(&service, json!({})).await;
    assert_eq!(later["comparisons"], 9, "what came since is read as well");
}

#[tokio::test]
async fn what_if_warns_of_a_threshold_that_unrelated_pictures_reach() {
    let nats = NatsServer::start();
    let service = Service::start(&nats).await;
    for (rule, warns) in [
        (json!({}), false),
        (json!({"threshold": 0.7}), false),
        (json!({"threshold": 0.6}), true),
        (json!({"threshold": 0.7, "measure": "mean"}), true),
    ] {
        let answer = what_if(&service, rule.clone()).await;
        let warning = answer["warning"].as_str().unwrap_or_default();
        assert_eq!(
            warning.contains("unrelated pictures"),
            warns,
            "{rule}: {warning}"
        );
    }
}

#[tokio::test]
async fn a_rule_that_cannot_be_is_refused_and_none_is_set() {
    let nats = NatsServer::start();
    let service = Service::start(&nats).await;
    let path = "/api/v1/folders/folder1/what-if";
    let ask = async |body: &'static str| {
        let request = service.request(Method::POST, path).body(body);
        request.send().await.unwrap()
    };
    problem(ask(r#"{"threshold": 2}"#).await, 422, "invalid-rule").await;
    problem(ask("{").await, 400, "invalid-request").await;
    let rule = service.json("/api/v1/folders/folder1/rule").await;
    assert_eq!(rule["rule"], Value::Null);
}

#[tokio::test]
async fn the_history_is_a_curve_with_the_alerts_of_its_time() {
    let nats = NatsServer::start();
    let service = Service::start(&nats).await;
    let gate = folder("folder1");
    let begun = publish(&service, &gate, &[1.0, 0.8, 0.6, 0.4]).await;
    publish(&service, &folder("folder2"), &[0.1]).await;

    let text = |at: OffsetDateTime| at.format(&Rfc3339).unwrap();
    let (since, until) = (text(begun), text(begun + Duration::seconds(4)));
    let path = "/api/v1/folders/folder1/history";
    let history = service
        .json(&format!("{path}?since={since}&until={until}&points=2"))
        .await;
    assert_eq!(history["secondsPerPoint"], 2.0);
    let points = history["points"].as_array().unwrap();
    assert_eq!(points.len(), 2, "{history}");
    assert_eq!(points[0]["comparisons"], 2);
    assert_eq!(points[0]["greatest"], 1.0);
    assert_eq!(points[0]["mean"], 0.9);
    assert_eq!(points[1]["least"], 0.4);
    assert_eq!(points[1]["threshold"], 0.9);

    for query in [
        "points=0",
        "points=2001",
        "since=yesterday",
        "since=2026-01-01T00:00:00Z",
        "until=0000-01-01T00:00:00Z&since=0000-01-01T00:00:00Z",
    ] {
        let refused = service.get(&format!("{path}?{query}")).await;
        problem(refused, 400, "invalid-request").await;
    }
    for until in ["0000-01-01T00:00:00Z", "9999-12-31T23:59:59Z"] {
        let nothing = service.json(&format!("{path}?until={until}")).await;
        assert_eq!(nothing["points"], json!([]), "{until}");
    }
}

/// Frames each 20 s of two hours, in short, which began so long ago; every sixth part of them did not match.
async fn publish_in_short(
    service: &Service,
    gate: &Folder,
    reference: &str,
    begun: OffsetDateTime,
) {
    let mut expected = Expected(0);
    for part in 0..8 {
        let mut in_short = HistoryPart::default();
        for frame in 0..45 {
            let at = begun + Duration::seconds((part * 45 + frame) * 20);
            let is_match = frame >= 8;
            let comparison = Comparison {
                frame: Some(Frame {
                    stored_at: Some(timestamp(at)),
                    ..Frame::default()
                }),
                reference: Some(Reference {
                    id: reference.into(),
                    ..Reference::default()
                }),
                similarity: Some(if is_match { 0.97 } else { 0.75 }),
                threshold: 0.9,
                verdict: if is_match {
                    Verdict::Match
                } else {
                    Verdict::Mismatch
                }
                .into(),
                ..Comparison::default()
            };
            let kind = if is_match {
                Kind::Unspecified
            } else {
                Kind::Moved
            };
            in_short.push(&comparison, kind);
            in_short.through = Some(timestamp(at));
        }
        let published = service.bus.publish_history(gate, &in_short, expected);
        expected = Expected(published.await.unwrap());
    }
}

#[tokio::test]
async fn what_is_kept_in_short_is_drawn_and_rehearsed_with_what_came_since() {
    let nats = NatsServer::start();
    let service = Service::start(&nats).await;
    let gate = folder("folder1");
    let reference = service.upload("folder1", "day.jpg", jpeg(1)).await;
    let begun = OffsetDateTime::now_utc() - Duration::hours(20);
    publish_in_short(&service, &gate, &reference, begun).await;
    publish_with(&service, &gate, &reference, &[0.97, 0.2, 0.97]).await;

    let text = |at: OffsetDateTime| at.format(&Rfc3339).unwrap();
    let since = text(OffsetDateTime::now_utc() - Duration::hours(23));
    let path = format!("/api/v1/folders/folder1/history?since={since}&points=2000");
    let history = service.json(&path).await;
    let points = history["points"].as_array().unwrap();
    let compared: u64 = points
        .iter()
        .filter_map(|it| it["comparisons"].as_u64())
        .sum();
    assert_eq!(compared, 363);
    assert_eq!(points[0]["least"], 0.75);

    let in_force = what_if(&service, json!({})).await;
    assert_eq!(in_force["comparisons"], 363);
    assert_eq!(in_force["episodeCount"], 9);
    assert_eq!(in_force["firingSeconds"], f64::from(8 * 8 * 20 + 1));
    let first = OffsetDateTime::parse(in_force["since"].as_str().unwrap(), &Rfc3339).unwrap();
    assert!((first - begun).abs() < Duration::milliseconds(1));
    let lower = what_if(&service, json!({"threshold": 0.7})).await;
    assert_eq!(lower["episodeCount"], 1);
    let held = what_if(&service, json!({"holdSeconds": 100})).await;
    assert_eq!(held["episodeCount"], 8);
    let longer = what_if(&service, json!({"holdSeconds": 150})).await;
    assert_eq!(longer["episodeCount"], 0);
}

#[tokio::test]
async fn the_last_minutes_are_there_after_a_restart() {
    let nats = NatsServer::start();
    let service = Service::start(&nats).await;
    publish(&service, &folder("folder1"), &[0.25, 0.75]).await;
    service.stop().await;

    let service = Service::start(&nats).await;
    let least = test_support::eventually("the least of the last minutes", async || {
        let summary = service.json("/api/v1/folders/folder1").await;
        let points = summary["recent"]["similarity"].as_array().unwrap().clone();
        assert_eq!(points.len(), 60);
        let known = points.iter().filter_map(Value::as_f64);
        known.reduce(f64::min).filter(|least| *least < 0.5)
    })
    .await;
    assert_eq!(least, 0.25);
}
