//! `framewatch healthcheck`: asks a running `up` whether it is ready.

use std::{net::SocketAddr, process::ExitCode};

use anyhow::anyhow;
use service_runtime::Failure;

#[derive(clap::Args)]
pub(crate) struct Healthcheck {
    /// Where its health is served
    #[arg(
        long,
        env = "FRAMEWATCH_OPS_LISTEN",
        default_value = "127.0.0.1:9500",
        value_name = "ADDR:PORT"
    )]
    ops_listen: SocketAddr,
}

impl Healthcheck {
    pub(crate) fn run(self) -> Result<ExitCode, Failure> {
        match service_runtime::healthcheck(self.ops_listen) {
            Ok(()) => Ok(ExitCode::SUCCESS),
            Err(why) => Err(Failure::Unavailable(anyhow!(why))),
        }
    }
}
