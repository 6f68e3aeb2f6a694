//! The page of a folder.

use std::fs;

use tempfile::TempDir;
use tests::{View, picture};
use thirtyfour::By;

use crate::start;

#[tokio::test(flavor = "multi_thread")]
async fn chosen_files_are_stored_or_refused_each_with_its_reason() {
    let Some((stack, browser)) = start().await else {
        return;
    };
    let files = TempDir::new().unwrap();
    let (good, bad) = (
        files.path().join("dock.jpg"),
        files.path().join("notes.txt"),
    );
    fs::write(&good, picture(View::Dock, 0)).unwrap();
    fs::write(&bad, "no picture").unwrap();

    browser.visit("/folder/1").await;
    let field = browser.session.find(By::Id("file")).await.unwrap();
    field
        .send_keys(format!("{}\n{}", good.display(), bad.display()))
        .await
        .unwrap();
    browser
        .reads(".results li:nth-child(1)", "dock.jpg Stored")
        .await;
    browser
        .reads(".results li.refused:nth-child(2)", "notes.txt")
        .await;
    browser
        .reads("[data-pictures] li .name", "dock.jpg Reference")
        .await;
    browser.close_despite(&["status of 415"]).await;
    stack.get("/api/v1/folders/folder1/latest").await;
}
