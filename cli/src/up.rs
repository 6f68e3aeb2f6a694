//! `framewatch up`: all services in one process, for one machine.

mod caught;
mod data_folder;
mod disk;
mod supervise;
mod tethered;
mod trouble;
mod watched;

use std::{
    io::Write as _,
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
};

use accounts::Issued;
use anyhow::anyhow;
use camera_settings::CameraKey;
use clap::Args as _;
use event_bus::{Bus, BusConfig, NatsLogin, Role, without_secrets};
use futures::{StreamExt as _, future::join_all, stream::FuturesUnordered};
use local_servers::Server;
use looks::ModelConfig;
use notifier::PageUrl;
use service_runtime::{Context, CpuConfig, Failure, RuntimeConfig, listen};
use tokio::{
    net::TcpListener,
    sync::mpsc,
    task::{JoinError, JoinSet},
};
use tokio_util::sync::CancellationToken;

use crate::{api::ApiConfig, demo, lines, watch};
use caught::Catcher;
use data_folder::DataFolder;
use supervise::{LocalServer, Port, Trouble};
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

    async fn run_services(
        &self,
        web: TcpListener,
        addresses: &Addresses,
        troubles: Vec<Trouble>,
        data: &DataFolder,
        context: &Context,
    ) -> Result<(), Failure> {
        let bus = BusConfig {
            login: self.login.clone(),
            ..BusConfig::for_url(addresses.nats.clone())
        };
        let redis = sink::Config {
            login: self.redis_login.clone(),
            ..sink::Config::for_url(addresses.redis.clone())
        };
        let connecting = async {
            tokio::select! {
                connections = Connections::open(&bus, &redis) => connections,
                cause = first_trouble(troubles) => Err(Failure::Unavailable(anyhow!(cause))),
            }
        };
        let Some(connections) = context.shutdown.run_until_cancelled(connecting).await else {
            return Ok(());
        };
        let Connections {
            upload,
            comparator,
            sink,
            redis,
            terminal,
        } = connections?;
        let by_api = self.cameras_by_api(data)?;
        let demo_token = self.demo.then(demo::token);
        let catcher = match self.demo && self.notify.notify.is_none() {
            true => Some(Catcher::open().await?),
            false => None,
        };
        let (alerts, alert_lines) = mpsc::channel(256);
        let mut services = JoinSet::new();
        services.spawn(upload::run(
            web,
            upload::Config {
                model: self.model.clone(),
                cameras: by_api.clone(),
                messages_at: catcher.as_ref().map(Catcher::url),
                ..with_token(self.upload.clone(), demo_token.as_ref())
            },
            upload,
            context.clone(),
        ));
        services.spawn(comparator::run(
            comparator::Config {
                model: self.model.clone(),
                ..self.comparator.clone()
            },
            comparator,
            context.clone(),
        ));
        services.spawn(sink::run(
            redis,
            self.alerts.redis_alerts,
            sink,
            context.clone(),
        ));
        services.spawn(print_alerts(alert_lines));
        services.spawn({
            let shutdown = context.shutdown.clone();
            async move {
                watch::alerts(terminal.clone(), alerts, shutdown).await;
                terminal.close().await;
                Ok(())
            }
        });

        addresses.print(data)?;
        if let Some(directory) = &self.watch {
            services.spawn(watched::run(
                directory.clone(),
                bus.clone(),
                context.clone(),
            ));
            lines::print(format!(
                "Each folder in {} is a camera: each new picture there is a frame.\n",
                directory.display()
            ))?;
        }
        services.spawn(real_cameras(
            self.real_cameras(&by_api),
            bus.clone(),
            context.clone(),
        ));
        let mut notify = self.notify.clone();
        if let Some(catcher) = catcher {
            let (url, file) = (catcher.url(), catcher.routes(data)?);
            notify.notify = Some(file.clone());
            let (web, shutdown) = (addresses.web, context.shutdown.clone());
            services.spawn(async move {
                catcher.run(file, web, shutdown).await;
                Ok(())
            });
            lines::print(format!(
                "What people would be told is caught, and goes nowhere else: see {url}\n"
            ))?;
        }
        if notify.notify.is_some() {
            let notify = leading_to(notify, addresses.web);
            services.spawn(people(notify, bus.clone(), context.clone()));
        }
        if self.demo {
            services.spawn(demo::run(
                ApiConfig {
                    url: format!("http://{}", addresses.web),
                    token: demo_token.map(|issued| issued.reveal()),
                    token_file: None,
                },
                bus,
                context.clone(),
            ));
            lines::print(demo::WHAT_HAPPENS)?;
        }
        first_failure(services, &context.shutdown).await
    }
}

/// Messages lead to our own page, unless the operator says where people open it.
fn leading_to(notify: notifier::Config, web: SocketAddr) -> notifier::Config {
    let public_url = notify.public_url.or_else(|| PageUrl::served_at(web));
    if public_url.is_none() {
        tracing::warn!(
            "messages lead nowhere unless the file says \"link\": the page is served at {web}; say with --public-url where people open it"
        );
    }
    notifier::Config {
        public_url,
        ..notify
    }
}

async fn people(notify: notifier::Config, bus: BusConfig, context: Context) -> Result<(), Failure> {
    let (file, routes) = notify.load()?;
    let connecting = Bus::connect(&bus, "framewatch-notifier", Role::Worker);
    let Some(bus) = context.shutdown.run_until_cancelled(connecting).await else {
        return Ok(());
    };
    notifier::run(file, routes, bus.map_err(Failure::unavailable)?, context).await
}

async fn real_cameras(
    cameras: camera::Config,
    bus: BusConfig,
    context: Context,
) -> Result<(), Failure> {
    let cameras = cameras.load()?;
    let connecting = Bus::connect(&bus, "framewatch-camera", Role::Guest);
    let Some(bus) = context.shutdown.run_until_cancelled(connecting).await else {
        return Ok(());
    };
    let bus = bus.map_err(Failure::unavailable)?;
    camera::run(cameras, bus, context).await
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

/// The settings of the upload service, by which it lets in the bearer of this token as well.
fn with_token(mut upload: upload::Config, issued: Option<&Issued>) -> upload::Config {
    upload.access.token_of_ours = issued.map(|issued| issued.token.clone());
    upload
}

fn url(given: &Option<String>, own: Option<&LocalServer>) -> String {
    given
        .clone()
        .or_else(|| own.map(LocalServer::url))
        .expect("a server without a URL is our own")
}

/// Waits until a server cannot start before a person has done something, and says what.
async fn first_trouble(troubles: Vec<Trouble>) -> String {
    let mut causes: FuturesUnordered<_> = troubles.into_iter().map(Trouble::cause).collect();
    match causes.next().await {
        Some(cause) => cause,
        None => std::future::pending().await,
    }
}

/// Waits until all have ended. The first that fails takes the others down with it.
async fn first_failure(
    mut services: JoinSet<Result<(), Failure>>,
    shutdown: &CancellationToken,
) -> Result<(), Failure> {
    let mut result = Ok(());
    while let Some(ended) = services.join_next().await {
        let ended = ended.unwrap_or_else(|panic: JoinError| Err(panic.into()));
        if ended.is_err() {
            shutdown.cancel();
            result = result.and(ended);
        }
    }
    result
}

async fn print_alerts(mut alerts: mpsc::Receiver<watch::Seen>) -> Result<(), Failure> {
    while let Some(seen) = alerts.recv().await {
        if let Err(error) = writeln!(std::io::stdout(), "{}", seen.line()) {
            tracing::debug!(%error, "nobody reads the alerts");
        }
    }
    Ok(())
}

/// A connection for each service, as if each were a process.
struct Connections {
    upload: Bus,
    comparator: Bus,
    sink: Bus,
    redis: sink::Connection,
    terminal: Bus,
}

impl Connections {
    async fn open(bus: &BusConfig, redis: &sink::Config) -> Result<Self, Failure> {
        let connect = async |name, role| {
            let connected = Bus::connect(bus, name, role).await;
            connected.map_err(Failure::unavailable)
        };
        Ok(Connections {
            upload: connect("framewatch-upload", Role::Keeper).await?,
            comparator: connect("framewatch-comparator", Role::Worker).await?,
            sink: connect("framewatch-sink", Role::Worker).await?,
            redis: sink::connect(redis).await?,
            terminal: connect("framewatch up", Role::Worker).await?,
        })
    }
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
