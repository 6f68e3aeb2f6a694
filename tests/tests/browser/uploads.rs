//! References from the page of a folder: chosen, dropped, pasted, or the latest frame; and their end.

use std::{fs, path::PathBuf};

use serde_json::json;
use tempfile::TempDir;
use tests::{View, picture};
use thirtyfour::{By, Key};

use crate::start;

/// A picture and something else, as files.
fn files(folder: &TempDir) -> (PathBuf, PathBuf) {
    let good = folder.path().join("dock.jpg");
    let bad = folder.path().join("notes.txt");
    fs::write(&good, picture(View::Dock, 0)).unwrap();
    fs::write(&bad, "no picture").unwrap();
    (good, bad)
}

#[tokio::test(flavor = "multi_thread")]
async fn chosen_files_are_stored_or_refused_each_with_its_reason() {
    let Some((_stack, browser)) = start().await else {
        return;
    };
    let folder = TempDir::new().unwrap();
    let (good, bad) = files(&folder);
    browser.visit("/folder/1").await;
    let field = browser.session.find(By::Id("file")).await.unwrap();
    let both = format!("{}\n{}", good.display(), bad.display());
    field.send_keys(both).await.unwrap();
    let (first, second) = (
        ".results li:nth-child(1)",
        ".results li.refused:nth-child(2)",
    );
    browser.reads(first, "dock.jpg Stored").await;
    browser.reads(second, "notes.txt").await;
    browser.reads(second, "JPEG, PNG").await;
    browser
        .reads("[data-pictures] li .name", "dock.jpg Reference")
        .await;
    browser.reads("#pictures", "(1)").await;
    browser.reads("[data-part=reference-moment]", ":").await;
    browser.close_despite(&["status of 415"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn files_can_be_dropped_anywhere_on_the_page() {
    let Some((_stack, browser)) = start().await else {
        return;
    };
    let folder = TempDir::new().unwrap();
    let (good, bad) = files(&folder);
    browser.visit("/folder/1").await;
    let drag = async |kind: &str| {
        let data = json!({"items": [], "files": [good, bad], "dragOperationsMask": 1});
        let event = json!({"type": kind, "x": 300, "y": 100, "data": data});
        browser.devtools("Input.dispatchDragEvent", event).await;
    };
    drag("dragEnter").await;
    drag("dragOver").await;
    browser.shows("[data-zone].over").await;
    drag("drop").await;
    browser
        .reads(".results li:nth-child(1)", "dock.jpg Stored")
        .await;
    browser
        .reads(".results li.refused:nth-child(2)", "notes.txt")
        .await;
    browser.gone("[data-zone].over").await;
    browser
        .reads("[data-pictures] li .name", "dock.jpg Reference")
        .await;
    browser.close_despite(&["status of 415"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_picture_can_be_pasted() {
    let Some((stack, browser)) = start().await else {
        return;
    };
    let permissions = json!({"origin": stack.url(""), "permissions": ["clipboardReadWrite", "clipboardSanitizedWrite"]});
    browser
        .devtools("Browser.grantPermissions", permissions)
        .await;
    browser.visit("/folder/1").await;
    let copy = "const done = arguments[0];
        const canvas = new OffscreenCanvas(160, 120);
        const context = canvas.getContext('2d');
        context.fillRect(20, 20, 60, 60);
        canvas.convertToBlob({ type: 'image/png' })
          .then((picture) => navigator.clipboard.write([new ClipboardItem({ 'image/png': picture })]))
          .then(() => done('copied'), (error) => done(`${error}`));";
    let copied = browser.session.execute_async(copy, vec![]).await.unwrap();
    assert_eq!(copied.json(), "copied");
    let body = browser.session.find(By::Tag("body")).await.unwrap();
    body.send_keys(Key::Control + "v").await.unwrap();
    browser.reads(".results li", "image.png Stored").await;
    browser
        .reads("[data-pictures] li .name", "image.png Reference")
        .await;
    let latest = stack.get("/api/v1/folders/folder1/latest").await;
    assert_eq!(latest["contentType"], "image/png");
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_latest_frame_becomes_the_reference_once_that_is_confirmed() {
    let Some((stack, browser)) = start().await else {
        return;
    };
    stack.watch("folder1").await;
    stack.publish("folder1", picture(View::Wall, 0)).await;
    browser.visit("/folder/1").await;
    browser.reads(".large .state", "Alert").await;

    browser.click("[data-offer] [data-open]").await;
    browser.shows("dialog img").await;
    browser
        .until("document.querySelector('dialog img').naturalWidth === 320")
        .await;
    browser.click("dialog .plain").await;
    browser.gone("dialog").await;
    browser.reads("#pictures", "(1)").await;

    browser.click("[data-offer] [data-open]").await;
    browser
        .until("!document.querySelector('dialog [data-store]').disabled")
        .await;
    browser.click("dialog [data-store]").await;
    browser.reads("#pictures", "(2)").await;
    browser.reads("[data-pictures] li .name", "frame-").await;
    browser.reads(".large .state", "OK").await;
    stack.quiet("folder1").await;
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_picture_is_deleted_once_that_is_confirmed() {
    let Some((stack, browser)) = start().await else {
        return;
    };
    stack.watch("folder1").await;
    browser.visit("/folder/1").await;
    browser.click("[aria-label='Delete dock.jpg']").await;
    let question = browser.session.get_alert_text().await.unwrap();
    assert!(question.starts_with("Delete dock.jpg?"), "{question}");
    assert!(
        question.contains("the last picture of folder1"),
        "{question}"
    );
    browser.session.dismiss_alert().await.unwrap();
    browser.reads("#pictures", "(1)").await;

    browser.click("[aria-label='Delete dock.jpg']").await;
    browser.session.accept_alert().await.unwrap();
    browser.reads("#pictures", "(0)").await;
    browser.reads("[data-pictures]", "None yet").await;
    browser.reads(".large .state", "No reference").await;
    browser.close().await;
}
