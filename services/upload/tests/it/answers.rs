//! What the service says, letter by letter: answers of the API, refusals, and the text of pages.
//!
//! Where one is to change, `INSTA_UPDATE=always cargo test -p upload answers` writes it anew, and the difference shows in the
//! commit.

use std::fmt::Write as _;

use insta::{assert_snapshot, with_settings};
use proto::v1::Phase;
use reqwest::{Method, Response};
use serde_json::Value;
use test_support::{NatsServer, eventually};

use crate::{alerts, folders::send_frame, pictures::jpeg, service::Service};

/// What differs from run to run or from machine to machine, or goes on and on; and what stands for it.
const CHANGING: [(&str, &str); 6] = [
    (r"\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b", "[id]"),
    (
        r"\b2[0-9]{3}-[0-9]{2}-[0-9]{2}[T ][0-9:.]+(Z|\+00:00| UTC)",
        "[time]",
    ),
    (r"\b127\.0\.0\.1:[0-9]+", "[host]"),
    (r"\b([0-9]+ s ago|[0-9]+ d [0-9]+ h)\b", "[age]"),
    (r"\b[0-9]+\.[0-9]{4,}", "[number]"),
    (r"(\s+null,?){9,}", " …"),
];

/// One folder with all that can be said of it and an alert, and one that only a camera made known.
async fn watched(nats: &NatsServer) -> Service {
    let service = Service::start(nats).await;
    let said =
        r#"{"title": "Loading dock", "site": "Plant 2", "area": "East gate", "tags": ["outdoor"]}"#;
    let rule = r#"{"threshold": 0.8, "holdSeconds": 10}"#;
    for (path, body) in [
        ("/api/v1/folders/dock", said),
        ("/api/v1/folders/dock/rule", rule),
    ] {
        let response = service.put(path, body).await;
        assert!(response.status().is_success(), "{path}");
    }
    service.upload("dock", "dock.jpg", jpeg(1)).await;
    alerts::publish(&service, "dock", "dock-1", Phase::Firing).await;
    send_frame(&service, "gate").await;
    eventually("all is known", async || {
        let folders = service.json("/api/v1/folders").await.to_string();
        let alerts = service.json("/api/v1/alerts").await.to_string();
        let is_known = folders.contains("\"gate\"") && alerts.contains("dock-1");
        is_known.then_some(())
    })
    .await;
    service
}

/// A line for what was asked, the status, and the body.
async fn written(asked: &str, response: Response) -> String {
    let status = response.status();
    let body = response.text().await.unwrap();
    let body = match serde_json::from_str::<Value>(&body) {
        Ok(mut json) => {
            // Whether they are sorted anyway depends on what else is built.
            json.sort_all_objects();
            serde_json::to_string_pretty(&json).unwrap()
        }
        Err(_) => body,
    };
    format!("## {asked}\n{status}\n{body}\n\n")
}

#[tokio::test]
async fn the_api_answers() {
    let nats = NatsServer::start();
    let service = watched(&nats).await;
    let mut all = String::new();
    for path in [
        "/api/v1/folders?limit=1",
        "/api/v1/folders/dock",
        "/api/v1/folders/gate",
        "/api/v1/folders/dock/images",
        "/api/v1/folders/dock/latest",
        "/api/v1/folders/dock/normals",
        "/api/v1/folders/dock/proposals",
        "/api/v1/folders/dock/rule",
        "/api/v1/rules/_default",
        "/api/v1/alerts",
        "/api/v1/alerts/dock-1",
        "/api/v1/drift",
        "/api/v1/routes",
        "/api/v1/receivers",
        "/api/v1/silences",
    ] {
        all += &written(&format!("GET {path}"), service.get(path).await).await;
    }
    with_settings!({filters => CHANGING}, { assert_snapshot!("api", all) });
}

#[tokio::test]
async fn what_is_refused_says_why_and_what_would_be_right() {
    let nats = NatsServer::start();
    let service = watched(&nats).await;
    let rule = "/api/v1/folders/dock/rule";
    let images = "/api/v1/folders/dock/images";
    let mut all = String::new();
    for (method, path, body) in [
        (Method::GET, "/api/v1/nothing", ""),
        (Method::PATCH, "/api/v1/folders/dock", ""),
        (Method::PUT, "/api/v1/folders/two%20words", ""),
        (Method::PUT, "/api/v1/folders/_default", ""),
        (Method::PUT, "/api/v1/folders/dock", "{"),
        (Method::PUT, "/api/v1/folders/dock", r#"{"titel": "Dock"}"#),
        (Method::PUT, "/api/v1/folders/dock", r#"{"tags": ["a b"]}"#),
        (Method::GET, "/api/v1/folders?limit=many", ""),
        (Method::PUT, rule, r#"{"treshold": 0.9}"#),
        (Method::PUT, rule, r#"{"threshold": 2}"#),
        (Method::PUT, rule, r#"{"holdSeconds": "soon"}"#),
        (Method::PUT, rule, r#"{"measure": "sight"}"#),
        (
            Method::PUT,
            rule,
            r#"{"masks": [{"points": [[0, 0], [1, 1]]}]}"#,
        ),
        (Method::POST, images, ""),
        (Method::POST, images, "<html></html>"),
        (Method::GET, "/api/v1/folders/dock/images/last", ""),
        (Method::DELETE, "/api/v1/folders/nowhere", ""),
        (Method::GET, "/api/v1/alerts/nothing", ""),
        (Method::GET, "/api/v1/alerts?phase=open", ""),
        (
            Method::PUT,
            "/api/v1/alerts/dock-1/acknowledgement",
            r#"{"label": "so-so"}"#,
        ),
        (Method::POST, "/api/v1/silences", "{}"),
        (Method::PUT, "/api/v1/routes", r#"{"routes": 1}"#),
    ] {
        let request = service.request(method.clone(), path).body(body);
        let asked = format!("{method} {path} {body}");
        all += &written(asked.trim_end(), request.send().await.unwrap()).await;
    }
    with_settings!({filters => CHANGING}, { assert_snapshot!("refusals", all) });
}

#[tokio::test]
async fn pages_say() {
    let nats = NatsServer::start();
    let service = watched(&nats).await;
    let mut all = String::new();
    for path in [
        "/",
        "/folder/dock",
        "/folder/gate",
        "/alerts",
        "/alerts/dock-1",
        "/silences",
        "/routes",
        "/drift",
    ] {
        let page = service.get(path).await.text().await.unwrap();
        writeln!(all, "## {path}\n{}\n", text(&page)).unwrap();
    }
    with_settings!({filters => CHANGING}, { assert_snapshot!("pages", all) });
}

/// What a person reads on a page, a line for each element.
fn text(page: &str) -> String {
    let (_, body) = page.split_once("<main").unwrap();
    let (body, _) = body.split_once("</main>").unwrap();
    let mut read = Vec::new();
    for part in body.split('<').skip(1) {
        let (tag, words) = part.split_once('>').unwrap();
        let is_read = !tag.starts_with("script") && !tag.starts_with("style");
        let words = words.split_whitespace().collect::<Vec<_>>().join(" ");
        if is_read && !words.is_empty() {
            read.push(words);
        }
    }
    read.join("\n")
}
