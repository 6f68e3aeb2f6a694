//! Settings that come from the environment.

use std::{
    env,
    ffi::{OsStr, OsString},
};

use clap::{
    Command, CommandFactory, FromArgMatches,
    builder::{Resettable, StyledStr},
    error::{ContextKind, ContextValue},
};

/// Reads a program's settings from its arguments and the environment. A variable that is empty is one that is not set; what
/// is wrong with one that is set is said with its name.
///
/// # Errors
/// Those of clap.
pub fn parse<C: CommandFactory + FromArgMatches>(
    command: Command,
    arguments: impl IntoIterator<Item = OsString>,
) -> Result<C, clap::Error> {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    let command = without_empty(command);
    let matches = command.clone().try_get_matches_from(&arguments);
    let parsed = matches.and_then(|matches| C::from_arg_matches(&matches));
    parsed.map_err(|mut error| {
        if let Some(name) = variable_behind(&error, &command, &arguments) {
            let tip = format!("the value is that of the environment variable {name}");
            let tip = ContextValue::StyledStrs(vec![StyledStr::from(tip)]);
            error.insert(ContextKind::Suggested, tip);
        }
        error
    })
}

fn without_empty(command: Command) -> Command {
    let command = command.mut_args(|argument| match argument.get_env() {
        Some(name) if env::var_os(name).is_some_and(|value| value.is_empty()) => {
            argument.env(Resettable::Reset)
        }
        _ => argument,
    });
    command.mut_subcommands(without_empty)
}

/// The variable that holds the value which the error is about; `None` where it is an argument's.
fn variable_behind(
    error: &clap::Error,
    command: &Command,
    arguments: &[OsString],
) -> Option<String> {
    let (Some(ContextValue::String(argument)), Some(ContextValue::String(value))) = (
        error.get(ContextKind::InvalidArg),
        error.get(ContextKind::InvalidValue),
    ) else {
        return None;
    };
    // Only then do arguments know how they are shown.
    let mut command = command.clone();
    command.build();
    let name = variable_of(argument, &command)?;
    let is_behind = env::var(&name).is_ok_and(|found| found.contains(value.as_str()));
    let flag = argument.split(' ').next()?;
    (is_behind && !is_given(flag, arguments)).then_some(name)
}

/// The variable of an argument, as errors show it, of the command or one below it.
fn variable_of(argument: &str, command: &Command) -> Option<String> {
    let mut of_this = command.get_arguments();
    let found = of_this.find(|it| it.to_string() == argument);
    match found {
        Some(found) => found.get_env()?.to_str().map(str::to_owned),
        None => command
            .get_subcommands()
            .find_map(|below| variable_of(argument, below)),
    }
}

fn is_given(flag: &str, arguments: &[OsString]) -> bool {
    let arguments = arguments.iter().map(OsString::as_os_str);
    let mut words = arguments.filter_map(OsStr::to_str);
    words.any(|word| word.split('=').next() == Some(flag))
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Debug, Parser)]
    struct Settings {
        /// A variable that every test has.
        #[arg(long, env = "CARGO_PKG_NAME")]
        count: Option<u32>,
    }

    fn read(arguments: &[&str]) -> Result<Settings, String> {
        let arguments = [&["test"], arguments].concat();
        let arguments = arguments.into_iter().map(OsString::from);
        parse(Settings::command(), arguments).map_err(|error| error.to_string())
    }

    #[test]
    fn a_wrong_value_is_said_with_its_variable_where_it_comes_from_one() {
        let error = read(&[]).unwrap_err();
        assert!(
            error.contains("environment variable CARGO_PKG_NAME"),
            "{error}"
        );
        let error = read(&["--count", "many"]).unwrap_err();
        assert!(!error.contains("CARGO_PKG_NAME"), "{error}");
        assert_eq!(read(&["--count=3"]).unwrap().count, Some(3));
    }
}
