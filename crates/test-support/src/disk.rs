//! A file system that can be filled up.

use std::{path::Path, process::Command};

use rustix::fs::statvfs;
use tempfile::TempDir;

/// A file system in memory whose size can be changed. Unmounted when dropped.
pub struct SmallDisk(TempDir);

/// Its size unless it is made smaller, in bytes.
const AMPLE: u64 = 8_000_000_000;

/// How often to try to fill it while somebody writes.
const ATTEMPTS: u32 = 100;

impl SmallDisk {
    /// `None` where that is not allowed.
    pub fn mount() -> Option<Self> {
        let folder = TempDir::new().expect("the system's temporary folder can be written");
        let size = format!("size={AMPLE}");
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &size, "tmpfs"])
            .arg(folder.path())
            .output();
        mounted.ok()?.status.success().then_some(SmallDisk(folder))
    }

    /// Where it is mounted.
    pub fn path(&self) -> &Path {
        self.0.path()
    }

    /// Leaves room for nothing: what is written next fails.
    pub fn fill(&self) {
        // It takes no size that is less than what was written meanwhile.
        let is_filled = (0..ATTEMPTS).any(|_| {
            let stat = statvfs(self.path()).expect("it is mounted");
            let used = (stat.f_blocks - stat.f_bfree) * stat.f_frsize;
            self.resize(used.max(stat.f_frsize))
        });
        assert!(is_filled, "{} cannot be filled", self.path().display());
    }

    /// Makes room again.
    pub fn empty(&self) {
        let is_emptied = self.resize(AMPLE);
        assert!(is_emptied, "{} stays full", self.path().display());
    }

    fn resize(&self, bytes: u64) -> bool {
        let size = format!("remount,size={bytes}");
        let resized = Command::new("mount")
            .args(["-o", &size])
            .arg(self.path())
            .output();
        resized.is_ok_and(|output| output.status.success())
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // What still has it open ends with us.
        let unmounted = Command::new("umount")
            .arg("--lazy")
            .arg(self.path())
            .status();
        assert!(
            unmounted.is_ok_and(|status| status.success()),
            "{} stays mounted",
            self.path().display()
        );
    }
}
