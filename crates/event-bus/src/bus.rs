use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use async_nats::{Client, jetstream};
use tokio::{
    sync::{Notify, watch},
    time::{Instant, sleep, timeout},
};
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::{
    BusConfig, ConnectError, StorageError,
    causes::with_causes,
    config::without_secrets,
    connect::{check_version, connect_client},
    dead_letters::Burials,
    format::OF_SINKS,
    topology::{self, Purpose},
};

/// A connection to NATS whose streams and buckets exist. Cheap to clone; reconnects by itself.
///
/// Streams in memory are gone when their server restarts. So each time the connection comes back the bus makes what is
/// missing and then counts a new generation, at which [`follow`](Bus::follow) and [`work`](Bus::work) begin afresh.
#[derive(Clone)]
pub struct Bus {
    pub(crate) client: Client,
    pub(crate) jetstream: jetstream::Context,
    storage: Storage,
    generation: watch::Receiver<u64>,
    /// Whether what the streams hold is for this version to use.
    is_fit: Arc<AtomicBool>,
    /// What it calls itself.
    pub(crate) service: Arc<str>,
    pub(crate) burials: Arc<Burials>,
    _maintenance: Arc<DropGuard>,
}

/// Who makes the streams and buckets that are missing.
#[derive(Clone)]
enum Storage {
    /// This connection, as these settings say.
    Ours(Arc<BusConfig>, Purpose),
    /// Others, and this connection may ask for two of them.
    Read,
    /// Others: this connection may not ask for any.
    OfOthers,
}

impl Storage {
    /// What is to be so before anything is made or read.
    async fn check(&self, jetstream: &jetstream::Context) -> Result<(), StorageError> {
        match self {
            Storage::Ours(..) => topology::check_none_is_newer(jetstream).await,
            Storage::Read => topology::check_formats(jetstream, &OF_SINKS).await,
            Storage::OfOthers => Ok(()),
        }
    }

    async fn ensure(&self, jetstream: &jetstream::Context) -> Result<(), StorageError> {
        match self {
            Storage::Ours(config, purpose) => topology::ensure(jetstream, config, *purpose).await,
            Storage::Read | Storage::OfOthers => Ok(()),
        }
    }
}

pub(crate) const RETRY: Duration = Duration::from_millis(250);
/// After how long to look again at data that are not for us to use, which takes a person to change.
const UNFIT_RETRY: Duration = Duration::from_secs(5);
const FLUSHES_WITHIN: Duration = Duration::from_secs(2);

impl Bus {
    /// Connects under the name of the service, and sees to it that the streams and buckets are there.
    pub async fn connect(config: &BusConfig, service: &str) -> Result<Self, ConnectError> {
        let storage = Storage::Ours(Arc::new(config.clone()), Purpose::Work);
        Self::open(config, service, storage).await
    }

    /// The same, even where a restoration was begun and has not ended: for who is to bring it to its end.
    pub async fn connect_to_restore(
        config: &BusConfig,
        service: &str,
    ) -> Result<Self, ConnectError> {
        let storage = Storage::Ours(Arc::new(config.clone()), Purpose::Restore);
        Self::open(config, service, storage).await
    }

    /// The same, and brings what an earlier version has left to the format of this one. One service does that, and others
    /// wait for it.
    pub async fn connect_as_keeper(
        config: &BusConfig,
        service: &str,
    ) -> Result<Self, ConnectError> {
        let storage = Storage::Ours(Arc::new(config.clone()), Purpose::Keep);
        Self::open(config, service, storage).await
    }

    /// Connects as one who reads streams that others make: the sink.
    pub async fn connect_as_reader(
        config: &BusConfig,
        service: &str,
    ) -> Result<Self, ConnectError> {
        Self::open(config, service, Storage::Read).await
    }

    /// Connects as one who may publish frames and do nothing else: a camera.
    pub async fn connect_as_guest(config: &BusConfig, service: &str) -> Result<Self, ConnectError> {
        Self::open(config, service, Storage::OfOthers).await
    }

    async fn open(
        config: &BusConfig,
        service: &str,
        storage: Storage,
    ) -> Result<Self, ConnectError> {
        let connected = Arc::new(Notify::new());
        let client = connect_client(config, service, Arc::clone(&connected)).await?;
        check_version(&client, &without_secrets(&config.nats_url))?;

        let jetstream = jetstream::new(client.clone());
        ensure_at_start(&jetstream, &storage, config).await?;

        let (generation_sender, generation) = watch::channel(0);
        let stop = CancellationToken::new();
        let is_fit = Arc::new(AtomicBool::new(true));
        let maintenance = Maintenance {
            service: service.to_owned(),
            jetstream: jetstream.clone(),
            storage: storage.clone(),
            generation: generation_sender,
            is_fit: Arc::clone(&is_fit),
        };
        tokio::spawn(maintenance.run(connected, stop.clone()));
        Ok(Bus {
            client,
            jetstream,
            storage,
            generation,
            is_fit,
            service: service.into(),
            burials: Arc::default(),
            _maintenance: Arc::new(stop.drop_guard()),
        })
    }

    /// Whether there is a connection at this moment, to streams that this version can use.
    pub fn is_connected(&self) -> bool {
        self.client.connection_state() == async_nats::connection::State::Connected
            && self.is_fit.load(Ordering::Relaxed)
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

    /// Makes streams and buckets that are gone. Where that fails, whoever needs them tries again.
    pub(crate) async fn make_what_is_missing(&self) {
        if let Err(error) = self.storage.ensure(&self.jetstream).await {
            tracing::debug!(
                error = with_causes(&error),
                "the streams cannot be made now"
            );
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
    storage: &Storage,
    config: &BusConfig,
) -> Result<(), ConnectError> {
    let deadline = Instant::now() + config.connect_timeout();
    let prepare = async || {
        storage.check(jetstream).await?;
        storage.ensure(jetstream).await
    };
    while let Err(source) = prepare().await {
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
    Ok(())
}

/// What is done whenever the connection is back.
struct Maintenance {
    service: String,
    jetstream: jetstream::Context,
    storage: Storage,
    generation: watch::Sender<u64>,
    is_fit: Arc<AtomicBool>,
}

impl Maintenance {
    async fn run(self, connected: Arc<Notify>, stop: CancellationToken) {
        let renew = async {
            // The first connection's own event: its streams are there already.
            connected.notified().await;
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
        while let Err(error) = self.storage.ensure(&self.jetstream).await {
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
