//! `framewatch user`: adds, lists and removes who may log in.

use std::io::{self, BufRead, BufReader, IsTerminal, Read};

use accounts::{Password, Role, User, UserName};
use anyhow::{Context as _, anyhow};
use comfy_table::{Table, presets};
use service_runtime::Failure;

use crate::{lines, users_file::UsersFileConfig};

#[derive(clap::Args)]
pub(crate) struct UserCommand {
    #[command(subcommand)]
    action: Action,
}

#[derive(clap::Subcommand)]
enum Action {
    /// Add a user. The password is asked for, or is the first line of standard input
    Add(Add),
    /// Show all users
    List(List),
    /// Remove a user; whatever they are logged in with ends
    Remove(Named),
    /// Give a user another password, asked for as by `add`; whatever they are logged in with ends
    Password(Named),
    /// Give a user another role, which holds at once
    Role(GiveRole),
}

#[derive(clap::Args)]
struct Add {
    /// By which they log in
    name: UserName,

    /// What they may do
    #[arg(long, value_name = "viewer|operator|admin")]
    role: Role,

    #[command(flatten)]
    file: UsersFileConfig,
}

#[derive(clap::Args)]
struct List {
    #[command(flatten)]
    file: UsersFileConfig,
}

#[derive(clap::Args)]
struct Named {
    /// Whose
    name: UserName,

    #[command(flatten)]
    file: UsersFileConfig,
}

#[derive(clap::Args)]
struct GiveRole {
    /// Whose
    name: UserName,

    /// What they may do from now on
    #[arg(value_name = "viewer|operator|admin")]
    role: Role,

    #[command(flatten)]
    file: UsersFileConfig,
}

/// More than a password has.
const MAX_LINE: u64 = 4096;

impl UserCommand {
    pub(crate) fn run(self) -> Result<(), Failure> {
        match self.action {
            Action::Add(Add { name, role, file }) => {
                let password = ask_for_password(&name)?.hash();
                file.change(|accounts| {
                    accounts.add_user(User {
                        name,
                        role,
                        password,
                    })
                })
            }
            Action::List(List { file }) => {
                let accounts = file.read()?;
                let mut table = Table::new();
                table.load_style(presets::NOTHING);
                table.set_header(["NAME", "ROLE"]);
                for user in accounts.users() {
                    table.add_row([user.name.as_str(), user.role.word()]);
                }
                lines::print(table.to_string())
            }
            Action::Remove(Named { name, file }) => {
                file.change(|accounts| accounts.remove_user(&name))
            }
            Action::Password(Named { name, file }) => {
                let password = ask_for_password(&name)?.hash();
                file.change(|accounts| accounts.set_password(&name, password))
            }
            Action::Role(GiveRole { name, role, file }) => {
                file.change(|accounts| accounts.set_role(&name, role))
            }
        }
    }
}

fn ask_for_password(name: &UserName) -> Result<Password, Failure> {
    let text = if io::stdin().is_terminal() {
        let first = rpassword::prompt_password(format!("Password of {name}: "))?;
        if rpassword::prompt_password("The same again: ")? != first {
            return Err(Failure::Usage(anyhow!("the two passwords are not equal")));
        }
        first
    } else {
        first_line_of_input()?
    };
    Password::new(text).map_err(Failure::usage)
}

fn first_line_of_input() -> Result<String, Failure> {
    let mut line = String::new();
    BufReader::new(io::stdin().take(MAX_LINE))
        .read_line(&mut line)
        .context("cannot read the password from standard input")
        .map_err(Failure::Usage)?;
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}
