//! Who may do what.
//!
//! While there are no accounts, everybody who reaches the service may do everything; so it then listens on loopback only,
//! unless it was told otherwise in as many words.
//!
//! - `config`: the settings.
//! - `admission`: what every request passes, after the table of permissions.
//! - `permissions`: that table.
//! - `hosts`, `origins`, `clients`: the names that the service answers to, the sites that may change something, and where
//!   requests come from.
//! - `gate`: letting in those who have a session or a token; `users_file`, `sessions`, `cookies` and `throttle` are parts.
//! - `login`: logging in and out.
//! - `visitor`: who makes a request.
//! - `audit`: who changed what.

pub(crate) mod admission;
mod audit;
mod clients;
mod config;
mod cookies;
mod gate;
mod hosts;
pub(crate) mod login;
mod origins;
pub(crate) mod permissions;
mod sessions;
mod throttle;
mod users_file;
mod visitor;

use std::sync::Arc;

use accounts::{UsersFile, Verifier};
use event_bus::Bus;
use service_runtime::Failure;
use tokio::task::spawn_blocking;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::broker::Broker;

pub(crate) use audit::{Change, Outcome};
pub(crate) use clients::{Client, Clients};
pub use config::AccessConfig;
pub(crate) use cookies::Cookies;
pub(crate) use gate::Gate;
pub(crate) use hosts::{Hosts, WrongHost};
pub(crate) use origins::Origins;
pub(crate) use visitor::{By, Visitor};

use sessions::Sessions;
use throttle::Throttle;

/// Passwords that are checked at the same time, and beside them those of known devices.
const PASSWORDS_AT_A_TIME: usize = 2;
const ON_KNOWN_DEVICES_AT_A_TIME: usize = 1;

pub(crate) struct Access {
    pub(crate) mode: Mode,
    pub(crate) hosts: Hosts,
    pub(crate) clients: Clients,
    pub(crate) origins: Origins,
}

/// Who comes in.
pub(crate) enum Mode {
    /// Everybody on this machine.
    Loopback,
    /// Everybody.
    Everyone,
    /// Those who have an account or a token.
    Accounts(Box<Gate>),
}

impl Access {
    /// Follows the users file and the sessions, if there are accounts, until shutdown. Waits until both are loaded.
    pub(crate) async fn open(
        config: &AccessConfig,
        broker: &Broker,
        bus: &Bus,
        tracker: &TaskTracker,
        shutdown: &CancellationToken,
    ) -> Result<Self, Failure> {
        let mode = match &config.users_file {
            None if config.open_to_everyone => Mode::Everyone,
            None => Mode::Loopback,
            Some(path) => {
                let file = UsersFile::new(path);
                let token = config.token_of_ours.clone();
                let (accounts, following) =
                    users_file::open(file, token).map_err(Failure::usage)?;
                tracker.spawn(shutdown.clone().run_until_cancelled_owned(following));
                let sessions = Arc::new(Sessions::default());
                let caught_up = sessions.follow(bus, tracker, shutdown);
                shutdown.run_until_cancelled(caught_up).await;
                let verifier = spawn_blocking(|| Verifier::new(PASSWORDS_AT_A_TIME)).await?;
                Mode::Accounts(Box::new(Gate {
                    accounts,
                    sessions,
                    broker: broker.clone(),
                    verifier_of_known_devices: verifier.beside(ON_KNOWN_DEVICES_AT_A_TIME),
                    verifier,
                    throttle: Throttle::new(),
                    lifetime: config.session_lifetime(),
                    cookies: match config.cookies_over_http {
                        true => Cookies::Plain,
                        false => Cookies::Secure,
                    },
                }))
            }
        };
        Ok(Access {
            mode,
            hosts: Hosts::new(&config.allowed_hosts),
            clients: Clients::new(&config.trusted_proxies),
            origins: Origins::new(&config.cors_origins),
        })
    }

    /// What guards the service, if something does.
    pub(crate) fn gate(&self) -> Option<&Gate> {
        match &self.mode {
            Mode::Accounts(gate) => Some(gate),
            Mode::Loopback | Mode::Everyone => None,
        }
    }
}
