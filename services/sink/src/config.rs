use std::time::Duration;

use anyhow::Context as _;
use clap::Args;
use redis::{
    Client,
    aio::{ConnectionManager, ConnectionManagerConfig},
};
use service_runtime::Failure;
use tokio::time::{Instant, sleep};

/// How to reach Redis.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Redis")]
#[group(skip)]
pub struct Config {
    /// The server that people query
    #[arg(
        long,
        env = "FRAMEWATCH_REDIS_URL",
        default_value = "redis://127.0.0.1:6379/",
        value_name = "URL"
    )]
    pub redis_url: String,

    /// How long to go on trying to connect at start before giving up (exit code 69)
    #[arg(long, env = "FRAMEWATCH_REDIS_CONNECT_TIMEOUT_S", default_value_t = 30, value_name = "SECONDS",
          value_parser = clap::value_parser!(u64).range(1..=3600))]
    pub redis_connect_timeout_s: u64,
}

impl Config {
    /// The settings for one server, all else by default.
    pub fn for_url(url: impl Into<String>) -> Self {
        Config {
            redis_url: url.into(),
            redis_connect_timeout_s: 30,
        }
    }
}

/// A connection that comes back by itself.
pub type Connection = ConnectionManager;

const RETRY: Duration = Duration::from_millis(250);

/// The default of half a second is too short for a batch on a busy machine.
const RESPONSE_TIMEOUT: Duration = Duration::from_secs(10);

/// Connects to Redis, and reconnects from then on.
pub async fn connect(config: &Config) -> Result<Connection, Failure> {
    let client = Client::open(config.redis_url.as_str())
        .with_context(|| {
            format!(
                "{:?} is not a Redis URL such as redis://host:6379/",
                event_bus::without_secrets(&config.redis_url)
            )
        })
        .map_err(Failure::Usage)?;
    let settings = ConnectionManagerConfig::new()
        .set_number_of_retries(0)
        .set_connection_timeout(Some(Duration::from_secs(5)))
        .set_response_timeout(Some(RESPONSE_TIMEOUT));
    let deadline = Instant::now() + Duration::from_secs(config.redis_connect_timeout_s);
    loop {
        match ConnectionManager::new_with_config(client.clone(), settings.clone()).await {
            Ok(connection) => return Ok(connection),
            Err(error) if Instant::now() + RETRY > deadline => {
                let address = client.get_connection_info().addr().to_string();
                return Err(Failure::unavailable(
                    anyhow::Error::new(error).context(format!("no Redis server at {address}")),
                ));
            }
            Err(error) => tracing::debug!(%error, "waiting for Redis"),
        }
        sleep(RETRY).await;
    }
}
