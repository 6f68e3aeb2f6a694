//! Normal pictures on the pages: taken with one button, kept current, and removed.

use event_bus::ProposalKey;
use proto::{
    timestamp,
    v1::{Frame, Picture, Proposal},
};
use serde_json::json;
use tests::{Stack, View, picture};
use time::OffsetDateTime;

use crate::start;

/// Proposes a frame as a comparator does.
async fn propose(stack: &Stack, reference: &str, id: &str, bytes: &[u8]) {
    let proposal = Proposal {
        folder: "folder1".to_owned(),
        id: id.to_owned(),
        frame: Some(Frame {
            stored_at: Some(timestamp(OffsetDateTime::now_utc())),
            ..Frame::default()
        }),
        reference_id: reference.to_owned(),
        closest: Some(Picture {
            id: reference.to_owned(),
            ..Picture::default()
        }),
        similarity: 0.97,
        ..Proposal::default()
    };
    let bus = stack.bus().await;
    let key = ProposalKey::proposed(&"folder1".parse().unwrap(), id);
    bus.proposals().put(&key, &proposal, bytes).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn all_that_is_proposed_is_looked_at_and_accepted_with_one_click() {
    let Some((stack, browser)) = start().await else {
        return;
    };
    let day = stack.upload("folder1", "day.jpg", picture(View::Dock, 0));
    let reference = day.await.id;
    browser.visit("/folder/1").await;
    browser.reads("#normals", "(0 of 16)").await;
    browser.gone("#proposals").await;
    for (id, seed) in [("03", 1), ("11", 2), ("19", 3)] {
        propose(&stack, &reference, id, &picture(View::Dock, seed)).await;
    }
    browser.reads("#proposals", "Proposed (3)").await;
    browser
        .script(
            "document.querySelector('#proposals').scrollIntoView();",
            vec![],
        )
        .await;
    browser
        .until("[...document.querySelectorAll('[data-proposal] img')].every((it) => it.naturalWidth > 0)")
        .await;

    browser
        .click("form[action$='/proposals/accept'] button")
        .await;
    browser.reads("#normals", "(3 of 16)").await;
    browser.reads("[data-saved]", "Saved").await;
    browser.gone("#proposals").await;
    browser.shows("[data-normal]").await;
    let normals = stack.get("/api/v1/folders/folder1/normals").await;
    assert_eq!(normals["normals"].as_array().unwrap().len(), 3, "{normals}");
    browser.close().await;
}

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
