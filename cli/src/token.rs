//! `framewatch token`: adds, lists and removes tokens for programs.

use std::{
    io::{self, Write as _},
    time::Duration,
};

use accounts::{Note, Role, Token, TokenId};
use comfy_table::{Table, presets};
use proto::rfc3339;
use service_runtime::Failure;
use time::OffsetDateTime;

use crate::{lines, users_file::UsersFileConfig};

#[derive(clap::Args)]
pub(crate) struct TokenCommand {
    #[command(subcommand)]
    action: Action,
}

#[derive(clap::Subcommand)]
enum Action {
    /// Make a token for a program and print it, this once
    Add(Add),
    /// Show all tokens, without what is secret about them
    List(List),
    /// Remove a token; it is refused from then on
    Remove(Remove),
}

#[derive(clap::Args)]
struct Add {
    /// What its bearer may do
    #[arg(long, value_name = "viewer|operator|admin")]
    role: Role,

    /// How long it holds, as in 12h, 90d or 1y
    #[arg(long, default_value = "90d", value_parser = parse_lifetime, value_name = "DURATION")]
    expires: Duration,

    /// What it is for, in a line
    #[arg(
        long,
        default_value = "",
        value_name = "TEXT",
        hide_default_value = true
    )]
    note: Note,

    #[command(flatten)]
    file: UsersFileConfig,
}

#[derive(clap::Args)]
struct List {
    #[command(flatten)]
    file: UsersFileConfig,
}

#[derive(clap::Args)]
struct Remove {
    /// Its public part, as `list` shows it
    id: TokenId,

    #[command(flatten)]
    file: UsersFileConfig,
}

const LONGEST: Duration = Duration::from_secs(100 * 366 * 24 * 60 * 60);

impl TokenCommand {
    pub(crate) fn run(self) -> Result<(), Failure> {
        match self.action {
            Action::Add(add) => add.run(),
            Action::List(List { file }) => lines::print(table(file.read()?.tokens()).to_string()),
            Action::Remove(Remove { id, file }) => {
                file.change(|accounts| accounts.remove_token(&id))
            }
        }
    }
}

impl Add {
    /// On standard output is the token alone, so that a script can take it from there.
    fn run(self) -> Result<(), Failure> {
        let now = OffsetDateTime::now_utc().replace_nanosecond(0)?;
        let issued = Token::issue(self.role, now + self.expires, self.note);
        let token = issued.token.clone();
        self.file.change(|accounts| {
            accounts.add_token(token);
            Ok::<_, anyhow::Error>(())
        })?;
        writeln!(
            io::stderr(),
            "Token {} may do what {} may, until {}. It is not shown again:",
            issued.token.id,
            with_article(self.role),
            rfc3339(issued.token.expires)
        )?;
        lines::print(issued.reveal())
    }
}

fn table<'a>(tokens: impl Iterator<Item = &'a Token>) -> Table {
    let now = OffsetDateTime::now_utc();
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_header(["ID", "ROLE", "EXPIRES", "NOTE"]);
    for token in tokens {
        let expires = match token.expires > now {
            true => rfc3339(token.expires),
            false => format!("{} (expired)", rfc3339(token.expires)),
        };
        table.add_row([
            token.id.to_string(),
            token.role.to_string(),
            expires,
            token.note.as_str().to_owned(),
        ]);
    }
    table
}

fn with_article(role: Role) -> &'static str {
    match role {
        Role::Viewer => "a viewer",
        Role::Operator => "an operator",
        Role::Admin => "an admin",
    }
}

fn parse_lifetime(text: &str) -> Result<Duration, String> {
    let lifetime = humantime::parse_duration(text)
        .map_err(|error| format!("{error}; it must be a duration as in 12h, 90d or 1y"))?;
    match lifetime {
        Duration::ZERO => Err("it must be longer than nothing".to_owned()),
        lifetime if lifetime > LONGEST => Err("it must be 100 years at most".to_owned()),
        lifetime => Ok(lifetime),
    }
}
