//! RTSP cameras whose pictures bear a number, which is read from what is published.

use std::{
    io::Write as _,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use test_support::{Signal, lines_of, signal};

/// How many pictures have a number of their own.
pub(crate) const NUMBERS: u32 = 4096;

/// A picture is black and white tiles, a bit each: the number, and a sum by which it is known to be read right.
const TILES: (u32, u32) = (4, 4);
const TILE: (u32, u32) = (32, 24);

fn coded(number: u32) -> u32 {
    let sum = (number ^ (number >> 4) ^ (number >> 8) ^ 0b1010) & 0xF;
    (number << 4) | sum
}

/// The number of a published picture.
pub(crate) fn number(jpeg: &[u8]) -> u32 {
    let picture = image::load_from_memory(jpeg).unwrap().into_luma8();
    let mut found = 0;
    for bit in 0..TILES.0 * TILES.1 {
        let (column, row) = (bit % TILES.0, bit / TILES.0);
        let (x, y) = (column * TILE.0 + TILE.0 / 2, row * TILE.1 + TILE.1 / 2);
        found |= u32::from(picture.get_pixel(x, y).0[0] > 127) << bit;
    }
    assert_eq!(found, coded(found >> 4), "the picture is not damaged");
    found >> 4
}

/// Whether a picture comes after another one: their numbers begin again after a quarter of an hour.
pub(crate) fn is_after(number: u32, before: u32) -> bool {
    let ahead = (number + NUMBERS - before) % NUMBERS;
    (1..NUMBERS / 2).contains(&ahead)
}

/// Writes the video of all numbers.
pub(crate) fn make_video(file: &Path) {
    let (width, height) = (TILES.0 * TILE.0, TILES.1 * TILE.1);
    let mut ffmpeg = Command::new("ffmpeg")
        .args(["-v", "error", "-f", "rawvideo", "-pix_fmt", "gray", "-s"])
        .arg(format!("{width}x{height}"))
        .args(["-r", "5", "-i", "-", "-pix_fmt", "yuv420p"])
        .args(["-c:v", "libx264", "-preset", "ultrafast", "-g", "1"])
        .args(["-x264-params", "aud=1", "-f", "h264"])
        .arg(file)
        .stdin(Stdio::piped())
        .spawn()
        .expect("ffmpeg is there: scripts/get-tools.sh ffmpeg gets it");
    let mut input = ffmpeg.stdin.take().unwrap();
    for number in 0..NUMBERS {
        let code = coded(number);
        let picture: Vec<u8> = (0..width * height)
            .map(|at| {
                let (column, row) = (at % width / TILE.0, at / width / TILE.1);
                ((code >> (row * TILES.0 + column)) & 1) as u8 * 255
            })
            .collect();
        input.write_all(&picture).unwrap();
    }
    drop(input);
    assert!(ffmpeg.wait().unwrap().success());
}

/// A server of some of them; gone when dropped.
pub(crate) struct NumberedServer {
    port: u16,
    video: PathBuf,
    paths: Vec<String>,
    child: Option<Child>,
}

impl NumberedServer {
    pub(crate) fn start(video: &Path, paths: &[String]) -> Self {
        let mut server = NumberedServer {
            port: local_servers::free_port().unwrap(),
            video: video.to_owned(),
            paths: paths.to_vec(),
            child: None,
        };
        server.start_again();
        server
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("rtsp://127.0.0.1:{}/{path}", self.port)
    }

    pub(crate) fn paths(&self) -> &[String] {
        &self.paths
    }

    pub(crate) fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().ok();
            child.wait().ok();
        }
    }

    pub(crate) fn start_again(&mut self) {
        // The one that has what Debian's packages bring.
        let mut child = Command::new("/usr/bin/python3")
            .arg(concat!(
                env!("CARGO_MANIFEST_DIR"),
                "/tests/numbered_server.py"
            ))
            .arg(self.port.to_string())
            .arg(&self.video)
            .args(&self.paths)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let said = lines_of(child.stdout.take().unwrap()).next();
        assert_eq!(
            said.as_deref(),
            Some("ready"),
            "the RTSP server of GStreamer is there: scripts/get-tools.sh rtsp-server gets it"
        );
        self.child = Some(child);
    }

    pub(crate) fn stop(&self) {
        self.child
            .iter()
            .for_each(|child| signal(child, Signal::STOP));
    }

    pub(crate) fn go_on(&self) {
        self.child
            .iter()
            .for_each(|child| signal(child, Signal::CONT));
    }
}

impl Drop for NumberedServer {
    fn drop(&mut self) {
        self.kill();
    }
}
