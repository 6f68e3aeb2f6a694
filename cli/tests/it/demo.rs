//! `framewatch demo` beside services that run elsewhere.

use std::{fs, process::Stdio};

use tempfile::TempDir;
use test_support::{eventually, lines_of, terminate, wait};
use tests::Stack;

use crate::{framewatch, run};

#[tokio::test(flavor = "multi_thread")]
async fn the_demo_uploads_references_and_sends_frames_that_fit() {
    let stack = Stack::start().await;
    let files = TempDir::new().unwrap();
    let token = files.path().join("token");
    fs::write(&token, "any\n").unwrap();
    let port = local_servers::free_port().unwrap();
    let ops = format!("127.0.0.1:{port}");
    let mut demo = framewatch()
        .args(["demo", "--url", &stack.url(""), "--ops-listen", &ops])
        .args(["--nats-url", &stack.nats.url(), "--token-file"])
        .arg(&token)
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    eventually("it is ready", async || {
        let asked = run(&["healthcheck", "--ops-listen", &ops]);
        asked.status.success().then_some(())
    })
    .await;
    stack
        .similarity_where("folder6", |similarity| similarity > 0.9)
        .await;
    terminate(&demo);
    assert!(wait(&mut demo).success());
    let asked = run(&["healthcheck", "--ops-listen", &ops]);
    assert_eq!(asked.status.code(), Some(69));
}

#[test]
fn a_demo_whose_pictures_do_not_arrive_says_so() {
    let mut demo = framewatch()
        .args([
            "demo",
            "--url",
            "http://127.0.0.1:1",
            "--ops-listen",
            "127.0.0.1:0",
        ])
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = lines_of(demo.stderr.take().unwrap());
    let line = lines
        .find(|line| line.contains("not uploaded yet"))
        .unwrap();
    assert!(
        line.contains("no upload service at http://127.0.0.1:1"),
        "{line}"
    );
    terminate(&demo);
    assert!(wait(&mut demo).success());
}
