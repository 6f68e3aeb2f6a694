//! Uploading, publishing and watching, against a whole site.

use std::{fs, process::Stdio};

use tempfile::TempDir;
use test_support::{eventually, lines_of};
use tests::{Stack, View, picture};

use crate::{framewatch, run, stderr, stdout};

#[tokio::test(flavor = "multi_thread")]
async fn upload_publish_watch_and_folders_work_together() {
    let stack = Stack::start().await;
    let (nats, web) = (stack.nats.url(), stack.url(""));
    let files = TempDir::new().unwrap();
    let file = |name: &str| files.path().join(name).display().to_string();
    fs::write(file("dock.jpg"), picture(View::Dock, 0)).unwrap();
    fs::write(file("wall.jpg"), picture(View::Wall, 0)).unwrap();
    fs::write(file("text.jpg"), "no picture").unwrap();

    let output = run(&["upload", "folder1", &file("dock.jpg"), "--url", &web]);
    assert!(output.status.success(), "{}", stderr(&output));
    let refused = run(&["upload", "folder1", &file("text.jpg"), "--url", &web]);
    assert_eq!(refused.status.code(), Some(64), "{}", stderr(&refused));
    assert!(stderr(&refused).contains("JPEG"), "{}", stderr(&refused));
    let all = ["text.jpg", "missing.jpg", "dock.jpg"].map(file);
    let [text, missing, dock] = &all;
    let some = run(&["upload", "folder1", text, missing, dock, "--url", &web]);
    assert_eq!(some.status.code(), Some(64), "{}", stderr(&some));
    assert!(stdout(&some).starts_with(&format!("{dock}: stored in folder1 as ")));
    let errors = stderr(&some);
    for words in [
        &format!("{text}: "),
        &format!("{missing}: cannot be read: No such file"),
        "2 of 3 pictures were not stored",
    ] {
        assert!(errors.contains(words), "{errors}");
    }

    let output = run(&[
        "publish",
        "folder1",
        &file("wall.jpg"),
        "--camera",
        "gate",
        "--nats-url",
        &nats,
    ]);
    assert!(output.status.success(), "{}", stderr(&output));
    stack.firing("folder1").await;

    let mut watch = framewatch()
        .args(["watch", "--nats-url", &nats])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let line = lines_of(watch.stdout.take().unwrap()).next().unwrap();
    watch.kill().unwrap();
    watch.wait().unwrap();
    assert!(
        line.contains("FIRING") && line.contains("folder1 (camera gate)"),
        "{line}"
    );

    eventually("the table has it too", async || {
        let table = run(&["folders", "--url", &web]);
        let row = stdout(&table)
            .lines()
            .find(|line| line.contains("folder1"))?;
        let all = ["alert", "dock.jpg", "gate"];
        all.iter().all(|word| row.contains(word)).then_some(())
    })
    .await;
    assert!(stdout(&run(&["folders", "--json", "--url", &web])).starts_with("{\"folders\":["));
}

#[tokio::test(flavor = "multi_thread")]
async fn folders_are_all_shown_however_many_there_are() {
    let stack = Stack::start().await;
    let names: Vec<String> = (0..201).map(|number| format!("camera-{number}")).collect();
    for name in &names {
        stack.make_folder(name).await;
    }
    let web = stack.url("");
    let shown = run(&["folders", "--url", &web]);
    let shown = stdout(&shown);
    let json = run(&["folders", "--json", "--url", &web]);
    let json: serde_json::Value = serde_json::from_str(stdout(&json)).unwrap();
    let folders = json["folders"].as_array().unwrap();
    for name in &names {
        assert!(shown.contains(&format!("{name} ")), "{name} in {shown}");
        let is_there = folders.iter().any(|folder| folder["folder"] == **name);
        assert!(is_there, "{name} in {json}");
    }
}

#[test]
fn without_a_server_they_say_where_they_looked() {
    let output = run(&["folders", "--url", "http://127.0.0.1:1"]);
    assert_eq!(output.status.code(), Some(69));
    assert!(
        stderr(&output).contains("127.0.0.1:1"),
        "{}",
        stderr(&output)
    );

    let nobody = [
        "--nats-url",
        "nats://127.0.0.1:1",
        "--nats-connect-timeout-s",
        "1",
    ];
    let output = run(&[&["watch"][..], &nobody].concat());
    assert_eq!(output.status.code(), Some(69));
    assert!(
        stderr(&output).contains("127.0.0.1:1"),
        "{}",
        stderr(&output)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn folders_can_be_watched() {
    let stack = Stack::start().await;
    let mut watch = framewatch()
        .args(["folders", "--watch", "--url", &stack.url("")])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = lines_of(watch.stdout.take().unwrap());
    let mut states = || lines.find(|line| line.contains("folder1")).unwrap();
    assert!(states().contains("no-reference"));
    stack
        .upload("folder1", "dock.jpg", picture(View::Dock, 0))
        .await;
    stack.publish("folder1", picture(View::Wall, 0)).await;
    assert!((0..10).any(|_| states().contains("alert")));
    watch.kill().unwrap();
    watch.wait().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proxy_is_for_others_than_this_machine_and_is_named_where_it_fails() {
    let stack = Stack::start().await;
    let folders = |url: &str| {
        let mut folders = framewatch();
        let folders = folders.args(["folders", "--url", url]);
        folders
            .env("http_proxy", "http://127.0.0.1:1")
            .output()
            .unwrap()
    };
    let output = folders(&stack.url(""));
    assert!(output.status.success(), "{}", stderr(&output));
    let output = folders("http://framewatch.invalid:5000");
    let error = stderr(&output);
    assert_eq!(output.status.code(), Some(69), "{error}");
    assert!(
        error.contains("the environment variable http_proxy"),
        "{error}"
    );
}
