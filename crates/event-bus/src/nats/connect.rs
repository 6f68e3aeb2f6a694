//! The connection itself: made at start with patience, and kept from then on.

use std::{io, sync::Arc, time::Duration};

use async_nats::{Client, ConnectErrorKind, ConnectOptions, Event as ConnectionEvent, ServerAddr};
use server_login::UnusableFile;
use tokio::{
    sync::Notify,
    time::{Instant, sleep},
};

use super::{
    config::{BusConfig, without_secrets},
    storage_error::StorageError,
};

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// The URL is none.
    #[error("{url:?} is not a list of NATS URLs such as nats://host:4222")]
    NoUrl {
        /// What was given.
        url: String,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// A file that belongs to the login can't be used.
    #[error(transparent)]
    File(#[from] UnusableFile),
    /// The server does not know the user, or not with this password or key.
    #[error(
        "the NATS server at {url} refuses the login: a wrong name, password or key, or none at all"
    )]
    Refused {
        /// Where.
        url: String,
        /// What it said.
        #[source]
        source: async_nats::ConnectError,
    },
    /// One side does not trust the other, or does not speak TLS.
    #[error("the NATS server at {url} and this client cannot agree on TLS")]
    Tls {
        /// Where.
        url: String,
        /// What failed.
        #[source]
        source: async_nats::ConnectError,
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
    /// The streams are there, and not to be used as they are.
    #[error(transparent)]
    Unfit(StorageError),
    /// The streams and buckets can't be made.
    #[error(
        "the NATS server at {url} cannot hold our streams; is JetStream enabled, and may this user make them?"
    )]
    Storage {
        /// Where.
        url: String,
        /// What failed.
        #[source]
        source: StorageError,
    },
}

/// After how long to try again what the server may not be ready for yet.
pub(crate) const RETRY: Duration = Duration::from_millis(250);
const OLDEST_SERVER: (u64, u64) = (2, 11);

pub(crate) async fn connect_client(
    config: &BusConfig,
    service: &str,
    connected: Arc<Notify>,
) -> Result<Client, ConnectError> {
    let options = ConnectOptions::new()
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
    let shown = || without_secrets(&config.nats_url);
    let mut servers = servers(config)?;
    let options = config.login.apply(options, &mut servers).await?;

    let deadline = Instant::now() + config.connect_timeout();
    loop {
        match options.clone().connect(&servers[..]).await {
            Ok(client) => return Ok(client),
            Err(source) if is_refusal(&source) => {
                return Err(ConnectError::Refused {
                    url: shown(),
                    source,
                });
            }
            Err(source) if is_of_tls(&source) => {
                return Err(ConnectError::Tls {
                    url: shown(),
                    source,
                });
            }
            Err(source) if Instant::now() + RETRY > deadline => {
                return Err(ConnectError::Unreachable {
                    url: shown(),
                    source,
                });
            }
            Err(error) => tracing::debug!(%error, "waiting for NATS"),
        }
        sleep(RETRY).await;
    }
}

fn servers(config: &BusConfig) -> Result<Vec<ServerAddr>, ConnectError> {
    let urls = config.nats_url.split(',').map(str::trim);
    let parsed: Result<Vec<_>, _> = urls.map(str::parse).collect();
    parsed.map_err(|source| ConnectError::NoUrl {
        url: without_secrets(&config.nats_url),
        source,
    })
}

/// Trying again would not help.
fn is_refusal(error: &async_nats::ConnectError) -> bool {
    matches!(
        error.kind(),
        ConnectErrorKind::AuthorizationViolation | ConnectErrorKind::Authentication
    )
}

/// Nor here: certificates, or that one side speaks no TLS at all.
fn is_of_tls(error: &async_nats::ConnectError) -> bool {
    let is_of_rustls = |source: &io::Error| {
        source
            .get_ref()
            .is_some_and(|inner| inner.is::<async_nats::rustls::Error>())
    };
    error.kind() == ConnectErrorKind::Tls
        || std::error::Error::source(error)
            .and_then(|source| source.downcast_ref::<io::Error>())
            .is_some_and(is_of_rustls)
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

pub(crate) fn check_version(client: &Client, url: &str) -> Result<(), ConnectError> {
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
