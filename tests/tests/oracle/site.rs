//! The site of the oracle: servers, services, and proxies before them.

use std::{
    net::SocketAddr,
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant},
};

use tempfile::TempDir;
use test_support::RedisServer;
use tests::{Process, Proxy};
use tokio::{net::TcpStream, sync::Mutex, time::sleep};

use crate::{
    broker::Broker,
    receivers::{self, Receiver},
};

/// Folders of cameras; those whose number is divisible by [`HELD`] have a rule with holds.
pub(crate) const FOLDERS: usize = 20;
const HELD: usize = 5;

/// How long services may take until they are ready, whatever has happened.
const READY_WITHIN: Duration = Duration::from_secs(30);

/// All that runs: three comparators, two sinks, two notifiers, an upload service, and their servers and receivers, each on the
/// other side of a proxy.
pub(crate) struct Site {
    pub(crate) broker: Broker,
    pub(crate) redis: RedisServer,
    /// Who is told of alerts.
    pub(crate) receivers: Vec<Receiver>,
    pub(crate) processes: Vec<Process>,
    pub(crate) proxies: Vec<Proxy>,
    pub(crate) web: SocketAddr,
    /// The cameras' way to the broker: URLs.
    pub(crate) cameras: String,
    /// Held by who uploads, and by who wants nobody to.
    pub(crate) uploading: Arc<Mutex<()>>,
    ready: Vec<SocketAddr>,
    logs: PathBuf,
}

pub(crate) fn folder(number: usize) -> String {
    format!("cam-{number}")
}

/// Whether the folder's alerts wait for holds.
pub(crate) fn is_held(number: usize) -> bool {
    number.is_multiple_of(HELD)
}

impl Site {
    pub(crate) async fn start(broker: Broker, receivers: Vec<Receiver>) -> Self {
        rustls::crypto::ring::default_provider()
            .install_default()
            .ok();
        let logs = TempDir::with_prefix("framewatch-oracle-").unwrap().keep();
        let redis = RedisServer::start();
        let mut site = Site {
            web: free_address(),
            cameras: String::new(),
            uploading: Arc::default(),
            broker,
            redis,
            receivers,
            processes: Vec::new(),
            proxies: Vec::new(),
            ready: Vec::new(),
            logs,
        };
        site.cameras = site.ways_to_broker().await;
        let web = site.web.to_string();
        site.add("upload", "framewatch-upload", &["--listen", &web])
            .await;
        for number in 1..=3 {
            let name = format!("comparator-{number}");
            let grace = ["--camera-grace-s", "1"];
            site.add(&name, "framewatch-comparator", &grace).await;
        }
        for number in 1..=2 {
            let redis = site.way_to(site.redis.address()).await;
            let url = format!("redis://{redis}/");
            let name = format!("sink-{number}");
            site.add(&name, "framewatch-sink", &["--redis-url", &url])
                .await;
        }
        let routes = site.routes().await;
        for number in 1..=2 {
            let name = format!("notifier-{number}");
            site.add(&name, "framewatch-notifier", &["--config", &routes])
                .await;
        }
        site.all_ready().await;
        site
    }

    async fn add(&mut self, name: &str, binary: &str, arguments: &[&str]) {
        let nats = self.ways_to_broker().await;
        let replicas = self.broker.replicas().to_string();
        let ops = free_address();
        let listen = ops.to_string();
        // Who starts while the broker is away, on a busy machine, must not give up.
        let patience = ["--nats-connect-timeout-s", "120"];
        let nats = ["--nats-url", &nats, "--nats-replicas", &replicas];
        let arguments = [&nats[..], &patience, &["--ops-listen", &listen], arguments].concat();
        self.processes
            .push(Process::start(name, binary, &arguments, &self.logs));
        self.ready.push(ops);
    }

    /// The file of routes, by which each receiver is told on a way that can be cut.
    async fn routes(&mut self) -> String {
        let mut ways = Vec::new();
        for number in 0..self.receivers.len() {
            let receiver = self.receivers[number].address();
            ways.push(self.way_to(receiver).await);
        }
        let path = self.logs.join("notify.toml");
        std::fs::write(&path, receivers::routes(&self.receivers, &ways)).unwrap();
        path.display().to_string()
    }

    /// URLs of the broker's servers, each by a proxy of its own.
    async fn ways_to_broker(&mut self) -> String {
        let mut urls = Vec::new();
        for server in self.broker.addresses() {
            urls.push(format!("nats://{}", self.way_to(server).await));
        }
        urls.join(",")
    }

    async fn way_to(&mut self, server: SocketAddr) -> SocketAddr {
        let proxy = Proxy::to(server).await;
        let address = proxy.address;
        self.proxies.push(proxy);
        address
    }

    /// Waits until every service says that it can work.
    pub(crate) async fn all_ready(&self) {
        let deadline = Instant::now() + READY_WITHIN;
        for (process, ops) in self.processes.iter().zip(&self.ready) {
            while let Some(lacks) = lacks(*ops).await {
                if Instant::now() > deadline {
                    self.fail(&[format!("{} does not become ready: {lacks}", process.name())]);
                }
                sleep(Duration::from_millis(20)).await;
            }
        }
    }

    /// Ends the trial.
    pub(crate) fn fail(&self, wrong: &[String]) -> ! {
        self.broker.keep_logs(&self.logs);
        panic!(
            "{} things are wrong; the logs of the services and of NATS are in {}:\n{}",
            wrong.len(),
            self.logs.display(),
            wrong[..wrong.len().min(20)].join("\n")
        )
    }

    /// All comparators.
    pub(crate) fn comparators(&mut self) -> impl Iterator<Item = &mut Process> {
        self.named("comparator")
    }

    /// All notifiers.
    pub(crate) fn notifiers(&mut self) -> impl Iterator<Item = &mut Process> {
        self.named("notifier")
    }

    /// All who write into what may be deleted, but for the upload service.
    pub(crate) fn writers(&mut self) -> impl Iterator<Item = &mut Process> {
        let processes = self.processes.iter_mut();
        processes.filter(|process| {
            let name = process.name();
            name.starts_with("comparator") || name.starts_with("notifier")
        })
    }

    fn named(&mut self, service: &str) -> impl Iterator<Item = &mut Process> {
        let processes = self.processes.iter_mut();
        processes.filter(move |process| process.name().starts_with(service))
    }

    /// Where the services' logs are, kept for whoever looks for what went wrong.
    pub(crate) fn logs(&self) -> &PathBuf {
        &self.logs
    }

    /// Whether the servers take connections.
    pub(crate) async fn has_servers(&self) -> bool {
        self.broker.is_there().await && TcpStream::connect(self.redis.address()).await.is_ok()
    }
}

/// What a service says that it lacks; `None` where it is ready.
async fn lacks(ops: SocketAddr) -> Option<String> {
    match reqwest::get(format!("http://{ops}/readyz")).await {
        Ok(answer) if answer.status().is_success() => None,
        Ok(answer) => Some(answer.text().await.unwrap_or_default()),
        Err(error) => Some(error.to_string()),
    }
}

fn free_address() -> SocketAddr {
    let port = local_servers::free_port().unwrap();
    SocketAddr::from(([127, 0, 0, 1], port))
}
