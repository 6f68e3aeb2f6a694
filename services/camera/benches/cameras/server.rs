//! An RTSP server with the cameras that are read.

use std::{
    io::{BufRead as _, BufReader},
    process::{Child, Command, Stdio},
};

use tempfile::TempDir;

/// A server; gone when dropped.
pub(crate) struct Server {
    child: Child,
    port: u16,
    _folder: TempDir,
}

impl Server {
    pub(crate) fn start() -> Self {
        let folder = TempDir::new().unwrap();
        let file = folder.path().join("camera.mp4");
        make_video(&file);
        // The one that has what Debian's packages bring.
        let mut child = Command::new("/usr/bin/python3")
            .arg(concat!(
                env!("CARGO_MANIFEST_DIR"),
                "/benches/file_server.py"
            ))
            .arg(&file)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut port = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut port)
            .unwrap();
        let port = port.trim().parse();
        Server {
            child,
            port: port.expect("GStreamer is there: scripts/get-tools.sh rtsp-server gets it"),
            _folder: folder,
        }
    }

    pub(crate) fn url(&self) -> String {
        format!("rtsp://127.0.0.1:{}/camera", self.port)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// A minute of 1080p with 25 pictures a second, a key frame every 2 s, 4 Mbit/s.
fn make_video(file: &std::path::Path) {
    let mut ffmpeg = Command::new("ffmpeg");
    ffmpeg.args(["-v", "error", "-y"]);
    match std::env::var_os("VIDEO") {
        Some(video) => ffmpeg.args(["-stream_loop", "-1", "-i"]).arg(video),
        None => ffmpeg
            .args(["-f", "lavfi", "-i"])
            .arg("testsrc2=size=1920x1080:rate=25,noise=alls=6:allf=t"),
    };
    let made = ffmpeg
        .args([
            "-t",
            "60",
            "-vf",
            "scale=1920:1080,fps=25",
            "-an",
            "-pix_fmt",
            "yuv420p",
        ])
        .args(["-c:v", "libx264", "-preset", "ultrafast", "-g", "50"])
        .args(["-b:v", "4M", "-maxrate", "4M", "-bufsize", "4M"])
        .arg(file)
        .status()
        .expect("ffmpeg is there: scripts/get-tools.sh ffmpeg gets it");
    assert!(made.success());
}
