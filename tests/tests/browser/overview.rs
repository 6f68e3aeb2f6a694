//! The page of all folders.

use tests::{View, picture};

use crate::start;

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_that_goes_wrong_is_shown_without_a_reload() {
    let Some((stack, browser)) = start().await else {
        return;
    };
    stack
        .upload("folder1", "dock.jpg", picture(View::Dock, 0))
        .await;
    stack.publish("folder1", picture(View::Dock, 1)).await;
    browser.visit("/").await;
    browser.script("window.isTheSamePage = true;", vec![]).await;
    browser.reads("[data-folder=folder1] .state", "OK").await;

    stack.publish("folder1", picture(View::Wall, 0)).await;
    browser.reads("[data-folder=folder1] .state", "Alert").await;
    browser
        .reads(
            "[data-folder=folder1] .explanation",
            "no longer looks like its reference dock.jpg",
        )
        .await;
    browser
        .reads("[data-tally] [data-state=alert]", "1 Alert")
        .await;
    browser.until("document.title.startsWith('(1)')").await;

    stack.publish("folder1", picture(View::Dock, 2)).await;
    browser.reads("[data-folder=folder1] .state", "OK").await;
    browser.until("window.isTheSamePage").await;
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_connection_is_said_and_what_was_missed_is_shown() {
    let Some((mut stack, browser)) = start().await else {
        return;
    };
    stack
        .upload("folder1", "dock.jpg", picture(View::Dock, 0))
        .await;
    stack.publish("folder1", picture(View::Dock, 1)).await;
    browser.visit("/").await;
    browser.script("window.isTheSamePage = true;", vec![]).await;
    browser.reads("[data-folder=folder1] .state", "OK").await;
    browser.gone("[data-lost]").await;

    stack.stop_upload().await;
    browser.reads("[data-lost]", "lost its connection").await;
    stack.publish("folder1", picture(View::Wall, 0)).await;
    stack.firing("folder1").await;
    stack.start_upload().await;
    browser.gone("[data-lost]").await;
    browser.reads("[data-folder=folder1] .state", "Alert").await;
    browser.until("window.isTheSamePage").await;
    browser.close_despite(&["/api/v1/events/folders"]).await;
}
#[tokio::test(flavor = "multi_thread")]
async fn folders_are_found_filtered_and_sorted_and_the_address_remembers_it() {
    let Some((stack, browser)) = start().await else {
        return;
    };
    stack.make_folder("gate").await;
    stack
        .upload("gate", "dock.jpg", picture(View::Dock, 0))
        .await;
    stack.publish("gate", picture(View::Dock, 1)).await;
    stack.similarity_where("gate", |_| true).await;
    browser.visit("/").await;
    browser.reads("[data-count]", "7 folders").await;
    let first = "document.querySelector('[data-folder]').dataset.folder";

    browser.fill("#q", "GA").await;
    browser.reads("[data-count]", "1 of 7 folders").await;
    browser.gone("[data-folder=folder1]").await;
    browser.shows("[data-folder=gate]").await;
    browser.until("location.search === '?q=GA'").await;
    browser.visit("/?q=GA").await;
    browser.gone("[data-folder=folder1]").await;
    browser.fill("#q", "").await;
    browser.until("location.search === ''").await;

    browser
        .click("[data-tally] [data-state=no-reference] a")
        .await;
    browser.reads("[data-count]", "6 of 7 folders").await;
    browser.gone("[data-folder=gate]").await;
    browser
        .until("document.querySelector('#state').value === 'no-reference'")
        .await;
    browser
        .click("[data-tally] [data-state=no-reference] a")
        .await;
    browser.reads("[data-count]", "7 folders").await;

    browser.until(&format!("{first} === 'folder1'")).await;
    browser.choose("#sort", "similarity").await;
    browser.until(&format!("{first} === 'gate'")).await;
    browser.choose("#sort", "name").await;
    browser.until(&format!("{first} === 'folder1'")).await;
    browser.close().await;
}
