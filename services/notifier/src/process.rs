//! The notifier as a process of its own.

use std::process::ExitCode;

use event_bus::{Bus, BusConfig, Role};
use service_runtime::{Context, CpuConfig, Failure, Service};

use crate::config::ProcessConfig;

#[derive(clap::Args)]
struct Settings {
    #[command(flatten)]
    notifier: ProcessConfig,
    #[command(flatten)]
    bus: BusConfig,
    #[command(flatten)]
    cpu: CpuConfig,
}

const SERVICE: Service = Service {
    name: "framewatch-notifier",
    version: env!("CARGO_PKG_VERSION"),
    about: "Tells people of alerts, by e-mail, Slack, webhooks and Alertmanager",
    ops_port: 9505,
};

/// Runs it until it is told to end: the whole of the program `framewatch-notifier`, and of `framewatch` by that name.
pub fn main() -> ExitCode {
    service_runtime::main::<Settings, _, _>(&SERVICE, |settings, context| async move {
        let (file, routes) = settings.notifier.load()?;
        let connecting = Bus::connect(&settings.bus, SERVICE.name, Role::Teller);
        let Some(bus) = context.shutdown.run_until_cancelled(connecting).await else {
            return Ok(());
        };
        let cpu = settings.cpu.pool();
        let context = Context { cpu, ..context };
        crate::run(file, routes, bus.map_err(Failure::unavailable)?, context).await
    })
}
