//! The sink as a process of its own.

use std::process::ExitCode;

use event_bus::{Bus, BusConfig, Role};
use service_runtime::{Failure, Service};

#[derive(clap::Args)]
struct Settings {
    #[command(flatten)]
    redis: crate::Config,
    #[command(flatten)]
    bus: BusConfig,
}

const SERVICE: Service = Service {
    name: "framewatch-sink",
    version: env!("CARGO_PKG_VERSION"),
    about: "Keeps the current state of all folders in Redis",
    ops_port: 9502,
};

/// Runs it until it is told to end: the whole of the program `framewatch-sink`, and of `framewatch` by that name.
pub fn main() -> ExitCode {
    service_runtime::main::<Settings, _, _>(&SERVICE, |settings, context| async move {
        let connecting = async {
            let redis = crate::connect(&settings.redis).await?;
            let bus = Bus::connect(&settings.bus, SERVICE.name, Role::Reader).await;
            Ok::<_, Failure>((redis, bus.map_err(Failure::unavailable)?))
        };
        let Some(connected) = context.shutdown.run_until_cancelled(connecting).await else {
            return Ok(());
        };
        let (redis, bus) = connected?;
        crate::run(redis, settings.redis.alerts.redis_alerts, bus, context).await
    })
}
