//! `framewatch folders` and `folder`: what is said of folders, and their removal.

use test_support::eventually;
use tests::Stack;

use crate::{run, stderr, stdout};

#[tokio::test(flavor = "multi_thread")]
async fn what_is_said_of_a_folder_is_set_field_by_field_and_shown() {
    let stack = Stack::start().await;
    let web = stack.url("");
    let folder = |arguments: &[&str]| run(&[&["folder"], arguments, &["--url", &web]].concat());
    let said = |arguments: &[&str]| {
        let output = folder(arguments);
        assert!(output.status.success(), "{}", stderr(&output));
        stdout(&output).trim_end().to_owned()
    };
    let expected = |[title, site, area, tags]: [&str; 4]| {
        format!("folder1:\n  title  {title}\n  site   {site}\n  area   {area}\n  tags   {tags}")
    };

    assert_eq!(said(&["get", "folder1"]), expected(["-"; 4]));
    assert_eq!(
        said(&[
            "set",
            "folder1",
            "--title",
            "Loading dock",
            "--tag",
            "lane",
            "--tag",
            "outdoor"
        ]),
        expected(["Loading dock", "-", "-", "lane outdoor"])
    );
    assert_eq!(
        said(&["set", "folder1", "--site", "Plant 2", "--area", " Gate 3 "]),
        expected(["Loading dock", "Plant 2", "Gate 3", "lane outdoor"]),
        "what is not given stays"
    );
    assert_eq!(
        said(&["set", "folder1", "--tag", "north"]),
        expected(["Loading dock", "Plant 2", "Gate 3", "north"])
    );
    let json: serde_json::Value =
        serde_json::from_str(&said(&["get", "folder1", "--json"])).unwrap();
    assert_eq!(json["tags"], serde_json::json!(["north"]));

    let table = run(&["folders", "--url", &web]);
    let mut rows = stdout(&table).lines();
    let columns = |row: &str| {
        let cells = row.split("  ").map(str::trim);
        let cells = cells.filter(|cell| !cell.is_empty());
        cells.map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(
        columns(rows.next().unwrap())[..3],
        ["FOLDER", "TITLE", "STATE"]
    );
    assert_eq!(
        columns(rows.next().unwrap())[..3],
        ["folder1", "Loading dock", "no-reference"]
    );
    assert_eq!(
        columns(rows.next().unwrap())[..3],
        ["folder2", "-", "no-reference"]
    );

    assert_eq!(
        said(&["set", "folder1", "--no-tags", "--title", ""]),
        expected(["-", "Plant 2", "Gate 3", "-"])
    );
    let unknown = folder(&["set", "nosuch", "--title", "x"]);
    assert_eq!(unknown.status.code(), Some(64), "{}", stderr(&unknown));
    assert!(stderr(&unknown).contains("nosuch"), "{}", stderr(&unknown));
}

#[tokio::test(flavor = "multi_thread")]
async fn folders_that_nobody_made_are_removed_together() {
    let stack = Stack::start().await;
    let web = stack.url("");
    let remove = || {
        let output = run(&["folder", "remove-unmade", "--url", &web]);
        assert!(output.status.success(), "{}", stderr(&output));
        stdout(&output).trim_end().to_owned()
    };
    assert_eq!(remove(), "there is no folder that nobody made");
    for folder in ["gate7", "gate8"] {
        stack.publish(folder, b"frame".to_vec()).await;
        let path = format!("/api/v1/folders/{folder}");
        eventually("the folder is there", async || {
            let answer = reqwest::get(stack.url(&path)).await.unwrap();
            answer.status().is_success().then_some(())
        })
        .await;
    }
    assert_eq!(remove(), "2 folders removed");
    let gone = reqwest::get(stack.url("/api/v1/folders/gate7")).await;
    assert_eq!(gone.unwrap().status(), 404);
    let made = reqwest::get(stack.url("/api/v1/folders/folder1")).await;
    assert_eq!(made.unwrap().status(), 200);
}

#[test]
fn what_cannot_be_said_is_refused_before_anything_is_asked() {
    let long = "x".repeat(101);
    for (arguments, reason) in [
        (&["set", "folder1"][..], "--title"),
        (&["set", "folder1", "--title", &long], "at most 100"),
        (&["set", "folder1", "--site", "a\nb"], "in one line"),
        (&["set", "folder1", "--tag", "out door"], "not one word"),
        (&["set", "folder1", "--tag", "a", "--no-tags"], "--no-tags"),
        (&["set", "Folder 1", "--title", "x"], "lower-case"),
    ] {
        let output = run(&[&["folder"], arguments, &["--url", "http://127.0.0.1:1"]].concat());
        assert_eq!(output.status.code(), Some(64), "{arguments:?}");
        assert!(stderr(&output).contains(reason), "{}", stderr(&output));
    }
}
