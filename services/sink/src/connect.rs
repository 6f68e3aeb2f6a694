//! Connecting to Redis, and telling what cannot succeed from what may come right.

use std::{error::Error, io, sync::Arc, time::Duration};

use anyhow::Context as _;
use redis::{
    ErrorKind, RedisError, RedisResult,
    aio::{ConnectionManager, ConnectionManagerConfig},
    cluster::ClusterClient,
};
use service_runtime::Failure;
use tokio::time::{Instant, sleep};

use crate::{Config, Connection, address::Address, format, login};

const RETRY: Duration = Duration::from_millis(250);

/// The default of half a second is too short for a batch on a busy machine.
const RESPONSE_TIMEOUT: Duration = Duration::from_secs(10);

const CONNECTION_TIMEOUT: Duration = Duration::from_secs(5);

/// How often a request is sent on when a cluster names another server because a slot has moved.
const REDIRECTS: u32 = 3;

/// Connects to Redis, and reconnects from then on.
pub async fn connect(config: &Config) -> Result<Connection, Failure> {
    let client = Client::of(config).map_err(Failure::Usage)?;
    let name = client.name.as_str();
    let deadline = Instant::now() + Duration::from_secs(config.redis_connect_timeout_s);
    loop {
        let error = match client.try_connect().await {
            Ok(mut connection) => {
                let checked = format::check(&mut connection).await;
                return checked.map(|()| connection).map_err(Failure::unavailable);
            }
            Err(error) => error,
        };
        let why = if is_refusal(&error) {
            format!("{name} refuses the login")
        } else if is_of_tls(&error) {
            format!("{name} and this client cannot agree on TLS")
        } else if Instant::now() + RETRY > deadline {
            format!("cannot reach {name}")
        } else {
            tracing::debug!(%error, "waiting for Redis");
            sleep(RETRY).await;
            continue;
        };
        return Err(Failure::unavailable(anyhow::Error::new(error).context(why)));
    }
}

struct Client {
    /// What it connects to.
    name: String,
    kind: Kind,
}

enum Kind {
    Server(Box<redis::Client>),
    Cluster(Box<ClusterClient>),
}

impl Client {
    fn of(config: &Config) -> anyhow::Result<Self> {
        let (user, password) = (config.login.user.as_deref(), config.login.password()?);
        let address = Address::parse(&config.redis_url)?;
        let address = address.map(|server| login::with_login(server, user, password.as_deref()));
        let certificates = login::certificates(&config.login, address.servers())?;
        let addresses = address.servers().iter().map(|it| it.addr().to_string());
        let addresses = addresses.collect::<Vec<_>>().join(", ");
        Ok(match address {
            Address::Server(server) => Client {
                name: format!("the Redis server at {addresses}"),
                kind: Kind::Server(Box::new(match certificates {
                    Some(certificates) => redis::Client::build_with_tls(*server, certificates)
                        .context("the certificates for Redis cannot be used")?,
                    None => redis::Client::open(*server)
                        .with_context(|| format!("{addresses} cannot be used for Redis"))?,
                })),
            },
            Address::Cluster(servers) => {
                let mut cluster = ClusterClient::builder(servers)
                    .retries(REDIRECTS)
                    .connection_timeout(CONNECTION_TIMEOUT)
                    .response_timeout(RESPONSE_TIMEOUT);
                if let Some(certificates) = certificates {
                    cluster = cluster.certs(certificates);
                }
                let cluster = cluster
                    .build()
                    .with_context(|| format!("{addresses} cannot be used for a Redis cluster"))?;
                Client {
                    name: format!("the Redis cluster at {addresses}"),
                    kind: Kind::Cluster(Box::new(cluster)),
                }
            }
        })
    }

    /// Asks something as well: a server lets in those who say no name, and then refuses all that they ask.
    async fn try_connect(&self) -> RedisResult<Connection> {
        let mut connection = match &self.kind {
            Kind::Server(client) => {
                let settings = ConnectionManagerConfig::new()
                    .set_number_of_retries(0)
                    .set_connection_timeout(Some(CONNECTION_TIMEOUT))
                    .set_response_timeout(Some(RESPONSE_TIMEOUT));
                let server = ConnectionManager::new_with_config(client.as_ref().clone(), settings);
                Connection::Server(server.await?)
            }
            Kind::Cluster(client) => Connection::Cluster(client.get_async_connection().await?),
        };
        redis::cmd("PING").exec_async(&mut connection).await?;
        Ok(connection)
    }
}

/// Trying again would not help.
fn is_refusal(error: &RedisError) -> bool {
    error.kind() == ErrorKind::AuthenticationFailed
        || matches!(error.code(), Some("NOAUTH" | "WRONGPASS" | "NOPERM"))
}

/// Nor here: certificates, or that one side speaks no TLS at all.
fn is_of_tls(error: &RedisError) -> bool {
    error
        .source()
        .and_then(|source| source.downcast_ref::<Arc<dyn Error + Send + Sync>>())
        .and_then(|shared| shared.downcast_ref::<io::Error>())
        .and_then(io::Error::get_ref)
        .is_some_and(|inner| inner.is::<rustls::Error>())
}
