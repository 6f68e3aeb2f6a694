//! The settings of a login as flags and variables. clap's derive knows no prefixes, so they are built here.

use std::path::PathBuf;

use clap::{Arg, ArgMatches, Args, Command, Error, FromArgMatches, value_parser};

use crate::{Server, ServerLogin};

const USER: &str = "user";
pub(crate) const PASSWORD_FILE: &str = "password-file";
pub(crate) const CA_FILE: &str = "ca-file";
pub(crate) const CERT_FILE: &str = "cert-file";
pub(crate) const KEY_FILE: &str = "key-file";

/// A server's setting, as in `nats-ca-file`.
pub(crate) fn flag<S: Server>(setting: &str) -> String {
    format!("{}-{setting}", S::NAME)
}

/// The name by which other settings of a command refer to it, made as clap's derive makes them: `nats_ca_file`.
fn id<S: Server>(setting: &str) -> String {
    flag::<S>(setting).replace('-', "_")
}

fn argument<S: Server>(setting: &str) -> Arg {
    let id = id::<S>(setting);
    let variable = format!("FRAMEWATCH_{}", id.to_uppercase());
    Arg::new(id).long(flag::<S>(setting)).env(variable)
}

fn file<S: Server>(setting: &str) -> Arg {
    argument::<S>(setting)
        .value_name("FILE")
        .value_parser(value_parser!(PathBuf))
}

fn arguments<S: Server>() -> [Arg; 5] {
    let password_file = flag::<S>(PASSWORD_FILE);
    let key_file = flag::<S>(KEY_FILE);
    [
        argument::<S>(USER)
            .value_name("NAME")
            .requires(id::<S>(PASSWORD_FILE))
            .help(format!(
                "Name to log in with; its password is in `--{password_file}`"
            )),
        file::<S>(PASSWORD_FILE).help("File with the password to log in with"),
        file::<S>(CA_FILE).help(
            "File with the certificates (PEM) by which to know the server [default: those that the system trusts]",
        ),
        file::<S>(CERT_FILE)
            .requires(id::<S>(KEY_FILE))
            .help(format!(
                "File with the certificate (PEM) to show to the server; its key is in `--{key_file}`"
            )),
        file::<S>(KEY_FILE)
            .requires(id::<S>(CERT_FILE))
            .help("File with the key (PEM) of the certificate"),
    ]
}

impl<S: Server> Args for ServerLogin<S> {
    fn augment_args(command: Command) -> Command {
        command.args(arguments::<S>())
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl<S: Server> FromArgMatches for ServerLogin<S> {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, Error> {
        let mut login = Self::default();
        login.update_from_arg_matches(matches)?;
        Ok(login)
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        if let Some(user) = matches.get_one(&id::<S>(USER)) {
            self.user = Some(String::clone(user));
        }
        for (setting, path) in [
            (PASSWORD_FILE, &mut self.password_file),
            (CA_FILE, &mut self.ca_file),
            (CERT_FILE, &mut self.cert_file),
            (KEY_FILE, &mut self.key_file),
        ] {
            if let Some(given) = matches.get_one(&id::<S>(setting)) {
                *path = Some(PathBuf::clone(given));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Debug, Clone, Default)]
    struct Nats;

    impl Server for Nats {
        const NAME: &'static str = "nats";
    }

    #[derive(Debug, Clone, Default)]
    struct Redis;

    impl Server for Redis {
        const NAME: &'static str = "redis";
    }

    /// Logins to two servers, as one command has them.
    #[derive(Debug, Parser)]
    struct Both {
        #[command(flatten)]
        nats: ServerLogin<Nats>,
        #[command(flatten)]
        redis: ServerLogin<Redis>,
    }

    fn parse(arguments: &[&str]) -> Result<Both, String> {
        let arguments = [&["test"], arguments].concat();
        Both::try_parse_from(arguments).map_err(|error| error.to_string())
    }

    #[test]
    fn logins_to_two_servers_stand_side_by_side() {
        let both = parse(&[
            "--nats-user=me",
            "--nats-password-file=a",
            "--redis-ca-file=b",
        ])
        .unwrap();
        assert_eq!(both.nats.user.as_deref(), Some("me"));
        assert_eq!(both.nats.password_file, Some("a".into()));
        assert_eq!(both.nats.ca_file, None);
        assert_eq!(both.redis.ca_file, Some("b".into()));
        assert_eq!(both.redis.user, None);
        assert!(parse(&[]).unwrap().redis.is_empty());
        assert!(!both.redis.is_empty());
    }

    #[test]
    fn settings_that_need_another_name_it() {
        for (given, needed) in [
            ("--nats-user=me", "--nats-password-file <FILE>"),
            ("--redis-cert-file=a", "--redis-key-file <FILE>"),
            ("--redis-key-file=a", "--redis-cert-file <FILE>"),
        ] {
            let error = parse(&[given]).unwrap_err();
            assert!(error.contains(needed), "{error}");
        }
    }
}
