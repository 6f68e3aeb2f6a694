//! Real cameras, from the call that sets one to the alert that it raises.

use std::time::Duration;

use proto::v1::Kind;
use reqwest::{Client, Response};
use serde_json::{Value, json};
use tempfile::TempDir;
use test_support::{eventually, eventually_within};
use tests::{SnapshotCamera, Stack};

async fn send(request: reqwest::RequestBuilder, body: &Value) -> Response {
    request.body(body.to_string()).send().await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_camera_that_is_tried_and_set_by_api_sends_frames_and_is_said_to_stand_still() {
    let (camera, files) = (SnapshotCamera::start(), TempDir::new().unwrap());
    let mut stack = Stack::start().await;
    stack.start_cameras(files.path()).await;
    let body = json!({
        "source": camera.url(), "username": "fw", "password": "p@ss/w0rd", "everySeconds": 0.5
    });
    let url = stack.url("/api/v1/folders/folder1/camera");
    let test = eventually("the camera service tries it", async || {
        let response = send(Client::new().post(format!("{url}/test")), &body).await;
        response.status().is_success().then_some(response)
    })
    .await;
    let test: Value = test.json().await.unwrap();
    assert_eq!(test["failure"], "", "{test}");
    assert_eq!(test["steps"].as_array().unwrap().len(), 5, "{test}");
    assert!(
        test["picture"].as_str().unwrap().starts_with("/9j/"),
        "a JPEG in base64"
    );

    let set = send(Client::new().put(&url), &body).await;
    assert_eq!(set.status(), 200);
    stack.watch("folder1").await;
    stack
        .similarity_where("folder1", |similarity| similarity > 0.9)
        .await;
    eventually("it is online", async || {
        let answer = stack.get("/api/v1/folders/folder1/camera").await;
        (answer["source"]["state"] == "SOURCE_STATE_ONLINE").then_some(())
    })
    .await;

    camera.stand_still(true);
    eventually_within(Duration::from_secs(120), "it stands still", async || {
        let answer = stack.get("/api/v1/folders/folder1/camera").await;
        match answer["source"]["state"] == "SOURCE_STATE_FROZEN" {
            true => Ok(()),
            false => Err(answer),
        }
    })
    .await;
    let alert = stack.camera_firing("folder1").await;
    assert_eq!(alert.findings[0].kind(), Kind::Frozen, "{alert:?}");
    camera.stand_still(false);
    stack.camera_quiet("folder1").await;
    let all = format!("{:?}", stack.get("/api/v1/folders/folder1/camera").await);
    assert!(!all.contains("w0rd"), "{all}");
}
