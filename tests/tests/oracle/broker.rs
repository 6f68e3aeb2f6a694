//! The NATS of the oracle: one server with a quota, or a cluster of three.

use std::{collections::BTreeSet, fs, net::SocketAddr, path::Path, time::Duration};

use async_nats::jetstream::{self, stream};
use event_bus::{Bus, BusConfig, Role};
use futures::TryStreamExt;
use test_support::{NatsServer, SmallDisk, eventually, eventually_within};
use tests::skip;
use time::OffsetDateTime;
use tokio::{
    net::TcpStream,
    time::{Instant, sleep},
};

/// The streams of events. In a cluster each has a leader, which takes what is published; the others follow.
pub(crate) const STREAMS: [&str; 5] =
    ["FRAMES", "ALERTS", "COMPARISONS", "UPLOADS", "DEAD_LETTERS"];

/// The stream that takes all the room there is.
const JUNK: &str = "JUNK";

/// The streams that would reserve more than the quota, and their subjects.
const RESERVING: [(&str, &str); 2] = [
    ("COMPARISONS", "comparisons.*"),
    ("DEAD_LETTERS", "dead-letters.>"),
];

/// How long a node that was away may take to have all that the others have.
const CATCHES_UP_WITHIN: Duration = Duration::from_secs(60);

/// How long it may take until what was deleted is back.
const PUT_BACK_WITHIN: Duration = Duration::from_secs(20);

/// NATS: one server with a quota, or a cluster of three.
pub(crate) struct Broker {
    nodes: Vec<NatsServer>,
    /// The disk of the server, if it is alone and may mount one.
    disk: Option<SmallDisk>,
}

/// A message of a stream.
#[derive(Debug, Clone)]
pub(crate) struct Found {
    pub(crate) stream: &'static str,
    pub(crate) subject: String,
    pub(crate) stored_at: OffsetDateTime,
    /// Whether it is the last one of its subject.
    pub(crate) is_last: bool,
    sequence: u64,
}

impl Broker {
    /// One server, which may store so many bytes in files.
    pub(crate) async fn alone(quota: u64) -> Self {
        let disk = SmallDisk::mount();
        if disk.is_none() {
            skip("a file system of its own may not be mounted here, so none is filled up");
        }
        let nats = NatsServer::start_with_quota(quota, disk.as_ref());
        reserve_nothing(&nats).await;
        Broker {
            nodes: vec![nats],
            disk,
        }
    }

    /// Three servers, each of which has a copy of everything.
    pub(crate) fn cluster() -> Self {
        Broker {
            nodes: NatsServer::start_cluster().into(),
            disk: None,
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
            let left = deadline.saturating_duration_since(Instant::now());
            let what = format!("{stream} is whole");
            eventually_within(left, &what, async || {
                let is_whole = self.is_whole(&jetstream, stream).await;
                is_whole.then_some(()).ok_or("a node lacks some of it")
            })
            .await;
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

    /// Writes what the servers have logged to this folder.
    pub(crate) fn keep_logs(&self, folder: &Path) {
        for node in &self.nodes {
            let log = folder.join(format!("{}.log", node.name()));
            fs::write(log, node.log()).unwrap();
        }
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
    pub(crate) async fn fill_quota(&self) {
        if self.is_cluster() {
            return;
        }
        let jetstream = self.jetstream().await;
        if jetstream.get_or_create_stream(junk()).await.is_err() {
            return;
        }
        let megabyte = bytes::Bytes::from(vec![0; 1_000_000]);
        while let Ok(acknowledged) = jetstream.publish(JUNK, megabyte.clone()).await
            && acknowledged.await.is_ok()
        {}
    }

    /// Makes room again after `fill_quota`.
    pub(crate) async fn empty_quota(&self) {
        if !self.is_cluster() {
            self.jetstream().await.delete_stream(JUNK).await.unwrap();
        }
    }

    /// Whether it has a disk of its own.
    pub(crate) fn has_disk(&self) -> bool {
        self.disk.is_some()
    }

    /// Lets each write to the disk fail for so long. Where one has failed, the server goes on failing when there is room
    /// again; so it is started anew then, as `framewatch up` does.
    pub(crate) async fn fill_disk(&mut self, how_long: Duration) {
        let Some(disk) = &self.disk else { return };
        disk.fill();
        sleep(how_long).await;
        let made = self.jetstream().await.create_stream(junk()).await;
        assert!(made.is_err(), "a stream was made on a full disk");
        disk.empty();
        self.nodes[0].stop();
        self.nodes[0].start_again();
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
        if !self.is_cluster() && RESERVING.iter().any(|(name, _)| *name == stream) {
            reserve_nothing(&self.nodes[0]).await;
        }
    }

    /// Waits until the stream or bucket is there and has these keys; `false` where it does not have them in time.
    pub(crate) async fn has_again(&self, stream: &str, keys: &BTreeSet<String>) -> bool {
        let deadline = Instant::now() + PUT_BACK_WITHIN;
        let jetstream = self.jetstream().await;
        loop {
            let is_there = jetstream.get_stream(stream).await.is_ok();
            if is_there && self.keys(stream).await.is_superset(keys) {
                return true;
            }
            if Instant::now() > deadline {
                return false;
            }
            sleep(Duration::from_millis(200)).await;
        }
    }

    /// Removes the parts of all objects of a bucket. What they were called stays.
    pub(crate) async fn lose_chunks(&self, bucket: &str) {
        let jetstream = self.jetstream().await;
        eventually("its chunks are gone", async || {
            let stream = jetstream.get_stream(format!("OBJ_{bucket}")).await.ok()?;
            let chunks = format!("$O.{bucket}.C.>");
            stream.purge().filter(chunks).await.ok()
        })
        .await;
    }

    /// Any message of the stream.
    pub(crate) async fn any_message(
        &self,
        stream: &'static str,
        random: &mut fastrand::Rng,
    ) -> Option<Found> {
        let there = self.jetstream().await.get_stream(stream).await.ok()?;
        let state = &there.cached_info().state;
        let sequence = random.u64(state.first_sequence..=state.last_sequence);
        let message = there.get_raw_message(sequence).await.ok()?;
        let subject = message.subject.to_string();
        let last = there.get_last_raw_message_by_subject(&subject).await.ok()?;
        Some(Found {
            stream,
            subject,
            stored_at: message.time,
            is_last: last.sequence == sequence,
            sequence,
        })
    }

    /// Overwrites some of a message on the disk while the server does not run, which ends and begins as it is told to: one
    /// that is killed would drop all that follows in the same file.
    pub(crate) fn damage(&mut self, found: &Found) {
        let nats = &mut self.nodes[0];
        nats.stop();
        let at = found.stored_at.unix_timestamp_nanos();
        let at = at.try_into().unwrap();
        let damaged = nats.damage_message(found.stream, found.sequence, at, &found.subject);
        nats.start_again();
        assert!(damaged, "{found:?} is not on the disk");
    }

    /// The keys of a bucket that have a value, or the subjects of a stream.
    pub(crate) async fn keys(&self, stream: &str) -> BTreeSet<String> {
        let jetstream = self.jetstream().await;
        eventually("it can be asked", async || {
            if let Some(bucket) = stream.strip_prefix("KV_") {
                let bucket = jetstream.get_key_value(bucket).await.ok()?;
                return bucket.keys().await.ok()?.try_collect().await.ok();
            }
            let stream = jetstream.get_stream(stream).await.ok()?;
            let subjects = stream.info_with_subjects(">").await.ok()?;
            let subjects: Vec<(String, usize)> = subjects.try_collect().await.ok()?;
            Some(subjects.into_iter().map(|(subject, _)| subject).collect())
        })
        .await
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

fn junk() -> stream::Config {
    stream::Config {
        name: JUNK.into(),
        subjects: vec![JUNK.into()],
        ..stream::Config::default()
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
    for (name, subject) in RESERVING {
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
