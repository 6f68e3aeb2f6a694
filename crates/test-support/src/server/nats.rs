//! nats-server with JetStream.

use std::{
    fs,
    io::{self, BufRead, BufReader, Write},
    net::{SocketAddr, TcpStream},
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use local_servers::{Server, free_port, nats_server};
use rustix::process::Signal;
use tempfile::TempDir;

use super::{Running, signal};
use crate::SmallDisk;

/// A nats-server with JetStream.
pub struct NatsServer {
    pub(super) running: Running,
    name: String,
}

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

    /// Starts three that form a cluster. None tells clients of the others, so that these keep to the addresses that
    /// they were given.
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

    /// Starts one by a configuration of its own, with its port and data where tests have them, and its log in the
    /// folder of the data; `more` arguments come last.
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
        let within = Some(Duration::from_secs(30));
        stream.set_read_timeout(within).expect("it is no zero");
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

/// Starts nats-server as usual, but for this change of its configuration and with room for as much as
/// deploy/nats/nats.conf gives it. By itself it would take three quarters of what the disk has free, and refuse streams
/// that reserve more.
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
