//! How many connections are served.

use ipnet::IpNet;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// How many connections are served at a time.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Altogether.
    pub connections: usize,
    /// From one address, which for IPv6 is a network of 2^64 addresses.
    pub per_address: usize,
    /// Proxies, by which the connections of many clients come: `per_address` is not for them.
    pub proxies: Vec<IpNet>,
}

/// More open files are not asked for: every connection there can be, and what a process needs beside them.
const ENOUGH: u64 = 65_536;

impl Limits {
    /// No more connections than half of the files that the process may have open: the rest is for its other work. Asks the
    /// system for as many files as it allows.
    pub fn within_open_files(self) -> Self {
        let files = raise_open_files();
        let room = usize::try_from(files / 2).unwrap_or(usize::MAX).max(1);
        if room < self.connections {
            tracing::warn!(
                "this process may have {files} files open, so it serves {room} connections at a time instead of {}: \
                 raise the limit (`ulimit -n`, or `LimitNOFILE=` of systemd)",
                self.connections
            );
        }
        Limits {
            connections: self.connections.min(room),
            ..self
        }
    }
}

/// Raises how many files may be open to what is allowed, and gives how many that are.
fn raise_open_files() -> u64 {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let wanted = maximum.map_or(ENOUGH, |maximum| maximum.min(ENOUGH));
    if current.is_some_and(|current| current < wanted) {
        let raised = Rlimit {
            current: Some(wanted),
            maximum,
        };
        if let Err(error) = setrlimit(Resource::Nofile, raised) {
            tracing::warn!(%error, "cannot raise how many files may be open");
        }
    }
    getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX)
}
