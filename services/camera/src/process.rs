//! Real cameras as a process of their own.

use std::process::ExitCode;

use event_bus::{Bus, BusConfig, Role};
use service_runtime::{Context, CpuConfig, Failure, Service};

#[derive(clap::Args)]
struct Settings {
    #[command(flatten)]
    cameras: crate::Config,
    #[command(flatten)]
    sharing: SharingConfig,
    #[command(flatten)]
    by_api: camera_settings::Config,
    #[command(flatten)]
    bus: BusConfig,
    #[command(flatten)]
    cpu: CpuConfig,
}

#[derive(clap::Args)]
#[command(next_help_heading = "Cameras")]
struct SharingConfig {
    /// There is no other copy of the service with the same cameras: nobody is asked who has which. What logs in to NATS needs no
    /// right but to publish then
    #[arg(long, env = "FRAMEWATCH_CAMERA_ALONE")]
    alone: bool,
}

const SERVICE: Service = Service {
    name: "framewatch-camera",
    version: env!("CARGO_PKG_VERSION"),
    about: "Connects to cameras by RTSP and HTTP, and publishes their pictures and how they stand",
    ops_port: 9504,
};

/// Runs it until it is told to end: the whole of the program `framewatch-camera`, and of `framewatch` by that name.
pub fn main() -> ExitCode {
    service_runtime::main::<Settings, _, _>(&SERVICE, |settings, context| async move {
        let cameras = crate::Config {
            by_api: settings.by_api,
            copies: match settings.sharing.alone {
                true => crate::Copies::One,
                false => crate::Copies::Several,
            },
            ..settings.cameras
        };
        let cameras = cameras.load()?;
        let connecting = Bus::connect(&settings.bus, SERVICE.name, Role::Guest);
        let Some(bus) = context.shutdown.run_until_cancelled(connecting).await else {
            return Ok(());
        };
        let cpu = settings.cpu.pool();
        let context = Context { cpu, ..context };
        crate::run(cameras, bus.map_err(Failure::unavailable)?, context).await
    })
}
