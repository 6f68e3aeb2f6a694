//! What viewers cost those who don't look: how long frames take without viewers and with them, in turn.

use std::{process::Stdio, time::Duration};

use proto::Measure;
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, Lines},
    net::TcpStream,
    process::{Child, ChildStdin, ChildStdout, Command},
    task::JoinSet,
    time::Instant,
};

use crate::{
    load::Cameras,
    observed::{Latencies, Observer},
    pictures::Pictures,
    rig::Rig,
};

pub(crate) const FOLDERS: usize = 100;

/// Frames a second of all folders together.
pub(crate) const RATE: f64 = 200.0;

/// Alerts that fire or resolve, a second.
const CHANGES: f64 = 10.0;

/// How many viewers follow folders, and how many follow everything as it happens.
pub(crate) const OF_FOLDERS: usize = 400;
pub(crate) const OF_EVERYTHING: usize = 100;

/// Each is measured this often, one after the other: what else the machine does meets both.
const ROUNDS: usize = 8;

const MEASURED: Duration = Duration::from_secs(10);
const WARM_UP: Duration = Duration::from_secs(3);

/// What was found, with viewers or without.
pub(crate) struct Part {
    pub(crate) latencies: Latencies,
    /// Cores that the upload service kept busy.
    pub(crate) cores: f64,
    /// What viewers were sent, in bytes a second.
    pub(crate) bytes_a_second: f64,
}

pub(crate) struct Round {
    pub(crate) without: Part,
    pub(crate) with: Part,
}

pub(crate) async fn measure(pictures: &Pictures) -> Vec<Round> {
    let mut rig = Rig::start(Measure::Phash, true).await;
    rig.upload_references(FOLDERS, &pictures.reference).await;
    rig.add_comparator().await;
    rig.add_sink().await;
    let cameras = Cameras::connect(rig.nats.url()).await;
    cameras
        .steady(FOLDERS, pictures, RATE, CHANGES, WARM_UP)
        .await;
    let mut rounds = Vec::new();
    for _ in 0..ROUNDS {
        let without = part(&rig, &cameras, pictures, None).await;
        let audience = Audience::gather(&rig.web()).await;
        let with = part(&rig, &cameras, pictures, Some(audience)).await;
        rounds.push(Round { without, with });
    }
    rounds
}

async fn part(
    rig: &Rig,
    cameras: &Cameras,
    pictures: &Pictures,
    audience: Option<Audience>,
) -> Part {
    let observer = Observer::start(rig, None).await;
    let (begun, before) = (Instant::now(), rig.cpu_times()["upload"]);
    cameras
        .steady(FOLDERS, pictures, RATE, CHANGES, MEASURED)
        .await;
    let seconds = begun.elapsed().as_secs_f64();
    let cores = (rig.cpu_times()["upload"] - before) / seconds;
    let bytes = match audience {
        Some(audience) => audience.leave().await,
        None => 0,
    };
    Part {
        latencies: observer.finish().await,
        cores,
        bytes_a_second: bytes as f64 / seconds,
    }
}

/// All viewers, in a process of their own, so that reading delays no measuring.
struct Audience {
    _process: Child,
    stdin: ChildStdin,
    said: Lines<BufReader<ChildStdout>>,
}

/// The argument by which this program is the viewers.
pub(crate) const WATCH: &str = "watch";

impl Audience {
    /// Returns when all of them see events.
    async fn gather(web: &str) -> Self {
        let mut process = Command::new(std::env::current_exe().unwrap())
            .args([WATCH, web.strip_prefix("http://").unwrap()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let stdin = process.stdin.take().unwrap();
        let said = BufReader::new(process.stdout.take().unwrap()).lines();
        let mut audience = Audience {
            _process: process,
            stdin,
            said,
        };
        audience.number().await;
        audience
    }

    /// Says how many bytes they were sent since all of them were there.
    async fn leave(mut self) -> u64 {
        self.stdin.write_all(b"\n").await.unwrap();
        self.number().await
    }

    async fn number(&mut self) -> u64 {
        let line = self.said.next_line().await.unwrap();
        line.expect("viewers stay").parse().unwrap()
    }
}

/// Is the viewers: prints how many there are when all see events, and at the next line of input how many bytes they got.
pub(crate) async fn watch(web: &str) {
    let paths = [
        ("/api/v1/events/folders", OF_FOLDERS),
        ("/api/v1/events", OF_EVERYTHING),
    ];
    let mut streams = Vec::new();
    for (path, count) in paths {
        for _ in 0..count {
            streams.push(follow(web, path).await);
        }
    }
    say(streams.len() as u64).await;
    let mut viewers = JoinSet::new();
    let (leave, _) = tokio::sync::watch::channel(());
    for mut stream in streams {
        let mut leaving = leave.subscribe();
        viewers.spawn(async move {
            let (mut got, mut buffer) = (0, vec![0; 65_536]);
            loop {
                tokio::select! {
                    read = stream.read(&mut buffer) => match read.unwrap() {
                        0 => panic!("the service ended a stream"),
                        read => got += read as u64,
                    },
                    _ = leaving.changed() => return got,
                }
            }
        });
    }
    let mut line = [0];
    drop(tokio::io::stdin().read(&mut line).await);
    drop(leave);
    say(viewers.join_all().await.iter().sum()).await;
}

/// Follows a stream of events; returns when what was there at the beginning is told.
pub(crate) async fn follow(web: &str, path: &str) -> TcpStream {
    let mut stream = TcpStream::connect(web).await.unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nHost: {web}\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let (mut begun, mut buffer) = (Vec::new(), vec![0; 65_536]);
    while !begun.windows(12).any(|it| it == b"event: hello") {
        let read = stream.read(&mut buffer).await.unwrap();
        begun.extend_from_slice(&buffer[..read]);
        assert!(read > 0, "{}", String::from_utf8_lossy(&begun));
    }
    stream
}

async fn say(number: u64) {
    let mut stdout = tokio::io::stdout();
    let line = format!("{number}\n");
    stdout.write_all(line.as_bytes()).await.unwrap();
    stdout.flush().await.unwrap();
}
