//! redis-server with an append-only file.

use std::{
    fs,
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    path::{Path, PathBuf},
    process::Command,
};

use local_servers::{Server, free_port, redis_server};

use super::{Running, STARTS_WITHIN};
use crate::wait::block_until;

/// A redis-server with an append-only file.
pub struct RedisServer(Running);

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
        block_until(STARTS_WITHIN, "the cluster forms", || {
            let mut said = nodes.iter().map(|node| node.ask("CLUSTER INFO"));
            match said.find(|info| !info.contains("cluster_state:ok")) {
                None => Ok(()),
                Some(info) => Err(info),
            }
        });
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

    /// Starts one by a configuration of its own, with its port and data where tests have them; `more` arguments come
    /// last.
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
