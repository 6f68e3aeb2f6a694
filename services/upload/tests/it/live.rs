//! What becomes of a page that somebody has open: its parts, as the page has them.

use proto::v1::Phase;
use test_support::{NatsServer, eventually};

use crate::{
    alerts::{ids, publish},
    events::Viewer,
    pictures::jpeg,
    service::{Service, problem},
};

/// The prints of what a page shows.
fn prints(page: &str) -> String {
    let prints = page.split("data-print=\"").skip(1);
    let prints: Vec<_> = prints.map(|rest| &rest[..8]).collect();
    assert!(!prints.is_empty(), "{page}");
    prints.join(",")
}

async fn page(service: &Service, path: &str) -> String {
    service.get(path).await.text().await.unwrap()
}

/// Somebody who has a page, and follows what becomes of it.
async fn follow(service: &Service, path: &str, page: &str) -> Viewer {
    let live = format!("{path}/live?has={}", prints(page));
    Viewer::follow(service, &live).await
}

/// The part of this name, as the page has it.
fn part<'a>(page: &'a str, name: &str) -> &'a str {
    let at = page.find(&format!("data-live=\"{name}\"")).unwrap();
    let begin = page[..at].rfind('<').unwrap();
    page[begin..].split("\n").next().unwrap()
}

fn count(viewer: &Viewer, event: &str) -> usize {
    viewer.seen().matches(&format!("event: {event}\n")).count()
}

#[tokio::test]
async fn a_folder_s_page_is_sent_the_parts_that_look_otherwise() {
    let nats = NatsServer::start();
    let service = Service::start(&nats).await;
    let before = page(&service, "/folder/1").await;
    let mut viewer = follow(&service, "/folder/1", &before).await;
    assert_eq!(count(&viewer, "part"), 0, "{}", viewer.seen());

    service
        .put("/api/v1/folders/folder1", r#"{"title": "B&B"}"#)
        .await;
    viewer.until("B&#38;B").await;
    let after = page(&service, "/folder/1").await;
    let head = part(&after, "head");
    assert!(viewer.seen().contains(head), "{head} in {}", viewer.seen());
    assert!(!viewer.seen().contains("data-live=\"normals-count\""));

    // Whoever was away has the page as it was.
    let away = follow(&service, "/folder/1", &before).await;
    assert!(away.seen().contains(head), "{}", away.seen());
    let current = follow(&service, "/folder/1", &after).await;
    assert_eq!(count(&current, "part"), 0, "{}", current.seen());
}

#[tokio::test]
async fn normal_pictures_come_and_go_one_by_one() {
    let nats = NatsServer::start();
    let service = Service::start(&nats).await;
    service.upload("folder1", "gate.jpg", jpeg(1)).await;
    let add = async |seed| {
        let path = format!("/api/v1/folders/folder1/normals?name=night-{seed}.jpg");
        let request = service.request(reqwest::Method::POST, &path);
        let response = request.body(jpeg(seed)).send().await.unwrap();
        assert_eq!(response.status(), 201);
    };
    add(2).await;
    let before = eventually("the first is shown", async || {
        let page = page(&service, "/folder/1").await;
        page.contains("night-2.jpg</p>").then_some(page)
    })
    .await;
    let mut viewer = follow(&service, "/folder/1", &before).await;
    add(3).await;
    viewer.until("night-3.jpg</p>").await;
    viewer.until("event: order\n").await;
    assert!(!viewer.seen().contains("night-2.jpg"), "{}", viewer.seen());
    let order = viewer.seen().split("event: order\n").nth(1).unwrap();
    assert!(order.contains(r#""list":"normals""#), "{order}");
    assert_eq!(order.matches("\"normal-").count(), 2, "{order}");
}

#[tokio::test]
async fn a_page_whose_folder_goes_is_told_so_then_and_later() {
    let nats = NatsServer::start();
    let service = Service::start(&nats).await;
    service.put("/api/v1/folders/gate", "{}").await;
    let before = page(&service, "/folder/gate").await;
    let mut viewer = follow(&service, "/folder/gate", &before).await;
    service.delete("/api/v1/folders/gate").await;
    viewer.until("event: gone\n").await;
    let late = follow(&service, "/folder/gate", &before).await;
    assert_eq!(count(&late, "gone"), 1, "{}", late.seen());
    problem(service.get("/folder/No!/live").await, 400, "invalid-folder").await;
}

#[tokio::test]
async fn lists_of_alerts_are_sent_what_is_new_and_the_order() {
    let nats = NatsServer::start();
    let service = Service::start(&nats).await;
    publish(&service, "folder1", "a", Phase::Firing).await;
    eventually("the alert is listed", async || {
        (ids(&service, "").await.len() == 1).then_some(())
    })
    .await;
    let list = page(&service, "/alerts").await;
    let alert = page(&service, "/alerts/a").await;
    let mut of_all = follow(&service, "/alerts", &list).await;
    let mut of_one = follow(&service, "/alerts/a", &alert).await;
    assert_eq!(count(&of_all, "part") + count(&of_one, "part"), 0);

    publish(&service, "folder2", "b", Phase::Firing).await;
    of_all.until("event: order\n").await;
    assert!(of_all.seen().contains("data-live=\"alert-b\""));
    assert!(!of_all.seen().contains("data-live=\"alert-a\""));
    let order = of_all.seen().split("event: order\n").nth(1).unwrap();
    assert!(
        order.contains(r#""parts":["alert-b","alert-a"]"#),
        "{order}"
    );

    let fields = [("name", "Jo"), ("note", "It is real.")];
    let said = serde_urlencoded::to_string(fields).unwrap();
    let request = service.request(reqwest::Method::POST, "/alerts/a/acknowledge");
    let kind = "application/x-www-form-urlencoded";
    request
        .header("content-type", kind)
        .body(said)
        .send()
        .await
        .unwrap();
    for viewer in [&mut of_all, &mut of_one] {
        viewer.until("Acknowledged by <bdi>Jo</bdi>").await;
    }
    assert_eq!(count(&of_one, "order"), 0, "{}", of_one.seen());
    problem(
        service.get("/alerts/nosuch/live").await,
        404,
        "unknown-alert",
    )
    .await;
    problem(
        service.get("/alerts/live?phase=no").await,
        400,
        "invalid-request",
    )
    .await;
}

#[tokio::test]
async fn the_pages_of_silences_and_messages_tell_what_becomes_of_them() {
    let nats = NatsServer::start();
    let service = Service::start(&nats).await;
    let before = page(&service, "/silences").await;
    let mut viewer = follow(&service, "/silences", &before).await;
    let silence = r#"{"matcher": {"folders": ["folder1"]}, "forSeconds": 3600, "reason": "Paint", "name": "Jo"}"#;
    let request = service.request(reqwest::Method::POST, "/api/v1/silences");
    let response = request.body(silence).send().await.unwrap();
    assert_eq!(response.status(), 201);
    viewer.until("<bdi>Paint</bdi>").await;
    assert_eq!(count(&viewer, "part"), 1, "{}", viewer.seen());

    let messages = page(&service, "/notices").await;
    let viewer = follow(&service, "/notices", &messages).await;
    assert_eq!(count(&viewer, "part"), 0, "{}", viewer.seen());
}
