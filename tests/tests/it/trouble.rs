//! Frames, names and events that nobody should send.

use proto::v1::Phase;
use test_support::eventually;
use tests::{Stack, View, picture};

#[tokio::test(flavor = "multi_thread")]
async fn frames_that_cannot_be_read_stop_nothing() {
    let stack = Stack::watching("folder1").await;
    let good = picture(View::Wall, 0);
    let hostile: [&[u8]; 5] = [
        b"",
        b"GET / HTTP/1.1\r\n\r\n",
        &good[..good.len() / 2],
        b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00\xff\xff\xff\xff",
        b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
    ];
    for frame in hostile {
        stack.publish("folder1", frame.to_vec()).await;
    }
    stack.publish("folder1", good).await;
    stack.firing("folder1").await;
}

/// 1 KB that is 98 megapixels of black, and takes 300 MB to decode: of such pictures one fits in the memory at a time.
fn black_of_98_megapixels() -> Vec<u8> {
    const SIDE: u32 = 9900;
    const PALETTE: [u8; 1024] = [0; 1024];
    const ENDS: [u8; 4] = [0, 1, 0, 1];
    let start = 54 + PALETTE.len() as u32;
    let mut bytes = b"BM".to_vec();
    let numbers = [
        start + 4,
        0,
        start,
        40,
        SIDE,
        SIDE,
        1 | 8 << 16,
        1,
        4,
        0,
        0,
        256,
        0,
    ];
    bytes.extend(numbers.iter().flat_map(|number| number.to_le_bytes()));
    bytes.extend(PALETTE);
    bytes.extend(ENDS);
    bytes
}

#[tokio::test(flavor = "multi_thread")]
async fn frames_that_take_much_memory_are_judged_and_hold_up_no_other() {
    const FOLDERS: usize = 32;
    let stack = Stack::watching("folder1").await;
    let large: Vec<_> = (0..FOLDERS)
        .map(|number| format!("large{number}"))
        .collect();
    for folder in &large {
        stack.make_folder(folder).await;
        stack.watch(folder).await;
    }
    let client = async_nats::connect(stack.nats.url()).await.unwrap();
    let black = black_of_98_megapixels();
    let frames = large.iter().map(|folder| (folder.as_str(), black.clone()));
    for (folder, frame) in frames.chain([("folder1", picture(View::Wall, 0))]) {
        let subject = format!("frames.{folder}");
        client.publish(subject, frame.into()).await.unwrap();
    }
    stack.firing("folder1").await;
    let first = stack.get("/api/v1/alerts?phase=firing&limit=100").await;
    let alerts = first["alerts"].as_array().unwrap();
    let before = alerts.iter().filter(|it| it["folder"] != "folder1").count();
    assert!(before < FOLDERS / 4, "{before} of them were judged first");
    for folder in &large {
        stack.firing(folder).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn names_and_headers_that_a_camera_may_send_stop_nothing() {
    let stack = Stack::watching("folder1").await;
    let client = async_nats::connect(stack.nats.url()).await.unwrap();
    for (name, value) in [
        ("Captured-At", "yesterday"),
        ("Captured-At", "9999-99-99T99:99:99Z"),
        ("Camera", "\u{7f}\t\u{202e}"),
    ] {
        let mut headers = async_nats::HeaderMap::new();
        headers.insert(name, value);
        let frame = picture(View::Dock, 0).into();
        client
            .publish_with_headers("frames.folder1", headers, frame)
            .await
            .unwrap();
    }
    client.publish("frames.NOT A FOLDER", "x".into()).await.ok();
    client
        .publish("frames.Upper-Case", picture(View::Dock, 0).into())
        .await
        .unwrap();
    client
        .publish("frames.folder1", picture(View::Wall, 0).into())
        .await
        .unwrap();
    client.flush().await.unwrap();
    stack.firing("folder1").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_frame_on_a_subject_that_no_stream_takes_is_a_dead_letter() {
    let stack = Stack::start().await;
    let client = async_nats::connect(stack.nats.url()).await.unwrap();
    let bus = stack.bus().await;
    let letter = eventually("it is a dead letter", async || {
        let sent = client.publish("frames.gate.cam1", "a picture".into());
        sent.await.unwrap();
        bus.dead_letters().await.into_iter().next()
    })
    .await;
    assert_eq!(letter.event.subject, "frames.gate.cam1");
    assert!(
        letter.event.cause.contains("frames.<folder>"),
        "{}",
        letter.event.cause
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_camera_whose_clock_is_wrong_is_judged_like_any_other() {
    let stack = Stack::watching("folder1").await;
    let client = async_nats::connect(stack.nats.url()).await.unwrap();
    let publish = async |view, captured_at: &str| {
        let mut headers = async_nats::HeaderMap::new();
        headers.insert("Captured-At", captured_at);
        let frame = picture(view, 0).into();
        let sent = client.publish_with_headers("frames.folder1", headers, frame);
        sent.await.unwrap();
        client.flush().await.unwrap();
    };
    // An hour ahead, the epoch, going backwards, and a leap second.
    publish(View::Wall, "2099-01-01T01:00:00Z").await;
    let alert = stack.firing("folder1").await;
    let captured_at = alert.frame.unwrap().captured_at.unwrap();
    assert_eq!(
        captured_at.seconds, 4_070_912_400,
        "shown as the camera says"
    );
    publish(View::Dock, "1970-01-01T00:00:00Z").await;
    stack.quiet("folder1").await;
    publish(View::Wall, "1969-12-31T23:59:59Z").await;
    stack.firing("folder1").await;
    publish(View::Dock, "2016-12-31T23:59:60Z").await;
    stack.quiet("folder1").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn events_that_mean_nothing_stop_no_folder() {
    let mut stack = Stack::start().await;
    let dock = stack.watch("folder1").await;
    stack.publish("folder1", picture(View::Dock, 1)).await;
    stack
        .similarity_where("folder1", |similarity| similarity >= 0.9)
        .await;

    let client = async_nats::connect(stack.nats.url()).await.unwrap();
    for family in ["uploads", "comparisons", "alerts"] {
        let nonsense = b"\x18\x07\xff".as_slice().into();
        client
            .publish(format!("{family}.folder1"), nonsense)
            .await
            .unwrap();
    }
    client.flush().await.unwrap();
    stack.publish("folder1", picture(View::Wall, 0)).await;
    stack.firing("folder1").await;

    for family in ["uploads", "comparisons"] {
        let nonsense = b"\x18\x07\xff".as_slice().into();
        client
            .publish(format!("{family}.folder1"), nonsense)
            .await
            .unwrap();
    }
    client.flush().await.unwrap();
    stack.restart_everything().await;
    let again = stack
        .upload("folder1", "dock.jpg", picture(View::Dock, 2))
        .await;
    stack.publish("folder1", picture(View::Dock, 3)).await;
    stack.quiet("folder1").await;
    stack.publish("folder1", picture(View::Wall, 1)).await;
    stack.firing("folder1").await;
    for id in [&again.id, &dock.id] {
        stack.remove("folder1", id).await;
    }
    stack.quiet("folder1").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_frame_that_cannot_be_read_is_told_as_such_and_leaves_alert_and_similarity_alone() {
    let stack = Stack::watching("folder1").await;
    stack.publish("folder1", picture(View::Wall, 0)).await;
    let firing = stack.firing("folder1").await;
    stack.publish("folder1", b"GET / HTTP/1.1".to_vec()).await;
    let comparison = eventually("it is told of", async || {
        let folder = stack.get("/api/v1/folders/folder1").await;
        let comparison = folder["comparison"].clone();
        (comparison["verdict"] == "VERDICT_UNREADABLE").then_some(comparison)
    })
    .await;
    assert_eq!(comparison["findings"][0]["kind"], "KIND_UNREADABLE");
    let cause = comparison["findings"][0]["cause"].as_str().unwrap();
    assert!(!cause.is_empty(), "{comparison}");
    assert!(comparison.get("similarity").is_none(), "{comparison}");
    assert_eq!(stack.firing("folder1").await.id, firing.id);
    stack
        .similarity_where("folder1", |similarity| {
            Some(similarity) == firing.similarity
        })
        .await;

    stack.publish("folder1", picture(View::Dock, 1)).await;
    stack.quiet("folder1").await;
    stack.publish("folder1", Vec::new()).await;
    let folder = eventually("the page says so", async || {
        let folder = stack.get("/api/v1/folders/folder1").await;
        (folder["state"] == "unreadable").then_some(folder)
    })
    .await;
    let explanation = folder["explanation"].as_str().unwrap();
    assert!(
        explanation.starts_with("What the camera sent last cannot be read: "),
        "{folder}"
    );
    assert_eq!(stack.phases().await, [Phase::Firing, Phase::Resolved]);
}
