//! Where the programs of servers are.

use std::{
    env, fmt,
    path::{Path, PathBuf},
};

/// A server that we run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Server {
    /// nats-server, 2.11 or later.
    Nats,
    /// redis-server, 7 or later, or one that speaks its protocol.
    Redis,
}

impl Server {
    /// The name of the program.
    pub fn program(self) -> &'static str {
        match self {
            Server::Nats => "nats-server",
            Server::Redis => "redis-server",
        }
    }

    /// The environment variable that names the program's path.
    pub fn variable(self) -> &'static str {
        match self {
            Server::Nats => "FRAMEWATCH_NATS_SERVER",
            Server::Redis => "FRAMEWATCH_REDIS_SERVER",
        }
    }
}

impl fmt::Display for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.program())
    }
}

/// The program is nowhere.
#[derive(Debug, thiserror::Error)]
#[error(
    "{server} was not found on PATH nor in {}; get it with `make tools`, or name its path in {}",
    folder.display(),
    server.variable()
)]
pub struct NotFound {
    server: Server,
    folder: PathBuf,
}

/// Where the program is: on PATH, or in `.tools/bin` below `root`. A project's own copy comes first, since it was put
/// there because what PATH has is missing or too old.
pub fn locate(server: Server, root: &Path) -> Result<PathBuf, NotFound> {
    let tools = root.join(".tools").join("bin");
    let path = env::var_os("PATH").unwrap_or_default();
    std::iter::once(tools.clone())
        .chain(env::split_paths(&path))
        .map(|folder| folder.join(server.program()))
        .find(|candidate| candidate.is_file())
        .ok_or(NotFound {
            server,
            folder: tools,
        })
}
