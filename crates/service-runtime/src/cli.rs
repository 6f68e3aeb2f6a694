//! The `main` of every service.

use std::{
    net::{Ipv4Addr, SocketAddr},
    process::ExitCode,
};

use clap::{Args, CommandFactory, Parser, Subcommand};

use crate::{
    Context, Failure, RuntimeConfig, block_on,
    exit::{complain, explain_usage},
    ops, run, settings_table, variables,
};

/// A service as its users know it.
pub struct Service {
    /// The name of the binary.
    pub name: &'static str,
    /// Its version.
    pub version: &'static str,
    /// What it does, in a line.
    pub about: &'static str,
    /// The usual port of its health and metrics, on loopback.
    pub ops_port: u16,
}

#[derive(Parser)]
struct Cli<C: Args> {
    #[command(flatten)]
    service: C,
    #[command(flatten)]
    runtime: RuntimeConfig,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Ask the running service whether it is ready; exit code 0 if it is
    Healthcheck,
    /// Print all settings as a Markdown table
    Settings,
}

/// The whole `main` of a service: reads the settings, runs it, and turns the outcome into an exit code.
///
/// No setting in `C` may be required by clap, since `healthcheck` must work without it.
pub fn main<C, F, Fut>(service: &Service, body: F) -> ExitCode
where
    C: Args,
    F: FnOnce(C, Context) -> Fut,
    Fut: Future<Output = Result<(), Failure>>,
{
    let cli: Cli<C> = match variables::parse(command::<C>(service), std::env::args_os()) {
        Ok(cli) => cli,
        Err(error) => return explain_usage(&error),
    };
    let ops = SocketAddr::from((Ipv4Addr::LOCALHOST, service.ops_port));
    match cli.command {
        Some(Command::Healthcheck) => {
            return match ops::healthcheck(cli.runtime.ops_listen.unwrap_or(ops)) {
                Ok(()) => ExitCode::SUCCESS,
                Err(why) => complain(&why, ExitCode::FAILURE),
            };
        }
        Some(Command::Settings) => return print_settings::<C>(service),
        None => {}
    }
    let outcome = block_on(run(service.name, &cli.runtime, ops, |context| {
        body(cli.service, context)
    }));
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}

fn command<C: Args>(service: &Service) -> clap::Command {
    Cli::<C>::command()
        .name(service.name)
        .version(service.version)
        .about(service.about)
}

#[expect(clippy::print_stdout, reason = "the table is what was asked for")]
fn print_settings<C: Args>(service: &Service) -> ExitCode {
    print!("{}", settings_table(&command::<C>(service)));
    ExitCode::SUCCESS
}
