//! The sink as a process of its own.

use std::process::ExitCode;

use event_bus::{Bus, BusConfig, Role};
use service_runtime::{Failure, Service};

#[derive(clap::Args)]
struct Settings {
    #[command(flatten)]
    redis: sink::Config,
    #[command(flatten)]
    bus: BusConfig,
}

const SERVICE: Service = Service {
    name: "framewatch-sink",
    version: env!("CARGO_PKG_VERSION"),
    about: "Keeps the current state of all folders in Redis",
    ops_port: 9502,
};

fn main() -> ExitCode {
    service_runtime::main::<Settings, _, _>(&SERVICE, |settings, context| async move {
        let connecting = async {
            let redis = sink::connect(&settings.redis).await?;
            let bus = Bus::connect(&settings.bus, SERVICE.name, Role::Reader).await;
            Ok::<_, Failure>((redis, bus.map_err(Failure::unavailable)?))
        };
        let Some(connected) = context.shutdown.run_until_cancelled(connecting).await else {
            return Ok(());
        };
        let (redis, bus) = connected?;
        sink::run(redis, bus, context).await
    })
}
