//! Whatever a camera, a file or a person is called is text on every page, and never a part of it.

use std::fs;

use event_bus::{Folder, FrameHeaders};
use serde_json::json;
use tempfile::TempDir;
use tests::{Stack, View, picture};
use thirtyfour::By;

use crate::{browser::Browser, start};

const HOSTILE: &str =
    r#"<img src=x onerror="window.isTaken=1">'"><script>window.isTaken=1</script>"#;

async fn is_not_taken(browser: &Browser) {
    assert_eq!(browser.value("window.isTaken === undefined").await, true);
    assert_eq!(
        browser
            .value("document.querySelector('[onerror]') === null")
            .await,
        true
    );
}

/// A frame of a camera with that name, which makes an alert.
async fn publish_as_hostile(stack: &Stack, folder: &str) {
    let folder: Folder = folder.parse().unwrap();
    let headers = FrameHeaders {
        camera: HOSTILE.to_owned(),
        captured_at: std::time::SystemTime::now().into(),
    };
    let frame = picture(View::Wall, 0).into();
    let bus = stack.bus().await;
    let published = bus.publish_frame(&folder, &headers, Some("image/jpeg"), frame);
    published.await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn names_and_notes_are_text() {
    let Some((stack, browser)) = start().await else {
        return;
    };
    stack.watch("folder1").await;
    browser.visit("/").await;
    publish_as_hostile(&stack, "folder1").await;
    let alert = stack.firing("folder1").await.id;
    // As it was told, and as it is drawn.
    browser
        .reads("[data-folder=folder1] .explanation", HOSTILE)
        .await;
    is_not_taken(&browser).await;
    browser.visit("/").await;
    browser
        .reads("[data-folder=folder1] .explanation", HOSTILE)
        .await;
    is_not_taken(&browser).await;
    browser.visit("/folder/1").await;
    browser.reads("[data-part=camera]", HOSTILE).await;
    is_not_taken(&browser).await;

    let said = json!({"title": HOSTILE, "site": HOSTILE, "area": "\"'>", "tags": ["<b>", "'\""]});
    stack.describe_folder("folder1", &said.to_string()).await;
    for path in ["/", "/folder/1"] {
        // As it was told, and as it is drawn.
        browser.reads("[data-part=called]", HOSTILE).await;
        is_not_taken(&browser).await;
        browser.visit(path).await;
        browser
            .reads("[data-folder=folder1] [data-part=called]", HOSTILE)
            .await;
        is_not_taken(&browser).await;
    }
    browser.reads(".place", HOSTILE).await;

    browser.visit(&format!("/alerts/{alert}")).await;
    browser.click(".acknowledge summary").await;
    let name: String = HOSTILE.chars().take(80).collect();
    browser.fill("[name=name]", &name).await;
    browser.fill("[name=note]", HOSTILE).await;
    browser.click(".acknowledge form [type=submit]").await;
    browser.reads(".note", HOSTILE).await;
    is_not_taken(&browser).await;
    for path in ["/alerts", "/"] {
        browser.visit(path).await;
        browser
            .reads("main", &format!("Acknowledged by {name}"))
            .await;
        is_not_taken(&browser).await;
    }
    // The name is remembered for the next form.
    browser.visit("/alerts").await;
    let field = "document.querySelector('[name=name]').value";
    assert_eq!(browser.value(field).await, json!(name));
    is_not_taken(&browser).await;
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn names_of_files_are_text() {
    let Some((_stack, browser)) = start().await else {
        return;
    };
    let folder = TempDir::new().unwrap();
    let name = "<img src=x onerror=isTaken=1>.jpg";
    let file = folder.path().join(name);
    fs::write(&file, picture(View::Dock, 0)).unwrap();
    browser.visit("/folder/1").await;
    let field = browser.session.find(By::Id("file")).await.unwrap();
    field.send_keys(file.to_str().unwrap()).await.unwrap();
    browser
        .reads(".results li", &format!("{name} Stored"))
        .await;
    browser
        .reads("[data-pictures] li .name", "onerror_isTaken")
        .await;
    is_not_taken(&browser).await;

    let path = "/folder/%3Cscript%3EisTaken=1%3C%2Fscript%3E";
    browser.visit(path).await;
    browser.reads("main", "<script>").await;
    is_not_taken(&browser).await;
    browser.close_despite(&["status of 40"]).await;
}
