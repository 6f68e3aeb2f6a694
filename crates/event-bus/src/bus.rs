use std::{sync::Arc, time::Duration};

use async_nats::{Client, ConnectOptions, Event as ConnectionEvent, jetstream};
use tokio::{
    sync::{Notify, watch},
    time::{Instant, sleep, timeout},
};
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::{
    BusConfig, StorageError, causes::with_causes, config::without_secrets, dead_letters::Burials,
    topology,
};

/// A connection to NATS whose streams and buckets exist. Cheap to clone; reconnects by itself.
///
/// Streams in memory are gone when their server restarts. So each time the connection comes back the bus makes what is
/// missing and then counts a new generation, at which [`follow`](Bus::follow) and [`work`](Bus::work) begin afresh.
#[derive(Clone)]
pub struct Bus {
    pub(crate) client: Client,
    pub(crate) jetstream: jetstream::Context,
    config: Arc<BusConfig>,
    generation: watch::Receiver<u64>,
    /// What it calls itself.
    pub(crate) service: Arc<str>,
    pub(crate) burials: Arc<Burials>,
    _maintenance: Arc<DropGuard>,
}

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// The credentials file can't be read.
    #[error("cannot read the NATS credentials {path}")]
    Credentials {
        /// The file.
        path: String,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// No server answered in time.
    #[error("no NATS server at {url}")]
    Unreachable {
        /// Where it was looked for.
        url: String,
        /// The last answer.
        #[source]
        source: async_nats::ConnectError,
    },
    /// The server lacks what is needed.
    #[error("the NATS server at {url} is {found}; 2.11 or later is needed")]
    TooOld {
        /// Where.
        url: String,
        /// Its version.
        found: String,
    },
    /// The streams and buckets can't be made.
    #[error("the NATS server at {url} cannot hold our streams; is JetStream enabled?")]
    Storage {
        /// Where.
        url: String,
        /// What failed.
        #[source]
        source: StorageError,
    },
}

const RETRY: Duration = Duration::from_millis(250);
const FLUSHES_WITHIN: Duration = Duration::from_secs(2);
const OLDEST_SERVER: (u64, u64) = (2, 11);

impl Bus {
    /// Connects under the name of the service, and sees to it that the streams and buckets are there.
    pub async fn connect(config: &BusConfig, service: &str) -> Result<Self, ConnectError> {
        let connected = Arc::new(Notify::new());
        let client = connect_client(config, service, Arc::clone(&connected)).await?;
        check_version(&client, &without_secrets(&config.nats_url))?;

        let jetstream = jetstream::new(client.clone());
        ensure_at_start(&jetstream, config).await?;

        let (generation_sender, generation) = watch::channel(0);
        let stop = CancellationToken::new();
        tokio::spawn(maintain(
            service.to_owned(),
            jetstream.clone(),
            config.clone(),
            connected,
            generation_sender,
            stop.clone(),
        ));
        Ok(Bus {
            client,
            jetstream,
            config: Arc::new(config.clone()),
            generation,
            service: service.into(),
            burials: Arc::default(),
            _maintenance: Arc::new(stop.drop_guard()),
        })
    }

    /// Whether there is a connection at this moment.
    pub fn is_connected(&self) -> bool {
        self.client.connection_state() == async_nats::connection::State::Connected
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
        if let Err(error) = topology::ensure(&self.jetstream, &self.config).await {
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

async fn connect_client(
    config: &BusConfig,
    service: &str,
    connected: Arc<Notify>,
) -> Result<Client, ConnectError> {
    let mut options = ConnectOptions::new()
        .name(service)
        .connection_timeout(Duration::from_secs(5))
        .ping_interval(Duration::from_secs(10))
        .reconnect_delay_callback(|attempts| RETRY * u32::try_from(attempts.min(8)).unwrap_or(8))
        .event_callback({
            let service = service.to_owned();
            move |event| {
                log_connection(&service, &event, &connected);
                std::future::ready(())
            }
        });
    if let Some(path) = &config.nats_creds {
        options =
            options
                .credentials_file(path)
                .await
                .map_err(|source| ConnectError::Credentials {
                    path: path.display().to_string(),
                    source,
                })?;
    }

    let urls: Vec<&str> = config.nats_url.split(',').map(str::trim).collect();
    let deadline = Instant::now() + config.connect_timeout();
    loop {
        match options.clone().connect(&urls).await {
            Ok(client) => return Ok(client),
            Err(source) if Instant::now() + RETRY > deadline => {
                return Err(ConnectError::Unreachable {
                    url: without_secrets(&config.nats_url),
                    source,
                });
            }
            Err(error) => tracing::debug!(%error, "waiting for NATS"),
        }
        sleep(RETRY).await;
    }
}

fn log_connection(service: &str, event: &ConnectionEvent, connected: &Notify) {
    match event {
        ConnectionEvent::Connected => {
            tracing::debug!(service, "connected to NATS");
            connected.notify_one();
        }
        ConnectionEvent::Disconnected => {
            tracing::warn!(service, "the connection to NATS is lost; reconnecting");
        }
        ConnectionEvent::Draining | ConnectionEvent::Closed => {
            tracing::debug!(service, "the connection to NATS is closed");
        }
        // An attempt to reconnect that failed: that the connection is lost was said.
        ConnectionEvent::ClientError(error) => tracing::debug!(service, %error, "NATS client"),
        other => tracing::warn!(service, event = %other, "NATS"),
    }
}

/// The streams, even when JetStream is still starting: it answers some time after the server takes connections.
async fn ensure_at_start(
    jetstream: &jetstream::Context,
    config: &BusConfig,
) -> Result<(), ConnectError> {
    let deadline = Instant::now() + config.connect_timeout();
    while let Err(source) = topology::ensure(jetstream, config).await {
        if Instant::now() + RETRY > deadline {
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

fn check_version(client: &Client, url: &str) -> Result<(), ConnectError> {
    let found = client.server_info().version;
    let mut numbers = found
        .split(['.', '-'])
        .map_while(|part| part.parse::<u64>().ok());
    if (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0)) < OLDEST_SERVER {
        return Err(ConnectError::TooOld {
            url: url.to_owned(),
            found,
        });
    }
    Ok(())
}

async fn maintain(
    service: String,
    jetstream: jetstream::Context,
    config: BusConfig,
    connected: Arc<Notify>,
    generation: watch::Sender<u64>,
    stop: CancellationToken,
) {
    let renew = async {
        // The first connection's own event: its streams are there already.
        connected.notified().await;
        loop {
            connected.notified().await;
            while let Err(error) = topology::ensure(&jetstream, &config).await {
                tracing::warn!(
                    error = with_causes(&error),
                    "the streams are not there yet after a reconnect"
                );
                sleep(RETRY).await;
            }
            tracing::info!(service, "connected to NATS again");
            generation.send_modify(|count| *count += 1);
        }
    };
    tokio::select! {
        () = stop.cancelled() => {}
        () = renew => {}
    }
}
