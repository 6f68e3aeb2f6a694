//! The `framewatch` command: `up` runs everything on one machine; the others ask, send and watch from a terminal.
//!
//! Each subcommand is a module with its arguments and a `run`. What it does for itself is reading arguments and writing
//! lines; the work is that of the services and crates.

mod alerts;
mod api;
mod archive;
mod backup;
mod cameras;
mod compare;
mod completions;
mod dead_letters;
mod demo;
mod folder;
mod folders;
mod healthcheck;
mod lines;
mod migrate;
mod model;
mod normal;
mod notify;
mod progress;
mod provision;
mod proxy;
mod publish;
mod restore;
mod rule;
mod silence;
mod token;
mod up;
mod upload;
mod user;
mod users_file;
mod watch;

use std::{env, ffi::OsStr, path::Path, process::ExitCode};

use clap::{CommandFactory, Parser, Subcommand};
use service_runtime::{Failure, block_on, explain_usage};

/// Watches cameras against reference pictures.
#[derive(Parser)]
#[command(name = "framewatch", version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run everything on this machine: all services, and a NATS and a Redis server unless given
    Up(Box<up::Up>),
    /// Run six simulated cameras beside services that run elsewhere, and upload their references
    Demo(Box<demo::Demo>),
    /// Ask `up` or `demo` that runs here whether it is ready; exit code 0 if it is
    Healthcheck(healthcheck::Healthcheck),
    /// Say how similar two pictures are
    Compare(compare::Compare),
    /// Say whether the network that the measures view and parts need is installed, where it comes from, and its licence
    Model(model::ModelCommand),
    /// Publish pictures as frames of a folder's camera
    Publish(publish::Publish),
    /// Upload reference pictures into a folder
    Upload(upload::Upload),
    /// Show alerts, and on request all comparisons, as they happen
    Watch(watch::Watch),
    /// Show alerts, and say who has one in hand
    Alerts(alerts::Alerts),
    /// Show how cameras stand that are connected to, or try one
    Cameras(cameras::Cameras),
    /// Show the state of all folders
    Folders(folders::Folders),
    /// Show or say what a folder is: its title, where it is, its tags
    Folder(folder::FolderCommand),
    /// Show or set the rule by which a folder's frames are judged
    Rule(rule::RuleCommand),
    /// Show, add or remove the pictures that are right as well as a folder's reference: night, snow, a lorry at the dock
    Normal(normal::NormalCommand),
    /// Show who was told of which alerts and what failed, or try a receiver
    Notify(notify::NotifyCommand),
    /// Show, add or remove silences: alerts of which nobody is told for a while
    Silence(silence::SilenceCommand),
    /// Take over what the system that this one replaces has on disk: its pictures and its threshold
    Migrate(migrate::Migrate),
    /// Write references, normal pictures, rules, folders, alerts and what people say of them to a file
    Backup(backup::Backup),
    /// Put back what a backup holds
    Restore(restore::Restore),
    /// Show or replay messages that could not be handled
    DeadLetters(dead_letters::DeadLetters),
    /// Add, show, change or remove those who may log in
    User(user::UserCommand),
    /// Make, show or remove the tokens by which programs come in
    Token(token::TokenCommand),
    /// Make the keys, passwords and users of a server deployment
    Provision(provision::Provision),
    /// Print a completion script for a shell
    Completions(completions::Completions),
    /// Print all settings of `up` as a Markdown table
    #[command(hide = true)]
    Settings,
    /// Become a program that ends when its parent does
    #[command(hide = true)]
    Tethered(up::Tethered),
}

/// By another name it is one of the services, so that one file is enough for an image that has them all.
fn service_called(program: &OsStr) -> Option<fn() -> ExitCode> {
    match Path::new(program).file_stem()?.to_str()? {
        "framewatch-upload" => Some(::upload::main),
        "framewatch-comparator" => Some(comparator::main),
        "framewatch-sink" => Some(sink::main),
        "framewatch-cctv-sim" => Some(cctv_sim::main),
        "framewatch-camera" => Some(camera::main),
        "framewatch-notifier" => Some(notifier::main),
        _ => None,
    }
}

fn main() -> ExitCode {
    let program = env::args_os().next().unwrap_or_default();
    if let Some(main) = service_called(&program) {
        return main();
    }
    let cli: Cli = match service_runtime::parse(Cli::command(), env::args_os()) {
        Ok(cli) => cli,
        Err(error) => return explain_usage(&error),
    };
    match run(cli.command) {
        Ok(code) => code,
        Err(failure) => failure.report(),
    }
}

fn run(command: Command) -> Result<ExitCode, Failure> {
    match command {
        Command::Compare(compare) => return compare.run(),
        Command::Cameras(cameras) => {
            let mut code = ExitCode::SUCCESS;
            block_on(async {
                code = cameras.run().await?;
                Ok(())
            })?;
            return Ok(code);
        }
        Command::Model(model) => return model.run(),
        Command::Completions(completions) => completions.run(&mut Cli::command())?,
        Command::Healthcheck(healthcheck) => return healthcheck.run(),
        Command::Provision(provision) => provision.run()?,
        Command::Settings => lines::print(up::settings_table().trim_end())?,
        Command::User(user) => user.run()?,
        Command::Token(token) => token.run()?,
        Command::Tethered(tethered) => return Err(tethered.run()),
        Command::Up(up) => block_on(up.run())?,
        Command::Demo(demo) => block_on(demo.run())?,
        Command::Publish(publish) => block_on(publish.run())?,
        Command::Upload(upload) => block_on(upload.run())?,
        Command::Watch(watch) => block_on(watch.run())?,
        Command::Alerts(alerts) => block_on(alerts.run())?,
        Command::Folders(folders) => block_on(folders.run())?,
        Command::Folder(folder) => block_on(folder.run())?,
        Command::Rule(rule) => block_on(rule.run())?,
        Command::Normal(normal) => block_on(normal.run())?,
        Command::Notify(notify) => block_on(notify.run())?,
        Command::Silence(silence) => block_on(silence.run())?,
        Command::Migrate(migrate) => block_on(migrate.run())?,
        Command::Backup(backup) => block_on(backup.run())?,
        Command::Restore(restore) => block_on(restore.run())?,
        Command::DeadLetters(letters) => block_on(letters.run())?,
    }
    Ok(ExitCode::SUCCESS)
}
