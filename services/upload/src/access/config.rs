//! Settings: who may come in, and from where.

use std::{
    net::{IpAddr, SocketAddr},
    path::PathBuf,
    time::Duration,
};

use accounts::{Token, UsersFile};
use anyhow::anyhow;
use clap::Args;
use ipnet::IpNet;
use service_runtime::Failure;

use super::{hosts::HostName, origins::Origin};

/// Who may use the service. Without a users file everybody who reaches it may, and so it listens on loopback only.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Access")]
#[group(skip)]
pub struct AccessConfig {
    /// The file of those who may come in, which `framewatch user` and `framewatch token` make; read again when it changes
    #[arg(long, env = "FRAMEWATCH_USERS_FILE", value_name = "FILE")]
    pub users_file: Option<PathBuf>,

    /// Without a users file, listen beyond loopback all the same: everybody who reaches the service may do everything
    #[arg(
        long,
        env = "FRAMEWATCH_OPEN_TO_EVERYONE",
        conflicts_with = "users_file"
    )]
    pub open_to_everyone: bool,

    /// Names by which the service is reached, separated by commas; it answers to them, to localhost and to IP addresses
    #[arg(
        long,
        env = "FRAMEWATCH_ALLOWED_HOSTS",
        value_delimiter = ',',
        value_name = "NAME"
    )]
    pub allowed_hosts: Vec<HostName>,

    /// Addresses of reverse proxies, or networks as in 10.0.0.0/8, separated by commas: their X-Forwarded-For says who asks
    #[arg(
        long,
        env = "FRAMEWATCH_TRUSTED_PROXIES",
        value_delimiter = ',',
        value_parser = parse_network,
        value_name = "ADDR"
    )]
    pub trusted_proxies: Vec<IpNet>,

    /// Other sites whose pages may call the API, as in `https://dash.example.org`, separated by commas; with * the pages of
    /// every site may, but change nothing
    #[arg(
        long,
        env = "FRAMEWATCH_CORS_ORIGINS",
        value_delimiter = ',',
        value_name = "ORIGIN"
    )]
    pub cors_origins: Vec<Origin>,

    /// How long somebody stays logged in, in hours
    #[arg(long, env = "FRAMEWATCH_SESSION_HOURS", default_value_t = WEEK_HOURS, value_name = "HOURS",
          value_parser = clap::value_parser!(u32).range(1..=720))]
    pub session_hours: u32,

    /// Let browsers send the session's cookie over plain http too: whoever can listen in on the network can use it
    #[arg(long, env = "FRAMEWATCH_COOKIES_OVER_HTTP")]
    pub cookies_over_http: bool,

    /// A token that holds besides those of the users file: for a part of the same process.
    #[arg(skip)]
    pub token_of_ours: Option<Token>,
}

const WEEK_HOURS: u32 = 7 * 24;

impl Default for AccessConfig {
    fn default() -> Self {
        AccessConfig {
            users_file: None,
            open_to_everyone: false,
            allowed_hosts: Vec::new(),
            trusted_proxies: Vec::new(),
            cors_origins: Vec::new(),
            session_hours: WEEK_HOURS,
            cookies_over_http: false,
            token_of_ours: None,
        }
    }
}

impl AccessConfig {
    /// Whether a service may listen there, and, if it needs one, whether the users file can be read. To be asked before
    /// anything listens.
    pub fn check(&self, address: SocketAddr) -> Result<(), Failure> {
        if let Some(path) = &self.users_file {
            UsersFile::new(path).read().map_err(Failure::usage)?;
            return Ok(());
        }
        if self.open_to_everyone || address.ip().to_canonical().is_loopback() {
            return Ok(());
        }
        Err(Failure::Usage(anyhow!(
            "listening on {address} would let everybody who reaches it do everything: name those who may by \
             --users-file FILE (`framewatch user add` makes it), or say --open-to-everyone"
        )))
    }

    pub(crate) fn session_lifetime(&self) -> Duration {
        Duration::from_secs(u64::from(self.session_hours) * 60 * 60)
    }
}

fn parse_network(text: &str) -> Result<IpNet, String> {
    let address = text.parse::<IpAddr>().map(IpNet::from);
    address
        .or_else(|_| text.parse())
        .map_err(|_| "it must be an address as 10.0.0.1, or a network as 10.0.0.0/8".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_loopback_is_open_by_itself() {
        let may = |config: &AccessConfig, address: &str| {
            let result = config.check(address.parse().unwrap());
            result.map_err(|failure| format!("{:#}", failure.error()))
        };
        let nothing_said = AccessConfig::default();
        for loopback in [
            "127.0.0.1:80",
            "127.9.9.9:1",
            "[::1]:80",
            "[::ffff:127.0.0.1]:80",
        ] {
            assert_eq!(may(&nothing_said, loopback), Ok(()));
        }
        let open = AccessConfig {
            open_to_everyone: true,
            ..AccessConfig::default()
        };
        for beyond in [
            "0.0.0.0:80",
            "[::]:80",
            "192.168.1.2:80",
            "[::ffff:10.0.0.1]:80",
        ] {
            let why = may(&nothing_said, beyond).unwrap_err();
            for way_out in [beyond, "--users-file", "--open-to-everyone"] {
                assert!(why.contains(way_out), "{why}");
            }
            assert_eq!(may(&open, beyond), Ok(()));
        }
    }

    #[test]
    fn networks_and_addresses_are_networks() {
        for good in ["10.0.0.1", "10.0.0.0/8", "::1", "fd00::/8"] {
            assert!(parse_network(good).is_ok(), "{good}");
        }
        for bad in ["", "proxy", "10.0.0.0/33", "10.0.0.1:80"] {
            assert!(parse_network(bad).is_err(), "{bad}");
        }
    }
}
