//! The document of the API, and that the service answers as it says.

use std::collections::HashSet;

use reqwest::{Method, StatusCode};
use serde_json::{Map, Value};
use test_support::NatsServer;

use crate::service::Service;

const METHODS: [Method; 4] = [Method::GET, Method::PUT, Method::POST, Method::DELETE];

/// Every call: its method, its path and what the document says of it.
fn operations(document: &Value) -> Vec<(Method, String, Value)> {
    let paths = document["paths"].as_object().unwrap();
    let all = paths.iter().flat_map(|(path, item): (&String, &Value)| {
        let item: &Map<String, Value> = item.as_object().unwrap();
        item.iter().map(|(method, operation)| {
            let method = METHODS
                .into_iter()
                .find(|known| known.as_str().eq_ignore_ascii_case(method));
            (method.unwrap(), path.clone(), operation.clone())
        })
    });
    all.collect()
}

#[tokio::test]
async fn the_document_describes_every_call() {
    let nats = NatsServer::start();
    let service = Service::start(&nats).await;
    let response = service.get("/openapi.json").await;
    assert_eq!(response.headers()["content-type"], "application/json");
    assert!(response.headers().contains_key("etag"));
    let document: Value = response.json().await.unwrap();
    assert_eq!(document["openapi"], "3.1.0");

    let operations = operations(&document);
    assert!(operations.len() > 30, "{}", operations.len());
    let mut ids = HashSet::new();
    for (method, path, operation) in operations {
        let id = operation["operationId"].as_str().unwrap().to_owned();
        assert!(ids.insert(id), "{method} {path} has the id of another");
        assert!(operation["summary"].is_string(), "{method} {path}");
        assert!(operation["tags"].is_array(), "{method} {path}");
        let variables = path.matches('{').count();
        let parameters = operation["parameters"].as_array();
        let in_path = parameters.into_iter().flatten();
        let in_path = in_path.filter(|parameter| parameter["in"] == "path");
        assert_eq!(in_path.count(), variables, "{method} {path}");
        let responses = operation["responses"].as_object().unwrap();
        assert!(responses.contains_key("503"), "{method} {path}");
        for (status, response) in responses {
            let is_problem = response["content"]["application/problem+json"].is_object();
            assert_eq!(
                is_problem,
                status.starts_with(['4', '5']),
                "{method} {path}"
            );
        }
    }
}

#[tokio::test]
async fn the_page_of_the_api_shows_every_call_and_leads_to_what_it_speaks_of() {
    let nats = NatsServer::start();
    let service = Service::start(&nats).await;
    let document = service.json("/openapi.json").await;
    let page = service.get("/docs").await.text().await.unwrap();
    for (method, path, operation) in operations(&document) {
        let id = operation["operationId"].as_str().unwrap();
        assert!(page.contains(&format!("<details id=\"{id}\">")), "{id}");
        let call = format!("{method}</span> <code>{path}</code>");
        assert!(page.contains(&call), "{call}");
    }
    let links = page.split("href=\"#").skip(1);
    let links: HashSet<&str> = links.map(|link| link.split('"').next().unwrap()).collect();
    assert!(links.contains("schema-Upload"), "{links:?}");
    for link in links {
        assert!(page.contains(&format!("id=\"{link}\"")), "{link}");
    }
    assert!(!page.contains("style="), "the policy forbids it");

    let problem: Value = service.get("/nowhere").await.json().await.unwrap();
    assert_eq!(problem["type"], "/problems/not-found");
    for slug in ["not-found", "unknown-folder"] {
        let known = service.get(&format!("/problems/{slug}")).await;
        assert_eq!(known.status(), StatusCode::SEE_OTHER);
        let location = format!("/docs#problem-{slug}");
        assert_eq!(known.headers()["location"], *location);
        assert!(page.contains(&format!("id=\"problem-{slug}\"")), "{slug}");
    }
    let unknown = service.get("/problems/nosuch").await;
    assert_eq!(unknown.status(), StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn every_call_of_the_document_is_answered_as_it_says() {
    let nats = NatsServer::start();
    let service = Service::start(&nats).await;
    let document = service.json("/openapi.json").await;
    for (method, path, operation) in operations(&document) {
        let address = path
            .replace("{folder}", "folder1")
            .replace("{id}", "nosuch")
            .replace("{name}", "nosuch.jpg");
        let request = service.request(method.clone(), &address);
        let response = request.send().await.unwrap();
        let status = response.status();
        let documented = &operation["responses"][status.as_str()];
        assert!(documented.is_object(), "{method} {path}: {status}");
        assert_ne!(status, StatusCode::METHOD_NOT_ALLOWED, "{method} {path}");
        if status == StatusCode::NOT_FOUND {
            let problem: Value = response.json().await.unwrap();
            assert_ne!(problem["type"], "/problems/not-found", "{method} {path}");
        }
    }
}
