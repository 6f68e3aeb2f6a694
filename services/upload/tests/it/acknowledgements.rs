//! Alerts that somebody has in hand: by API and by the forms of the pages.

use proto::v1::Phase;
use reqwest::{Method, Response, StatusCode};
use serde_json::{Value, json};
use test_support::{NatsServer, eventually};

use crate::{
    access::Site,
    alerts::{ids, publish},
    events::Viewer,
    service::{Service, problem},
};

fn path(alert: &str) -> String {
    format!("/api/v1/alerts/{alert}/acknowledgement")
}

/// A service that knows these alerts, which are firing, one a folder.
async fn with_alerts<'a>(nats: &NatsServer, alerts: impl AsRef<[&'a str]>) -> Service {
    let service = Service::start(nats).await;
    let alerts = alerts.as_ref();
    for (number, id) in (1..).zip(alerts) {
        publish(&service, &format!("folder{number}"), id, Phase::Firing).await;
    }
    eventually("all alerts are listed", async || {
        (ids(&service, "").await.len() == alerts.len()).then_some(())
    })
    .await;
    service
}

async fn put(service: &Service, alert: &str, body: impl Into<reqwest::Body>) -> Response {
    let request = service.request(Method::PUT, &path(alert)).body(body);
    request.send().await.unwrap()
}

async fn acknowledge(service: &Service, alert: &str, name: &str, note: &str) -> Value {
    let said = json!({"name": name, "note": note}).to_string();
    let response = put(service, alert, said).await;
    assert_eq!(response.status(), StatusCode::OK);
    response.json().await.unwrap()
}

async fn send(service: &Service, path: &str, fields: &[(&str, &str)]) -> Response {
    let encoded = serde_urlencoded::to_string(fields).unwrap();
    let request = service
        .request(Method::POST, path)
        .header("content-type", "application/x-www-form-urlencoded");
    request.body(encoded).send().await.unwrap()
}

async fn page(service: &Service, path: &str) -> String {
    let response = service.get(path).await;
    assert_eq!(response.status(), StatusCode::OK, "{path}");
    response.text().await.unwrap()
}

#[tokio::test]
async fn an_acknowledgement_is_shown_narrows_lists_and_can_be_taken_back() {
    let nats = NatsServer::start();
    let service = with_alerts(&nats, ["a", "b"]).await;
    let plain = service.json("/api/v1/alerts/a").await;
    assert_eq!(plain.get("acknowledgement"), None, "{plain}");

    let holds = acknowledge(&service, "a", " Jo ", "on it").await;
    assert_eq!(holds["alertId"], "a");
    assert_eq!(holds["folder"], "folder1");
    assert_eq!(
        (&holds["name"], &holds["note"]),
        (&json!("Jo"), &json!("on it"))
    );
    let mut one = service.json("/api/v1/alerts/a").await;
    assert_eq!(one["acknowledgement"], holds);
    one.as_object_mut().unwrap().remove("acknowledgement");
    assert_eq!(one, plain, "the alert itself is as it was");
    let list = service.json("/api/v1/alerts").await;
    assert_eq!(list["alerts"][1]["acknowledgement"], holds, "{list}");
    let folder = service.json("/api/v1/folders/folder1").await;
    assert_eq!(folder["acknowledgement"], holds, "{folder}");

    assert_eq!(ids(&service, "?acknowledged=true").await, ["a"]);
    assert_eq!(ids(&service, "?acknowledged=false").await, ["b"]);
    for query in ["?acknowledged=maybe", "?acknowledged="] {
        let response = service.get(&format!("/api/v1/alerts{query}")).await;
        problem(response, 400, "invalid-request").await;
    }
    let form = page(&service, "/alerts?acknowledged=&phase=").await;
    assert!(
        form.contains("alert-a") && form.contains("alert-b"),
        "{form}"
    );

    let holds = acknowledge(&service, "a", "Kim", "").await;
    assert_eq!(holds["name"], "Kim", "the last one holds");
    assert_eq!(
        service.json("/api/v1/alerts/a").await["acknowledgement"],
        holds
    );

    for _ in 0..2 {
        assert_eq!(
            service.delete(&path("a")).await.status(),
            StatusCode::NO_CONTENT
        );
        assert_eq!(service.json("/api/v1/alerts/a").await, plain);
    }
    assert_eq!(ids(&service, "?acknowledged=true").await, [""; 0]);
}

#[tokio::test]
async fn with_accounts_it_is_by_whoever_is_let_in_whatever_they_say() {
    let (nats, site) = (NatsServer::start(), Site::new());
    let service = site.start(&nats).await;
    publish(&service, "folder1", "a", Phase::Firing).await;
    let token = &site.operator;
    for said in [
        json!({"name": "Jo", "note": "Seen."}),
        json!({"note": "Seen."}),
    ] {
        let holds = eventually("the alert is known", async || {
            let request = service.request(Method::PUT, &path("a"));
            let request = request.bearer_auth(token.reveal()).json(&said);
            let response = request.send().await.unwrap();
            (response.status() == StatusCode::OK).then_some(response)
        });
        let holds: Value = holds.await.json().await.unwrap();
        assert_eq!(holds["name"], token.token.id.to_string());
        assert_eq!(holds["note"], "Seen.");
    }
}

#[tokio::test]
async fn two_copies_show_the_same_and_a_restart_keeps_it() {
    let nats = NatsServer::start();
    let service = with_alerts(&nats, ["a", "b"]).await;
    let other = Service::start(&nats).await;
    let mut viewer = Viewer::connect(&other, "?folder=folder1").await;

    let holds = acknowledge(&service, "a", "Jo", "Seen.").await;
    acknowledge(&service, "b", "Jo", "Of another folder.").await;
    viewer.until("event: acknowledged\n").await;
    viewer.until(r#""note":"Seen.""#).await;
    assert_eq!(
        other.json("/api/v1/alerts/a").await["acknowledgement"],
        holds
    );

    other.delete(&path("a")).await;
    viewer.until("event: acknowledgement-removed\n").await;
    eventually("the first copy has it too", async || {
        let alert = service.json("/api/v1/alerts/a").await;
        alert.get("acknowledgement").is_none().then_some(())
    })
    .await;
    assert!(!viewer.seen().contains("Of another"), "{}", viewer.seen());

    let before = service.json("/api/v1/alerts").await;
    assert_eq!(before["alerts"][0]["acknowledgement"]["name"], "Jo");
    service.stop().await;
    other.stop().await;
    let service = Service::start(&nats).await;
    assert_eq!(service.json("/api/v1/alerts").await, before);
}

#[tokio::test]
async fn a_resolved_alert_and_one_of_a_removed_folder_can_be_acknowledged_too() {
    let nats = NatsServer::start();
    let service = with_alerts(&nats, ["a"]).await;
    publish(&service, "folder1", "a", Phase::Resolved).await;
    service.delete("/api/v1/folders/folder1").await;
    eventually("it is over", async || {
        (ids(&service, "?phase=resolved").await == ["a"]).then_some(())
    })
    .await;
    acknowledge(&service, "a", "Jo", "The folder is gone.").await;
    let list = page(&service, "/alerts?folder=folder1&acknowledged=true").await;
    assert!(list.contains("The folder is gone."), "{list}");
    assert!(list.contains("<option selected>folder1</option>"), "{list}");
}

#[tokio::test]
async fn what_outlives_its_alert_is_of_no_consequence() {
    let nats = NatsServer::start();
    let service = with_alerts(&nats, ["a"]).await;
    acknowledge(&service, "a", "Jo", "").await;
    service.stop().await;
    let client = async_nats::connect(nats.url()).await.unwrap();
    let stream = async_nats::jetstream::new(client)
        .get_stream("ALERTS")
        .await;
    stream.unwrap().purge().await.unwrap();

    let service = Service::start(&nats).await;
    assert_eq!(ids(&service, "").await, [""; 0]);
    assert!(
        page(&service, "/alerts")
            .await
            .contains("Nothing is firing")
    );
    problem(service.get("/alerts/a").await, 404, "unknown-alert").await;
    problem(service.delete(&path("a")).await, 404, "unknown-alert").await;
    problem(
        put(&service, "a", r#"{"name":"Jo"}"#).await,
        404,
        "unknown-alert",
    )
    .await;
}

#[tokio::test]
async fn what_cannot_be_said_of_an_alert_is_refused_with_the_reason() {
    let nats = NatsServer::start();
    let service = with_alerts(&nats, ["a"]).await;
    let name = |name: &str| json!({"name": name}).to_string();
    let note = |note: &str| json!({"name": "Jo", "note": note}).to_string();
    for (body, status, slug, word) in [
        (String::new(), 400, "invalid-request", "looks like"),
        (
            r#"{"name": "Jo""#.to_owned(),
            400,
            "invalid-request",
            "looks like",
        ),
        ("{}".to_owned(), 422, "invalid-acknowledgement", "who"),
        (
            r#"["Jo"]"#.to_owned() + "x",
            400,
            "invalid-request",
            "looks like",
        ),
        (
            r#"{"name": 7}"#.to_owned(),
            422,
            "invalid-acknowledgement",
            "string",
        ),
        (
            r#"{"name": "Jo", "nota": ""}"#.to_owned(),
            422,
            "invalid-acknowledgement",
            "nota",
        ),
        (name(""), 422, "invalid-acknowledgement", "who"),
        (name(" \u{3000} "), 422, "invalid-acknowledgement", "who"),
        (name(&"x".repeat(81)), 422, "invalid-acknowledgement", "81"),
        (name("J\0o"), 422, "invalid-acknowledgement", "control"),
        (
            name("J\u{1b}[31mo"),
            422,
            "invalid-acknowledgement",
            "control",
        ),
        (
            note(&"x".repeat(1001)),
            422,
            "invalid-acknowledgement",
            "1001",
        ),
        (
            note("one\r\nSet-Cookie: two"),
            422,
            "invalid-acknowledgement",
            "one line",
        ),
        (note(&"x".repeat(10_000_000)), 413, "too-large", "16384"),
    ] {
        let start: String = body.chars().take(60).collect();
        let detail = problem(put(&service, "a", body).await, status, slug).await;
        assert!(detail.contains(word), "{start}: {detail}");
        assert!(detail.len() < 1000, "{start}: {}", detail.len());
    }
    assert_eq!(ids(&service, "?acknowledged=true").await, [""; 0]);
    let longest = acknowledge(&service, "a", &"ä".repeat(80), &"\u{1f600}".repeat(1000)).await;
    assert_eq!(longest["note"].as_str().unwrap().chars().count(), 1000);
}

#[tokio::test]
async fn ids_that_cannot_be_keys_reach_nothing() {
    let nats = NatsServer::start();
    let service = with_alerts(&nats, ["a", ">", "a.b", "<b>x"]).await;
    acknowledge(&service, "a", "Jo", "").await;
    for id in ["nosuch", "*", "..%2f..", "%00", "a%20", "_default"] {
        let response = put(&service, id, r#"{"name":"Eve"}"#).await;
        problem(response, 404, "unknown-alert").await;
        problem(service.delete(&path(id)).await, 404, "unknown-alert").await;
    }
    for id in ["%3e", "a.b", "%3Cb%3Ex"] {
        let response = put(&service, id, r#"{"name":"Eve"}"#).await;
        let detail = problem(response, 422, "invalid-acknowledgement").await;
        assert!(detail.contains("letters, digits"), "{detail}");
        let response = service.delete(&path(id)).await;
        problem(response, 422, "invalid-acknowledgement").await;
        let shown = page(&service, &format!("/alerts/{id}")).await;
        assert!(!shown.contains("<form"), "{shown}");
    }
    assert_eq!(ids(&service, "?acknowledged=true").await, ["a"]);
    let list = page(&service, "/alerts").await;
    assert!(
        list.contains("/alerts/%3Cb%3Ex") && !list.contains("<b>"),
        "{list}"
    );
}

#[tokio::test]
async fn forms_lead_back_to_where_they_were_sent_from() {
    let nats = NatsServer::start();
    let service = with_alerts(&nats, ["a", "b"]).await;
    let said = [("name", "Jo"), ("note", "first line\r\n\r\n second line ")];
    let response = send(&service, "/alerts/a/acknowledge", &said).await;
    assert_eq!(response.status(), StatusCode::SEE_OTHER);
    assert_eq!(response.headers()["location"], "/alerts/a");
    let alert = service.json("/api/v1/alerts/a").await;
    assert_eq!(alert["acknowledgement"]["note"], "first line second line");

    let list = page(&service, "/alerts?phase=firing&folder=folder2").await;
    let hidden = "name=\"back\" value=\"folder=folder2&#38;phase=firing\"";
    assert!(list.contains(hidden), "{list}");
    let fields = [("name", "Jo"), ("back", "folder=folder2&phase=firing")];
    let response = send(&service, "/alerts/b/acknowledge", &fields).await;
    let expected = "/alerts?folder=folder2&phase=firing#alert-b";
    assert_eq!(response.headers()["location"], expected);
    let response = send(&service, "/alerts/b/unacknowledge", &[("back", "")]).await;
    assert_eq!(response.headers()["location"], "/alerts#alert-b");
    assert_eq!(ids(&service, "?acknowledged=true").await, ["a"]);

    for back in ["a b", "x\r\nSet-Cookie: y", "x#y", "ä"] {
        let fields = [("name", "Jo"), ("back", back)];
        let response = send(&service, "/alerts/b/acknowledge", &fields).await;
        problem(response, 400, "invalid-request").await;
    }
    let elsewhere = [("name", "Jo"), ("back", "//evil.example/")];
    let response = send(&service, "/alerts/b/acknowledge", &elsewhere).await;
    assert_eq!(
        response.headers()["location"],
        "/alerts?//evil.example/#alert-b"
    );

    let nobody = send(&service, "/alerts/b/acknowledge", &[("note", "?")]).await;
    problem(nobody, 422, "invalid-acknowledgement").await;
    let unknown = send(&service, "/alerts/nosuch/acknowledge", &said).await;
    problem(unknown, 404, "unknown-alert").await;
    let request = service.request(Method::POST, "/alerts/b/acknowledge");
    let request = request.header("accept", "text/html").body("name=");
    let refused = request.send().await.unwrap().text().await.unwrap();
    assert!(refused.contains("href=\"/alerts/b\""), "{refused}");
}

#[tokio::test]
async fn what_people_write_is_shown_as_they_wrote_it() {
    let nats = NatsServer::start();
    let service = with_alerts(&nats, ["a"]).await;
    let name = r#""><script>alert(1)</script>"#;
    let note = r#"</textarea><img src=x onerror='alert(2)'>"#;
    acknowledge(&service, "a", name, note).await;
    for path in ["/alerts", "/alerts/a", "/", "/folder/1"] {
        let html = page(&service, path).await;
        assert!(html.contains("alert(1)"), "{path}: {html}");
        for raw in ["<script>alert", "<img src=x", "\"><script", "onerror='"] {
            assert!(!html.contains(raw), "{path}: {html}");
        }
    }
}

#[tokio::test]
async fn what_nobody_has_in_hand_comes_first() {
    let nats = NatsServer::start();
    let service = with_alerts(&nats, ["a", "b", "c"]).await;
    let order = async |path: &str, marks: [&str; 3]| {
        let html = page(&service, path).await;
        let mut places = marks.map(|mark| (html.find(mark).unwrap(), mark));
        places.sort_unstable();
        places.map(|(_, mark)| mark.to_owned())
    };
    let entries = ["id=\"alert-a\"", "id=\"alert-b\"", "id=\"alert-c\""];
    let cards = [
        "data-folder=\"folder1\"",
        "data-folder=\"folder2\"",
        "data-folder=\"folder3\"",
    ];
    // Cards have a state other than that there is no reference only where there is one.
    for folder in ["folder1", "folder2", "folder3"] {
        service
            .upload(folder, "gate.jpg", crate::pictures::jpeg(1))
            .await;
    }
    assert_eq!(
        order("/alerts", entries).await,
        [entries[2], entries[1], entries[0]]
    );
    assert_eq!(order("/", cards).await, cards);

    acknowledge(&service, "c", "Jo", "").await;
    acknowledge(&service, "a", "Kim", "").await;
    assert_eq!(
        order("/alerts", entries).await,
        [entries[1], entries[2], entries[0]]
    );
    assert_eq!(order("/", cards).await, [cards[1], cards[0], cards[2]]);
    let overview = page(&service, "/").await;
    assert!(
        overview.contains("Acknowledged by <bdi data-part=\"acknowledged-by\">Kim"),
        "{overview}"
    );
}

#[tokio::test]
async fn without_nats_an_acknowledgement_is_refused_and_the_last_known_ones_are_shown() {
    let mut nats = NatsServer::start();
    let service = with_alerts(&nats, ["a", "b"]).await;
    acknowledge(&service, "a", "Jo", "").await;
    nats.kill();
    eventually("acknowledgements are refused", async || {
        let response = put(&service, "b", r#"{"name":"Jo"}"#).await;
        (response.status() == StatusCode::SERVICE_UNAVAILABLE).then_some(())
    })
    .await;
    assert!(
        page(&service, "/alerts/a")
            .await
            .contains("Acknowledged by")
    );

    nats.start_again();
    eventually("acknowledgements are taken again", async || {
        let response = put(&service, "b", r#"{"name":"Jo"}"#).await;
        (response.status() == StatusCode::OK).then_some(())
    })
    .await;
    assert_eq!(ids(&service, "?acknowledged=true").await, ["b", "a"]);
}
