//! How to reach NATS, and how much our streams may take there: the settings of every service.

use std::time::Duration;

use clap::Args;

use super::login::NatsLogin;

/// How to reach NATS.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "NATS")]
pub struct BusConfig {
    /// Servers to connect to: one or more URLs, separated by commas
    #[arg(
        long,
        env = "FRAMEWATCH_NATS_URL",
        default_value = "nats://127.0.0.1:4222",
        value_name = "URL"
    )]
    pub nats_url: String,

    /// How to log in there.
    #[command(flatten)]
    pub login: NatsLogin,

    /// How long to go on trying to connect at start before giving up (exit code 69)
    #[arg(long, env = "FRAMEWATCH_NATS_CONNECT_TIMEOUT_S", default_value_t = 30, value_name = "SECONDS",
          value_parser = clap::value_parser!(u64).range(1..=3600))]
    pub nats_connect_timeout_s: u64,

    /// Copies that a NATS cluster keeps of each stream, when a stream is first made
    #[arg(long, env = "FRAMEWATCH_NATS_REPLICAS", default_value_t = 1, value_name = "COUNT",
          value_parser = clap::value_parser!(u8).range(1..=5))]
    pub nats_replicas: u8,

    /// Memory for the latest frames of all folders, when the stream is first made; the oldest go first
    #[arg(long, env = "FRAMEWATCH_FRAMES_MAX_MB", default_value_t = 512, value_name = "MEGABYTES",
          value_parser = clap::value_parser!(u32).range(16..=1_048_576))]
    pub frames_max_mb: u32,
}

impl BusConfig {
    /// The settings for one server, all else by default.
    pub fn for_url(url: impl Into<String>) -> Self {
        BusConfig {
            nats_url: url.into(),
            login: NatsLogin::default(),
            nats_connect_timeout_s: 30,
            nats_replicas: 1,
            frames_max_mb: 512,
        }
    }

    pub(crate) fn connect_timeout(&self) -> Duration {
        Duration::from_secs(self.nats_connect_timeout_s)
    }

    pub(crate) fn frames_max_bytes(&self) -> i64 {
        i64::from(self.frames_max_mb) * 1_000_000
    }
}

/// URLs, separated by commas, without the names and passwords that they may hold: for logs and terminals.
pub fn without_secrets(urls: &str) -> String {
    let shown = |url: &str| match (url.split_once("://"), url.rsplit_once('@')) {
        (Some((scheme, _)), Some((_, host))) => format!("{scheme}://{host}"),
        (None, Some((_, host))) => host.to_owned(),
        _ => url.to_owned(),
    };
    urls.split(',')
        .map(|url| shown(url.trim()))
        .collect::<Vec<_>>()
        .join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_passwords_are_not_shown() {
        assert_eq!(
            without_secrets("nats://me:p@ss@one:4222, two:4222,me@three"),
            "nats://one:4222,two:4222,three"
        );
    }
}
