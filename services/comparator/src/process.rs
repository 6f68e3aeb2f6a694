//! The comparator as a process of its own.

use std::process::ExitCode;

use event_bus::{Bus, BusConfig, Role};
use looks::ModelConfig;
use service_runtime::{Context, CpuConfig, Failure, Service};

#[derive(clap::Args)]
struct Settings {
    #[command(flatten)]
    comparator: crate::Config,
    /// How many folders that nobody made have their cameras watched; of any beyond these nobody is told that they are
    /// silent or frozen
    #[arg(
        long,
        env = "FRAMEWATCH_MAX_UNMADE_FOLDERS",
        default_value_t = crate::config::MOST_UNMADE,
        value_name = "COUNT"
    )]
    max_unmade_folders: u32,
    #[command(flatten)]
    shadow: crate::ShadowConfig,
    #[command(flatten)]
    model: ModelConfig,
    #[command(flatten)]
    cpu: CpuConfig,
    #[command(flatten)]
    bus: BusConfig,
}

const SERVICE: Service = Service {
    name: "framewatch-comparator",
    version: env!("CARGO_PKG_VERSION"),
    about: "Compares every frame with its folder's reference and raises alerts",
    ops_port: 9501,
};

/// Runs it until it is told to end: the whole of the program `framewatch-comparator`, and of `framewatch` by that name.
pub fn main() -> ExitCode {
    service_runtime::main::<Settings, _, _>(&SERVICE, |settings, context| async move {
        // In shadow it makes no streams either.
        let role = match settings.shadow.shadow {
            true => Role::Reader,
            false => Role::Worker,
        };
        let connecting = Bus::connect(&settings.bus, SERVICE.name, role);
        let Some(bus) = context.shutdown.run_until_cancelled(connecting).await else {
            return Ok(());
        };
        let context = Context {
            cpu: settings.cpu.pool(),
            ..context
        };
        let bus = bus.map_err(Failure::unavailable)?;
        let config = crate::Config {
            max_unmade_folders: settings.max_unmade_folders,
            model: settings.model,
            shadow: settings.shadow,
            ..settings.comparator
        };
        crate::run(config, bus, context).await
    })
}
