//! The services of `framewatch up`, each with a connection of its own, as if it were a process.

use std::{io::Write as _, net::SocketAddr};

use accounts::Issued;
use anyhow::anyhow;
use event_bus::{Bus, BusConfig, Role};
use futures::{StreamExt as _, stream::FuturesUnordered};
use notifier::PageUrl;
use service_runtime::{Context, Failure};
use tokio::{
    net::TcpListener,
    sync::mpsc,
    task::{JoinError, JoinSet},
};
use tokio_util::sync::CancellationToken;

use super::{Addresses, Up, caught::Catcher, data_folder::DataFolder, supervise::Trouble, watched};
use crate::{api::ApiConfig, demo, lines, watch};

/// Alerts that wait to be printed.
const ALERTS_WAITING: usize = 256;

/// Those that are running, and what the next ones begin with.
struct Services<'a> {
    up: &'a Up,
    addresses: &'a Addresses,
    data: &'a DataFolder,
    context: &'a Context,
    bus: BusConfig,
    cameras_by_api: camera_settings::Config,
    /// By which the demo uploads its pictures.
    demo_token: Option<Issued>,
    running: JoinSet<Result<(), Failure>>,
}

impl Up {
    /// Runs the services until shutdown, or until one fails.
    pub(super) async fn run_services(
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
        let connections = connections?;
        let mut services = Services {
            up: self,
            addresses,
            data,
            context,
            bus,
            cameras_by_api: self.cameras_by_api(data)?,
            demo_token: self.demo.then(demo::token),
            running: JoinSet::new(),
        };
        let catcher = match self.demo && self.notify.notify.is_none() {
            true => Some(Catcher::open().await?),
            false => None,
        };
        services.judge(web, connections, catcher.as_ref().map(Catcher::url));
        addresses.print(data)?;
        services.send_what_is_written_to_folders()?;
        services.connect_to_cameras();
        services.tell_people(catcher)?;
        services.show_the_demo()?;
        first_failure(services.running, &context.shutdown).await
    }
}

impl Services<'_> {
    /// What there always is: the page, the comparator, Redis, and the alerts on the terminal.
    fn judge(&mut self, web: TcpListener, connections: Connections, messages_at: Option<String>) {
        let Connections {
            upload,
            comparator,
            sink,
            redis,
            terminal,
        } = connections;
        let up = self.up;
        let model = || up.model.clone();
        let page = upload::Config {
            model: model(),
            cameras: self.cameras_by_api.clone(),
            messages_at,
            ..with_token(up.upload.clone(), self.demo_token.as_ref())
        };
        let judging = comparator::Config {
            max_unmade_folders: up.upload.quotas.max_unmade_folders,
            model: model(),
            ..up.comparator.clone()
        };
        let context = || self.context.clone();
        self.running
            .spawn(upload::run(web, page, upload, context()));
        self.running
            .spawn(comparator::run(judging, comparator, context()));
        self.running
            .spawn(sink::run(redis, up.alerts.redis_alerts, sink, context()));
        let (alerts, alert_lines) = mpsc::channel(ALERTS_WAITING);
        self.running.spawn(print_alerts(alert_lines));
        let shutdown = self.context.shutdown.clone();
        self.running.spawn(async move {
            watch::alerts(terminal.clone(), alerts, shutdown).await;
            terminal.close().await;
            Ok(())
        });
    }

    fn send_what_is_written_to_folders(&mut self) -> Result<(), Failure> {
        let Some(directory) = &self.up.watch else {
            return Ok(());
        };
        let (bus, context) = (self.bus.clone(), self.context.clone());
        self.running
            .spawn(watched::run(directory.clone(), bus, context));
        lines::print(format!(
            "Each folder in {} is a camera: each new picture there is a frame.\n",
            directory.display()
        ))
    }

    fn connect_to_cameras(&mut self) {
        let cameras = self.up.real_cameras(&self.cameras_by_api);
        let (bus, context) = (self.bus.clone(), self.context.clone());
        self.running.spawn(real_cameras(cameras, bus, context));
    }

    /// Tells people by the file of routes, or in the demo whoever looks at the page of what is caught.
    fn tell_people(&mut self, catcher: Option<Catcher>) -> Result<(), Failure> {
        let mut notify = self.up.notify.clone();
        if let Some(catcher) = catcher {
            let (url, file) = (catcher.url(), catcher.routes(self.data)?);
            notify.notify = Some(file.clone());
            let (web, shutdown) = (self.addresses.web, self.context.shutdown.clone());
            self.running.spawn(async move {
                catcher.run(file, web, shutdown).await;
                Ok(())
            });
            lines::print(format!(
                "What people would be told is caught, and goes nowhere else: see {url}\n"
            ))?;
        }
        if notify.notify.is_some() {
            let notify = leading_to(notify, self.addresses.web);
            let (bus, context) = (self.bus.clone(), self.context.clone());
            self.running.spawn(people(notify, bus, context));
        }
        Ok(())
    }

    fn show_the_demo(&mut self) -> Result<(), Failure> {
        if !self.up.demo {
            return Ok(());
        }
        let api = ApiConfig {
            url: format!("http://{}", self.addresses.web),
            token: self.demo_token.as_ref().map(Issued::reveal),
            token_file: None,
        };
        let (bus, context) = (self.bus.clone(), self.context.clone());
        self.running.spawn(demo::run(api, bus, context));
        lines::print(demo::WHAT_HAPPENS)
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

/// The settings of the upload service, by which it lets in the bearer of this token as well.
fn with_token(mut upload: upload::Config, issued: Option<&Issued>) -> upload::Config {
    upload.access.token_of_ours = issued.map(|issued| issued.token.clone());
    upload
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

async fn print_alerts(mut alerts: mpsc::Receiver<watch::Shown>) -> Result<(), Failure> {
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
