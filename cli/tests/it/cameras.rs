//! `up --cameras`, `cameras list` and `cameras test`, with a camera that serves pictures over HTTP.

use std::fs;

use axum::{Router, http::header, routing::get};
use tempfile::TempDir;
use test_support::eventually;
use tests::{View, picture};

use crate::{run, stderr, stdout, up::Up};

/// Its address.
async fn http_camera() -> String {
    let taken = get(|| async {
        let head = [(header::CONTENT_TYPE, "image/jpeg")];
        (head, picture(View::Dock, 0))
    });
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/snap.jpg", listener.local_addr().unwrap());
    let camera = Router::new().route("/snap.jpg", taken);
    tokio::spawn(async move { axum::serve(listener, camera).await });
    url
}

#[tokio::test(flavor = "multi_thread")]
async fn a_camera_is_tried_step_by_step() {
    let url = http_camera().await;
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("first.jpg");
    let tried = run(&["cameras", "test", &url, "--output", file.to_str().unwrap()]);
    let said = stdout(&tried);
    assert!(tried.status.success(), "{said} {}", stderr(&tried));
    for step in [
        "resolves to 127.0.0.1",
        "takes connections",
        "snapshots by HTTP",
        "as image/jpeg",
        "the next one after",
    ] {
        assert!(said.contains(step), "{step}: {said}");
    }
    assert_eq!(fs::read(&file).unwrap(), picture(View::Dock, 0));

    let tried = run(&["cameras", "test", &url.replace("snap", "other")]);
    assert_eq!(tried.status.code(), Some(1));
    let said = stdout(&tried);
    assert!(
        said.contains("FAIL  the camera has nothing at this path (404)"),
        "{said}"
    );
}

#[test]
fn a_password_in_an_address_is_refused_and_not_repeated() {
    let tried = run(&["cameras", "test", "rtsp://fw:s3cret@127.0.0.1/x"]);
    assert_eq!(tried.status.code(), Some(64));
    let said = stderr(&tried);
    assert!(
        said.contains("--password-file") && !said.contains("s3cret"),
        "{said}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn up_connects_to_the_cameras_of_a_file_and_list_shows_them() {
    let url = http_camera().await;
    let data = TempDir::new().unwrap();
    let file = data.path().join("cameras.toml");
    let cameras = file.to_str().unwrap();
    fs::write(&file, "[camera.gate]\nsource = \"rtsp://fw:s3cret@a/\"\n").unwrap();
    let refused = run(&["up", "--cameras", cameras]);
    assert_eq!(refused.status.code(), Some(64));
    assert!(
        stderr(&refused).contains("line 2, camera gate"),
        "{}",
        stderr(&refused)
    );

    fs::write(&file, format!("[camera.gate]\nsource = \"{url}\"\n")).unwrap();
    let up = Up::with_own_servers(&data.path().join("data"), &["--cameras", cameras]);
    let row = eventually("the camera is online", async || {
        let listed = run(&["cameras", "list", "--nats-url", &up.nats]);
        let row = stdout(&listed)
            .lines()
            .find(|line| line.contains("gate"))?
            .to_owned();
        row.contains("online").then_some(row)
    })
    .await;
    let size = image_size();
    assert!(row.contains(&size), "{row}");
    let listed = run(&["cameras", "list", "--json", "--nats-url", &up.nats]);
    assert!(
        stdout(&listed).contains("SOURCE_STATE_ONLINE"),
        "{}",
        stdout(&listed)
    );
}

/// As `list` shows it.
fn image_size() -> String {
    let size = fingerprint::Encoded::open(&picture(View::Dock, 0), fingerprint::Limits::default())
        .unwrap()
        .size();
    format!("{}x{}", size.0, size.1)
}
