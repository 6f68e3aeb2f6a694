//! The upload service as a process of its own.

use std::{net::SocketAddr, process::ExitCode};

use anyhow::Context as _;
use event_bus::{Bus, BusConfig, Role};
use looks::ModelConfig;
use service_runtime::{Context, CpuConfig, Failure, Service};
use tokio::net::TcpListener;

#[derive(clap::Args)]
struct Settings {
    /// Address and port of the web pages and the HTTP API
    #[arg(
        long,
        env = "FRAMEWATCH_LISTEN",
        default_value = "127.0.0.1:5000",
        value_name = "ADDR:PORT",
        help_heading = "Uploads"
    )]
    listen: SocketAddr,
    #[command(flatten)]
    upload: crate::Config,
    #[command(flatten)]
    model: ModelConfig,
    #[command(flatten)]
    cameras: camera_settings::Config,
    #[command(flatten)]
    bus: BusConfig,
    #[command(flatten)]
    cpu: CpuConfig,
}

const SERVICE: Service = Service {
    name: "framewatch-upload",
    version: env!("CARGO_PKG_VERSION"),
    about: "Web pages and HTTP API: takes reference pictures and shows the state of every folder",
    ops_port: 9500,
};

/// Runs it until it is told to end: the whole of the program `framewatch-upload`, and of `framewatch` by that name.
pub fn main() -> ExitCode {
    service_runtime::main::<Settings, _, _>(&SERVICE, |settings, context| async move {
        settings.upload.access.check(settings.listen)?;
        let listener = TcpListener::bind(settings.listen)
            .await
            .with_context(|| format!("cannot listen on {} for HTTP", settings.listen))
            .map_err(Failure::Unavailable)?;
        let connecting = Bus::connect(&settings.bus, SERVICE.name, Role::Keeper);
        let Some(bus) = context.shutdown.run_until_cancelled(connecting).await else {
            return Ok(());
        };
        let bus = bus.map_err(Failure::unavailable)?;
        let config = crate::Config {
            model: settings.model,
            cameras: settings.cameras,
            ..settings.upload
        };
        let cpu = settings.cpu.pool();
        crate::run(listener, config, bus, Context { cpu, ..context }).await
    })
}
