use tests::{Stack, View, picture};

#[tokio::test(flavor = "multi_thread")]
async fn frames_that_cannot_be_read_stop_nothing() {
    let stack = Stack::start().await;
    stack
        .upload("folder1", "dock.jpg", picture(View::Dock, 0))
        .await;
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

#[tokio::test(flavor = "multi_thread")]
async fn names_and_headers_that_a_camera_may_send_stop_nothing() {
    let stack = Stack::start().await;
    stack
        .upload("folder1", "dock.jpg", picture(View::Dock, 0))
        .await;
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
