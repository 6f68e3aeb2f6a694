//! The measure `parts`, where the network's weights are installed.

use proto::v1::Kind;
use tests::{Part, part, watched_by_parts};

#[tokio::test(flavor = "multi_thread")]
async fn a_part_with_a_hole_too_many_fires_and_one_that_lies_elsewhere_does_not() {
    let Some(stack) = watched_by_parts().await else {
        return;
    };
    let lying = Part {
        shift: (-1, 2),
        brighter: 6,
        is_faulty: false,
    };
    stack.publish("folder1", part(lying)).await;
    stack.similarity_where("folder1", |it| it >= 0.9).await;
    let faulty = Part {
        is_faulty: true,
        ..lying
    };
    stack.publish("folder1", part(faulty)).await;
    let alert = stack.firing("folder1").await;
    let finding = &alert.findings[0];
    assert_eq!(finding.kind(), Kind::Changed, "{finding:?}");
    let corners = &finding.regions[0].polygon;
    // The hole's middle is at 0.67 of the width and half of the height.
    assert!(corners[0].x < 0.68 && corners[2].x > 0.66, "{corners:?}");
    assert!(corners[0].y < 0.51 && corners[2].y > 0.49, "{corners:?}");
    assert!(alert.message.contains("has changed"), "{}", alert.message);

    let map = stack.url(&format!("/api/v1/alerts/{}/heat-map", alert.id));
    let answer = reqwest::get(map).await.unwrap();
    assert_eq!(answer.headers()["Content-Type"], "image/png");
    stack.publish("folder1", part(lying)).await;
    stack.quiet("folder1").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_of_parts_takes_more_than_sixteen_normal_pictures_and_no_other_does() {
    let Some(stack) = watched_by_parts().await else {
        return;
    };
    for brighter in 0..12 {
        let sound = Part {
            brighter,
            ..Part::default()
        };
        stack.add_normal("folder1", part(sound)).await;
    }
    let normals = stack.get("/api/v1/folders/folder1/normals").await;
    assert_eq!(normals["normals"].as_array().unwrap().len(), 17);
    stack.publish("folder1", part(Part::default())).await;
    stack.similarity_where("folder1", |it| it >= 0.9).await;

    stack.set_rule("folder1", r#"{"measure": "view"}"#).await;
    let refused = reqwest::Client::new()
        .post(stack.url("/api/v1/folders/folder1/normals"))
        .header("Content-Type", "image/jpeg")
        .body(part(Part::default()))
        .send()
        .await
        .unwrap();
    assert_eq!(refused.status(), 409);
    let problem: serde_json::Value = refused.json().await.unwrap();
    let detail = problem["detail"].as_str().unwrap();
    assert!(detail.contains("at most 16 count"), "{problem}");
}
