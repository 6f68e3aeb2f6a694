use std::{collections::BTreeSet, net::SocketAddr, time::Duration};

use async_nats::jetstream::{self, kv, stream};
use event_bus::{Bus, BusConfig, Role};
use futures::TryStreamExt;
use test_support::{NatsServer, eventually};
use tokio::{
    net::TcpStream,
    time::{Instant, sleep},
};

/// The streams of events. In a cluster each has a leader, which takes what is published; the others follow.
pub(crate) const STREAMS: [&str; 5] =
    ["FRAMES", "ALERTS", "COMPARISONS", "UPLOADS", "DEAD_LETTERS"];

/// The stream that takes all the room there is.
const JUNK: &str = "JUNK";

/// How long a node that was away may take to have all that the others have.
const CATCHES_UP_WITHIN: Duration = Duration::from_secs(60);

/// How long what was deleted may be gone.
const PUT_BACK_WITHIN: Duration = Duration::from_secs(20);

/// NATS: one server with a quota, or a cluster of three.
pub(crate) struct Broker {
    nodes: Vec<NatsServer>,
}

impl Broker {
    /// One server, which may store so many bytes in files.
    pub(crate) async fn alone(quota: u64) -> Self {
        let nats = NatsServer::start_with_quota(quota);
        reserve_nothing(&nats).await;
        Broker { nodes: vec![nats] }
    }

    /// Three servers, each of which has a copy of everything.
    pub(crate) fn cluster() -> Self {
        Broker {
            nodes: NatsServer::start_cluster().into(),
        }
    }

    pub(crate) fn is_cluster(&self) -> bool {
        self.nodes.len() > 1
    }

    /// Copies of each stream.
    pub(crate) fn replicas(&self) -> u8 {
        self.nodes.len().try_into().unwrap()
    }

    pub(crate) fn addresses(&self) -> Vec<SocketAddr> {
        self.nodes.iter().map(NatsServer::address).collect()
    }

    /// The server that is alone, or the one that leads the stream.
    pub(crate) async fn leader(&mut self, stream: &str) -> &mut NatsServer {
        let at = if self.is_cluster() {
            self.leads(stream).await
        } else {
            0
        };
        &mut self.nodes[at]
    }

    async fn leads(&self, stream: &str) -> usize {
        let name = leader(&self.jetstream().await, stream).await;
        let mut nodes = self.nodes.iter();
        let at = nodes.position(|node| node.name() == name);
        at.unwrap_or_else(|| panic!("{name} leads {stream} and is none of ours"))
    }

    /// Waits until everything that is stored in streams can be read and written.
    pub(crate) async fn is_led_again(&self) {
        if !self.is_cluster() {
            return;
        }
        let jetstream = self.jetstream().await;
        let names = eventually("the streams are listed", async || {
            let names: Result<Vec<_>, _> = jetstream.stream_names().try_collect().await;
            names.ok()
        });
        for stream in names.await {
            leader(&jetstream, &stream).await;
        }
    }

    /// Waits until every node has all that every stream holds: until then no other may go.
    pub(crate) async fn is_whole_again(&self) {
        if !self.is_cluster() {
            return;
        }
        let deadline = Instant::now() + CATCHES_UP_WITHIN;
        let jetstream = self.jetstream().await;
        for stream in STREAMS {
            while !self.is_whole(&jetstream, stream).await {
                assert!(Instant::now() < deadline, "{stream} does not become whole");
                sleep(Duration::from_millis(100)).await;
            }
        }
    }

    async fn is_whole(&self, jetstream: &jetstream::Context, stream: &str) -> bool {
        let Ok(stream) = jetstream.get_stream(stream).await else {
            return false;
        };
        let cluster = stream.cached_info().cluster.as_ref();
        cluster.is_some_and(|cluster| {
            let followers = &cluster.replicas;
            cluster.leader.is_some()
                && followers.len() == self.nodes.len() - 1
                && followers.iter().all(|it| it.current && !it.offline)
        })
    }

    /// Whether the servers take connections.
    pub(crate) async fn is_there(&self) -> bool {
        for node in &self.nodes {
            if TcpStream::connect(node.address()).await.is_err() {
                return false;
            }
        }
        true
    }

    /// Fills what a server that is alone may store in files, so that no stream takes anything more.
    pub(crate) async fn fill_disk(&self) {
        if self.is_cluster() {
            return;
        }
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
        if !self.is_cluster() {
            self.jetstream().await.delete_stream(JUNK).await.unwrap();
        }
    }

    /// Makes a bucket refuse whatever is written to it, until it is deleted.
    pub(crate) async fn seal(&self, bucket: &str) {
        let jetstream = self.jetstream().await;
        eventually("it is sealed", async || {
            let stream = jetstream.get_stream(bucket).await.ok()?;
            let mut config = stream.cached_info().config.clone();
            config.sealed = true;
            jetstream.update_stream(config).await.ok()
        })
        .await;
    }

    pub(crate) async fn delete(&self, stream: &str) {
        self.jetstream().await.delete_stream(stream).await.unwrap();
    }

    /// The subjects that it holds something of.
    pub(crate) async fn keys(&self, stream: &str) -> BTreeSet<String> {
        let jetstream = self.jetstream().await;
        eventually("it can be asked", async || {
            let stream = jetstream.get_stream(stream).await.ok()?;
            let subjects = stream.info_with_subjects(">").await.ok()?;
            let subjects: Vec<(String, usize)> = subjects.try_collect().await.ok()?;
            Some(subjects.into_iter().map(|(subject, _)| subject).collect())
        })
        .await
    }

    /// Waits until it holds something of these subjects, as it should within ten seconds; what is missing in the end is
    /// found missing by the checks.
    pub(crate) async fn has_again(&self, stream: &str, subjects: &BTreeSet<String>) {
        let deadline = Instant::now() + PUT_BACK_WITHIN;
        while !self.keys(stream).await.is_superset(subjects) && Instant::now() < deadline {
            sleep(Duration::from_millis(200)).await;
        }
    }

    async fn jetstream(&self) -> jetstream::Context {
        let client = eventually("a server takes a connection", async || {
            async_nats::connect(self.urls()).await.ok()
        });
        // Nobody answers while there is no leader.
        let mut jetstream = jetstream::new(client.await);
        jetstream.set_timeout(Duration::from_secs(1));
        jetstream
    }

    /// A connection past all proxies.
    pub(crate) async fn bus(&self) -> Bus {
        eventually("a connection to NATS", async || {
            let config = BusConfig::for_url(self.urls().join(","));
            Bus::connect(&config, "oracle", Role::Worker).await.ok()
        })
        .await
    }

    fn urls(&self) -> Vec<String> {
        self.nodes.iter().map(NatsServer::url).collect()
    }
}

/// The name of the server that leads the stream, as soon as one does.
async fn leader(jetstream: &jetstream::Context, stream: &str) -> String {
    eventually("the stream has a leader", async || {
        let info = jetstream.get_stream(stream).await.ok()?;
        info.cached_info().cluster.as_ref()?.leader.clone()
    })
    .await
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
    let features = kv::Config {
        bucket: "features".into(),
        ..kv::Config::default()
    };
    jetstream.create_key_value(features).await.unwrap();
}
