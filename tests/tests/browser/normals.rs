//! Normal pictures on the pages: taken with one button, kept current, and removed.

use serde_json::json;
use tests::{View, picture};

use crate::start;

#[tokio::test(flavor = "multi_thread")]
async fn a_frame_is_made_normal_with_one_button_and_the_page_follows_what_others_do() {
    let Some((stack, browser)) = start().await else {
        return;
    };
    browser.visit("/folder/1").await;
    browser.gone("[data-normal-too]:not([hidden])").await;
    stack
        .upload("folder1", "day.jpg", picture(View::Dock, 0))
        .await;
    stack.publish("folder1", picture(View::Wall, 0)).await;
    let alert = stack.firing("folder1").await;
    browser.shows("[data-normal-too]").await;
    browser.click("[data-normal-too] button").await;
    browser.reads("#normals", "(1 of 16)").await;
    browser.reads("[data-normal] .name", "frame-").await;

    stack.add_normal("folder1", picture(View::Yard, 1)).await;
    browser.reads("#normals", "(2 of 16)").await;

    browser.visit(&format!("/alerts/{}", alert.id)).await;
    browser.click("form[action$='/normal'] button").await;
    browser.reads("#normals", "(3 of 16)").await;
    // Whoever means it says so.
    browser.script("window.confirm = () => true;", vec![]).await;
    browser.click("[data-normal] button").await;
    browser.reads("#normals", "(2 of 16)").await;

    browser.shows(".zone [data-keep-normals]").await;
    let upload = "const [address, keep] = arguments; document.querySelector('.zone [data-keep]').checked = keep;
        const data = new DataTransfer(); data.items.add(new File([new Uint8Array(address)], 'new.jpg'));
        document.dispatchEvent(new DragEvent('drop', { dataTransfer: data, bubbles: true }));";
    for (keep, then) in [(true, "(2 of 16)"), (false, "(0 of 16)")] {
        let bytes = picture(View::Dock, 5);
        browser
            .script(upload, vec![json!(bytes), json!(keep)])
            .await;
        browser.reads("[data-results]", "Stored").await;
        browser.reads("#normals", then).await;
    }
    browser
        .gone(".zone [data-keep-normals]:not([hidden])")
        .await;
    browser.close().await;
}
