//! Real servers of NATS and Redis, on free ports.

mod damage;
mod nats;
mod redis;

use std::{
    io,
    net::{SocketAddr, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command},
    time::Duration,
};

use local_servers::{Server, free_port, locate};
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use crate::wait::block_until;

pub use self::{nats::NatsServer, redis::RedisServer};

type Configure = Box<dyn Fn(&Path, &Path, u16) -> io::Result<Command> + Send + Sync>;

const STARTS_WITHIN: Duration = Duration::from_secs(20);

/// A process that listens on a port and keeps its data across restarts.
struct Running {
    program: PathBuf,
    configure: Configure,
    folder: TempDir,
    port: u16,
    child: Child,
}

impl Running {
    fn start(
        server: Server,
        configure: impl Fn(&Path, &Path, u16) -> io::Result<Command> + Send + Sync + 'static,
    ) -> Self {
        let folder = TempDir::new().expect("the system's temporary folder can be written");
        Self::start_in(folder, server, configure)
    }

    fn start_in(
        folder: TempDir,
        server: Server,
        configure: impl Fn(&Path, &Path, u16) -> io::Result<Command> + Send + Sync + 'static,
    ) -> Self {
        let configure: Configure = Box::new(configure);
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let program = std::env::var_os(server.variable()).map_or_else(
            || locate(server, &root).unwrap_or_else(|error| panic!("{error}")),
            PathBuf::from,
        );
        let port = free_port().expect("loopback has a free port");
        let child = spawn(&program, &configure, folder.path(), port);
        Running {
            program,
            configure,
            folder,
            port,
            child,
        }
    }

    fn kill(&mut self) {
        self.child.kill().expect("a child of ours can be killed");
        self.child
            .wait()
            .expect("a child of ours can be waited for");
    }

    fn address(&self) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], self.port))
    }

    fn start_again(&mut self) {
        self.child = spawn(
            &self.program,
            &self.configure,
            self.folder.path(),
            self.port,
        );
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.kill();
    }
}

fn spawn(program: &Path, configure: &Configure, folder: &Path, port: u16) -> Child {
    let mut child = configure(program, folder, port)
        .and_then(|mut command| command.spawn())
        .unwrap_or_else(|error| panic!("cannot start {}: {error}", program.display()));
    let listens = format!("{} listens", program.display());
    block_until(STARTS_WITHIN, &listens, || {
        let connected = TcpStream::connect(("127.0.0.1", port));
        let ended = child.try_wait().expect("a child of ours can be asked");
        let is_up = connected.is_ok();
        assert!(
            is_up || ended.is_none(),
            "{} ended at once: {ended:?}",
            program.display()
        );
        connected
    });
    child
}

/// Sends a signal to a child of ours that runs.
pub fn signal(child: &Child, signal: Signal) {
    kill_process(Pid::from_child(child), signal).expect("a child that runs takes signals");
}
