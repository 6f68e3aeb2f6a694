//! `framewatch up` on a disk that is full, and then is not.

use std::{fs, path::Path, process::Command, time::Duration};

use tempfile::TempDir;
use tests::{View, picture, skip};

use crate::{
    run, stderr,
    up::{Up, until_within},
};

/// A file system in memory whose size can be changed. Unmounted when dropped.
struct SmallDisk(TempDir);

const AMPLE: u64 = 8_000_000_000;

impl SmallDisk {
    /// `None` where that is not allowed.
    fn mount() -> Option<Self> {
        let folder = TempDir::new().unwrap();
        let size = format!("size={AMPLE}");
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &size, "tmpfs"])
            .arg(folder.path())
            .output();
        mounted.ok()?.status.success().then_some(SmallDisk(folder))
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn resize(&self, bytes: u64) {
        let size = format!("remount,size={bytes}");
        let resized = Command::new("mount")
            .args(["-o", &size])
            .arg(self.path())
            .status();
        assert!(resized.unwrap().success());
    }

    /// Leaves room for nothing: what is written next fails.
    fn fill(&self) {
        let stat = rustix::fs::statvfs(self.path()).unwrap();
        let used = (stat.f_blocks - stat.f_bfree) * stat.f_frsize;
        self.resize(used.max(stat.f_frsize));
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // What still has it open ends with us.
        let unmounted = Command::new("umount")
            .arg("--lazy")
            .arg(self.path())
            .status();
        assert!(unmounted.unwrap().success());
    }
}

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
    until_within(Duration::from_secs(10), "it is ready", || {
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

    disk.resize(AMPLE);
    until_within(Duration::from_secs(40), "the alert comes", || {
        is_firing(&up)
    });
    until_within(Duration::from_secs(20), "it is ready", || {
        lacks(&up).is_empty()
    });
}
