//! From upload and frame to comparison, alert and its end.

use proto::v1::Phase;
use test_support::eventually;
use tests::{Stack, View, picture};

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_and_a_frame_give_a_comparison_an_alert_and_its_resolution() {
    let stack = Stack::start().await;
    let upload = stack.watch("folder1").await;
    stack.publish("folder1", picture(View::Dock, 1)).await;
    stack
        .similarity_where("folder1", |similarity| similarity >= 0.9)
        .await;
    stack.quiet("folder1").await;

    stack.publish("folder1", picture(View::Wall, 0)).await;
    let alert = stack.firing("folder1").await;
    assert!(
        alert.similarity.unwrap() < 0.9 && alert.message.contains("dock.jpg"),
        "{alert:?}"
    );
    assert_eq!(alert.reference.unwrap().id, upload.id);
    let folder = stack.get("/api/v1/folders/folder1").await;
    assert_eq!(folder["state"], "alert", "{folder}");

    stack.publish("folder1", picture(View::Wall, 5)).await;
    stack.publish("folder1", picture(View::Dock, 2)).await;
    stack.quiet("folder1").await;
    eventually("the page says so too", async || {
        (stack.get("/api/v1/folders/folder1").await["state"] == "ok").then_some(())
    })
    .await;
    assert_eq!(
        stack.phases().await,
        [Phase::Firing, Phase::Resolved],
        "one episode, whatever its length"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bare_nats_client_is_a_camera() {
    let stack = Stack::watching("folder2").await;
    let client = async_nats::connect(stack.nats.url()).await.unwrap();
    client
        .publish("frames.folder2", picture(View::Wall, 0).into())
        .await
        .unwrap();
    client.flush().await.unwrap();
    let alert = stack.firing("folder2").await;
    let frame = alert.frame.unwrap();
    assert_eq!(
        frame.captured_at, frame.stored_at,
        "without Captured-At it is the time of arrival"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_reference_judges_the_latest_frame_again_at_once() {
    let stack = Stack::watching("folder1").await;
    stack.publish("folder1", picture(View::Wall, 0)).await;
    stack.firing("folder1").await;

    stack
        .upload("folder1", "wall.jpg", picture(View::Wall, 3))
        .await;
    stack.quiet("folder1").await;
    stack
        .similarity_where("folder1", |similarity| similarity >= 0.9)
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn deleting_the_reference_brings_the_one_before_it_back_or_ends_the_alert() {
    let stack = Stack::start().await;
    let dock = stack.watch("folder1").await;
    let wall = stack
        .upload("folder1", "wall.jpg", picture(View::Wall, 0))
        .await;
    stack.publish("folder1", picture(View::Wall, 1)).await;
    stack
        .similarity_where("folder1", |similarity| similarity >= 0.9)
        .await;

    stack.remove("folder1", &wall.id).await;
    let alert = stack.firing("folder1").await;
    assert_eq!(alert.reference.unwrap().id, dock.id);

    stack.remove("folder1", &dock.id).await;
    stack.quiet("folder1").await;
    let folder = stack.get("/api/v1/folders/folder1").await;
    assert_eq!(folder["state"], "no-reference", "{folder}");
    assert_eq!(stack.phases().await, [Phase::Firing, Phase::Resolved]);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_reference_or_without_frames_there_is_no_verdict_and_one_can_see_why() {
    let stack = Stack::start().await;
    stack.publish("folder1", picture(View::Dock, 0)).await;
    stack.watch("folder2").await;
    eventually("the frame is seen", async || {
        (!stack.get("/api/v1/folders/folder1").await["frame"].is_null()).then_some(())
    })
    .await;
    assert_eq!(
        stack.get("/api/v1/folders/folder1").await["state"],
        "no-reference"
    );
    assert_eq!(
        stack.get("/api/v1/folders/folder2").await["state"],
        "no-frames"
    );

    // Something later in the same streams has come through, so nothing of the two is still on its way.
    stack.publish("folder2", picture(View::Wall, 0)).await;
    stack.firing("folder2").await;
    assert!(stack.get("/api/v1/folders/folder1").await["similarity"].is_null());
    assert_eq!(stack.phases().await, [Phase::Firing]);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_blank_pictures_are_no_match() {
    let stack = Stack::start().await;
    stack
        .upload("folder1", "blank.jpg", picture(View::Blank, 0))
        .await;
    stack.publish("folder1", picture(View::Blank, 0)).await;
    eventually("the verdict", async || {
        let folder = stack.get("/api/v1/folders/folder1").await;
        let why = folder["explanation"].as_str()?.contains("is blank: upload");
        (folder["state"] == "indeterminate" && why).then_some(())
    })
    .await;
    assert!(stack.phases().await.is_empty());
}
