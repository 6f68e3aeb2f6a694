//! Connecting a camera from the page of its folder.

use tempfile::TempDir;
use tests::{SnapshotCamera, Stack};

use crate::{
    accessibility::{axe, check},
    browser::Browser,
    driver::Driver,
};

/// Everything, with the camera service.
async fn start(files: &TempDir) -> Option<(Stack, Browser)> {
    let driver = Driver::shared_or_skip()?;
    let mut stack = Stack::start().await;
    stack.start_cameras(files.path()).await;
    let browser = Browser::open(driver, stack.url("")).await;
    Some((stack, browser))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_camera_is_tried_connected_and_removed() {
    let (camera, files) = (SnapshotCamera::start(), TempDir::new().unwrap());
    let Some((stack, browser)) = start(&files).await else {
        return;
    };
    browser.visit("/folder/1").await;
    browser.reads("#camera", "Connect a camera").await;
    browser.fill("#camera-source", &camera.url()).await;
    browser.fill("#camera-username", "fw").await;
    browser.fill("#camera-password", "p@ss/w0rd").await;
    browser.fill("#camera-every", "0.5").await;
    browser.click("[data-camera-test]").await;
    browser
        .reads("[data-camera-result] [data-words]", "Pictures come")
        .await;
    browser
        .reads("[data-camera-result] [data-steps]", "OK: takes connections")
        .await;
    browser
        .until("document.querySelector('[data-camera-result] img').naturalWidth > 0")
        .await;
    browser.click("[data-camera-result] [data-store]").await;
    browser
        .reads(
            "[data-camera-result] [data-words]",
            "It is the reference now",
        )
        .await;

    browser.click("form[data-camera] [type=submit]").await;
    browser.reads("#camera", "Camera").await;
    browser.reads(".large .state", "OK").await;
    let page = browser.value("document.documentElement.outerHTML").await;
    assert!(!page.as_str().unwrap().contains("w0rd"));
    browser
        .reads("#about-camera-password", "One is stored")
        .await;

    browser.value("window.confirm = () => true").await;
    browser.click("form[action$='/camera/remove'] button").await;
    browser.reads("#camera", "Connect a camera").await;
    browser.close().await;
    drop(stack);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_test_that_fails_says_at_which_step_and_why() {
    let files = TempDir::new().unwrap();
    let Some((_stack, browser)) = start(&files).await else {
        return;
    };
    browser.visit("/folder/1").await;
    browser
        .fill("#camera-source", "http://127.0.0.1:1/snap.jpg")
        .await;
    browser.click("[data-camera-test]").await;
    browser
        .reads("[data-camera-result] [data-words]", "The test failed")
        .await;
    browser
        .reads("[data-camera-result] .refused", "takes no connection")
        .await;

    browser
        .fill("#camera-source", "http://fw:s3cret@127.0.0.1:1/")
        .await;
    browser.click("[data-camera-test]").await;
    browser
        .reads(
            "[data-camera-result] [data-words]",
            "leave out what stands before the @",
        )
        .await;
    browser.close_despite(&["status of 422"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_form_is_accessible() {
    let Some(axe) = axe() else {
        return tests::skip("axe-core is not in .tools");
    };
    let files = TempDir::new().unwrap();
    let Some((_stack, browser)) = start(&files).await else {
        return;
    };
    check(&browser, &axe, "/folder/1").await;
    browser.close().await;
}
