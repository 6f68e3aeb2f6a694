//! The page of all folders in parts: which come first, their cards, and what becomes of those that somebody sees.

use std::io::Write;

use event_bus::{Expected, FolderKey};
use flate2::write::GzDecoder;
use proto::{
    timestamp,
    v1::{Alert, Folder as Details, Frame, Phase},
};
use reqwest::{Method, Response};
use serde_json::{Value, json};
use test_support::{NatsServer, eventually, soon};
use time::OffsetDateTime;

use crate::{
    events::Viewer,
    pictures::jpeg,
    service::{Service, folder, problem},
};

/// Makes so many, `cam-0` and so on, beside the six that are there from the start.
async fn make(service: &Service, count: usize) {
    let folders = service.bus.folders();
    for number in 0..count {
        let key = FolderKey::from(&folder(&format!("cam-{number}")));
        folders.create(&key, &Details::default()).await.unwrap();
    }
    eventually("the service has all folders", async || {
        let list = service.json("/api/v1/folders?limit=1").await;
        (list["total"] == count + 6).then_some(())
    })
    .await;
}

async fn fire(service: &Service, name: &str) {
    let alert = Alert {
        id: format!("of-{name}"),
        folder: name.into(),
        phase: Phase::Firing.into(),
        message: "it has changed".into(),
        fired_at: Some(timestamp(OffsetDateTime::now_utc())),
        frame: Some(Frame {
            stored_at: Some(timestamp(OffsetDateTime::now_utc())),
            ..Frame::default()
        }),
        ..Alert::default()
    };
    let name = folder(name);
    let subject = event_bus::AlertSubject::view(&name);
    let published = service.bus.publish_alert(&subject, &alert, Expected(0));
    published.await.unwrap();
}

fn shown(html: &str) -> Vec<&str> {
    let cards = html.split("data-folder=\"").skip(1);
    cards.map(|card| card.split('"').next().unwrap()).collect()
}

#[tokio::test]
async fn a_page_has_sixty_folders_and_leads_to_those_that_follow() {
    let nats = NatsServer::start();
    let service = Service::start(&nats).await;
    make(&service, 124).await;
    let page = async |path: &str| service.get(path).await.text().await.unwrap();
    let first = page("/?q=c&sort=name").await;
    let names: Vec<_> = (0..60).map(|number| format!("cam-{number}")).collect();
    assert_eq!(shown(&first), names);
    assert!(first.contains("124 of 130 folders"), "{first}");
    assert!(!first.contains("Earlier folders"));
    let next = "/?q=c&#38;sort=name&#38;from=60";
    assert!(first.contains(&format!("href=\"{next}\"")), "{first}");

    let second = page(&next.replace("&#38;", "&")).await;
    assert_eq!(shown(&second)[0], "cam-60");
    assert!(second.contains("href=\"/?q=c&#38;sort=name\">Earlier folders"));
    let last = page("/?q=c&sort=name&from=120").await;
    assert_eq!(shown(&last), ["cam-120", "cam-121", "cam-122", "cam-123"]);
    assert!(last.contains("data-more hidden"), "{last}");
    assert!(shown(&page("/?from=18446744073709551615").await).is_empty());
    problem(service.get("/?from=-1").await, 400, "invalid-request").await;
}

#[tokio::test]
async fn the_order_is_told_of_as_many_as_are_asked_for() {
    let nats = NatsServer::start();
    let service = Service::start(&nats).await;
    make(&service, 70).await;
    service.upload("cam-69", "gate.jpg", jpeg(1)).await;
    let order = async |query: &str| service.json(&format!("/folders/order{query}")).await;
    let names = |order: &Value| order["folders"].as_array().unwrap().len();

    let all = order("").await;
    assert_eq!((names(&all), &all["matching"]), (60, &json!(76)));
    assert_eq!(all["count"], "76 folders");
    assert_eq!(all["tally"], json!({"no-reference": 75, "no-frames": 1}));
    assert_eq!(names(&order("?count=100").await), 76);
    assert_eq!(names(&order("?count=0").await), 0);
    let some = order("?state=no-reference&sort=name&count=2&from=1").await;
    assert_eq!(some["folders"], json!(["cam-1", "cam-2"]));
    assert_eq!(some["count"], "75 of 76 folders");
    let none = order("?q=cam+nosuch").await;
    assert_eq!((&none["matching"], names(&none)), (&json!(0), 0));
    problem(
        service.get("/folders/order?count=many").await,
        400,
        "invalid-request",
    )
    .await;

    assert_eq!(order("").await["listed"], all["listed"]);
    fire(&service, "cam-42").await;
    let listed = eventually("what is wrong comes first", async || {
        let order = order("?count=1").await;
        (order["folders"] == json!(["cam-42"])).then(|| order["listed"].clone())
    })
    .await;
    assert_ne!(listed, all["listed"]);
}

#[tokio::test]
async fn cards_are_drawn_as_on_the_page() {
    let nats = NatsServer::start();
    let service = Service::start(&nats).await;
    let get = async |path: &str| service.get(path).await.text().await.unwrap();
    // Its curve goes on every ten seconds.
    eventually("the card is that of the page", async || {
        let card = get("/folders/cards?folders=folder3").await;
        assert_eq!(shown(&card), ["folder3"]);
        get("/").await.contains(&card).then_some(())
    })
    .await;
    let several = get("/folders/cards?folders=folder2,nosuch,folder1").await;
    assert_eq!(shown(&several), ["folder2", "folder1"]);
    let refused = async |folders: &str, kind| {
        let path = format!("/folders/cards?folders={folders}");
        problem(service.get(&path).await, 400, kind).await
    };
    refused("folder1,No!", "invalid-folder").await;
    let many = refused(&["folder1"; 61].join(","), "invalid-request").await;
    assert!(many.contains("61") && many.contains("up to 60"), "{many}");
}

#[tokio::test]
async fn a_viewer_is_told_of_the_folders_that_it_sees_in_small_events() {
    let nats = NatsServer::start();
    let service = Service::start(&nats).await;
    let long = "x".repeat(64);
    service.put(&format!("/api/v1/folders/{long}"), "{}").await;
    let path = format!("/folders/glances?folders=folder1,{long},nosuch");
    let mut viewer = Viewer::follow(&service, &path).await;
    assert!(
        viewer
            .seen()
            .contains("event: folder-removed\ndata: {\"folder\":\"nosuch\"}")
    );
    assert!(viewer.seen().contains("{\"folder\":\"folder1\","));

    service.upload("folder2", "two.jpg", jpeg(2)).await;
    fire(&service, "folder2").await;
    fire(&service, &long).await;
    viewer.until("event: seen\n").await;
    viewer.until("event: listed\n").await;
    viewer.until("event: unattended\ndata: {\"count\":2}").await;
    assert!(!viewer.seen().contains("folder2"), "{}", viewer.seen());
    service.delete("/api/v1/folders/folder1").await;
    viewer
        .until("event: folder-removed\ndata: {\"folder\":\"folder1\"}")
        .await;
    let events = viewer.seen().split_inclusive("\n\n");
    let (cards, others): (Vec<_>, Vec<_>) = events.partition(|it| it.starts_with("event: card\n"));
    assert!(!cards.is_empty() && cards.iter().all(|card| card.len() < 4000));
    let longest = others.into_iter().max_by_key(|event| event.len()).unwrap();
    assert!(longest.len() <= 200, "{} bytes: {longest}", longest.len());
    assert!(longest.contains(&long), "{longest}");

    let many = format!("/folders/glances?folders={}", ["folder1"; 101].join(","));
    let detail = problem(service.get(&many).await, 400, "invalid-request").await;
    assert!(detail.contains("up to 100"), "{detail}");
    let no_name = service.get("/folders/glances?folders=No!").await;
    problem(no_name, 400, "invalid-folder").await;
}

#[tokio::test]
async fn a_card_that_looks_otherwise_is_told_as_it_is_drawn() {
    let nats = NatsServer::start();
    let service = Service::start(&nats).await;
    let card = async || {
        let card = service.get("/folders/cards?folders=folder1").await;
        card.text().await.unwrap()
    };
    let looks = |card: &str| card.split_once("data-looks=\"").unwrap().1[..8].to_owned();
    let before = looks(&card().await);
    let path = format!("/folders/glances?folders=folder1&has={before}");
    let mut viewer = Viewer::follow(&service, &path).await;
    assert!(
        viewer
            .seen()
            .contains("event: glance\ndata: {\"folder\":\"folder1\"")
    );
    assert!(
        !viewer.seen().contains("event: card\n"),
        "{}",
        viewer.seen()
    );
    service
        .put("/api/v1/folders/folder1", r#"{"title": "Gate"}"#)
        .await;
    viewer.until("event: card\n").await;
    let after = card().await;
    assert_ne!(looks(&after), before);
    let drawn = after.trim().replace('\n', "\ndata: ");
    viewer
        .until(&format!("event: card\ndata: {drawn}\n\n"))
        .await;

    // Whoever was away has it as it was.
    let away = Viewer::follow(&service, &path).await;
    assert!(away.seen().contains("event: card\n"), "{}", away.seen());
}

async fn ask_for_gzip(service: &Service, path: &str) -> Response {
    let request = service.request(Method::GET, path);
    let response = request.header("accept-encoding", "gzip, br").send().await;
    response.unwrap()
}

#[tokio::test]
async fn what_is_made_for_one_answer_is_compressed_and_events_come_at_once() {
    let nats = NatsServer::start();
    let service = Service::start(&nats).await;
    let plain = service.get("/").await;
    assert!(!plain.headers().contains_key("content-encoding"));
    let plain = plain.text().await.unwrap();
    let response = ask_for_gzip(&service, "/").await;
    assert_eq!(response.headers()["content-encoding"], "gzip");
    assert_eq!(response.headers()["vary"], "accept-encoding");
    let bytes = response.bytes().await.unwrap();
    let mut decoder = GzDecoder::new(Vec::new());
    decoder.write_all(&bytes).unwrap();
    let page = String::from_utf8(decoder.finish().unwrap()).unwrap();
    assert_eq!(shown(&page), shown(&plain));
    assert!(bytes.len() * 3 < plain.len(), "{} bytes", bytes.len());

    let mut response = ask_for_gzip(&service, "/folders/glances?folders=folder1").await;
    assert_eq!(response.headers()["content-encoding"], "gzip");
    let mut decoder = GzDecoder::new(Vec::new());
    let mut until = async |text: &str| {
        let reading = async {
            loop {
                decoder.flush().unwrap();
                if String::from_utf8_lossy(decoder.get_ref()).contains(text) {
                    break;
                }
                let chunk = response.chunk().await.unwrap().expect("the stream goes on");
                decoder.write_all(&chunk).unwrap();
            }
        };
        soon(text, reading).await;
    };
    until("event: hello\n").await;
    let id = service.upload("folder1", "gate.jpg", jpeg(1)).await;
    until("event: listed\n").await;
    until("event: alive\n").await;

    for path in [
        "/assets/front_door/style.css".to_owned(),
        format!("/api/v1/folders/folder1/images/{id}/content"),
    ] {
        let response = ask_for_gzip(&service, &path).await;
        assert!(response.headers().contains_key("etag"), "{path}");
        assert!(
            !response.headers().contains_key("content-encoding"),
            "{path}"
        );
    }
}
