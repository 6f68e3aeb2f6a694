use clap::Args;

use crate::RedisLogin;

/// How to reach Redis.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Redis")]
#[group(skip)]
pub struct Config {
    /// The server that people query; a cluster with redis+cluster://HOST:PORT, or several hosts separated by commas
    #[arg(
        long,
        env = "FRAMEWATCH_REDIS_URL",
        default_value = "redis://127.0.0.1:6379/",
        value_name = "URL"
    )]
    pub redis_url: String,

    /// How to log in there.
    #[command(flatten)]
    pub login: RedisLogin,

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
            login: RedisLogin::default(),
            redis_connect_timeout_s: 30,
        }
    }
}
