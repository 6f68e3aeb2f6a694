//! `framewatch up`: all services in one process, for one machine.

mod caught;
mod data_folder;
mod disk;
mod services;
mod supervise;
mod tethered;
mod trouble;
mod watched;

use std::{
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
};

use anyhow::anyhow;
use camera_settings::CameraKey;
use clap::Args as _;
use event_bus::{BusConfig, NatsLogin, without_secrets};
use futures::future::join_all;
use local_servers::Server;
use looks::ModelConfig;
use service_runtime::{Context, CpuConfig, Failure, RuntimeConfig, listen};
use tokio_util::sync::CancellationToken;

use crate::lines;
use data_folder::DataFolder;
use supervise::{LocalServer, Port};
pub(crate) use tethered::Tethered;

const WEB_PORT: u16 = 5000;
const NATS_PORT: u16 = 4222;
const REDIS_PORT: u16 = 6379;
const OPS_PORT: u16 = 9500;

/// In the data folder.
const CAMERA_KEY: &str = "camera.key";
const CAMERA_KEY_HELP: &str = "File with the key by which the passwords of cameras are encrypted that are set on the page or by API: \
                               64 hexadecimal digits [default: camera.key in the data folder, which is made where it is missing]";

#[derive(clap::Args)]
#[command(mut_arg("log", |log| log.default_value("warn,audit=info,comparator::alerts=error")))]
#[command(mut_arg("camera_key_file", |file| file.help(CAMERA_KEY_HELP)))]
pub(crate) struct Up {
    /// Folder for all data
    #[arg(
        long,
        env = "FRAMEWATCH_DATA",
        default_value = "framewatch-data",
        value_name = "DIR"
    )]
    data: PathBuf,

    /// Address and port of the web page and the HTTP API [default: 127.0.0.1:5000, or another port where that is taken]
    #[arg(long, env = "FRAMEWATCH_LISTEN", value_name = "ADDR:PORT")]
    listen: Option<SocketAddr>,

    /// Use this NATS server instead of starting one
    #[arg(
        long,
        env = "FRAMEWATCH_NATS_URL",
        value_name = "URL",
        conflicts_with = "nats_port"
    )]
    nats_url: Option<String>,

    /// Port for our own nats-server, on loopback [default: 4222, or another where that is taken]
    #[arg(long, env = "FRAMEWATCH_NATS_PORT", value_name = "PORT")]
    nats_port: Option<u16>,

    /// Use this Redis server instead of starting one
    #[arg(
        long,
        env = "FRAMEWATCH_REDIS_URL",
        value_name = "URL",
        conflicts_with = "redis_port"
    )]
    redis_url: Option<String>,

    /// Port for our own redis-server, on loopback [default: 6379, or another where that is taken]
    #[arg(long, env = "FRAMEWATCH_REDIS_PORT", value_name = "PORT")]
    redis_port: Option<u16>,

    /// The nats-server to start [default: the one in .tools/bin, or on PATH]
    #[arg(long, env = "FRAMEWATCH_NATS_SERVER", value_name = "FILE")]
    nats_server: Option<PathBuf>,

    /// The redis-server to start [default: the one in .tools/bin, or on PATH]
    #[arg(long, env = "FRAMEWATCH_REDIS_SERVER", value_name = "FILE")]
    redis_server: Option<PathBuf>,

    /// Run six simulated cameras; after a while one of them is covered and one is turned. Without --notify, the messages to people
    /// are caught and shown on a page of their own
    #[arg(long)]
    demo: bool,

    /// Make a camera of each folder in here, for the folder of its name: each new picture in it or below it is a frame
    #[arg(
        long,
        env = "FRAMEWATCH_WATCH",
        value_name = "DIR",
        conflicts_with = "demo"
    )]
    watch: Option<PathBuf>,

    #[command(flatten)]
    cameras: camera::Config,
    #[command(flatten)]
    cameras_by_api: camera_settings::Config,

    #[command(flatten)]
    notify: notifier::Config,

    #[command(flatten)]
    alerts: sink::AlertsConfig,

    #[command(flatten)]
    login: NatsLogin,

    #[command(flatten)]
    redis_login: sink::RedisLogin,

    #[command(flatten)]
    upload: upload::Config,

    #[command(flatten)]
    comparator: comparator::Config,
    #[command(flatten)]
    model: ModelConfig,

    #[command(flatten)]
    cpu: CpuConfig,

    #[command(flatten)]
    runtime: RuntimeConfig,
}

/// Where everything is.
struct Addresses {
    web: SocketAddr,
    nats: String,
    redis: String,
    ops: SocketAddr,
}

impl Up {
    pub(crate) async fn run(self) -> Result<(), Failure> {
        self.check_logins()?;
        if let Some(directory) = &self.watch {
            watched::check(directory)?;
        }
        if self.cameras.cameras.is_some() {
            self.real_cameras(&self.cameras_by_api).load()?;
        }
        if self.notify.notify.is_some() {
            self.notify.load()?;
        }
        let ops = SocketAddr::from((Ipv4Addr::LOCALHOST, OPS_PORT));
        service_runtime::run("framewatch", &self.runtime.clone(), ops, |context| {
            let cpu = self.cpu.pool();
            self.run_servers(Context { cpu, ..context })
        })
        .await
    }

    fn check_logins(&self) -> Result<(), Failure> {
        for (server, url, asks_nobody) in [
            ("nats", &self.nats_url, self.login.is_empty()),
            ("redis", &self.redis_url, self.redis_login.is_empty()),
        ] {
            if url.is_none() && !asks_nobody {
                return Err(Failure::usage(anyhow!(
                    "our own {server}-server asks for no login; name the server that does with --{server}-url"
                )));
            }
        }
        Ok(())
    }

    /// The cameras to connect to.
    fn real_cameras(&self, by_api: &camera_settings::Config) -> camera::Config {
        camera::Config {
            by_api: by_api.clone(),
            ..self.cameras.clone()
        }
    }

    /// The settings of cameras that are set on the page or by API: with a key of our own, unless another is named.
    fn cameras_by_api(&self, data: &DataFolder) -> Result<camera_settings::Config, Failure> {
        let mut by_api = self.cameras_by_api.clone();
        if by_api.camera_key_file.is_none() {
            let path = data.path().join(CAMERA_KEY);
            CameraKey::read_or_make(&path).map_err(Failure::unavailable)?;
            by_api.camera_key_file = Some(path);
        }
        Ok(by_api)
    }

    /// Runs the servers around the services: they begin before and end after them.
    async fn run_servers(self, context: Context) -> Result<(), Failure> {
        let data = DataFolder::take(&self.data).await?;
        let usual = SocketAddr::from((Ipv4Addr::LOCALHOST, WEB_PORT));
        self.upload.access.check(self.listen.unwrap_or(usual))?;
        let web = listen(self.listen, usual, "HTTP").await?;
        let stop_servers = CancellationToken::new();
        let nats = self.local(Server::Nats, &data)?;
        let redis = self.local(Server::Redis, &data)?;
        let addresses = Addresses {
            web: web.local_addr()?,
            nats: url(&self.nats_url, nats.as_ref()),
            redis: url(&self.redis_url, redis.as_ref()),
            ops: context.ops_address,
        };
        if let Some(disk) = nats.as_ref().and_then(LocalServer::disk).cloned() {
            context
                .readiness
                .require("nats-server can write to its disk", move || {
                    disk.is_written()
                });
        }
        let servers: Vec<_> = [nats, redis].into_iter().flatten().collect();
        let troubles = servers.iter().map(LocalServer::trouble).collect();
        let servers = servers
            .into_iter()
            .map(|server| server.run(stop_servers.clone()))
            .collect::<Result<Vec<_>, _>>()?;

        let services = async {
            let result = self
                .run_services(web, &addresses, troubles, &data, &context)
                .await;
            context.shutdown.cancel();
            stop_servers.cancel();
            result
        };
        let (result, _) = tokio::join!(services, join_all(servers));
        result
    }

    /// The server to be started; `None` where the user has one.
    fn local(&self, server: Server, data: &DataFolder) -> Result<Option<LocalServer>, Failure> {
        let (url, port, program, usual) = match server {
            Server::Nats => (&self.nats_url, self.nats_port, &self.nats_server, NATS_PORT),
            Server::Redis => (
                &self.redis_url,
                self.redis_port,
                &self.redis_server,
                REDIS_PORT,
            ),
        };
        if url.is_some() {
            return Ok(None);
        }
        let port = port.map_or(Port::Usual(usual), Port::Asked);
        LocalServer::plan(server, program.as_deref(), data, port).map(Some)
    }
}

/// Runs the NATS server of a data folder and nothing else, as long as the work takes that is given its address.
pub(crate) async fn with_nats_of(
    data: &Path,
    work: impl AsyncFnOnce(&BusConfig) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let data = DataFolder::take(data).await?;
    let server = LocalServer::plan(Server::Nats, None, &data, Port::Usual(NATS_PORT))?;
    let bus = BusConfig::for_url(server.url());
    let stop = CancellationToken::new();
    let server = server.run(stop.clone())?;
    let working = async {
        let result = work(&bus).await;
        stop.cancel();
        result
    };
    let (result, ()) = tokio::join!(working, server);
    result
}

/// All settings of `up` as a Markdown table.
pub(crate) fn settings_table() -> String {
    service_runtime::settings_table(&Up::augment_args(clap::Command::new("up")))
}

fn url(given: &Option<String>, own: Option<&LocalServer>) -> String {
    given
        .clone()
        .or_else(|| own.map(LocalServer::url))
        .expect("a server without a URL is our own")
}

impl Addresses {
    fn print(&self, data: &DataFolder) -> Result<(), Failure> {
        lines::print(format!(
            "Framewatch {} is running. Ctrl-C ends it.\n\n  \
             web page  http://{}/\n  \
             NATS      {}\n  \
             Redis     {}\n  \
             metrics   http://{}/metrics\n  \
             data      {}\n",
            env!("CARGO_PKG_VERSION"),
            self.web,
            without_secrets(&self.nats),
            without_secrets(&self.redis),
            self.ops,
            data.path().display()
        ))
    }
}
