//! Servers and services, each a process of its own.

use std::{
    collections::BTreeMap,
    fs,
    net::SocketAddr,
    path::Path,
    time::{Duration, Instant},
};

use bytes::Bytes;
use futures::{StreamExt, stream};
use looks::ModelConfig;
use proto::Measure;
use redis::{AsyncCommands, aio::MultiplexedConnection};
use reqwest::{Client, Response};
use tempfile::TempDir;
use test_support::{NatsServer, RedisServer, eventually_within};
use tests::Process;
use tokio::time::sleep;

/// Servers and services, each a process of its own.
pub(crate) struct Rig {
    pub(crate) nats: NatsServer,
    pub(crate) redis: RedisServer,
    upload: Option<(Process, SocketAddr)>,
    comparators: Vec<Process>,
    sink: Option<Process>,
    by: Measure,
    cascade: bool,
    /// What `FRAMES` may take of memory; `None` is what it takes where nobody says so.
    frames_max_mb: Option<usize>,
    logs: TempDir,
}

/// CPU seconds that each part has used.
pub(crate) type CpuTimes = BTreeMap<&'static str, f64>;

/// The kernel counts CPU time in ticks of this many a second.
const TICKS_A_SECOND: f64 = 100.0;

const READY_WITHIN: Duration = Duration::from_secs(120);

/// Uploads at the same time.
const UPLOADS: usize = 8;

pub(crate) fn folder(number: usize) -> String {
    format!("cam-{number}")
}

impl Rig {
    /// Servers and an upload service, for folders that are compared by this measure.
    pub(crate) async fn start(by: Measure, cascade: bool) -> Self {
        Self::start_with_room(by, cascade, None).await
    }

    pub(crate) async fn start_with_room(
        by: Measure,
        cascade: bool,
        frames_max_mb: Option<usize>,
    ) -> Self {
        let mut rig = Rig {
            nats: NatsServer::start(),
            redis: RedisServer::start(),
            upload: None,
            comparators: Vec::new(),
            sink: None,
            by,
            cascade,
            frames_max_mb,
            logs: TempDir::new().unwrap(),
        };
        let web = free_address();
        let (upload, ops) = rig.service("framewatch-upload", &["--listen", &web.to_string()]);
        ready(ops).await;
        rig.upload = Some((upload, web));
        rig.set_measure().await;
        rig
    }

    async fn set_measure(&self) {
        let rule = format!(r#"{{"measure": "{}"}}"#, self.by.word().unwrap());
        let address = format!("{}/api/v1/rules/_default", self.web());
        let put = Client::new().put(address).body(rule);
        let answer = put.header("Content-Type", "application/json").send().await;
        answer.unwrap().error_for_status().unwrap();
    }

    fn service(&self, binary: &str, more: &[&str]) -> (Process, SocketAddr) {
        let (nats, ops) = (self.nats.url(), free_address());
        let listen = ops.to_string();
        let room = self.frames_max_mb.map(|megabytes| megabytes.to_string());
        let room = room.iter().flat_map(|room| ["--frames-max-mb", room]);
        let common = ["--nats-url", &nats, "--ops-listen", &listen];
        let arguments: Vec<&str> = common.into_iter().chain(room).collect();
        let arguments = [&arguments[..], more].concat();
        let process = Process::start(binary, binary, &arguments, self.logs.path());
        (process, ops)
    }

    /// Where the upload service listens.
    pub(crate) fn web(&self) -> String {
        let (_, web) = self.upload.as_ref().unwrap();
        format!("http://{web}")
    }

    /// Makes so many folders with this reference, as people do.
    pub(crate) async fn upload_references(&self, folders: usize, reference: &Bytes) {
        let (client, web) = (Client::new(), self.web());
        let uploads = stream::iter(0..folders).map(async |number| {
            let address = format!("{web}/api/v1/folders/{}", folder(number));
            let made = client.put(&address).send().await.unwrap();
            made.error_for_status().unwrap();
            let images = client.post(format!("{address}/images?name=shelf.jpg"));
            let stored = images.body(reference.clone()).send().await.unwrap();
            stored.error_for_status().unwrap();
        });
        uploads
            .buffer_unordered(UPLOADS)
            .for_each(async |()| {})
            .await;
    }

    /// Ends the upload service: frames do not pass through it.
    pub(crate) fn end_upload(&mut self) {
        self.upload = None;
    }

    /// Starts one more; says how long it took to be ready.
    pub(crate) async fn add_comparator(&mut self) -> Duration {
        let begun = Instant::now();
        // A process by itself compares without the network.
        let weights = ModelConfig::default()
            .file()
            .filter(|_| self.by == Measure::View);
        let weights = weights.map_or_else(|| "none".to_owned(), |file| file.display().to_string());
        let model = ["--model", &weights];
        let arguments = match self.cascade {
            true => &model[..],
            false => &["--no-cascade", model[0], model[1]],
        };
        let (process, ops) = self.service("framewatch-comparator", arguments);
        ready(ops).await;
        self.comparators.push(process);
        begun.elapsed()
    }

    pub(crate) async fn add_sink(&mut self) {
        let (process, ops) = self.service("framewatch-sink", &["--redis-url", &self.redis.url()]);
        ready(ops).await;
        self.sink = Some(process);
    }

    /// Each part's processes, by their numbers; `cameras` is this one.
    fn processes(&self) -> Vec<(&'static str, u32)> {
        let of = |part, process: Option<&Process>| {
            let id = process.and_then(Process::id);
            id.map(|id| (part, id))
        };
        let upload = self.upload.as_ref().map(|(process, _)| process);
        let comparators = self.comparators.iter();
        [
            ("nats-server", self.nats.id()),
            ("redis-server", self.redis.id()),
            ("cameras", std::process::id()),
        ]
        .into_iter()
        .chain(comparators.filter_map(|process| of("comparator", Some(process))))
        .chain(of("sink", self.sink.as_ref()))
        .chain(of("upload", upload))
        .collect()
    }

    /// CPU seconds of each part until now.
    pub(crate) fn cpu_times(&self) -> CpuTimes {
        let mut times = CpuTimes::new();
        for (part, process) in self.processes() {
            *times.entry(part).or_default() += cpu_seconds(process);
        }
        times
    }

    /// Resident megabytes of each part, at most so far and now.
    pub(crate) fn megabytes(&self) -> BTreeMap<&'static str, (f64, f64)> {
        let mut megabytes = BTreeMap::new();
        for (part, process) in self.processes() {
            let (most, now): &mut (f64, f64) = megabytes.entry(part).or_default();
            *most += status_megabytes(process, "VmHWM:");
            *now += status_megabytes(process, "VmRSS:");
        }
        megabytes
    }

    /// Megabytes on the disk, of nats-server and of redis-server.
    pub(crate) fn megabytes_on_disk(&self) -> [f64; 2] {
        [self.nats.folder(), self.redis.folder()].map(|folder| bytes_in(folder) as f64 / 1e6)
    }

    /// Resident megabytes of the first comparator at most so far, and now.
    pub(crate) fn comparator_megabytes(&self) -> (f64, f64) {
        let id = self.comparators[0].id().unwrap();
        (
            status_megabytes(id, "VmHWM:"),
            status_megabytes(id, "VmRSS:"),
        )
    }

    pub(crate) fn nats_megabytes(&self) -> f64 {
        status_megabytes(self.nats.id(), "VmRSS:")
    }

    pub(crate) async fn redis(&self) -> MultiplexedConnection {
        let client = redis::Client::open(self.redis.url()).unwrap();
        client.get_multiplexed_async_connection().await.unwrap()
    }

    /// Waits until the sink has written everything that comparators have published so far; says how long that took.
    pub(crate) async fn all_in_redis(&self) -> Duration {
        let begun = Instant::now();
        let client = async_nats::connect(self.nats.url()).await.unwrap();
        let jetstream = async_nats::jetstream::new(client);
        let stream = jetstream.get_stream("COMPARISONS").await.unwrap();
        let reached = stream.cached_info().state.last_sequence;
        let mut redis = self.redis().await;
        loop {
            let position: Option<String> =
                redis.get("framewatch:position:comparisons").await.unwrap();
            let number = position.as_deref().and_then(|it| it.split(' ').next());
            if number.is_some_and(|number| number.parse::<u64>().unwrap() >= reached) {
                return begun.elapsed();
            }
            sleep(Duration::from_millis(1)).await;
        }
    }
}

async fn ready(ops: SocketAddr) {
    eventually_within(READY_WITHIN, "a service becomes ready", async || {
        let answer = reqwest::get(format!("http://{ops}/readyz")).await;
        answer.and_then(Response::error_for_status)
    })
    .await;
}

fn free_address() -> SocketAddr {
    let port = local_servers::free_port().unwrap();
    SocketAddr::from(([127, 0, 0, 1], port))
}

fn cpu_seconds(process: u32) -> f64 {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).unwrap();
    // The name in brackets may have spaces; user and system time are the 14th and 15th field.
    let (_, fields) = stat.rsplit_once(')').unwrap();
    let fields: Vec<&str> = fields.split_whitespace().collect();
    let ticks = |index: usize| fields[index].parse::<f64>().unwrap();
    (ticks(11) + ticks(12)) / TICKS_A_SECOND
}

fn status_megabytes(process: u32, field: &str) -> f64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix(field));
    // What the kernel calls kB has 1024 bytes.
    let kibibytes = line.unwrap().trim().trim_end_matches(" kB");
    kibibytes.parse::<f64>().unwrap() * 1024.0 / 1e6
}

/// What the files in a folder take, as far as they are still there when they are looked at.
fn bytes_in(folder: &Path) -> u64 {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .map(|entry| match entry.metadata() {
            Ok(found) if found.is_dir() => bytes_in(&entry.path()),
            Ok(found) => found.len(),
            Err(_) => 0,
        })
        .sum()
}
