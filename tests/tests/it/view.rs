//! The measure `view`, where the network's weights are installed.

use looks::ModelConfig;
use serde_json::Value;
use tests::{Stack, skip};

/// A loading dock, and a shelf: drawn as the demo's cameras see them. To the network, pictures of blocks are all alike.
fn scenes() -> [Vec<u8>; 2] {
    let cameras = cctv_sim::demo_cameras();
    [0, 1].map(|number| cctv_sim::reference(&cameras[number]).unwrap().into())
}

/// All services, and a folder that is compared by `view`. `None` where the weights are not installed.
pub(crate) async fn watching() -> Option<(Stack, Vec<u8>, Vec<u8>)> {
    if ModelConfig::default().file().is_none() {
        skip("the network's weights are not installed: scripts/get-tools.sh model gets them");
        return None;
    }
    let [dock, shelf] = scenes();
    let stack = Stack::start().await;
    stack.set_rule("folder1", r#"{"measure": "view"}"#).await;
    stack.upload("folder1", "dock.jpg", dock.clone()).await;
    Some((stack, dock, shelf))
}

#[tokio::test(flavor = "multi_thread")]
async fn by_the_measure_view_a_change_fires_and_shows_where_it_is() {
    let Some((stack, dock, shelf)) = watching().await else {
        return;
    };
    stack.publish("folder1", dock.clone()).await;
    stack.similarity_where("folder1", |it| it >= 0.9).await;
    stack.publish("folder1", shelf.clone()).await;
    let alert = stack.firing("folder1").await;
    assert_eq!(alert.patches.len(), 300);

    let folder = stack.url("/api/v1/folders/folder1/heat-map");
    for url in [
        folder,
        stack.url(&format!("/api/v1/alerts/{}/heat-map", alert.id)),
    ] {
        let answer = reqwest::get(url).await.unwrap();
        assert_eq!(answer.status(), 200);
        assert_eq!(answer.headers()["Content-Type"], "image/png");
        assert!(answer.bytes().await.unwrap().starts_with(b"\x89PNG"));
    }
    stack.publish("folder1", dock.clone()).await;
    stack.quiet("folder1").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_normal_too_ends_the_alert_and_is_named() {
    let Some((stack, dock, shelf)) = watching().await else {
        return;
    };
    stack.publish("folder1", shelf.clone()).await;
    let alert = stack.firing("folder1").await;
    let from = format!("/api/v1/folders/folder1/normals?from=alert&id={}", alert.id);
    let added = reqwest::Client::new().post(stack.url(&from)).send().await;
    assert_eq!(added.unwrap().status(), 201);
    stack.quiet("folder1").await;
    stack.publish("folder1", dock.clone()).await;
    stack.publish("folder1", shelf.clone()).await;
    stack.similarity_where("folder1", |it| it >= 0.9).await;
    let normals: Value = stack.get("/api/v1/folders/folder1/normals").await;
    assert_eq!(normals["normals"].as_array().unwrap().len(), 1, "{normals}");
}
