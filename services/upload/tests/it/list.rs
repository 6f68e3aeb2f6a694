//! The pictures of a folder, and which of them is the reference.

use test_support::NatsServer;

use crate::{
    pictures::jpeg,
    service::{Service, problem},
};

const IMAGES: &str = "/api/v1/folders/folder1/images";

#[tokio::test]
async fn pictures_are_listed_newest_first_in_pages() {
    let nats = NatsServer::start();
    let service = Service::start(&nats).await;
    let mut ids = Vec::new();
    for seed in 0..5 {
        ids.push(service.upload("folder1", "a.jpg", jpeg(seed)).await);
    }
    ids.reverse();

    let mut listed = Vec::new();
    let mut next = Some(format!("{IMAGES}?limit=2"));
    while let Some(path) = next {
        let page = service.json(&path).await;
        assert_eq!(page["total"], 5);
        for image in page["images"].as_array().unwrap() {
            listed.push(image["id"].as_str().unwrap().to_owned());
        }
        next = page["next"].as_str().map(str::to_owned);
    }
    assert_eq!(listed, ids);
    for limit in ["0", "201", "many"] {
        let response = service.get(&format!("{IMAGES}?limit={limit}")).await;
        problem(response, 400, "invalid-request").await;
    }
}

#[tokio::test]
async fn deleting_the_reference_makes_the_one_before_it_the_reference() {
    let nats = NatsServer::start();
    let service = Service::start(&nats).await;
    let first = service.upload("folder1", "first.jpg", jpeg(1)).await;
    let second = service.upload("folder1", "second.jpg", jpeg(2)).await;
    let third = service.upload("folder1", "third.jpg", jpeg(3)).await;

    let latest = async || {
        let latest = service.json("/api/v1/folders/folder1/latest").await;
        latest["id"].as_str().unwrap().to_owned()
    };
    let delete = async |id: &str| service.delete(&format!("{IMAGES}/{id}")).await.status();

    assert_eq!(delete(&first).await, 204);
    assert_eq!(latest().await, third);
    assert_eq!(delete(&third).await, 204);
    assert_eq!(latest().await, second);
    let content = service.get("/api/v1/folders/folder1/latest/content").await;
    assert_eq!(content.bytes().await.unwrap(), jpeg(2));
    assert_eq!(delete(&third).await, 404);

    assert_eq!(delete(&second).await, 204);
    let response = service.get("/api/v1/folders/folder1/latest").await;
    problem(response, 404, "no-reference").await;
    let folder = service.json("/api/v1/folders/folder1").await;
    assert_eq!(folder["state"], "no-reference");
    assert_eq!(folder["images"], 0);
}

#[tokio::test]
async fn uploads_at_the_same_time_leave_the_newest_as_the_reference() {
    let nats = NatsServer::start();
    let service = Service::start(&nats).await;
    let uploads = (0..8).map(|seed| service.upload("folder1", "a.jpg", jpeg(seed)));
    let mut ids = futures::future::join_all(uploads).await;
    ids.sort();
    let folder = service.json("/api/v1/folders/folder1").await;
    assert_eq!(folder["images"], 8);
    assert_eq!(folder["reference"]["id"], *ids.last().unwrap());
}
