//! A connection to NATS, kept: each time it comes back, what is missing is made again.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use async_nats::{Client, jetstream};
use futures::future::BoxFuture;
use log_limiter::LogLimiter;
use tokio::{
    sync::{Notify, watch},
    time::{Instant, sleep, timeout},
};
use tokio_util::sync::{CancellationToken, DropGuard};

use super::{
    answers,
    causes::with_causes,
    config::{BusConfig, without_secrets},
    connect::{ConnectError, RETRY, check_version, connect_client},
    interruptions::Interruptions,
    publish_error::PublishError,
    storage_error::StorageError,
};

/// A connection to NATS whose streams and buckets exist. Cheap to clone; reconnects by itself.
///
/// Streams in memory are gone when their server restarts. So each time the connection comes back the bus makes what is
/// missing and then counts a new generation, at which [`follow`](Bus::follow) and [`work`](Bus::work) begin afresh.
#[derive(Clone)]
pub struct Bus {
    pub(crate) jetstream: jetstream::Context,
    client: Client,
    upkeep: Arc<dyn Upkeep>,
    generation: watch::Receiver<u64>,
    /// Whether this version can use what the streams hold.
    is_fit: Arc<AtomicBool>,
    /// The streams that are to be followed, and are not at this moment.
    pub(super) interruptions: Interruptions,
    /// Whether the server has answered the last question.
    answers: Arc<AtomicBool>,
    /// Limits to once a minute the line in the log that there is no room for a stream.
    complaints: Arc<LogLimiter>,
    /// The name of this service.
    service: Arc<str>,
    _maintenance: Arc<DropGuard>,
}

/// What a connection must do for our streams and buckets. This layer does not know them.
pub(crate) trait Upkeep: Send + Sync {
    /// Checks what must be so before anything is made or read.
    fn check<'a>(
        &'a self,
        jetstream: &'a jetstream::Context,
    ) -> BoxFuture<'a, Result<(), StorageError>>;

    /// Makes what is missing.
    fn ensure<'a>(
        &'a self,
        jetstream: &'a jetstream::Context,
    ) -> BoxFuture<'a, Result<(), StorageError>>;

    /// Checks that what this stream holds is for this version to read.
    fn check_stream(
        &self,
        name: &'static str,
        stream: &jetstream::stream::Config,
    ) -> Result<(), StorageError>;

    /// A stream that may be asked for, to see whether the server answers; `None` where none may.
    fn asks_for(&self) -> Option<&'static str>;

    /// Keeps a message that can never be handled, where an operator finds it.
    fn keep_dead_letter<'a>(
        &'a self,
        bus: &'a Bus,
        message: &'a jetstream::Message,
        cause: &'a str,
    ) -> BoxFuture<'a, Result<(), PublishError>>;
}

/// After how long to look again at data that are not for us to use, which takes a person to change.
const UNFIT_RETRY: Duration = Duration::from_secs(5);
const FLUSHES_WITHIN: Duration = Duration::from_secs(2);

impl Bus {
    /// Connects under the name of the service; `upkeep` sees to the streams and buckets.
    pub(crate) async fn open(
        config: &BusConfig,
        service: &str,
        upkeep: Arc<dyn Upkeep>,
    ) -> Result<Self, ConnectError> {
        let connected = Arc::new(Notify::new());
        let client = connect_client(config, service, Arc::clone(&connected)).await?;
        check_version(&client, &without_secrets(&config.nats_url))?;
        // From here on each connection is another one.
        connected.notified().await;

        let jetstream = jetstream::new(client.clone());
        ensure_at_start(&jetstream, &*upkeep, &connected, config).await?;

        let (generation_sender, generation) = watch::channel(0);
        let stop = CancellationToken::new();
        let is_fit = Arc::new(AtomicBool::new(true));
        let maintenance = Maintenance {
            service: service.to_owned(),
            jetstream: jetstream.clone(),
            upkeep: Arc::clone(&upkeep),
            generation: generation_sender,
            is_fit: Arc::clone(&is_fit),
        };
        tokio::spawn(maintenance.run(connected, stop.clone()));
        let answers = Arc::new(AtomicBool::new(true));
        if let Some(stream) = upkeep.asks_for() {
            let asking = answers::ask(jetstream.clone(), stream, Arc::clone(&answers));
            tokio::spawn(stop.clone().run_until_cancelled_owned(asking));
        }
        Ok(Bus {
            client,
            jetstream,
            upkeep,
            generation,
            is_fit,
            interruptions: Interruptions::default(),
            answers,
            complaints: Arc::default(),
            service: service.into(),
            _maintenance: Arc::new(stop.drop_guard()),
        })
    }

    /// Whether there is a connection at this moment to a server that answers, and whether this version can use its
    /// streams. A server that stops is noticed within 3 s.
    pub fn is_connected(&self) -> bool {
        self.client.connection_state() == async_nats::connection::State::Connected
            && self.is_fit.load(Ordering::Relaxed)
            && self.answers.load(Ordering::Relaxed)
    }

    /// How many connections there have been, this one included. What was published between two of them was missed.
    pub fn connections(&self) -> u64 {
        self.client.statistics().connects.load(Ordering::Relaxed)
    }

    /// Whether all streams and buckets that this service follows are there and have been read to their end. False until
    /// it begins to follow one.
    pub fn follows_all(&self) -> bool {
        self.interruptions.are_over()
    }

    pub(crate) fn client(&self) -> &Client {
        &self.client
    }

    /// The most bytes that the server takes in a message.
    pub(crate) fn max_payload(&self) -> usize {
        self.client.server_info().max_payload
    }

    /// Sends what is still buffered and closes the connection, for all clones.
    pub async fn close(&self) {
        if timeout(FLUSHES_WITHIN, self.client.flush()).await.is_err() {
            tracing::warn!("NATS is away: what was not sent yet is not sent");
        }
        if let Err(error) = self.client.drain().await {
            tracing::debug!(%error, "the connection to NATS was closed already");
        }
    }

    /// The name of this service.
    pub(crate) fn service(&self) -> &str {
        &self.service
    }

    /// Makes streams and buckets that are gone. Where that fails, whoever needs them tries again; only a person can make room.
    pub(crate) async fn make_what_is_missing(&self) {
        let Err(error) = self.upkeep.ensure(&self.jetstream).await else {
            return;
        };
        let causes = with_causes(&error);
        if error.is_of_room() && self.complaints.is_due(&()) {
            tracing::warn!(error = causes, "a stream or bucket cannot be made");
        } else {
            tracing::debug!(error = causes, "the streams cannot be made now");
        }
    }

    /// Checks that what this stream holds is for this version to read.
    pub(crate) fn check_stream(
        &self,
        name: &'static str,
        stream: &jetstream::stream::Config,
    ) -> Result<(), StorageError> {
        self.upkeep.check_stream(name, stream)
    }

    /// Keeps a message that can never be handled, where an operator finds it.
    pub(crate) async fn keep_dead_letter(
        &self,
        message: &jetstream::Message,
        cause: &str,
    ) -> Result<(), PublishError> {
        self.upkeep.keep_dead_letter(self, message, cause).await
    }

    /// A text that no other call gives, here or elsewhere: the last token of an inbox.
    pub(crate) fn unique_id(&self) -> String {
        let inbox = self.client.new_inbox();
        inbox.rsplit('.').next().unwrap_or_default().to_owned()
    }

    /// The result of an attempt; `None` where the connection was lost and is back meanwhile. What was asked before that
    /// may never be answered, and waiting until that is noticed takes far longer than asking again.
    pub async fn on_one_connection<T>(&self, attempt: impl Future<Output = T>) -> Option<T> {
        let mut generation = self.generation();
        tokio::select! {
            done = attempt => Some(done),
            _ = generation.changed() => None,
        }
    }

    /// Changes when the connection was lost, is back, and the streams are there again.
    pub(crate) fn generation(&self) -> watch::Receiver<u64> {
        self.generation.clone()
    }
}

/// The streams, even when JetStream is still starting: it answers some time after the server takes connections.
async fn ensure_at_start(
    jetstream: &jetstream::Context,
    upkeep: &dyn Upkeep,
    connected: &Notify,
    config: &BusConfig,
) -> Result<(), ConnectError> {
    let deadline = Instant::now() + config.connect_timeout();
    let prepare = async || {
        upkeep.check(jetstream).await?;
        upkeep.ensure(jetstream).await
    };
    loop {
        let prepared = tokio::select! {
            prepared = prepare() => prepared,
            // What was asked before may never be answered.
            () = connected.notified() => continue,
        };
        let Err(source) = prepared else {
            return Ok(());
        };
        let is_over = Instant::now() + RETRY > deadline;
        if source.is_final() || (is_over && source.is_of_data()) {
            return Err(ConnectError::Unfit(source));
        }
        if is_over {
            return Err(ConnectError::Storage {
                url: without_secrets(&config.nats_url),
                source,
            });
        }
        tracing::debug!(error = %source, "waiting for JetStream");
        sleep(RETRY).await;
    }
}

/// What is done whenever the connection is back.
struct Maintenance {
    service: String,
    jetstream: jetstream::Context,
    upkeep: Arc<dyn Upkeep>,
    generation: watch::Sender<u64>,
    is_fit: Arc<AtomicBool>,
}

impl Maintenance {
    async fn run(self, connected: Arc<Notify>, stop: CancellationToken) {
        let renew = async {
            loop {
                connected.notified().await;
                self.ensure().await;
                tracing::info!(service = self.service, "connected to NATS again");
                self.generation.send_modify(|count| *count += 1);
            }
        };
        tokio::select! {
            () = stop.cancelled() => {}
            () = renew => {}
        }
    }

    async fn ensure(&self) {
        while let Err(error) = self.upkeep.ensure(&self.jetstream).await {
            let pause = if error.is_final() {
                self.is_fit.store(false, Ordering::Relaxed);
                UNFIT_RETRY
            } else {
                RETRY
            };
            tracing::warn!(
                service = self.service,
                error = with_causes(&error),
                "the streams cannot be used yet after a reconnect"
            );
            sleep(pause).await;
        }
        self.is_fit.store(true, Ordering::Relaxed);
    }
}
