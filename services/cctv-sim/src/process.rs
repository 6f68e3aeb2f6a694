//! Simulated cameras as a process of their own.

use std::process::ExitCode;

use event_bus::{Bus, BusConfig, Role};
use service_runtime::{Failure, Service};

use crate::source::Source;

#[derive(clap::Args)]
struct Settings {
    #[command(flatten)]
    cameras: crate::Config,
    #[command(flatten)]
    bus: BusConfig,
}

const SERVICE: Service = Service {
    name: "framewatch-cctv-sim",
    version: env!("CARGO_PKG_VERSION"),
    about: "Simulates cameras: folders of pictures, video files, drawn scenes with staged incidents",
    ops_port: 9503,
};

/// Runs it until it is told to end: the whole of the program `framewatch-cctv-sim`, and of `framewatch` by that name.
pub fn main() -> ExitCode {
    service_runtime::main::<Settings, _, _>(&SERVICE, |settings, context| async move {
        let cameras = settings.cameras.load()?;
        for camera in &cameras {
            Source::check(camera).await.map_err(Failure::usage)?;
        }
        let connecting = Bus::connect(&settings.bus, SERVICE.name, Role::Guest);
        let Some(bus) = context.shutdown.run_until_cancelled(connecting).await else {
            return Ok(());
        };
        crate::run(cameras, bus.map_err(Failure::unavailable)?, context).await
    })
}
