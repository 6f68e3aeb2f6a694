//! `framewatch dead-letters`: frames and events that could not be read.

use std::fs;

use serde_json::Value;
use tempfile::TempDir;
use test_support::eventually;
use tests::{Stack, View, picture};

use crate::{run, stderr, stdout};

/// What `list --json` says.
fn listed(nats: &str) -> Vec<Value> {
    let output = run(&["dead-letters", "list", "--json", "--nats-url", nats]);
    assert!(output.status.success(), "{}", stderr(&output));
    let lines = stdout(&output);
    lines
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_frame_that_cannot_be_read_is_listed_shown_and_replayed() {
    let stack = Stack::start().await;
    let nats = stack.nats.url();
    let none = run(&["dead-letters", "list", "--nats-url", &nats]);
    assert!(stdout(&none).contains("no dead letters"));

    stack
        .upload("folder1", "dock.jpg", picture(View::Dock, 0))
        .await;
    let torn = &picture(View::Wall, 0)[..700];
    stack.publish("folder1", torn.to_vec()).await;
    let letter = eventually("the dead letter", async || listed(&nats).pop()).await;
    assert_eq!(letter["subject"], "frames.folder1", "{letter}");
    assert_eq!(letter["bytes"], 700, "{letter}");
    assert_eq!(letter["foundBy"], "test", "{letter}");
    assert!(!letter["cause"].as_str().unwrap().is_empty(), "{letter}");

    let number = letter["number"].to_string();
    let listed_for_people = run(&["dead-letters", "list", "--nats-url", &nats]);
    let table = stdout(&listed_for_people);
    assert!(table.contains("frames.folder1"), "{table}");
    let files = TempDir::new().unwrap();
    let file = files.path().join("torn.jpg");
    let output = ["--output", file.to_str().unwrap(), "--nats-url", &nats];
    let shown = run(&[&["dead-letters", "show", &number][..], &output].concat());
    assert!(shown.status.success(), "{}", stderr(&shown));
    assert!(
        stdout(&shown).contains("Camera: cam-1"),
        "{}",
        stdout(&shown)
    );
    assert_eq!(fs::read(&file).unwrap(), torn);

    // It is as torn as before, so it comes back: another message, with another number.
    let replayed = run(&["dead-letters", "replay", &number, "--nats-url", &nats]);
    assert!(replayed.status.success(), "{}", stderr(&replayed));
    let again = eventually("it comes back", async || {
        listed(&nats)
            .pop()
            .filter(|again| again["number"] != letter["number"])
    })
    .await;
    assert_eq!(again["subject"], "frames.folder1");
    assert_eq!(listed(&nats).len(), 1, "the one that was replayed is gone");

    let unknown = run(&["dead-letters", "show", &number, "--nats-url", &nats]);
    assert_eq!(unknown.status.code(), Some(64));
    assert!(stderr(&unknown).contains(&number), "{}", stderr(&unknown));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_cannot_be_read_is_kept_once_and_stops_nothing() {
    let mut stack = Stack::start().await;
    stack.start_comparator().await;
    let nats = stack.nats.url();
    let client = async_nats::connect(&nats).await.unwrap();
    for subject in [
        "alerts.folder1",
        "comparisons.folder1",
        "uploads.folder1",
        "frames.Upper",
    ] {
        client.publish(subject, "no event".into()).await.unwrap();
    }
    client.flush().await.unwrap();
    let letters = eventually("all are kept", async || {
        Some(listed(&nats)).filter(|letters| letters.len() >= 4)
    })
    .await;
    let mut subjects: Vec<_> = letters
        .iter()
        .map(|letter| letter["subject"].as_str().unwrap())
        .collect();
    subjects.sort_unstable();
    assert_eq!(
        subjects,
        [
            "alerts.folder1",
            "comparisons.folder1",
            "frames.Upper",
            "uploads.folder1"
        ],
        "of those that read it, one keeps it"
    );

    stack
        .upload("folder1", "dock.jpg", picture(View::Dock, 0))
        .await;
    stack.publish("folder1", picture(View::Wall, 0)).await;
    stack.firing("folder1").await;
}
