use std::{
    io,
    net::TcpStream,
    path::{Path, PathBuf},
    process::{Child, Command},
    thread::sleep,
    time::{Duration, Instant},
};

use local_servers::{Server, free_port, locate, nats_server, redis_server};
use tempfile::TempDir;

type Configure = fn(&Path, &Path, u16) -> io::Result<Command>;

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
    fn start(server: Server, configure: Configure) -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let program = std::env::var_os(server.variable()).map_or_else(
            || locate(server, &root).unwrap_or_else(|error| panic!("{error}")),
            PathBuf::from,
        );
        let folder = TempDir::new().expect("the system's temporary folder can be written");
        let port = free_port().expect("loopback has a free port");
        let child = spawn(&program, configure, folder.path(), port);
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

    fn start_again(&mut self) {
        self.child = spawn(&self.program, self.configure, self.folder.path(), self.port);
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.kill();
    }
}

fn spawn(program: &Path, configure: Configure, folder: &Path, port: u16) -> Child {
    let mut child = configure(program, folder, port)
        .and_then(|mut command| command.spawn())
        .unwrap_or_else(|error| panic!("cannot start {}: {error}", program.display()));
    let deadline = Instant::now() + STARTS_WITHIN;
    while TcpStream::connect(("127.0.0.1", port)).is_err() {
        let ended = child.try_wait().expect("a child of ours can be asked");
        assert!(
            ended.is_none(),
            "{} ended at once: {ended:?}",
            program.display()
        );
        assert!(
            Instant::now() < deadline,
            "{} does not listen",
            program.display()
        );
        sleep(Duration::from_millis(10));
    }
    child
}

/// A nats-server with JetStream.
pub struct NatsServer(Running);

/// A redis-server with an append-only file.
pub struct RedisServer(Running);

impl NatsServer {
    /// Starts one and waits until it takes connections.
    pub fn start() -> Self {
        NatsServer(Running::start(Server::Nats, nats_server))
    }

    /// Its URL.
    pub fn url(&self) -> String {
        format!("nats://127.0.0.1:{}", self.0.port)
    }

    /// Ends it by SIGKILL. Its data stay.
    pub fn kill(&mut self) {
        self.0.kill();
    }

    /// Starts it again on the same port and data.
    pub fn start_again(&mut self) {
        self.0.start_again();
    }
}

impl RedisServer {
    /// Starts one and waits until it takes connections.
    pub fn start() -> Self {
        RedisServer(Running::start(Server::Redis, redis_server))
    }

    /// Its URL.
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}/", self.0.port)
    }

    /// Ends it by SIGKILL. Its data stay.
    pub fn kill(&mut self) {
        self.0.kill();
    }

    /// Starts it again on the same port and data.
    pub fn start_again(&mut self) {
        self.0.start_again();
    }
}
