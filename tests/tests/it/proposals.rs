//! Frames that are proposed as normal pictures, through all services, where the network's weights are installed. The day is
//! six minutes long: an hour is fifteen seconds.

use std::{io::Cursor, time::Duration};

use event_bus::{Folder, FrameHeaders};
use image::ImageFormat;
use looks::ModelConfig;
use serde_json::Value;
use test_support::{eventually, eventually_within};
use tests::{Stack, skip};
use tokio::time::interval;

const DAY_S: u32 = 360;

/// A loading dock at noon, and in the evening.
fn noon_and_evening() -> (Vec<u8>, Vec<u8>) {
    let noon = cctv_sim::reference(&cctv_sim::demo_cameras()[0]).unwrap();
    let mut evening = image::load_from_memory(&noon).unwrap().to_rgb8();
    for pixel in evening.pixels_mut() {
        pixel.0 = pixel.0.map(|level| (f32::from(level) * 0.7) as u8);
    }
    let mut bytes = Cursor::new(Vec::new());
    evening.write_to(&mut bytes, ImageFormat::Jpeg).unwrap();
    (noon.to_vec(), bytes.into_inner())
}

async fn watch(stack: &Stack, frame: Vec<u8>) {
    let (bus, folder) = (stack.bus().await, "folder1".parse::<Folder>().unwrap());
    let mut ticks = interval(Duration::from_millis(400));
    loop {
        ticks.tick().await;
        let headers = FrameHeaders {
            camera: "cam-1".to_owned(),
            captured_at: std::time::SystemTime::now().into(),
        };
        let picture = frame.clone().into();
        let sent = bus.publish_frame(&folder, &headers, None, picture);
        sent.await.unwrap();
    }
}

async fn proposals(stack: &Stack) -> Vec<Value> {
    let list = stack.get("/api/v1/folders/folder1/proposals").await;
    list["proposals"].as_array().unwrap().clone()
}

async fn one_is_accepted(stack: &Stack) {
    let within = Duration::from_secs(120);
    let proposed = eventually_within(within, "a frame is proposed", async || {
        let proposed = proposals(stack).await;
        (!proposed.is_empty()).then_some(proposed).ok_or("none is")
    })
    .await;
    assert_eq!(proposed.len(), 1, "{proposed:?}");
    let reference = stack.get("/api/v1/folders/folder1/latest").await["id"].clone();
    assert_eq!(proposed[0]["closest"]["id"], reference);

    let accept = stack.url("/api/v1/folders/folder1/proposals/accept");
    let accepted = reqwest::Client::new().post(accept).send().await.unwrap();
    assert_eq!(accepted.status(), 201);
    let accepted: Value = accepted.json().await.unwrap();
    let normal = accepted["images"][0]["id"].clone();
    eventually("the next verdicts are closest to it", async || {
        let told = stack.get("/api/v1/folders/folder1").await;
        (told["comparison"]["closest"]["id"] == normal).then_some(())
    })
    .await;
    assert!(proposals(stack).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_view_in_another_light_is_proposed_by_one_of_two_comparators_and_accepted() {
    if ModelConfig::default().file().is_none() {
        skip("the network's weights are not installed: scripts/get-tools.sh model gets them");
        return;
    }
    let mut stack = Stack::without_comparator().await;
    for _ in 0..2 {
        let config = comparator::Config {
            learning_day_s: DAY_S,
            ..comparator::Config::default()
        };
        stack.start_comparator_with(config).await;
    }
    let (noon, evening) = noon_and_evening();
    stack.set_rule("folder1", r#"{"measure": "view"}"#).await;
    stack.upload("folder1", "noon.jpg", noon).await;
    tokio::select! {
        () = watch(&stack, evening) => {}
        () = one_is_accepted(&stack) => {}
    }
}
