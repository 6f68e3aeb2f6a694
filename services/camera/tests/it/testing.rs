//! Trying a camera for whoever asks.

use std::time::Duration;

use event_bus::{AskError, CameraTestRequest};
use proto::v1::CameraTest;

use crate::{
    by_api::{asked, settings},
    http_camera::{HttpCamera, jpeg, picture, respond},
    site::Site,
};

async fn test(site: &Site, url: &str) -> Result<CameraTest, AskError> {
    let request = CameraTestRequest {
        folder: "gate".parse().unwrap(),
        settings: settings(site, "gate", asked(url)),
    };
    site.bus
        .test_camera(&request, Duration::from_secs(45))
        .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_test_says_the_steps_and_has_the_first_picture() {
    let camera = HttpCamera::start(|_, stream| picture(stream, &jpeg(64)));
    let site = Site::start("").await;
    let test = test_when_there(&site, &camera.url()).await;
    assert_eq!(test.failure, "");
    assert_eq!(test.steps.len(), 5, "{:?}", test.steps);
    assert_eq!(test.picture, jpeg(64));
    assert_eq!((test.width, test.height), (64, 48));
    assert_eq!(test.content_type, "image/jpeg");
    assert_eq!(site.last_frame("gate").await, 0, "it is no frame");
    site.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_test_says_what_does_not_work() {
    let camera = HttpCamera::start(|_, stream| respond(stream, "404 Not Found", "", b""));
    let site = Site::start("").await;
    let test = test_when_there(&site, &camera.url()).await;
    assert_eq!(test.steps.len(), 2, "{:?}", test.steps);
    assert!(test.failure.contains("404"), "{test:?}");
    assert!(test.picture.is_empty());
    site.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn not_more_are_tried_than_twenty_in_a_minute() {
    let camera = HttpCamera::start(|_, stream| picture(stream, &jpeg(64)));
    let site = Site::start("").await;
    test_when_there(&site, &camera.url()).await;
    for _ in 1..20 {
        assert!(!test(&site, &camera.url()).await.unwrap().is_busy);
    }
    let before = camera.requests().len();
    assert!(test(&site, &camera.url()).await.unwrap().is_busy);
    assert_eq!(camera.requests().len(), before, "nobody was asked");
    site.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn where_nobody_tries_cameras_that_is_said_at_once() {
    let site = Site::new("").await;
    let error = test(&site, "http://127.0.0.1:1/").await.unwrap_err();
    assert!(matches!(error, AskError::Nobody), "{error}");
}

/// The service has just begun.
async fn test_when_there(site: &Site, url: &str) -> CameraTest {
    test_support::eventually("it is tried", async || match test(site, url).await {
        Err(AskError::Nobody) => None,
        answered => Some(answered.unwrap()),
    })
    .await
}
