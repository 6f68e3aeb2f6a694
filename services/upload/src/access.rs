//! Who may do what.
//!
//! While there are no accounts, everybody who reaches the service may do everything; so it then listens on loopback only,
//! unless it was told otherwise in as many words. Who comes how is left to `http`.

mod audit;
mod clients;
mod config;
mod gate;
mod hosts;
mod permissions;
mod visitor;

use std::net::SocketAddr;

use accounts::UsersFile;
use service_runtime::Failure;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

pub(crate) use audit::{Change, Outcome};
pub(crate) use clients::{Clients, Peer};
pub use config::AccessConfig;
pub(crate) use gate::Gate;
pub(crate) use hosts::Hosts;
#[cfg(test)]
pub(crate) use permissions::listed_calls;
pub(crate) use permissions::{Need, Permission};
pub(crate) use visitor::Visitor;

pub(crate) struct Access {
    pub(crate) mode: Mode,
    pub(crate) hosts: Hosts,
    pub(crate) clients: Clients,
}

/// Who comes in.
pub(crate) enum Mode {
    /// Everybody on this machine.
    Loopback,
    /// Everybody.
    Everyone,
    /// Those who have an account or a token.
    Accounts(Gate),
}

impl Access {
    /// For a service that listens there. Follows the users file, if there is one, until shutdown.
    pub(crate) fn new(
        config: &AccessConfig,
        address: SocketAddr,
        tracker: &TaskTracker,
        shutdown: &CancellationToken,
    ) -> Result<Self, Failure> {
        config.check(address)?;
        let mode = match &config.users_file {
            None if config.open_to_everyone => Mode::Everyone,
            None => Mode::Loopback,
            Some(path) => {
                let file = UsersFile::new(path);
                let token = config.token_of_ours.clone();
                let (gate, following) = Gate::open(file, token).map_err(Failure::usage)?;
                tracker.spawn(shutdown.clone().run_until_cancelled_owned(following));
                Mode::Accounts(gate)
            }
        };
        Ok(Access {
            mode,
            hosts: Hosts::new(&config.allowed_hosts),
            clients: Clients::new(&config.trusted_proxies),
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
