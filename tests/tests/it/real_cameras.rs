//! Real cameras, from the call that sets one to the alert that it raises.

use std::{
    io::{BufRead as _, BufReader, Write as _},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
    thread,
    time::Duration,
};

use camera_settings::{CameraKey, Config as ByApi};
use proto::v1::Kind;
use reqwest::{Client, Response};
use serde_json::{Value, json};
use service_runtime::{Context, CpuPool, Readiness};
use tempfile::TempDir;
use test_support::eventually;
use tests::{Stack, View, picture};
use tokio::time::{Instant, sleep};
use tokio_util::sync::{CancellationToken, DropGuard};

/// A camera with snapshots: of a scene with noise, until its picture stands still. Then it goes on coding it anew.
struct Snapshots {
    address: SocketAddr,
    stands_still: Arc<AtomicBool>,
}

impl Snapshots {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let camera = Snapshots {
            address: listener.local_addr().unwrap(),
            stands_still: Arc::default(),
        };
        let stands_still = Arc::clone(&camera.stands_still);
        let count = AtomicU32::new(0);
        thread::spawn(move || {
            for stream in listener.incoming() {
                let number = count.fetch_add(1, Ordering::Relaxed);
                let seed = if stands_still.load(Ordering::Relaxed) {
                    0
                } else {
                    number
                };
                // Whoever hangs up before the end is not missed.
                answer(
                    stream.unwrap(),
                    &with_comment(picture(View::Dock, seed), number),
                )
                .ok();
            }
        });
        camera
    }
}

fn answer(mut stream: TcpStream, body: &[u8]) -> std::io::Result<()> {
    let mut lines = BufReader::new(stream.try_clone()?).lines();
    while lines
        .next()
        .transpose()?
        .is_some_and(|line| !line.is_empty())
    {}
    write!(
        stream,
        "HTTP/1.1 200 OK\r\nContent-Type: image/jpeg\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    )?;
    stream.write_all(body)
}

/// The same picture in other bytes.
fn with_comment(jpeg: Vec<u8>, number: u32) -> Vec<u8> {
    let comment = [&[0xFF, 0xFE, 0, 6][..], &number.to_be_bytes()].concat();
    [&jpeg[..2], &comment, &jpeg[2..]].concat()
}

/// All services, which have a key for cameras, and may find them on loopback.
async fn start(files: &TempDir) -> (Stack, DropGuard) {
    let path = files.path().join("camera.key");
    CameraKey::read_or_make(&path).unwrap();
    let by_api = ByApi {
        camera_key_file: Some(path),
        camera_addresses: vec!["127.0.0.0/8".parse().unwrap()],
    };
    let mut stack = Stack::start().await;
    stack.stop_upload().await;
    let config = upload::Config {
        cameras: by_api.clone(),
        ..upload::Config::default()
    };
    stack.start_upload_with(config).await;
    let config = camera::Config {
        cameras: None,
        by_api,
    };
    let (cameras, bus) = (config.load().unwrap(), stack.bus().await);
    let shutdown = CancellationToken::new();
    let context = Context {
        shutdown: shutdown.clone(),
        readiness: Readiness::default(),
        cpu: CpuPool::default(),
        ops_address: ([127, 0, 0, 1], 0).into(),
    };
    tokio::spawn(async move { camera::run(cameras, bus, context).await.unwrap() });
    (stack, shutdown.drop_guard())
}

async fn send(request: reqwest::RequestBuilder, body: &Value) -> Response {
    request.body(body.to_string()).send().await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_camera_that_is_tried_and_set_by_api_sends_frames_and_is_said_to_stand_still() {
    let (camera, files) = (Snapshots::start(), TempDir::new().unwrap());
    let (stack, _cameras) = start(&files).await;
    let body = json!({
        "source": format!("http://{}/snap.jpg", camera.address), "username": "fw", "password": "p@ss/w0rd", "everySeconds": 0.5
    });
    let url = stack.url("/api/v1/folders/folder1/camera");
    let test = eventually("the camera service tries it", async || {
        let response = send(Client::new().post(format!("{url}/test")), &body).await;
        response.status().is_success().then_some(response)
    })
    .await;
    let test: Value = test.json().await.unwrap();
    assert_eq!(test["failure"], "", "{test}");
    assert_eq!(test["steps"].as_array().unwrap().len(), 5, "{test}");
    assert!(
        test["picture"].as_str().unwrap().starts_with("/9j/"),
        "a JPEG in base64"
    );

    let set = send(Client::new().put(&url), &body).await;
    assert_eq!(set.status(), 200);
    stack
        .upload("folder1", "dock.jpg", picture(View::Dock, 0))
        .await;
    stack
        .similarity_where("folder1", |similarity| similarity > 0.9)
        .await;
    eventually("it is online", async || {
        let answer = stack.get("/api/v1/folders/folder1/camera").await;
        (answer["source"]["state"] == "SOURCE_STATE_ONLINE").then_some(())
    })
    .await;

    camera.stands_still.store(true, Ordering::Relaxed);
    let began = Instant::now();
    while stack.get("/api/v1/folders/folder1/camera").await["source"]["state"]
        != "SOURCE_STATE_FROZEN"
    {
        assert!(began.elapsed() < Duration::from_secs(120));
        sleep(Duration::from_millis(500)).await;
    }
    let alert = stack.camera_firing("folder1").await;
    assert_eq!(alert.findings[0].kind(), Kind::Frozen, "{alert:?}");
    camera.stands_still.store(false, Ordering::Relaxed);
    stack.camera_quiet("folder1").await;
    let all = format!("{:?}", stack.get("/api/v1/folders/folder1/camera").await);
    assert!(!all.contains("w0rd"), "{all}");
}
