//! What reads the cameras.

use std::{
    fmt,
    fmt::Write as _,
    fs,
    net::TcpListener,
    path::PathBuf,
    process::{Child, Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle, sleep},
    time::{Duration, Instant},
};

use tempfile::TempDir;

use crate::{CAMERAS, server::Server};

/// A picture is taken so often of each.
const EVERY: Duration = Duration::from_secs(2);

/// What reads the cameras.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Contender {
    /// This service, whose pictures are JPEGs on NATS.
    Framewatch,
    /// An ffmpeg for each, that decodes all frames and throws them away.
    FfmpegAll,
    /// An ffmpeg for each, that decodes key frames and throws them away.
    FfmpegKey,
    /// go2rtc, which is asked for a JPEG of each.
    Go2rtc,
}

impl fmt::Display for Contender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Contender::Framewatch => "framewatch-camera, JPEGs on NATS",
            Contender::FfmpegAll => "ffmpeg, all frames, no JPEG",
            Contender::FfmpegKey => "ffmpeg `-skip_frame nokey`, no JPEG",
            Contender::Go2rtc => "go2rtc, `frame.jpeg` every 2 s",
        })
    }
}

/// One that reads all of them; ended when dropped.
pub(crate) struct Running {
    children: Vec<Child>,
    processes: Vec<u32>,
    asking: Option<(Arc<AtomicBool>, Vec<JoinHandle<()>>)>,
    _folder: TempDir,
}

impl Running {
    pub(crate) fn processes(&self) -> &[u32] {
        &self.processes
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some((ends, asking)) = self.asking.take() {
            ends.store(true, Ordering::Relaxed);
            asking.into_iter().for_each(|one| one.join().unwrap());
        }
        for child in &mut self.children {
            child.kill().ok();
            child.wait().ok();
        }
    }
}

impl Contender {
    pub(crate) const ALL: [Contender; 4] = [
        Contender::Framewatch,
        Contender::FfmpegAll,
        Contender::FfmpegKey,
        Contender::Go2rtc,
    ];

    /// Begins to read; `None` where it is not there.
    pub(crate) fn start(self, server: &Server, nats: &str) -> Option<Running> {
        let folder = TempDir::new().unwrap();
        let url = server.url();
        let mut asking = None;
        let children = match self {
            Contender::Framewatch => vec![framewatch(&folder, &url, nats)],
            Contender::FfmpegAll => (0..CAMERAS).map(|_| ffmpeg(&[], &url)).collect(),
            Contender::FfmpegKey => {
                let key = ["-skip_frame", "nokey"];
                (0..CAMERAS).map(|_| ffmpeg(&key, &url)).collect()
            }
            Contender::Go2rtc => {
                let program = std::env::var_os("GO2RTC").filter(|path| !path.is_empty())?;
                let (child, address) = go2rtc(&program.into(), &folder, &url);
                asking = Some(ask(&address));
                vec![child]
            }
        };
        Some(Running {
            processes: children.iter().map(Child::id).collect(),
            children,
            asking,
            _folder: folder,
        })
    }
}

fn quiet(command: &mut Command) -> Child {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

fn framewatch(folder: &TempDir, url: &str, nats: &str) -> Child {
    let mut cameras = String::new();
    for number in 0..CAMERAS {
        writeln!(
            cameras,
            "[camera.c{number}]\nsource = \"{url}\"\nevery = \"2s\"\nmax-width = 1280"
        )
        .unwrap();
    }
    let file = folder.path().join("cameras.toml");
    fs::write(&file, cameras).unwrap();
    quiet(
        Command::new(env!("CARGO_BIN_EXE_framewatch-camera"))
            .args(["--nats-url", nats, "--ops-listen", &free_address()])
            .arg("--cameras")
            .arg(file),
    )
}

fn ffmpeg(before: &[&str], url: &str) -> Child {
    quiet(
        Command::new("ffmpeg")
            .args(["-v", "quiet", "-threads", "1"])
            .args(before)
            .args(["-rtsp_transport", "tcp", "-i", url])
            .args(["-an", "-f", "null", "-"]),
    )
}

fn go2rtc(program: &PathBuf, folder: &TempDir, url: &str) -> (Child, String) {
    let address = free_address();
    let mut config = format!(
        "api:\n  listen: \"{address}\"\nrtsp:\n  listen: \"\"\nwebrtc:\n  listen: \"\"\nstreams:\n"
    );
    for number in 0..CAMERAS {
        writeln!(config, "  c{number}: {url}").unwrap();
    }
    let file = folder.path().join("go2rtc.yaml");
    fs::write(&file, config).unwrap();
    let child = quiet(Command::new(program).arg("-config").arg(file));
    (child, address)
}

/// Asks for a picture of each again and again.
fn ask(address: &str) -> (Arc<AtomicBool>, Vec<JoinHandle<()>>) {
    let ends = Arc::new(AtomicBool::new(false));
    let asking = (0..CAMERAS).map(|number| {
        let (address, ends) = (address.to_owned(), Arc::clone(&ends));
        thread::spawn(move || {
            while !ends.load(Ordering::Relaxed) {
                let due = Instant::now() + EVERY;
                take(&address, number);
                sleep(due.saturating_duration_since(Instant::now()));
            }
        })
    });
    let asking = asking.collect();
    (ends, asking)
}

/// Takes one picture, where it is given.
fn take(address: &str, number: usize) {
    use std::io::{Read as _, Write as _};
    let Ok(mut stream) = std::net::TcpStream::connect(address) else {
        return;
    };
    stream.set_read_timeout(Some(EVERY * 5)).unwrap();
    let request = format!("GET /api/frame.jpeg?src=c{number} HTTP/1.0\r\nHost: {address}\r\n\r\n");
    let asked = stream.write_all(request.as_bytes());
    let mut answer = Vec::new();
    // Whoever gives none costs less, which shows in the table as pictures.
    asked.and_then(|()| stream.read_to_end(&mut answer)).ok();
}

fn free_address() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().to_string()
}
