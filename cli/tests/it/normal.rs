//! `framewatch normal`: normal pictures and proposals.

use std::fs;

use event_bus::ProposalKey;
use proto::{
    timestamp,
    v1::{Frame, Picture, Proposal},
};
use tempfile::TempDir;
use test_support::eventually;
use tests::{Stack, View, picture};
use time::macros::datetime;

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

#[tokio::test(flavor = "multi_thread")]
async fn proposed_frames_are_shown_accepted_and_refused() {
    let stack = Stack::start().await;
    let web = stack.url("");
    let reference = stack
        .upload("folder1", "day.jpg", picture(View::Dock, 0))
        .await;
    let (bus, folder) = (stack.bus().await, "folder1".parse().unwrap());
    let begin = datetime!(2026-11-01 03:00 UTC);
    for (id, hours) in [("01", 0), ("02", 8), ("03", 16)] {
        let frame_at = begin + time::Duration::hours(hours);
        let proposal = Proposal {
            id: id.to_owned(),
            frame: Some(Frame {
                stored_at: Some(timestamp(frame_at)),
                ..Frame::default()
            }),
            reference_id: reference.id.clone(),
            closest: Some(Picture {
                id: reference.id.clone(),
                ..Picture::default()
            }),
            similarity: 0.97,
            ..Proposal::default()
        };
        let key = ProposalKey::proposed(&folder, id);
        let (proposals, yard) = (bus.proposals(), picture(View::Yard, 0));
        proposals.put(&key, &proposal, &yard).await.unwrap();
    }
    let normal = |arguments: &[&str]| run(&[&["normal"], arguments, &["--url", &web]].concat());
    let said = |arguments: &[&str]| {
        let output = normal(arguments);
        assert!(output.status.success(), "{}", stderr(&output));
        stdout(&output).to_owned()
    };
    let all = eventually("all are shown", async || {
        let list = said(&["proposals", "folder1"]);
        (list.lines().count() == 3).then_some(list)
    })
    .await;
    let first = all.lines().next().unwrap();
    assert_eq!(first, "01  frame of 2026-11-01T03:00:00Z  similarity 0.970");
    let json = said(&["proposals", "folder1", "--json"]);
    assert!(json.contains("referenceId"), "{json}");

    assert_eq!(said(&["refuse", "folder1", "02"]), "02: refused\n");
    let accepted = said(&["accept", "folder1", "01"]);
    assert!(
        accepted.starts_with("01: stored in folder1 as "),
        "{accepted}"
    );
    let gone = normal(&["accept", "folder1", "02"]);
    assert_eq!(gone.status.code(), Some(64));
    assert!(stderr(&gone).contains("is proposed"), "{}", stderr(&gone));
    said(&["refuse", "folder1", "--all"]);
    assert_eq!(said(&["proposals", "folder1"]), "");
    assert_eq!(said(&["list", "folder1"]).lines().count(), 1);
    let neither = normal(&["accept", "folder1"]);
    assert_eq!(neither.status.code(), Some(64));
}
