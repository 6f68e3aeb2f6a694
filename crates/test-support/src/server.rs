//! Real servers of NATS and Redis, on free ports.

use std::{
    fs::{self, OpenOptions},
    io::{self, BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpStream},
    ops::Range,
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
    process::{Child, Command},
    thread::sleep,
    time::{Duration, Instant},
};

use local_servers::{Server, free_port, locate, nats_server, redis_server};
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use crate::SmallDisk;

type Configure = Box<dyn Fn(&Path, &Path, u16) -> io::Result<Command> + Send + Sync>;

const STARTS_WITHIN: Duration = Duration::from_secs(20);

/// How long the checksum is with which a message ends on disk, in bytes.
const CHECKSUM: usize = 8;

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

fn unpack(archive: &Path, folder: &Path) -> io::Result<()> {
    let mut tar = Command::new("tar");
    tar.arg("xzf").arg(archive).arg("-C").arg(folder);
    match tar.status()?.success() {
        true => Ok(()),
        false => Err(io::Error::other(format!(
            "{} cannot be unpacked",
            archive.display()
        ))),
    }
}

/// Starts nats-server as usual, but for this change of its configuration and with room for as much as deploy/nats/nats.conf
/// gives it. By itself it would take three quarters of what the disk has free, and refuse streams that reserve more.
fn configured(
    change: impl Fn(String) -> String + Send + Sync + 'static,
) -> impl Fn(&Path, &Path, u16) -> io::Result<Command> + Send + Sync + 'static {
    configured_with_quota("64GB".to_owned(), change)
}

/// The same; it stores no more than that in files.
fn configured_with_quota(
    quota: String,
    change: impl Fn(String) -> String + Send + Sync + 'static,
) -> impl Fn(&Path, &Path, u16) -> io::Result<Command> + Send + Sync + 'static {
    move |program, folder, port| {
        let command = nats_server(program, folder, port)?;
        let configuration = folder.join("nats-server.conf");
        let text = fs::read_to_string(&configuration)?;
        let with_quota = format!("jetstream {{\n  max_file_store: {quota}\n");
        fs::write(
            configuration,
            change(text.replace("jetstream {\n", &with_quota)),
        )?;
        Ok(command)
    }
}

/// Sends a signal to a child of ours that runs.
pub fn signal(child: &Child, signal: Signal) {
    kill_process(Pid::from_child(child), signal).expect("a child that runs takes signals");
}

/// A nats-server with JetStream.
pub struct NatsServer {
    running: Running,
    name: String,
}

/// A redis-server with an append-only file.
pub struct RedisServer(Running);

/// What a server is called that is none of a cluster.
const ALONE: &str = "framewatch";

impl NatsServer {
    /// Starts one and waits until it takes connections.
    pub fn start() -> Self {
        Self::start_configured(ALONE, |text| text)
    }

    /// Starts one that stores no more than so many bytes in files; on this disk, where there is one.
    pub fn start_with_quota(bytes: u64, disk: Option<&SmallDisk>) -> Self {
        let configure = configured_with_quota(bytes.to_string(), |text| text);
        let folder = disk.map_or_else(TempDir::new, |disk| TempDir::new_in(disk.path()));
        let folder = folder.expect("a temporary folder can be made");
        NatsServer {
            running: Running::start_in(folder, Server::Nats, configure),
            name: ALONE.to_owned(),
        }
    }

    /// Starts one with this at the end of its configuration.
    pub fn start_with(more: impl Into<String>) -> Self {
        let more = more.into();
        Self::start_configured(ALONE, move |text| text + &more)
    }

    /// Starts three that form a cluster. None tells clients of the others, so that these keep to the addresses that they
    /// were given.
    pub fn start_cluster() -> [Self; 3] {
        let ports: [u16; 3] =
            std::array::from_fn(|_| free_port().expect("loopback has a free port"));
        let routes = ports
            .map(|port| format!("\"nats://127.0.0.1:{port}\""))
            .join(", ");
        std::array::from_fn(|index| {
            let name = format!("node-{index}");
            let own = format!("server_name: {name}\n");
            let cluster = format!(
                "cluster {{\n  name: framewatch\n  listen: \"127.0.0.1:{}\"\n  routes: [{routes}]\n  no_advertise: true\n}}\n",
                ports[index]
            );
            Self::start_configured(&name, move |text| {
                text.replace("server_name: framewatch\n", &own) + &cluster
            })
        })
    }

    /// Starts one by a configuration of its own, with its port and data where tests have them, and its log in the folder of
    /// the data; `more` arguments come last.
    pub fn start_from(configuration: impl Into<PathBuf>, more: &[&str]) -> Self {
        let configuration = configuration.into();
        let more: Vec<String> = more.iter().map(|&text| text.to_owned()).collect();
        Self::run(ALONE, move |program, folder, port| {
            let mut command = Command::new(program);
            command
                .arg("--config")
                .arg(&configuration)
                .args(["--addr", "127.0.0.1", "--port", &port.to_string()])
                .args(["--http_port", &free_port()?.to_string()])
                .arg("--store_dir")
                .arg(folder)
                .arg("--log")
                .arg(folder.join("nats-server.log"))
                .args(&more);
            Ok(command)
        })
    }

    /// Ends it as an operator does, so that it trusts what it finds when it starts again.
    pub fn stop(&mut self) {
        signal(&self.running.child, Signal::TERM);
        self.running
            .child
            .wait()
            .expect("a child of ours can be waited for");
    }

    /// Overwrites 64 bytes of what the stream has on disk, from where this text is found first.
    pub fn damage(&self, stream: &str, text: &str) {
        let damaged = self.overwrite(stream, text.as_bytes(), |_, found| found..found + 64);
        assert!(damaged, "{stream} does not hold {text:?}");
    }

    /// Overwrites up to 64 bytes of the headers and the payload of a message of the stream, by its number and when it was
    /// stored, in nanoseconds since 1970; `false` where it is not on disk. A message is there as its whole length, number,
    /// time, length of its subject, subject, headers, payload and checksum. No length of another message is damaged: the
    /// server would cut the file off there, and lose all that follows.
    pub fn damage_message(
        &self,
        stream: &str,
        sequence: u64,
        stored_at: i64,
        subject: &str,
    ) -> bool {
        let begin = [sequence.to_le_bytes(), stored_at.to_le_bytes()].concat();
        let content = begin.len() + 2 + subject.len() + 4;
        self.overwrite(stream, &begin, |file, found| {
            let length = file[found - 4..found].try_into().expect("four bytes");
            let with_headers = 1 << 31;
            let end = found - 4 + (u32::from_le_bytes(length) & !with_headers) as usize - CHECKSUM;
            found + content..end.min(found + content + 64)
        })
    }

    /// Overwrites some of the file that holds `begin`: what `range` says of what it holds, and where it was found first.
    /// The server may be writing to the same file.
    fn overwrite(
        &self,
        stream: &str,
        begin: &[u8],
        range: impl FnOnce(&[u8], usize) -> Range<usize>,
    ) -> bool {
        let folder = self.running.folder.path().join("jetstream/$G/streams");
        let blocks = fs::read_dir(folder.join(stream).join("msgs")).expect("the stream is there");
        for block in blocks {
            let path = block.expect("its folder can be read").path();
            let bytes = fs::read(&path).expect("its files can be read");
            let found = bytes.windows(begin.len()).position(|it| it == begin);
            if let Some(found) = found {
                let range = range(&bytes, found);
                let file = OpenOptions::new().write(true).open(&path);
                let file = file.expect("its files can be written");
                file.write_all_at(&vec![0xff; range.len()], range.start as u64)
                    .expect("its files can be written");
                return true;
            }
        }
        false
    }

    /// What it has logged.
    pub fn log(&self) -> String {
        fs::read_to_string(self.running.folder.path().join("nats-server.log"))
            .expect("it logs to its folder")
    }

    /// Starts one with the data of another one: its folder `jetstream`, in a tar archive that is compressed by gzip.
    pub fn start_with_data(archive: impl Into<PathBuf>) -> Self {
        let archive = archive.into();
        let configure = configured(|text| text);
        Self::run(ALONE, move |program, folder, port| {
            if !folder.join("jetstream").exists() {
                unpack(&archive, folder)?;
            }
            configure(program, folder, port)
        })
    }

    /// Starts one that a later version has used, whose stream `ALERTS` says so.
    pub fn start_with_newer_data() -> Self {
        let server = Self::start();
        let stream =
            r#"{"name":"ALERTS","subjects":["alerts.>"],"metadata":{"framewatch-format":"3"}}"#;
        let made = server.ask("$JS.API.STREAM.CREATE.ALERTS", stream);
        assert!(made.contains("framewatch-format"), "{made}");
        server
    }

    /// Publishes a request; gives the answer, a line of JSON.
    fn ask(&self, subject: &str, payload: &str) -> String {
        let mut stream = TcpStream::connect(self.address()).expect("it takes connections");
        write!(
            stream,
            "CONNECT {{\"verbose\":false}}\r\nSUB answer 1\r\nPUB {subject} answer {}\r\n{payload}\r\n",
            payload.len()
        )
        .expect("it reads");
        let mut lines = BufReader::new(stream).lines();
        lines
            .by_ref()
            .map(|line| line.expect("it answers"))
            .find(|line| line.starts_with("MSG answer"))
            .expect("it answers before it hangs up");
        lines
            .next()
            .expect("an answer has a payload")
            .expect("it answers")
    }

    fn start_configured(
        name: &str,
        change: impl Fn(String) -> String + Send + Sync + 'static,
    ) -> Self {
        Self::run(name, configured(change))
    }

    fn run(
        name: &str,
        configure: impl Fn(&Path, &Path, u16) -> io::Result<Command> + Send + Sync + 'static,
    ) -> Self {
        NatsServer {
            running: Running::start(Server::Nats, configure),
            name: name.to_owned(),
        }
    }

    /// Its name among the servers of a cluster.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its address on loopback.
    pub fn address(&self) -> SocketAddr {
        self.running.address()
    }

    /// Its number for the system.
    pub fn id(&self) -> u32 {
        self.running.child.id()
    }

    /// Where its data and its log are.
    pub fn folder(&self) -> &Path {
        self.running.folder.path()
    }

    /// Stops it until `resume`, by SIGSTOP.
    pub fn pause(&self) {
        signal(&self.running.child, Signal::STOP);
    }

    /// Lets it go on after `pause`.
    pub fn resume(&self) {
        signal(&self.running.child, Signal::CONT);
    }

    /// Its URL.
    pub fn url(&self) -> String {
        format!("nats://127.0.0.1:{}", self.running.port)
    }

    /// Ends it by SIGKILL. Its data stay.
    pub fn kill(&mut self) {
        self.running.kill();
    }

    /// Starts it again on the same port and data.
    pub fn start_again(&mut self) {
        self.running.start_again();
    }
}

impl RedisServer {
    /// Starts one and waits until it takes connections.
    pub fn start() -> Self {
        Self::start_with(&[])
    }

    /// Starts one with these arguments besides the usual ones; `{port}` stands for its port.
    pub fn start_with(arguments: &[&str]) -> Self {
        let arguments: Vec<String> = arguments.iter().map(|&text| text.to_owned()).collect();
        RedisServer(Running::start(
            Server::Redis,
            move |program, folder, port| {
                let mut command = redis_server(program, folder, port)?;
                let port = port.to_string();
                command.args(arguments.iter().map(|text| text.replace("{port}", &port)));
                Ok(command)
            },
        ))
    }

    /// Starts three that share the keys of a cluster.
    pub fn start_cluster() -> [Self; 3] {
        let ports: [String; 3] =
            std::array::from_fn(|_| free_port().expect("loopback has a free port").to_string());
        let nodes = ports
            .each_ref()
            .map(|port| Self::start_with(&["--cluster-enabled", "yes", "--cluster-port", port]));
        for (node, slots) in nodes.iter().zip(["0 5460", "5461 10922", "10923 16383"]) {
            assert_eq!(node.ask(&format!("CLUSTER ADDSLOTSRANGE {slots}")), "+OK");
        }
        for (node, port) in nodes.iter().zip(&ports).skip(1) {
            let meet = format!("CLUSTER MEET 127.0.0.1 {} {port}", node.0.port);
            assert_eq!(nodes[0].ask(&meet), "+OK");
        }
        let deadline = Instant::now() + STARTS_WITHIN;
        for node in &nodes {
            while !node.ask("CLUSTER INFO").contains("cluster_state:ok") {
                assert!(Instant::now() < deadline, "the cluster does not form");
                sleep(Duration::from_millis(20));
            }
        }
        nodes
    }

    /// Sends a command in one line; gives what comes back at once.
    fn ask(&self, command: &str) -> String {
        let mut stream = TcpStream::connect(self.address()).expect("it takes connections");
        let mut answer = [0; 4096];
        let read = write!(stream, "{command}\r\n").and_then(|()| stream.read(&mut answer));
        let answer = &answer[..read.expect("it answers")];
        String::from_utf8_lossy(answer).trim_end().to_owned()
    }

    /// Starts one by a configuration of its own, with its port and data where tests have them; `more` arguments come last.
    pub fn start_from(configuration: impl Into<PathBuf>, more: &[&str]) -> Self {
        let configuration = configuration.into();
        let more: Vec<String> = more.iter().map(|&text| text.to_owned()).collect();
        RedisServer(Running::start(
            Server::Redis,
            move |program, folder, port| {
                let mut command = Command::new(program);
                command
                    .arg(&configuration)
                    .args(["--bind", "127.0.0.1", "--port", &port.to_string()])
                    .arg("--dir")
                    .arg(folder)
                    .arg("--logfile")
                    .arg(fs::canonicalize(folder)?.join("redis-server.log"))
                    .args(
                        more.iter()
                            .map(|text| text.replace("{port}", &port.to_string())),
                    );
                Ok(command)
            },
        ))
    }

    /// Its address on loopback.
    pub fn address(&self) -> SocketAddr {
        self.0.address()
    }

    /// Its number for the system.
    pub fn id(&self) -> u32 {
        self.0.child.id()
    }

    /// Where its data and its log are.
    pub fn folder(&self) -> &Path {
        self.0.folder.path()
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
