use std::fs;

use tempfile::TempDir;
use test_support::eventually;
use tests::{Stack, View, picture};

use crate::{run, stderr, stdout};

#[tokio::test(flavor = "multi_thread")]
async fn normal_pictures_are_added_from_files_and_frames_shown_and_removed() {
    let stack = Stack::start().await;
    let web = stack.url("");
    let files = TempDir::new().unwrap();
    let file = |name: &str| files.path().join(name).display().to_string();
    fs::write(file("night.jpg"), picture(View::Yard, 0)).unwrap();
    fs::write(file("snow.jpg"), picture(View::Yard, 1)).unwrap();
    let normal = |arguments: &[&str]| run(&[&["normal"], arguments, &["--url", &web]].concat());
    let said = |arguments: &[&str]| {
        let output = normal(arguments);
        assert!(output.status.success(), "{}", stderr(&output));
        stdout(&output).to_owned()
    };
    let names = || {
        let list = said(&["list", "folder1"]);
        let names = list.lines().map(|line| line.split("  ").nth(1).unwrap());
        names.map(str::to_owned).collect::<Vec<_>>()
    };

    let early = normal(&["add", "folder1", &file("night.jpg")]);
    assert_eq!(early.status.code(), Some(64));
    assert!(
        stderr(&early).contains("no reference"),
        "{}",
        stderr(&early)
    );
    stack
        .upload("folder1", "day.jpg", picture(View::Dock, 0))
        .await;
    let added = said(&["add", "folder1", &file("night.jpg"), &file("snow.jpg")]);
    assert!(
        added.contains("night.jpg: stored in folder1 as "),
        "{added}"
    );
    assert_eq!(names(), ["night.jpg", "snow.jpg"]);

    stack.publish("folder1", picture(View::Wall, 0)).await;
    let alert = stack.firing("folder1").await;
    said(&["add", "folder1", "--from-latest"]);
    eventually("the frame behind the alert is stored", async || {
        let output = normal(&["add", "folder1", "--from-alert", &alert.id]);
        output.status.success().then_some(())
    })
    .await;
    let all = names();
    assert_eq!(all.len(), 4, "{all:?}");
    assert!(all[2].starts_with("frame-") && all[2] == all[3], "{all:?}");

    let list = said(&["list", "folder1"]);
    let (id, rest) = list.split_once("  ").unwrap();
    assert!(rest.contains("added 20") && rest.contains("last the closest -"));
    assert!(said(&["remove", "folder1", id]).contains("removed"));
    assert_eq!(names()[0], "snow.jpg");
    let again = normal(&["remove", "folder1", id]);
    assert_eq!(again.status.code(), Some(64), "{}", stderr(&again));
    let json = said(&["list", "folder1", "--json"]);
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["normals"][0]["name"], "snow.jpg");

    let day = file("night.jpg");
    for (arguments, left) in [(&["--keep-normals"][..], 3), (&[], 0)] {
        let upload = ["upload", "folder1", &day, "--url", &web];
        let output = run(&[&upload, arguments].concat());
        assert!(output.status.success(), "{}", stderr(&output));
        assert_eq!(names().len(), left);
    }
}

#[test]
fn exactly_one_source_is_named() {
    for arguments in [
        &["add", "folder1"][..],
        &["add", "folder1", "a.jpg", "--from-latest"],
        &["add", "folder1", "--from-latest", "--from-alert", "a"],
    ] {
        let output = run(&[&["normal"], arguments].concat());
        assert_eq!(output.status.code(), Some(64), "{arguments:?}");
    }
}
