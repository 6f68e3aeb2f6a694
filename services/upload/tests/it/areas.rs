//! Masks and regions of a folder: by API and by the forms of the pages.

use event_bus::{AlertSubject, Expected, RuleScope};
use proto::v1::{Alert, Finding, Kind, Mask, Phase, Point, Rule, Subject};
use reqwest::{Method, Response};
use serde_json::{Value, json};
use test_support::{NatsServer, eventually};
use time::{Duration, OffsetDateTime};

use crate::service::{Service, folder, problem};

const RULE: &str = "/api/v1/folders/folder1/rule";
const DEFAULT: &str = "/api/v1/rules/_default";
const PREVIEW: &str = "/api/v1/folders/folder1/what-if/masks";

async fn send(service: &Service, method: Method, path: &str, body: &Value) -> Response {
    let request = service.request(method, path).json(body);
    request.send().await.unwrap()
}

async fn set(service: &Service, path: &str, body: Value) -> Response {
    send(service, Method::PUT, path, &body).await
}

fn corners(corners: &[(f64, f64)]) -> Value {
    let points = corners.iter().map(|(x, y)| json!({"x": x, "y": y}));
    points.collect()
}

fn square() -> Value {
    corners(&[(0.0, 0.0), (0.5, 0.0), (0.5, 0.5), (0.0, 0.5)])
}

fn drawn() -> Value {
    json!({
        "measure": "view",
        "masks": [{"polygon": square()}],
        "regions": [
            {"name": "gate", "polygon": square(), "threshold": 0.95, "ownDetail": false},
            {"name": "shelf 3", "polygon": square(), "ownDetail": true},
        ],
    })
}

/// By a measure, so many regions in their own detail.
fn in_detail(measure: &str, count: usize) -> Value {
    let region =
        |at: usize| json!({"name": format!("shelf {at}"), "polygon": square(), "ownDetail": true});
    json!({"measure": measure, "regions": (0..count).map(region).collect::<Vec<_>>()})
}

#[tokio::test]
async fn masks_and_regions_are_set_told_and_taken_back() {
    let nats = NatsServer::start();
    let service = Service::start(&nats).await;
    let answer = set(&service, RULE, drawn()).await;
    assert_eq!(answer.status(), 200);
    let answer: Value = answer.json().await.unwrap();
    assert_eq!(answer["rule"], drawn());
    assert_eq!(answer["effective"]["masks"], drawn()["masks"]);
    assert_eq!(service.json(RULE).await["rule"], drawn());
    let html = service.get("/folder/folder1").await.text().await.unwrap();
    assert!(html.contains("1 mask, 2 regions"), "{html}");

    // What says nothing of them forgets them, as of every field.
    set(&service, RULE, json!({"measure": "view", "masks": null})).await;
    let rule = service.json(RULE).await["rule"].clone();
    assert_eq!((&rule["masks"], &rule["regions"]), (&json!([]), &json!([])));
}

#[tokio::test]
async fn the_form_of_the_rule_leaves_them_as_they_are() {
    let nats = NatsServer::start();
    let service = Service::start(&nats).await;
    set(&service, RULE, drawn()).await;
    let form = service.request(Method::POST, "/folder/1/rule");
    let saved = form.body("threshold=0.75&measure=view").send().await;
    assert_eq!(saved.unwrap().status(), 303);
    let rule = service.json(RULE).await["rule"].clone();
    assert_eq!(rule["threshold"], 0.75);
    assert_eq!(rule["masks"], drawn()["masks"]);
    assert_eq!(rule["regions"], drawn()["regions"]);

    let form = service.request(Method::POST, "/folder/1/rule");
    let refused = form.body("measure=phash").send().await.unwrap();
    let detail = problem(refused, 422, "invalid-rule").await;
    assert!(
        detail.contains("need the measure view or parts"),
        "{detail}"
    );
}

#[tokio::test]
async fn what_cannot_be_is_refused_with_its_place() {
    let nats = NatsServer::start();
    let service = Service::start(&nats).await;
    let masks = |polygons: Vec<Value>| {
        let masks: Vec<Value> = polygons
            .into_iter()
            .map(|it| json!({"polygon": it}))
            .collect();
        json!({"measure": "view", "masks": masks})
    };
    let region = |region: Value| json!({"measure": "view", "regions": [region]});
    for (body, word) in [
        (
            masks(vec![square(), corners(&[(0.0, 0.0), (0.5, 0.0)])]),
            "masks[1].polygon has 2 corners",
        ),
        (
            masks(vec![corners(&[(0.0, 0.0), (0.5, 0.0), (0.5, -0.1)])]),
            "masks[0].polygon[2].y is -0.1",
        ),
        (
            masks(vec![square(); 17]),
            "masks has 17 parts; it must have at most 16",
        ),
        (
            masks(vec![corners(&[
                (0.0, 0.0),
                (1.0, 0.0),
                (1.0, 1.0),
                (0.0, 1.0),
            ])]),
            "less than a tenth",
        ),
        (
            region(json!({"name": "", "polygon": square()})),
            "regions[0].name is empty",
        ),
        (
            region(json!({"name": "gate", "polygon": square(), "threshold": 7})),
            "regions[0].threshold is 7",
        ),
        (
            region(json!({"name": "gate", "polygon": square(), "ownDetail": "yes"})),
            "expected a boolean",
        ),
        (
            in_detail("view", 5),
            "regions[4].ownDetail is true, and so it is of 4 regions before; at most 4 may have it",
        ),
        (
            in_detail("parts", 1),
            "only the measure view looks at regions in their own detail",
        ),
        (region(json!({"polygon": square()})), "name"),
        (region(json!({"name": "gate", "poly": square()})), "poly"),
        (json!({"masks": [{"polygon": [[0, 0]]}]}), "sequence"),
        (json!({"masks": 3}), "3"),
        (json!({"masks": [{"polygon": square()}]}), "phash"),
    ] {
        let detail = problem(set(&service, RULE, body.clone()).await, 422, "invalid-rule").await;
        assert!(detail.contains(word), "{body}: {detail}");
    }
    assert_eq!(service.json(RULE).await["rule"], Value::Null);
}

#[tokio::test]
async fn the_default_rule_has_none_and_takes_no_folder_the_measure_away() {
    let nats = NatsServer::start();
    let service = Service::start(&nats).await;
    let detail = problem(set(&service, DEFAULT, drawn()).await, 422, "invalid-rule").await;
    assert!(detail.contains("in that folder's own rule"), "{detail}");

    set(&service, DEFAULT, json!({"measure": "view"})).await;
    let mut own = drawn();
    own.as_object_mut().unwrap().remove("measure");
    assert_eq!(set(&service, RULE, own).await.status(), 200);
    let by_phash = set(&service, DEFAULT, json!({"measure": "phash"})).await;
    let detail = problem(by_phash, 422, "invalid-rule").await;
    assert!(
        detail.starts_with("of folder1: masks and regions"),
        "{detail}"
    );
    problem(service.delete(DEFAULT).await, 422, "invalid-rule").await;
    assert_eq!(service.delete(RULE).await.status(), 204);
    assert_eq!(service.delete(DEFAULT).await.status(), 204);
}

#[tokio::test]
async fn what_another_version_has_stored_for_all_folders_is_passed_over() {
    let nats = NatsServer::start();
    let service = Service::start(&nats).await;
    let polygon = [(0.0, 0.0), (0.5, 0.0), (0.5, 0.5)].map(|(x, y)| Point { x, y });
    let rule = Rule {
        threshold: Some(0.5),
        masks: vec![Mask {
            polygon: polygon.to_vec(),
        }],
        ..Rule::of_view()
    };
    let rules = service.bus.rules();
    rules.set(&RuleScope::Default, &rule).await.unwrap();
    let own = folder("folder1");
    let of_folder = RuleScope::Folder(own);
    rules.set(&of_folder, &rule).await.unwrap();
    eventually("the folder's is known", async || {
        let answer = service.json(RULE).await;
        (answer["rule"]["threshold"] == 0.5).then_some(())
    })
    .await;
    assert_eq!(service.json(DEFAULT).await["rule"], Value::Null);
}

/// An alert that fired an hour ago with a frame in which some columns of places had changed.
async fn alert(service: &Service, id: &str, kind: Kind, changed: std::ops::Range<usize>) {
    let subject = AlertSubject::view(&folder("folder1"));
    let at = Some(proto::timestamp(OffsetDateTime::now_utc() - Duration::HOUR));
    let patches = (0..300).map(|place| match changed.contains(&(place % 20)) {
        true => 220,
        false => 10,
    });
    let firing = Alert {
        id: id.to_owned(),
        folder: "folder1".to_owned(),
        phase: Phase::Firing.into(),
        subject: Subject::View.into(),
        findings: vec![Finding::certain(kind, "")],
        patches: patches.collect::<Vec<u8>>().into(),
        fired_at: at,
        ..Alert::default()
    };
    let resolved = Alert {
        phase: Phase::Resolved.into(),
        resolved_at: at,
        ..firing.clone()
    };
    for alert in [firing, resolved] {
        let latest = service.bus.latest::<Alert>(&subject).await.unwrap();
        let expected = Expected::after(latest.as_ref());
        let published = service.bus.publish_alert(&subject, &alert, expected);
        published.await.unwrap();
    }
}

#[tokio::test]
async fn a_preview_says_which_alerts_would_be_left_and_what_they_have_in_common() {
    let nats = NatsServer::start();
    let service = Service::start(&nats).await;
    alert(&service, "a", Kind::Changed, 0..6).await;
    alert(&service, "b", Kind::Different, 2..8).await;
    alert(&service, "c", Kind::Changed, 14..20).await;
    alert(&service, "d", Kind::Blurred, 0..6).await;
    let preview = async |right: f64| {
        let polygon = corners(&[(0.0, 0.0), (right, 0.0), (right, 1.0), (0.0, 1.0)]);
        let body = json!({"measure": "view", "masks": [{"polygon": polygon}]});
        let answer = send(&service, Method::POST, PREVIEW, &body).await;
        assert_eq!(answer.status(), 200);
        answer.json::<Value>().await.unwrap()
    };
    eventually("all four are known", async || {
        (preview(0.01).await["alerts"] == 4).then_some(())
    })
    .await;
    let none = preview(0.01).await;
    assert_eq!(
        (&none["left"], &none["changedInAll"]),
        (&json!(4), &json!([]))
    );
    let some = preview(0.3).await;
    assert_eq!(some["left"], 3, "a is gone: {some}");
    let most = preview(0.45).await;
    assert_eq!(
        most["left"], 2,
        "what is out of focus is so elsewhere: {most}"
    );

    let without = send(&service, Method::POST, PREVIEW, &json!({"measure": "view"})).await;
    let without: Value = without.json().await.unwrap();
    assert_eq!(without["left"], 4);
    let refused = send(&service, Method::POST, PREVIEW, &json!({"masks": 7})).await;
    problem(refused, 422, "invalid-rule").await;
}

#[tokio::test]
async fn a_preview_proposes_what_changed_in_all() {
    let nats = NatsServer::start();
    let service = Service::start(&nats).await;
    alert(&service, "a", Kind::Changed, 0..6).await;
    alert(&service, "b", Kind::Changed, 2..8).await;
    let body = json!({"measure": "view"});
    let answer = eventually("both are known", async || {
        let answer = send(&service, Method::POST, PREVIEW, &body).await;
        let answer: Value = answer.json().await.unwrap();
        (answer["alerts"] == 2).then_some(answer)
    })
    .await;
    let polygon = corners(&[(0.1, 0.0), (0.3, 0.0), (0.3, 1.0), (0.1, 1.0)]);
    assert_eq!(answer["changedInAll"], json!([{"polygon": polygon}]));
}

#[tokio::test]
async fn the_page_says_what_it_needs() {
    let nats = NatsServer::start();
    let service = Service::start(&nats).await;
    let page = async || {
        let page = service.get("/folder/1/areas").await;
        assert_eq!(page.status(), 200);
        page.text().await.unwrap()
    };
    let html = page().await;
    assert!(html.contains("no reference to draw on"), "{html}");
    assert!(html.contains("rule in force has phash"), "{html}");
    service
        .upload("folder1", "day.jpg", crate::pictures::jpeg(1))
        .await;
    set(&service, RULE, json!({"measure": "view"})).await;
    let html = page().await;
    assert!(html.contains("data-may-change"), "{html}");
    assert!(!html.contains("notice\">This"), "{html}");
    assert_eq!(service.get("/folder/nosuch/areas").await.status(), 404);
}
