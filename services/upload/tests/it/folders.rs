//! Folders: made, listed, removed.

use event_bus::{FrameArrival, FrameHeaders};
use reqwest::StatusCode;
use serde_json::Value;
use test_support::{NatsServer, eventually};
use time::OffsetDateTime;

use crate::{
    pictures::jpeg,
    service::{Service, folder, problem},
};

fn names(list: &Value) -> Vec<&str> {
    let folders = list["folders"].as_array().unwrap();
    folders
        .iter()
        .map(|folder| folder["folder"].as_str().unwrap())
        .collect()
}

#[tokio::test]
async fn six_folders_are_there_and_others_can_be_made() {
    let nats = NatsServer::start();
    let service = Service::start(&nats).await;
    let list = service.json("/api/v1/folders").await;
    let first = [
        "folder1", "folder2", "folder3", "folder4", "folder5", "folder6",
    ];
    assert_eq!(names(&list), first);
    assert_eq!(list["folders"][0]["state"], "no-reference");

    let made = service.put("/api/v1/folders/folder10", "").await;
    assert_eq!(made.status(), StatusCode::CREATED);
    let again = service.put("/api/v1/folders/folder10", "").await;
    assert_eq!(again.status(), StatusCode::OK);
    let list = service.json("/api/v1/folders").await;
    assert_eq!(names(&list).last(), Some(&"folder10"));

    let response = service.put("/api/v1/folders/Not%20this", "").await;
    let detail = problem(response, 400, "invalid-folder").await;
    assert!(detail.contains("lower-case"), "{detail}");
}

#[tokio::test]
async fn folders_are_listed_in_pages() {
    let nats = NatsServer::start();
    let service = Service::start(&nats).await;
    service.put("/api/v1/folders/folder10", "").await;
    let mut listed = Vec::new();
    let mut next = Some("/api/v1/folders?limit=3".to_owned());
    while let Some(path) = next {
        let page = service.json(&path).await;
        assert_eq!(page["total"], 7);
        listed.push(names(&page).join(" "));
        next = page["next"].as_str().map(str::to_owned);
    }
    let pages = [
        "folder1 folder2 folder3",
        "folder4 folder5 folder6",
        "folder10",
    ];
    assert_eq!(listed, pages);
    // The folder that a page goes on after may be gone by then.
    let after = service.json("/api/v1/folders?after=folder7&limit=1").await;
    assert_eq!(names(&after), ["folder10"]);
    let none = service.json("/api/v1/folders?after=zzz").await;
    assert_eq!((names(&none).len(), &none["next"]), (0, &Value::Null));
    for (query, slug) in [
        ("limit=0", "invalid-request"),
        ("limit=201", "invalid-request"),
        ("after=Not%20this", "invalid-folder"),
    ] {
        let response = service.get(&format!("/api/v1/folders?{query}")).await;
        problem(response, 400, slug).await;
    }
}

#[tokio::test]
async fn a_removed_folder_takes_all_it_has_along() {
    let nats = NatsServer::start();
    let service = Service::start(&nats).await;
    service.put("/api/v1/folders/gate", "").await;
    service.upload("gate", "a.jpg", jpeg(1)).await;
    service.upload("gate", "b.jpg", jpeg(2)).await;
    service
        .put("/api/v1/folders/gate/rule", r#"{"threshold":0.5}"#)
        .await;
    send_frame(&service, "gate").await;

    let removed = service.delete("/api/v1/folders/gate").await;
    assert_eq!(removed.status(), StatusCode::NO_CONTENT);
    problem(
        service.get("/api/v1/folders/gate").await,
        404,
        "unknown-folder",
    )
    .await;
    problem(
        service.delete("/api/v1/folders/gate").await,
        404,
        "unknown-folder",
    )
    .await;
    let change = service.latest_change("gate").await.unwrap();
    assert_eq!(change.reference(), None);
    let frame = service.bus.latest::<FrameArrival>(&folder("gate")).await;
    assert_eq!(frame.unwrap(), None);

    service.put("/api/v1/folders/gate", "").await;
    let fresh = service.json("/api/v1/folders/gate").await;
    assert_eq!(fresh["images"], 0);
    assert_eq!(fresh["rule"]["threshold"], 0.9);
    assert_eq!(fresh["frame"], Value::Null);
}

#[tokio::test]
async fn a_removed_first_folder_stays_away_after_a_restart() {
    let nats = NatsServer::start();
    let service = Service::start(&nats).await;
    service.delete("/api/v1/folders/folder6").await;
    service.stop().await;
    let service = Service::start(&nats).await;
    let list = service.json("/api/v1/folders").await;
    assert_eq!(names(&list).len(), 5);
}

#[tokio::test]
async fn a_folder_is_there_while_a_camera_sends_to_it() {
    let nats = NatsServer::start();
    let service = Service::start(&nats).await;
    send_frame(&service, "yard").await;
    let folder = eventually("the folder appears", async || {
        let response = service.get("/api/v1/folders/yard").await;
        response.error_for_status().ok()
    })
    .await;
    let folder: Value = folder.json().await.unwrap();
    assert_eq!(folder["state"], "no-reference");
    assert_eq!(folder["frame"]["camera"], "north");

    service.upload("yard", "a.jpg", jpeg(1)).await;
    let folder = service.json("/api/v1/folders/yard").await;
    assert_eq!(folder["state"], "waiting");
}

pub(crate) async fn send_frame(service: &Service, name: &str) {
    let headers = FrameHeaders {
        camera: "north".to_owned(),
        captured_at: OffsetDateTime::UNIX_EPOCH,
    };
    let frame = jpeg(1).into();
    let folder = folder(name);
    let publish = service.bus.publish_frame(&folder, &headers, None, frame);
    publish.await.unwrap();
}
