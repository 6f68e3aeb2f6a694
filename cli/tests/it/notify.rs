//! `notify` and `silence`.

use std::fs;

use axum::{Router, http::StatusCode, routing::post};
use tempfile::TempDir;
use test_support::NatsServer;

use crate::{run, stderr, stdout};

#[test]
fn a_silence_is_made_shown_and_taken_back() {
    let nats = NatsServer::start();
    let url = nats.url();
    let with = |arguments: &[&str]| run(&[arguments, &["--nats-url", &url]].concat());
    let add = &[
        "silence",
        "add",
        "--for",
        "2h",
        "--reason",
        "new switch",
        "--name",
        "Jo",
    ];

    let refused = with(add);
    assert_eq!(refused.status.code(), Some(64));
    assert!(
        stderr(&refused).contains("it names no alerts"),
        "{}",
        stderr(&refused)
    );
    let refused = with(&[&add[..], &["--kind", "stolen"]].concat());
    assert!(
        stderr(&refused).contains("no kind of finding"),
        "{}",
        stderr(&refused)
    );

    let added = with(&[&add[..], &["--site", "ham*", "--kind", "silent"]].concat());
    assert!(added.status.success(), "{}", stderr(&added));
    let id = stdout(&added).split(':').next().unwrap().to_owned();
    let listed = with(&["silence", "list"]);
    let said = stdout(&listed);
    assert!(
        said.contains("site ham*, kind silent") && said.contains(&id),
        "{said}"
    );

    assert!(with(&["silence", "remove", &id]).status.success());
    assert_eq!(with(&["silence", "remove", &id]).status.code(), Some(64));
    assert_eq!(
        stdout(&with(&["silence", "list"])),
        "Nothing is silenced.\n"
    );
    assert_eq!(
        stdout(&with(&["notify", "list"])),
        "Nobody was told of anything.\n"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receiver_is_tried() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = Router::new()
        .route("/good", post(|| async {}))
        .route("/bad", post(|| async { StatusCode::NOT_FOUND }));
    tokio::spawn(async move { axum::serve(listener, router).await });
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("notify.toml");
    let receiver = |name: &str| {
        format!("[receiver.{name}]\ntype = \"webhook\"\nurl = \"http://{address}/{name}\"\n")
    };
    fs::write(&file, receiver("good") + &receiver("bad")).unwrap();
    let file = file.to_str().unwrap();

    let tried = run(&["notify", "test", "good", "--notify", file]);
    assert_eq!(stdout(&tried), "good has taken it.\n", "{}", stderr(&tried));
    let tried = run(&["notify", "test", "bad", "--notify", file]);
    assert_eq!(tried.status.code(), Some(69));
    assert!(stderr(&tried).contains("404"), "{}", stderr(&tried));
    let tried = run(&["notify", "test", "other", "--notify", file]);
    assert_eq!(tried.status.code(), Some(64));
    assert!(stderr(&tried).contains("good"), "{}", stderr(&tried));
}
