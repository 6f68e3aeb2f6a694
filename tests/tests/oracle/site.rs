use std::{net::SocketAddr, path::PathBuf};

use async_nats::jetstream::{self, stream};
use event_bus::{Bus, BusConfig};
use tempfile::TempDir;
use test_support::{NatsServer, RedisServer, eventually};
use tokio::net::TcpStream;

use tests::{Process, Proxy};

/// Folders of cameras; those whose number is divisible by [`HELD`] have a rule with holds.
pub(crate) const FOLDERS: usize = 20;
const HELD: usize = 5;

/// The stream that takes all the room there is.
const JUNK: &str = "JUNK";

/// All that runs: three comparators, two sinks, an upload service, and their servers, each on the other side of a proxy.
pub(crate) struct Site {
    pub(crate) nats: NatsServer,
    pub(crate) redis: RedisServer,
    pub(crate) processes: Vec<Process>,
    pub(crate) proxies: Vec<Proxy>,
    pub(crate) web: SocketAddr,
    /// The cameras' way to the broker.
    pub(crate) cameras: SocketAddr,
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
    /// The broker may store so many bytes in files.
    pub(crate) async fn start(quota: u64) -> Self {
        rustls::crypto::ring::default_provider()
            .install_default()
            .ok();
        let logs = TempDir::with_prefix("framewatch-oracle-").unwrap().keep();
        let nats = NatsServer::start_with_quota(quota);
        reserve_nothing(&nats).await;
        let redis = RedisServer::start();
        let mut site = Site {
            web: free_address(),
            cameras: nats.address(),
            nats,
            redis,
            processes: Vec::new(),
            proxies: Vec::new(),
            ready: Vec::new(),
            logs,
        };
        site.cameras = site.way_to(site.nats.address()).await;
        let web = site.web.to_string();
        site.add("upload", "framewatch-upload", &["--listen", &web])
            .await;
        for number in 1..=3 {
            let name = format!("comparator-{number}");
            site.add(&name, "framewatch-comparator", &[]).await;
        }
        for number in 1..=2 {
            let redis = site.way_to(site.redis.address()).await;
            let url = format!("redis://{redis}/");
            let name = format!("sink-{number}");
            site.add(&name, "framewatch-sink", &["--redis-url", &url])
                .await;
        }
        site.all_ready().await;
        site
    }

    async fn add(&mut self, name: &str, binary: &str, arguments: &[&str]) {
        let nats = format!("nats://{}", self.way_to(self.nats.address()).await);
        let ops = free_address();
        let listen = ops.to_string();
        let common = ["--nats-url", &nats, "--ops-listen", &listen];
        let arguments = [&common[..], arguments].concat();
        self.processes
            .push(Process::start(name, binary, &arguments, &self.logs));
        self.ready.push(ops);
    }

    async fn way_to(&mut self, server: SocketAddr) -> SocketAddr {
        let proxy = Proxy::to(server).await;
        let address = proxy.address;
        self.proxies.push(proxy);
        address
    }

    /// Waits until every service says that it can work.
    pub(crate) async fn all_ready(&self) {
        for ops in &self.ready {
            eventually("the service is ready", async || {
                let answer = reqwest::get(format!("http://{ops}/readyz")).await.ok()?;
                answer.status().is_success().then_some(())
            })
            .await;
        }
    }

    /// All comparators.
    pub(crate) fn comparators(&mut self) -> impl Iterator<Item = &mut Process> {
        let processes = self.processes.iter_mut();
        processes.filter(|process| process.name().starts_with("comparator"))
    }

    /// Fills what the broker may store in files, so that no stream takes anything more.
    pub(crate) async fn fill_disk(&self) {
        let jetstream = self.jetstream().await;
        let junk = stream::Config {
            name: JUNK.into(),
            subjects: vec![JUNK.into()],
            ..stream::Config::default()
        };
        if jetstream.get_or_create_stream(junk).await.is_err() {
            return;
        }
        let megabyte = bytes::Bytes::from(vec![0; 1_000_000]);
        while let Ok(acknowledged) = jetstream.publish(JUNK, megabyte.clone()).await
            && acknowledged.await.is_ok()
        {}
    }

    /// Makes room again after `fill_disk`.
    pub(crate) async fn empty_disk(&self) {
        self.jetstream().await.delete_stream(JUNK).await.unwrap();
    }

    async fn jetstream(&self) -> jetstream::Context {
        jetstream::new(async_nats::connect(self.nats.url()).await.unwrap())
    }

    /// A connection past all proxies.
    pub(crate) async fn bus(&self) -> Bus {
        eventually("a connection to NATS", async || {
            let config = BusConfig::for_url(self.nats.url());
            Bus::connect(&config, "oracle").await.ok()
        })
        .await
    }

    /// Where the services' logs are, kept for whoever looks for what went wrong.
    pub(crate) fn logs(&self) -> &PathBuf {
        &self.logs
    }

    /// Whether the servers take connections.
    pub(crate) async fn has_servers(&self) -> bool {
        TcpStream::connect(self.nats.address()).await.is_ok()
            && TcpStream::connect(self.redis.address()).await.is_ok()
    }
}

fn free_address() -> SocketAddr {
    let port = local_servers::free_port().unwrap();
    SocketAddr::from(([127, 0, 0, 1], port))
}

/// The broker reserves what a stream may store when it makes one, which would be more than the quota. Streams that are
/// there keep their sizes.
async fn reserve_nothing(nats: &NatsServer) {
    let client = async_nats::connect(nats.url()).await.unwrap();
    let jetstream = jetstream::new(client);
    for (name, subject) in [
        ("COMPARISONS", "comparisons.*"),
        ("DEAD_LETTERS", "dead-letters.>"),
    ] {
        let config = stream::Config {
            name: name.into(),
            subjects: vec![subject.into()],
            allow_direct: true,
            ..stream::Config::default()
        };
        eventually("JetStream runs", async || {
            jetstream.get_or_create_stream(config.clone()).await.ok()
        })
        .await;
    }
}
