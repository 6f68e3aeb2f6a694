//! What is wrong with a view, as it is told of an alert.

use image::{RgbImage, imageops};
use proto::v1::Kind;
use tests::watched_by_view;

/// What the camera sees once it is turned to the left by a third of the width: `more` is what comes in there.
fn turned_left(view: &[u8], more: &[u8]) -> Vec<u8> {
    let open = |bytes: &[u8]| image::load_from_memory(bytes).unwrap().into_rgb8();
    let (view, more) = (open(view), open(more));
    let (width, height) = view.dimensions();
    let mut frame: RgbImage =
        imageops::resize(&more, width, height, imageops::FilterType::Triangle);
    imageops::replace(&mut frame, &view, i64::from(width / 3), 0);
    let mut bytes = Vec::new();
    let to = &mut std::io::Cursor::new(&mut bytes);
    frame.write_to(to, image::ImageFormat::Png).unwrap();
    bytes
}

#[tokio::test(flavor = "multi_thread")]
async fn an_alert_of_a_turned_camera_says_how_far_and_which_way() {
    let Some((stack, dock, shelf)) = watched_by_view().await else {
        return;
    };
    stack.publish("folder1", turned_left(&dock, &shelf)).await;
    let alert = stack.firing("folder1").await;
    assert_eq!(alert.findings[0].kind(), Kind::Moved, "{alert:?}");
    let shift = alert.findings[0].shift.unwrap();
    assert!(
        (shift.dx - 0.333).abs() < 0.01 && shift.dy.abs() < 0.01,
        "{shift:?}"
    );
    assert!(
        alert.message.contains("was turned about 33 % to the left"),
        "{}",
        alert.message
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_alert_of_another_view_says_no_more_than_is_known() {
    let Some((stack, _, shelf)) = watched_by_view().await else {
        return;
    };
    stack.publish("folder1", shelf).await;
    let alert = stack.firing("folder1").await;
    assert_eq!(alert.findings[0].kind(), Kind::Different, "{alert:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_alert_of_two_cameras_that_were_swapped_says_whose_view_it_is() {
    let Some((stack, _, shelf)) = watched_by_view().await else {
        return;
    };
    stack.set_rule("folder2", r#"{"measure": "view"}"#).await;
    stack.upload("folder2", "shelf.jpg", shelf.clone()).await;
    stack.publish("folder2", shelf.clone()).await;
    stack
        .similarity_where("folder2", |similarity| similarity > 0.99)
        .await;
    stack.publish("folder1", shelf).await;
    let alert = stack.firing("folder1").await;
    let finding = &alert.findings[0];
    assert_eq!(
        (finding.kind(), finding.folder.as_str()),
        (Kind::Swapped, "folder2"),
        "{alert:?}"
    );
    assert!(
        alert.message.contains("shows the view of folder2"),
        "{}",
        alert.message
    );
}
