//! Settings of the service.

use std::{num::NonZero, time::Duration};

use clap::Args;
use fingerprint::Limits;
use looks::ModelConfig;

use crate::{access::AccessConfig, quotas::QuotaConfig};

/// The limits of the upload service, and who may use it.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Uploads")]
#[group(skip)]
pub struct Config {
    /// The largest picture, in megabytes
    #[arg(long, env = "FRAMEWATCH_MAX_UPLOAD_MB", default_value_t = 20, value_name = "MEGABYTES",
          value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub max_upload_mb: u32,

    /// The largest picture, in megapixels
    #[arg(long, env = "FRAMEWATCH_MAX_UPLOAD_MEGAPIXELS", default_value_t = 100, value_name = "MEGAPIXELS",
          value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub max_upload_megapixels: u32,

    /// Pictures that one request may carry
    #[arg(long, env = "FRAMEWATCH_MAX_UPLOAD_FILES", default_value_t = 32, value_name = "COUNT",
          value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub max_upload_files: u32,

    /// How long a client may take to send a whole request
    #[arg(long, env = "FRAMEWATCH_UPLOAD_TIMEOUT_S", default_value_t = 60, value_name = "SECONDS",
          value_parser = clap::value_parser!(u32).range(1..=3600))]
    pub upload_timeout_s: u32,

    /// Upload requests that are received at the same time, half of them from one address at most; each holds one picture in
    /// memory. Further ones wait 5 s and are then told to come back
    #[arg(
        long,
        env = "FRAMEWATCH_MAX_CONCURRENT_UPLOADS",
        default_value = "16",
        value_name = "COUNT"
    )]
    pub max_concurrent_uploads: NonZero<u16>,

    /// Connections that are served at the same time. A further one takes the place of one that waits
    #[arg(
        long,
        env = "FRAMEWATCH_MAX_CONNECTIONS",
        default_value = "2048",
        value_name = "COUNT"
    )]
    pub max_connections: NonZero<u16>,

    /// Of these, from one address, which for IPv6 is a /64 network; the proxies of --trusted-proxies may have all
    #[arg(
        long,
        env = "FRAMEWATCH_MAX_CONNECTIONS_PER_ADDRESS",
        default_value = "512",
        value_name = "COUNT"
    )]
    pub max_connections_per_address: NonZero<u16>,

    /// The threshold of the default rule, where no default rule is set; the name of the old system's setting
    #[arg(long, env = "SIMILARITY_THRESHOLD", value_parser = parse_threshold, value_name = "0..1")]
    pub default_threshold: Option<f64>,

    /// The network, whose setting is the process's. Where it is installed, a new installation compares by it.
    #[arg(skip = ModelConfig::none())]
    pub model: ModelConfig,

    /// Cameras that are set here, whose settings are the process's.
    #[arg(skip)]
    pub cameras: camera_settings::Config,

    /// Where a demo shows the messages to people, which it catches.
    #[arg(skip)]
    pub messages_at: Option<String>,

    /// How many folders there may be, and how much their pictures may take.
    #[command(flatten)]
    pub quotas: QuotaConfig,

    /// Who may use the service.
    #[command(flatten)]
    pub access: AccessConfig,
}

/// A threshold on the command line.
pub fn parse_threshold(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(threshold) if (0.0..=1.0).contains(&threshold) => Ok(threshold),
        _ => Err("a number from 0 to 1 is needed".to_owned()),
    }
}

impl Default for Config {
    fn default() -> Self {
        Config {
            max_upload_mb: 20,
            max_upload_megapixels: 100,
            max_upload_files: 32,
            upload_timeout_s: 60,
            max_concurrent_uploads: NonZero::new(16).expect("16 is not 0"),
            max_connections: NonZero::new(2048).expect("2048 is not 0"),
            max_connections_per_address: NonZero::new(512).expect("512 is not 0"),
            default_threshold: None,
            model: ModelConfig::none(),
            cameras: camera_settings::Config::default(),
            messages_at: None,
            quotas: QuotaConfig::default(),
            access: AccessConfig::default(),
        }
    }
}

impl Config {
    pub(crate) fn max_bytes(&self) -> u64 {
        u64::from(self.max_upload_mb) * 1_000_000
    }

    pub(crate) fn max_files(&self) -> usize {
        self.max_upload_files as usize
    }

    pub(crate) fn upload_timeout(&self) -> Duration {
        Duration::from_secs(self.upload_timeout_s.into())
    }

    pub(crate) fn connections(&self) -> http_server::Limits {
        let limits = http_server::Limits {
            connections: self.max_connections.get().into(),
            per_address: self.max_connections_per_address.get().into(),
            proxies: self.access.trusted_proxies.clone(),
        };
        limits.within_open_files()
    }

    pub(crate) fn limits(&self) -> Limits {
        Limits {
            max_pixels: u64::from(self.max_upload_megapixels) * 1_000_000,
            ..Limits::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::FromArgMatches;

    use super::*;

    #[test]
    fn the_defaults_are_those_of_the_command_line() {
        let command = Config::augment_args(clap::Command::new("test"));
        let parsed = Config::from_arg_matches(&command.get_matches_from(["test"])).unwrap();
        assert_eq!(format!("{parsed:?}"), format!("{:?}", Config::default()));
    }
}
