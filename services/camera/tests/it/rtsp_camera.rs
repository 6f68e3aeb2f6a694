//! An RTSP server with what cameras send, by GStreamer.

use std::{
    io::{BufRead as _, BufReader},
    process::{Child, Command, Stdio},
};

use tempfile::TempDir;
use test_support::{Signal, signal};

/// A server; gone when dropped.
pub(crate) struct RtspCamera {
    child: Child,
    port: u16,
    _folder: TempDir,
}

impl RtspCamera {
    pub(crate) fn start() -> Self {
        Self::with_login(&[])
    }

    /// A server that asks for a user and a password; by Basic where that is the third.
    pub(crate) fn with_login(login: &[&str]) -> Self {
        let folder = TempDir::new().unwrap();
        make_open_h265(&folder);
        // The one that has what Debian's packages bring.
        let mut child = Command::new("/usr/bin/python3")
            .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/rtsp_server.py"))
            .arg(folder.path())
            .args(login)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut port = String::new();
        let output = child.stdout.take().unwrap();
        BufReader::new(output).read_line(&mut port).unwrap();
        let port = port.trim().parse().expect(
            "the RTSP server of GStreamer is there: scripts/get-tools.sh rtsp-server gets it",
        );
        RtspCamera {
            child,
            port,
            _folder: folder,
        }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("rtsp://127.0.0.1:{}/{path}", self.port)
    }

    pub(crate) fn stop(&self) {
        signal(&self.child, Signal::STOP);
    }

    pub(crate) fn go_on(&self) {
        signal(&self.child, Signal::CONT);
    }
}

impl Drop for RtspCamera {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// Ten seconds of H.265 in open groups: after the first key frame all are of the kind CRA.
fn make_open_h265(folder: &TempDir) {
    let open = "keyint=10:min-keyint=10:open-gop=1:bframes=3:scenecut=0:log-level=error";
    let made = Command::new("ffmpeg")
        .args([
            "-v",
            "error",
            "-f",
            "lavfi",
            "-i",
            "testsrc2=size=320x176:rate=10",
        ])
        .args(["-t", "10", "-pix_fmt", "yuv420p", "-c:v", "libx265"])
        .args([
            "-preset",
            "ultrafast",
            "-x265-params",
            open,
            "-tag:v",
            "hvc1",
        ])
        .arg(folder.path().join("open.mp4"))
        .status()
        .expect("ffmpeg is there: scripts/get-tools.sh ffmpeg gets it");
    assert!(made.success());
}
