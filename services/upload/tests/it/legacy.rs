//! The calls of the old system.

use reqwest::StatusCode;
use test_support::NatsServer;

use crate::{
    pictures::{jpeg, png},
    service::{Service, problem},
};

#[tokio::test]
async fn the_calls_of_the_old_system_still_work() {
    let nats = NatsServer::start();
    let service = Service::start(&nats).await;
    problem(service.get("/latest/folder1").await, 404, "no-reference").await;

    let files = vec![("gate.jpg", jpeg(1)), ("gate.jpg", jpeg(2))];
    let response = service.send_form("/folder/1", files).await;
    assert_eq!(response.status(), StatusCode::SEE_OTHER);
    assert_eq!(response.headers()["location"], "/folder/1");

    let latest = service.json("/latest/folder1").await;
    assert_eq!(latest["latest_image"], "uploads/folder1/gate.jpg");
    assert_eq!(latest["folder"], "folder1");
    assert!(latest["uploaded_at"].as_str().unwrap().ends_with('Z'));
    let url = latest["url"].as_str().unwrap();
    assert_eq!(service.get(url).await.bytes().await.unwrap(), jpeg(2));

    let shown = service.get("/uploads/folder1/gate.jpg").await;
    assert_eq!(shown.headers()["content-type"], "image/jpeg");
    assert!(
        shown.headers()["content-disposition"]
            .to_str()
            .unwrap()
            .starts_with("inline")
    );
    assert_eq!(shown.bytes().await.unwrap(), jpeg(2));

    let download = service.get("/download/folder1/gate.jpg").await;
    let disposition = download.headers()["content-disposition"].to_str().unwrap();
    assert!(disposition.starts_with("attachment"), "{disposition}");
    problem(
        service.get("/uploads/folder1/no.jpg").await,
        404,
        "unknown-image",
    )
    .await;
}

#[tokio::test]
async fn a_file_is_deleted_by_its_name_as_in_the_old_system() {
    let nats = NatsServer::start();
    let service = Service::start(&nats).await;
    let files = vec![
        ("gate.jpg", jpeg(1)),
        ("dock.jpg", jpeg(2)),
        ("gate.jpg", jpeg(3)),
    ];
    service.send_form("/folder/1", files).await;

    let delete = async |path| service.send_bare(path, Vec::new()).await;
    let deleted = delete("/delete/folder1/gate.jpg").await;
    assert_eq!(deleted.status(), StatusCode::SEE_OTHER);
    assert_eq!(deleted.headers()["location"], "/folder/folder1");
    let latest = service.json("/latest/folder1").await;
    assert_eq!(latest["latest_image"], "uploads/folder1/dock.jpg");
    for missing in ["/delete/1/gate.jpg", "/delete/1/no.jpg"] {
        problem(delete(missing).await, 404, "unknown-image").await;
    }
    let last = delete("/delete/1/dock.jpg").await;
    assert_eq!(last.headers()["location"], "/folder/1");
    problem(service.get("/latest/folder1").await, 404, "no-reference").await;
}

#[tokio::test]
async fn folders_go_by_number_and_by_name() {
    let nats = NatsServer::start();
    let service = Service::start(&nats).await;
    service.put("/api/v1/folders/gate", "").await;
    let response = service
        .send_form("/folder/gate", vec![("a.png", png(1))])
        .await;
    assert_eq!(response.status(), StatusCode::SEE_OTHER);
    assert_eq!(service.get("/folder/gate").await.status(), StatusCode::OK);
    assert_eq!(service.get("/folder/6").await.status(), StatusCode::OK);
    assert_eq!(
        service.get("/folder/7").await.status(),
        StatusCode::NOT_FOUND
    );
}
