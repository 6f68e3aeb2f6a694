//! Backups made on one system and restored on another, both with real servers.

mod broken_off;
mod hostile;
mod site;

use std::{process::Output, time::Duration};

use proto::v1::Phase::{Firing, Resolved};
use tempfile::TempDir;
use test_support::{eventually, eventually_within};
use tests::{Stack, View, picture};

use crate::{run, stderr, stdout};
use site::{Answers, lived_in, seen};

const PATIENCE: Duration = Duration::from_secs(60);

fn path_of(folder: &TempDir, name: &str) -> String {
    folder.path().join(name).to_str().unwrap().to_owned()
}

fn succeeded(output: &Output) -> String {
    assert!(output.status.success(), "{}", stderr(output));
    stdout(output).to_owned()
}

fn refused(output: &Output, why: &str) {
    let said = stderr(output);
    assert_eq!(output.status.code(), Some(64), "{said}");
    assert!(said.contains(why), "{why:?} is not in: {said}");
}

/// A system that nobody has used, with nothing but its servers running.
async fn unused() -> Stack {
    let mut stack = Stack::start().await;
    stack.stop_services().await;
    stack
}

/// Waits until it looks like that.
async fn looks_like(stack: &Stack, expected: &Answers) {
    eventually_within(PATIENCE, "all looks as expected", async || {
        let now = seen(stack).await;
        let differs = |key: &&String| now.get(*key) != expected.get(*key);
        let mut keys = now.keys().chain(expected.keys());
        match keys.find(differs) {
            None => Ok(()),
            Some(key) => {
                let (was, is) = (expected.get(key), now.get(key));
                Err(format!("{key} was {was:?} and is {is:?}"))
            }
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_backed_up_is_there_again_on_another_system_and_goes_on_from_there() {
    let source = lived_in().await;
    let before = seen(&source).await;
    let files = TempDir::new().unwrap();
    let file = path_of(&files, "backup");
    let said = succeeded(&run(&["backup", &file, "--nats-url", &source.nats.url()]));
    assert!(
        said.contains("3 reference pictures, 2 normal pictures, 4 events of alerts"),
        "{said}"
    );
    drop(source);

    let mut target = unused().await;
    let nats = target.nats.url();
    let restore = ["restore", &file, "--nats-url", &nats];
    let said = succeeded(&run(&restore));
    assert!(
        said.contains("3 reference pictures, 2 normal pictures, 4 events of alerts"),
        "{said}"
    );
    refused(&run(&restore), "--replace");

    target.restart_everything().await;
    looks_like(&target, &before).await;

    let [dock, gate] = [target.firing("dock").await, target.firing("gate").await];
    for (folder, frame) in [
        ("dock", View::Wall),
        ("dock", View::Dock),
        ("gate", View::Dock),
    ] {
        target.publish(folder, picture(frame, 3)).await;
    }
    target.quiet("dock").await;
    target.quiet("gate").await;
    assert_eq!(
        target.phases().await,
        [Firing, Resolved, Firing, Firing, Resolved, Resolved],
        "none fired that was firing"
    );
    eventually("the page knows that both have ended", async || {
        let alerts = target.get("/api/v1/alerts?phase=resolved").await;
        let alerts = alerts["alerts"].as_array().unwrap();
        let is_there = |id: &str| alerts.iter().any(|alert| alert["id"] == id);
        (is_there(&dock.id) && is_there(&gate.id)).then_some(())
    })
    .await;
    target.publish("dock", picture(View::Wall, 4)).await;
    target.firing("dock").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_there_is_replaced_only_when_asked_and_never_beneath_services_that_run() {
    let mut site = lived_in().await;
    let before = seen(&site).await;
    let files = TempDir::new().unwrap();
    let file = path_of(&files, "backup");
    let nats = site.nats.url();
    succeeded(&run(&["backup", &file, "--nats-url", &nats]));
    // Cron writes to the same name again.
    succeeded(&run(&["backup", &file, "--nats-url", &nats]));
    assert_eq!(std::fs::read_dir(files.path()).unwrap().count(), 1);

    let restore = ["restore", &file, "--nats-url", &nats];
    let replace = ["restore", &file, "--replace", "--nats-url", &nats];
    refused(&run(&restore), "services are running");
    refused(&run(&replace), "services are running");
    looks_like(&site, &before).await;

    site.make_folder("later").await;
    site.upload("later", "later.jpg", picture(View::Dock, 0))
        .await;
    site.publish("later", picture(View::Wall, 0)).await;
    site.firing("later").await;
    site.publish("gate", picture(View::Dock, 0)).await;
    site.quiet("gate").await;
    site.stop_services().await;
    refused(&run(&restore), "--replace removes them");
    for _ in 0..2 {
        succeeded(&run(&replace));
    }
    // Redis knows what was there before; empty, it is filled anew.
    let mut redis = site.redis().await;
    redis::cmd("FLUSHALL").exec_async(&mut redis).await.unwrap();
    site.restart_everything().await;
    looks_like(&site, &before).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_pictures_behind_alerts_can_be_left_out_and_a_data_folder_needs_no_server() {
    let source = lived_in().await;
    let files = TempDir::new().unwrap();
    let [small, again] = [path_of(&files, "small"), path_of(&files, "again")];
    let nats = source.nats.url();
    let said = succeeded(&run(&[
        "backup",
        &small,
        "--without-evidence",
        "--nats-url",
        &nats,
    ]));
    assert!(
        said.contains("3 reference pictures, 2 normal pictures, 4 events of alerts, 0 pictures"),
        "{said}"
    );

    let data = path_of(&files, "data");
    let none = run(&["backup", &again, "--data", &data]);
    refused(&none, "not the data folder");
    succeeded(&run(&["restore", &small, "--data", &data]));
    let said_again = succeeded(&run(&["backup", &again, "--data", &data]));
    let counts = |said: &str| said.split_once(": ").unwrap().1.to_owned();
    assert_eq!(counts(&said_again), counts(&said));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_of_a_damaged_store_holds_the_rest_and_says_what_is_missing() {
    let mut source = lived_in().await;
    source.stop_services().await;
    source.nats.stop();
    source.nats.damage("ALERTS", "framewatch.v1.Alert");
    source.nats.start_again();
    let files = TempDir::new().unwrap();
    let file = path_of(&files, "backup");
    let output = run(&["backup", &file, "--nats-url", &source.nats.url()]);
    assert_eq!(output.status.code(), Some(65), "{}", stderr(&output));
    assert!(
        stderr(&output).contains("1 thing of ALERTS"),
        "{}",
        stderr(&output)
    );
    assert!(
        stdout(&output).contains("3 reference pictures, 2 normal pictures, 3 events of alerts"),
        "{}",
        stdout(&output)
    );

    let target = unused().await;
    succeeded(&run(&["restore", &file, "--nats-url", &target.nats.url()]));
}

#[test]
fn a_backup_that_cannot_be_made_leaves_nothing() {
    let files = TempDir::new().unwrap();
    let file = path_of(&files, "backup");
    let away = [
        "--nats-url",
        "nats://127.0.0.1:1",
        "--nats-connect-timeout-s",
        "1",
    ];
    let output = run(&[&["backup", &file][..], &away].concat());
    assert_eq!(output.status.code(), Some(69), "{}", stderr(&output));
    assert_eq!(std::fs::read_dir(files.path()).unwrap().count(), 0);

    let server = test_support::NatsServer::start();
    let nowhere = path_of(&files, "no/such/folder");
    refused(
        &run(&["backup", &nowhere, "--nats-url", &server.url()]),
        "no/such",
    );
    refused(
        &run(&["restore", &file, "--nats-url", &server.url()]),
        "cannot read",
    );
}
