use std::{error::Error, io, sync::Arc, time::Duration};

use anyhow::Context as _;
use redis::{
    Client, ErrorKind, IntoConnectionInfo, RedisError, RedisResult,
    aio::{ConnectionManager, ConnectionManagerConfig},
};
use service_runtime::Failure;
use tokio::time::{Instant, sleep};

use crate::Config;

/// A connection that comes back by itself.
pub type Connection = ConnectionManager;

const RETRY: Duration = Duration::from_millis(250);

/// The default of half a second is too short for a batch on a busy machine.
const RESPONSE_TIMEOUT: Duration = Duration::from_secs(10);

/// Connects to Redis, and reconnects from then on.
pub async fn connect(config: &Config) -> Result<Connection, Failure> {
    let client = client(config).map_err(Failure::Usage)?;
    let address = client.get_connection_info().addr().to_string();
    let deadline = Instant::now() + Duration::from_secs(config.redis_connect_timeout_s);
    loop {
        let error = match try_connect(&client).await {
            Ok(connection) => return Ok(connection),
            Err(error) => error,
        };
        let why = if is_refusal(&error) {
            format!("the Redis server at {address} refuses the login")
        } else if is_of_tls(&error) {
            format!("the Redis server at {address} and this client cannot agree on TLS")
        } else if Instant::now() + RETRY > deadline {
            format!("no Redis server at {address}")
        } else {
            tracing::debug!(%error, "waiting for Redis");
            sleep(RETRY).await;
            continue;
        };
        return Err(Failure::unavailable(anyhow::Error::new(error).context(why)));
    }
}

fn client(config: &Config) -> anyhow::Result<Client> {
    let shown = || {
        format!(
            "{:?} is not a Redis URL such as redis://host:6379/",
            event_bus::without_secrets(&config.redis_url)
        )
    };
    let server = config.redis_url.as_str().into_connection_info();
    let server = config.login.apply(server.with_context(shown)?)?;
    match config.login.certificates(&server)? {
        Some(certificates) => Client::build_with_tls(server, certificates)
            .context("the certificates for Redis cannot be used"),
        None => Client::open(server).with_context(shown),
    }
}

/// Asks something as well: a server lets in those who say no name, and then refuses all that they ask.
async fn try_connect(client: &Client) -> RedisResult<Connection> {
    let settings = ConnectionManagerConfig::new()
        .set_number_of_retries(0)
        .set_connection_timeout(Some(Duration::from_secs(5)))
        .set_response_timeout(Some(RESPONSE_TIMEOUT));
    let mut connection = ConnectionManager::new_with_config(client.clone(), settings).await?;
    redis::cmd("PING").exec_async(&mut connection).await?;
    Ok(connection)
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
