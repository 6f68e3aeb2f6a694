//! Silences: by API and by form, once and recurring.

use proto::v1::Silence;
use reqwest::{Method, Response, StatusCode};
use serde_json::{Value, json};
use test_support::NatsServer;
use time::{Duration, OffsetDateTime, format_description::well_known::Rfc3339};

use crate::{
    access::Site,
    service::{Service, problem},
};

const PATH: &str = "/api/v1/silences";

async fn post(service: &Service, body: &Value) -> Response {
    let request = service.request(Method::POST, PATH);
    request.body(body.to_string()).send().await.unwrap()
}

async fn add(service: &Service, body: &Value) -> Value {
    let response = post(service, body).await;
    assert_eq!(response.status(), StatusCode::CREATED);
    response.json().await.unwrap()
}

async fn send_form(service: &Service, path: &str, fields: &[(&str, &str)]) -> Response {
    let request = service
        .request(Method::POST, path)
        .header("content-type", "application/x-www-form-urlencoded");
    let encoded = serde_urlencoded::to_string(fields).unwrap();
    request.body(encoded).send().await.unwrap()
}

async fn page(service: &Service, path: &str) -> String {
    service.get(path).await.text().await.unwrap()
}

fn of_folder(folder: &str) -> Value {
    json!({"matcher": {"folders": [folder]}, "forSeconds": 3600, "reason": "A new switch.", "name": "Jo"})
}

#[tokio::test]
async fn a_silence_is_made_listed_kept_for_the_notifiers_and_taken_back() {
    let nats = NatsServer::start();
    let service = Service::start(&nats).await;
    let response = post(&service, &of_folder(" folder1 ")).await;
    assert_eq!(response.status(), StatusCode::CREATED);
    let place = response.headers()["location"].to_str().unwrap().to_owned();
    let made: Value = response.json().await.unwrap();
    let id = made["id"].as_str().unwrap();
    assert_eq!(place, format!("{PATH}/{id}"));
    assert_eq!(made["matcher"]["folders"], json!(["folder1"]));

    let stored = service.bus.silences().get(&id.parse().unwrap()).await;
    let stored: Silence = stored.unwrap().unwrap();
    assert_eq!(stored.check(), Ok(()));
    let (starts, ends) = stored.times().unwrap();
    assert_eq!(ends - starts, Duration::HOUR);

    let list = service.json(PATH).await;
    assert_eq!(list["total"], 1, "{list}");
    assert_eq!(list["silences"][0]["id"], id);
    assert_eq!(list["silences"][0]["state"], "active");
    let page_of_folder = page(&service, "/folder/folder1").await;
    assert!(page_of_folder.contains("A new switch."), "{page_of_folder}");
    assert!(
        !page(&service, "/folder/folder2")
            .await
            .contains("A new switch.")
    );

    assert_eq!(
        service.delete(&place).await.status(),
        StatusCode::NO_CONTENT
    );
    problem(service.delete(&place).await, 404, "unknown-silence").await;
    problem(
        service.delete(&format!("{PATH}/A.b")).await,
        404,
        "unknown-silence",
    )
    .await;
    assert_eq!(service.json(PATH).await["total"], 0);
    let stored = service.bus.silences().get(&id.parse().unwrap()).await;
    assert_eq!(stored.unwrap(), None);
}

#[tokio::test]
async fn what_cannot_be_is_refused_and_says_what_would_be_right() {
    let nats = NatsServer::start();
    let service = Service::start(&nats).await;
    let now = OffsetDateTime::now_utc();
    let over = proto::rfc3339(now - Duration::MINUTE);
    let begun = proto::rfc3339(now - Duration::HOUR);
    for (change, says) in [
        (json!({"matcher": {}}), "names no alerts"),
        (json!({"matcher": {"kinds": ["stolen"]}}), "no-key-frames"),
        (json!({"matcher": {"colours": ["red"]}}), "colours"),
        (json!({"reason": " "}), "why"),
        (json!({"name": ""}), "who"),
        (json!({"forSeconds": null}), "either endsAt"),
        (json!({"endsAt": over}), "either endsAt"),
        (json!({"forSeconds": 40_000_000}), "366 days"),
        (
            json!({"forSeconds": null, "startsAt": begun, "endsAt": over}),
            "over already",
        ),
        (json!({"forSeconds": "an hour"}), "forSeconds"),
    ] {
        let mut body = of_folder("folder1");
        let fields = change.as_object().unwrap().clone();
        body.as_object_mut().unwrap().extend(fields);
        let detail = problem(post(&service, &body).await, 422, "invalid-silence").await;
        assert!(detail.contains(says), "{change}: {detail}");
    }
    for query in ["?state=maybe", "?limit=0"] {
        let refused = service.get(&format!("{PATH}{query}")).await;
        problem(refused, 400, "invalid-request").await;
    }
    let refused = service.get(&format!("{PATH}?after=nosuch")).await;
    problem(refused, 404, "unknown-silence").await;
    assert_eq!(service.json(PATH).await["total"], 0);
}

#[tokio::test]
async fn a_list_goes_on_where_it_ended_and_shows_what_lasts_first() {
    let nats = NatsServer::start();
    let service = Service::start(&nats).await;
    let mut ids = Vec::new();
    let tomorrow = proto::rfc3339(OffsetDateTime::now_utc() + Duration::DAY);
    for (folder, begins) in [("c", Some(&tomorrow)), ("a", None), ("b", None)] {
        let mut body = of_folder(folder);
        if let Some(begins) = begins {
            body["startsAt"] = json!(begins);
        }
        ids.push(add(&service, &body).await["id"].clone());
    }
    let first = service.json(&format!("{PATH}?limit=2")).await;
    assert_eq!(first["silences"][0]["id"], ids[1], "{first}");
    assert_eq!(
        (&first["total"], &first["silences"][1]["id"]),
        (&json!(3), &ids[2])
    );
    let next = service.json(first["next"].as_str().unwrap()).await;
    assert_eq!(next["silences"][0]["id"], ids[0]);
    assert_eq!(next["silences"][0]["state"], "to-come");
    assert_eq!(next["next"], Value::Null);
    let to_come = service.json(&format!("{PATH}?state=to-come")).await;
    assert_eq!(to_come["total"], 1);
}

#[tokio::test]
async fn forms_silence_and_take_back_and_lead_to_where_it_shows() {
    let nats = NatsServer::start();
    let service = Service::start(&nats).await;
    let fields = [
        ("site", "hamburg, bremen"),
        ("folder", ""),
        ("kind", "silent"),
        ("for", "4h"),
        ("until", ""),
        ("from", ""),
        ("reason", "A new <switch>"),
        ("name", "Jo"),
    ];
    let sent = send_form(&service, "/silences", &fields).await;
    assert_eq!(sent.status(), StatusCode::SEE_OTHER);
    let silence = service.json(PATH).await["silences"][0].clone();
    let matcher = &silence["matcher"];
    assert_eq!(matcher["sites"], json!(["hamburg", "bremen"]));
    assert_eq!(matcher["kinds"], json!(["silent"]));
    assert_eq!(matcher["folders"], json!([]));
    let id = silence["id"].as_str().unwrap();
    assert_eq!(
        sent.headers()["location"],
        format!("/silences#silence-{id}")
    );
    let shown = page(&service, "/silences").await;
    assert!(
        shown.contains("site hamburg or bremen, kind silent"),
        "{shown}"
    );
    assert!(shown.contains("A new &#60;switch&#62;"), "{shown}");

    let sent = send_form(&service, &format!("/silences/remove/{id}"), &[]).await;
    assert_eq!(sent.headers()["location"], "/silences");
    assert!(
        page(&service, "/silences")
            .await
            .contains("Nothing is silenced.")
    );

    let fields = [("for", "1h"), ("reason", "Painting"), ("name", "Jo")];
    let sent = send_form(&service, "/folder/1/silence", &fields).await;
    assert_eq!(
        sent.headers()["location"],
        "/folder/1?saved=silenced#silenced"
    );
    let silence = service.json(PATH).await["silences"][0].clone();
    assert_eq!(silence["matcher"]["folders"], json!(["folder1"]));

    let end = OffsetDateTime::now_utc() + Duration::days(2);
    let until = proto::rfc3339(end.replace_nanosecond(0).unwrap());
    let fields = [
        ("tag", "outdoor"),
        ("for", "1h"),
        ("until", until.as_str()),
        ("reason", "Snow"),
        ("name", "Jo"),
    ];
    send_form(&service, "/silences", &fields).await;
    let list = service.json(PATH).await;
    let ends = list["silences"][1]["endsAt"].as_str().unwrap();
    let ends = OffsetDateTime::parse(ends, &Rfc3339).unwrap();
    assert_eq!(proto::rfc3339(ends), until, "until goes before for");
    let refused = send_form(
        &service,
        "/silences",
        &[("folder", "a"), ("for", "ever"), ("reason", "x")],
    )
    .await;
    problem(refused, 400, "invalid-request").await;
}

#[tokio::test]
async fn one_that_recurs_is_made_by_api_and_by_form_and_shows_when_it_lasts() {
    let nats = NatsServer::start();
    let service = Service::start(&nats).await;
    let mut body = of_folder("dock-*");
    body["hours"] = json!(" Sun  02:00-04:00 Europe/Berlin ");
    body["forSeconds"] = Value::Null;
    let made = add(&service, &body).await;
    assert_eq!(made["hours"], "Sun 02:00-04:00 Europe/Berlin", "{made}");
    assert_eq!(made["endsAt"], Value::Null);
    let time = |text: &Value| OffsetDateTime::parse(text.as_str().unwrap(), &Rfc3339).unwrap();
    let lasts = time(&made["recursUntil"]) - time(&made["startsAt"]);
    assert_eq!(lasts, Duration::days(365));
    let known = service.json(PATH).await["silences"][0].clone();
    let (from, until) = (time(&known["lastsFrom"]), time(&known["lastsUntil"]));
    assert!(until > OffsetDateTime::now_utc(), "{known}");
    assert!(until - from <= Duration::hours(3), "{known}");
    let is_now = from <= OffsetDateTime::now_utc();
    let state = if is_now { "active" } else { "to-come" };
    assert_eq!(known["state"], state);

    for (hours, says) in [
        ("Sundays", "three parts"),
        ("Sun 02:00-04:00 Hamburg", "Hamburg"),
    ] {
        body["hours"] = json!(hours);
        let detail = problem(post(&service, &body).await, 422, "invalid-silence").await;
        assert!(detail.contains(says), "{detail}");
    }

    let fields = [
        ("site", "hamburg"),
        ("for", "1h"),
        ("sat", "on"),
        ("mon", "on"),
        ("begins", "22:00"),
        ("ends", "02:30"),
        ("zone", "Europe/London"),
        ("reason", "The lifts are cleaned"),
        ("name", "Jo"),
    ];
    let sent = send_form(&service, "/silences", &fields).await;
    assert_eq!(sent.status(), StatusCode::SEE_OTHER);
    let shown = page(&service, "/silences").await;
    let hours = "Every week, <bdi>Mon,Sat 22:00-02:30 Europe/London</bdi>";
    assert!(shown.contains(hours), "{shown}");
    let refused = [
        ("site", "a"),
        ("sun", "on"),
        ("reason", "x"),
        ("name", "Jo"),
    ];
    let sent = send_form(&service, "/silences", &refused).await;
    let detail = problem(sent, 422, "invalid-silence").await;
    assert!(detail.contains("hours"), "{detail}");
}

#[tokio::test]
async fn a_page_of_another_site_silences_nothing() {
    let nats = NatsServer::start();
    let service = Service::start(&nats).await;
    for path in ["/silences", "/folder/1/silence", PATH] {
        let request = service.request(Method::POST, path);
        let request = request
            .header("origin", "http://evil.example")
            .body("for=1h&reason=x&name=Jo&folder=*");
        problem(request.send().await.unwrap(), 403, "cross-site").await;
    }
    assert_eq!(service.json(PATH).await["total"], 0);
}

#[tokio::test]
async fn with_accounts_it_is_by_whoever_is_let_in_and_viewers_silence_nothing() {
    let (nats, site) = (NatsServer::start(), Site::new());
    let service = site.start(&nats).await;
    let body = of_folder("folder1").to_string();
    let send = async |token: &accounts::Issued| {
        let request = service.request(Method::POST, PATH).body(body.clone());
        request.bearer_auth(token.reveal()).send().await.unwrap()
    };
    problem(send(&site.viewer).await, 403, "not-allowed").await;
    let made: Value = send(&site.operator).await.json().await.unwrap();
    assert_eq!(made["name"], site.operator.token.id.to_string());
}

#[tokio::test]
async fn silences_are_known_after_a_restart_and_outlast_the_bucket() {
    let nats = NatsServer::start();
    let service = Service::start(&nats).await;
    let id = add(&service, &of_folder("folder1")).await["id"].clone();
    service.stop().await;
    let service = Service::start(&nats).await;
    assert_eq!(service.json(PATH).await["silences"][0]["id"], id);

    let client = async_nats::connect(nats.url()).await.unwrap();
    let jetstream = async_nats::jetstream::new(client);
    jetstream.delete_stream("KV_silences").await.unwrap();
    let key = id.as_str().unwrap().parse().unwrap();
    test_support::eventually("it is put back", async || {
        service.bus.silences().get(&key).await.ok().flatten()
    })
    .await;
    assert_eq!(service.json(PATH).await["silences"][0]["id"], id);
}
