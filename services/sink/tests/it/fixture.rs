//! A sink with a nats-server and a redis-server of its own, for the tests beside.

use event_bus::{AlertSubject, Bus, BusConfig, Expected, Folder, Role};
use proto::v1::{Alert, Comparison, Phase, Verdict};
use redis::{AsyncCommands, FromRedisValue, aio::MultiplexedConnection};
use service_runtime::{Context, CpuPool, Readiness};
use sink::AlertForm;
use test_support::{NatsServer, RedisServer, eventually, soon};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// A sink with its servers, and what others publish.
pub(crate) struct Fixture {
    pub(crate) nats: NatsServer,
    pub(crate) redis: RedisServer,
    /// By which the sink finds Redis.
    pub(crate) redis_url: String,
    /// The form in which the next sink that is started writes alerts.
    pub(crate) alerts: AlertForm,
    pub(crate) bus: Bus,
    pub(crate) shutdown: CancellationToken,
    /// The readiness of the sink that was started last.
    pub(crate) readiness: Readiness,
    pub(crate) sink: Option<JoinHandle<()>>,
}

impl Fixture {
    pub(crate) async fn start() -> Self {
        let redis = RedisServer::start();
        let url = redis.url();
        Self::start_with(redis, url).await
    }

    /// With a server and a URL by which the sink is to find it.
    pub(crate) async fn start_with(redis: RedisServer, redis_url: String) -> Self {
        let nats = NatsServer::start();
        let bus = Bus::connect(&BusConfig::for_url(nats.url()), "test", Role::Worker)
            .await
            .unwrap();
        let mut fixture = Fixture {
            nats,
            redis,
            redis_url,
            alerts: AlertForm::Json,
            bus,
            shutdown: CancellationToken::new(),
            readiness: Readiness::default(),
            sink: None,
        };
        fixture.start_sink().await;
        fixture
    }

    pub(crate) async fn start_sink(&mut self) {
        self.shutdown = CancellationToken::new();
        self.readiness = Readiness::default();
        let bus = Bus::connect(&BusConfig::for_url(self.nats.url()), "sink", Role::Worker)
            .await
            .unwrap();
        let redis = sink::connect(&sink::Config::for_url(&self.redis_url))
            .await
            .unwrap();
        let context = Context {
            shutdown: self.shutdown.clone(),
            readiness: self.readiness.clone(),
            cpu: CpuPool::default(),
            ops_address: ([127, 0, 0, 1], 0).into(),
        };
        let alerts = self.alerts;
        self.sink = Some(tokio::spawn(async move {
            sink::run(redis, alerts, bus, context).await.unwrap()
        }));
    }

    pub(crate) async fn stop_sink(&mut self) {
        self.shutdown.cancel();
        let sink = self.sink.take().unwrap();
        soon("the sink ends", sink).await.unwrap();
    }

    pub(crate) async fn redis(&self) -> MultiplexedConnection {
        let client = redis::Client::open(self.redis.url()).unwrap();
        client.get_multiplexed_async_connection().await.unwrap()
    }

    /// Waits until the sink is not ready and says this, or is ready where nothing is expected.
    pub(crate) async fn says(&self, expected: &str) {
        eventually("what is said", async || {
            let missing = self.readiness.missing().join(", ");
            let is_said = match expected {
                "" => missing.is_empty(),
                _ => missing.contains(expected),
            };
            is_said.then_some(())
        })
        .await;
    }

    /// Sends a command in one line to Redis.
    pub(crate) async fn ask<T: FromRedisValue>(&self, words: &str) -> T {
        let mut command = redis::Cmd::new();
        for word in words.split(' ') {
            command.arg(word);
        }
        command.query_async(&mut self.redis().await).await.unwrap()
    }

    pub(crate) async fn do_in_redis(&self, words: &str) {
        self.ask::<redis::Value>(words).await;
    }

    pub(crate) async fn compare(&self, folder: &Folder, similarity: f64) {
        let comparison = Comparison {
            folder: folder.to_string(),
            similarity: Some(similarity),
            verdict: Verdict::Match.into(),
            threshold: similarity,
            // Another rule makes another comparison of it.
            rule_digest: similarity.to_be_bytes().to_vec().into(),
            ..Comparison::default()
        };
        self.bus
            .publish_comparison(folder, &comparison)
            .await
            .unwrap();
    }

    pub(crate) async fn alert(&self, folder: &Folder, id: &str, phase: Phase) {
        self.alert_of(&AlertSubject::view(folder), id, phase).await;
    }

    pub(crate) async fn alert_of(&self, subject: &AlertSubject, id: &str, phase: Phase) {
        let alert = Alert {
            id: id.to_owned(),
            folder: subject.folder.to_string(),
            subject: subject.subject.into(),
            phase: phase.into(),
            message: format!("{} is {}", subject.folder, phase.as_str_name()),
            ..Alert::default()
        };
        let last = self.bus.latest::<Alert>(subject).await.unwrap();
        self.bus
            .publish_alert(subject, &alert, Expected::after(last.as_ref()))
            .await
            .unwrap();
    }

    pub(crate) async fn delete_stream(&self, name: &str) {
        let client = async_nats::connect(self.nats.url()).await.unwrap();
        let jetstream = async_nats::jetstream::new(client);
        jetstream.delete_stream(name).await.unwrap();
    }

    /// Deletes the stream of comparisons, and publishes one as soon as there is another.
    pub(crate) async fn make_comparisons_anew(&self, folder: &Folder, similarity: f64) {
        self.delete_stream("COMPARISONS").await;
        let comparison = Comparison {
            similarity: Some(similarity),
            ..Comparison::default()
        };
        eventually("the stream is there again", async || {
            self.bus.publish_comparison(folder, &comparison).await.ok()
        })
        .await;
    }
}

/// The folder's similarity in Redis; `None` also while a server that has just started loads its data.
pub(crate) async fn similarity(
    redis: &(impl AsyncCommands + Clone),
    folder: &Folder,
) -> Option<String> {
    let value = redis.clone().get(sink::similarity_key(folder)).await;
    value.ok().flatten()
}

type Entries = Vec<(String, Vec<(String, String)>)>;

/// The entries of the stream of alerts: ids and fields.
pub(crate) async fn entries(redis: &(impl AsyncCommands + Clone)) -> Entries {
    redis.clone().xrange_all(sink::ALERTS).await.unwrap()
}

pub(crate) async fn wait_for_entries(redis: &(impl AsyncCommands + Clone), count: usize) {
    eventually("the entries", async || {
        let entries: Entries = redis.clone().xrange_all(sink::ALERTS).await.ok()?;
        (entries.len() == count).then_some(())
    })
    .await;
}
