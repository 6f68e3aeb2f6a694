//! Folders that nobody made: there are so many at most, and they are removed all at once.

use serde_json::Value;
use test_support::{NatsServer, eventually};
use upload::{Config, QuotaConfig};

use crate::{
    folders::send_frame,
    service::{Service, problem},
};

async fn with_unmade(nats: &NatsServer, most: u32) -> Service {
    let config = Config {
        quotas: QuotaConfig {
            max_unmade_folders: most,
            ..QuotaConfig::default()
        },
        ..Config::default()
    };
    Service::start_with(nats, config).await
}

/// The folders beside the first six.
async fn further(service: &Service) -> Vec<String> {
    let listed = service.json("/api/v1/folders?limit=200").await;
    let names = listed["folders"].as_array().unwrap().iter();
    names
        .map(|folder| folder["folder"].as_str().unwrap().to_owned())
        .filter(|name| !name.starts_with("folder"))
        .collect()
}

async fn page(service: &Service, path: &str) -> String {
    service.get(path).await.text().await.unwrap()
}

#[tokio::test]
async fn one_camera_that_names_many_folders_makes_no_more_than_may_be() {
    let nats = NatsServer::start();
    let service = with_unmade(&nats, 3).await;
    service.put("/api/v1/folders/mine", "").await;
    for folder in ["a1", "a2", "a3", "a4", "a5", "mine", "folder1"] {
        send_frame(&service, folder).await;
    }
    eventually("the last frame has come", async || {
        let folder = service.json("/api/v1/folders/folder1").await;
        (folder["frameIsCurrent"] == true).then_some(())
    })
    .await;
    assert_eq!(further(&service).await, ["a1", "a2", "a3", "mine"]);
    let mine = service.json("/api/v1/folders/mine").await;
    assert_eq!(mine["frameIsCurrent"], true);
    let shown = page(&service, "/").await;
    for said in [
        "3 folders are here that nobody made",
        "There may be 3",
        "Remove them all",
    ] {
        assert!(shown.contains(said), "{said}");
    }

    // Whoever makes one of the others gets it.
    service.put("/api/v1/folders/a5", "").await;
    send_frame(&service, "a5").await;
    eventually("its frame is there", async || {
        let folder = service.json("/api/v1/folders/a5").await;
        (folder["frameIsCurrent"] == true).then_some(())
    })
    .await;
}

#[tokio::test]
async fn those_that_nobody_made_are_removed_at_once_and_no_others() {
    let nats = NatsServer::start();
    let service = with_unmade(&nats, 3).await;
    service.put("/api/v1/folders/mine", "").await;
    for folder in ["a1", "a2", "a3"] {
        send_frame(&service, folder).await;
    }
    eventually("they are there", async || {
        (further(&service).await.len() == 4).then_some(())
    })
    .await;
    for path in ["/api/v1/folders", "/api/v1/folders?made=true"] {
        let detail = problem(service.delete(path).await, 400, "invalid-request").await;
        assert!(detail.contains("made=false"), "{detail}");
    }
    let removed = service.delete("/api/v1/folders?made=false").await;
    assert_eq!(removed.status(), 200);
    let removed: Value = removed.json().await.unwrap();
    assert_eq!(removed["removed"], 3);
    assert_eq!(further(&service).await, ["mine"]);

    // They leave room for others.
    send_frame(&service, "a4").await;
    eventually("another one is there", async || {
        (further(&service).await == ["a4", "mine"]).then_some(())
    })
    .await;
}

#[tokio::test]
async fn the_page_has_the_first_of_very_many_folders_and_finds_the_others() {
    let nats = NatsServer::start();
    let service = with_unmade(&nats, 2000).await;
    for number in 0..1020 {
        send_frame(&service, &format!("gate{number}")).await;
    }
    let shown = eventually("all are there", async || {
        let shown = page(&service, "/").await;
        shown.contains("1026 folders").then_some(shown)
    })
    .await;
    assert_eq!(shown.matches("<li class=\"card\"").count(), 60);
    assert!(shown.contains("href=\"/?from=60\">More folders"));
    let none_is_found = "data-none role=\"status\">No folder has all that is asked for";
    assert!(!shown.contains(none_is_found));
    let found = page(&service, "/?q=gate101").await;
    assert_eq!(found.matches("<li class=\"card\"").count(), 11);
    assert!(found.contains("/folder/gate1019"));
    let none = page(&service, "/?q=nosuch").await;
    assert!(none.contains(none_is_found), "{none}");
}
