//! `framewatch up` on a disk that is full, and then is not.

use std::{fs, path::Path, time::Duration};

use tempfile::TempDir;
use test_support::SmallDisk;
use tests::{View, picture, skip};

use crate::{
    run, stderr,
    up::{Up, until_within},
};

fn publish(up: &Up, files: &Path, view: View, seed: u32) {
    let file = files.join("frame.jpg");
    fs::write(&file, picture(view, seed)).unwrap();
    let file = file.display().to_string();
    let output = run(&["publish", "folder1", &file, "--nats-url", &up.nats]);
    assert!(output.status.success(), "{}", stderr(&output));
}

fn is_firing(up: &Up) -> bool {
    let client = redis::Client::open(up.redis.as_str()).unwrap();
    let mut connection = client.get_connection().unwrap();
    redis::cmd("EXISTS")
        .arg("alert_folder1")
        .query(&mut connection)
        .unwrap()
}

/// What `up` says it lacks; empty where it is ready.
fn lacks(up: &Up) -> String {
    let asked = run(&["healthcheck", "--ops-listen", &up.ops()]);
    if asked.status.success() {
        String::new()
    } else {
        stderr(&asked).to_owned()
    }
}

#[test]
fn when_there_is_room_again_on_a_full_disk_alerts_come_by_themselves() {
    let Some(disk) = SmallDisk::mount() else {
        return skip("a file system of its own may not be mounted here");
    };
    let files = TempDir::new().unwrap();
    let up = Up::with_own_servers(&disk.path().join("data"), &[]);
    up.upload_reference(files.path());
    publish(&up, files.path(), View::Dock, 1);
    until_within(Duration::from_secs(30), "it is ready", || {
        lacks(&up).is_empty()
    });

    disk.fill();
    for seed in 2..6 {
        publish(&up, files.path(), View::Wall, seed);
    }
    until_within(
        Duration::from_secs(20),
        "it says that the disk is full",
        || lacks(&up).contains("nats-server can write to its disk"),
    );

    disk.empty();
    until_within(Duration::from_secs(40), "the alert comes", || {
        is_firing(&up)
    });
    until_within(Duration::from_secs(20), "it is ready", || {
        lacks(&up).is_empty()
    });
}
