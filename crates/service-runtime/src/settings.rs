//! The settings of a command as a table, for the documentation.

use std::fmt::Write;

use clap::{Arg, Command};

/// All settings of a command as a Markdown table: flag, variable, default, meaning. The documentation is made of these.
pub fn settings_table(command: &Command) -> String {
    let mut table = String::from("| flag | variable | default | meaning |\n|---|---|---|---|\n");
    let mut arguments: Vec<&Arg> = command
        .get_arguments()
        .filter(|argument| argument.get_env().is_some())
        .collect();
    arguments.sort_by_key(|argument| argument.get_long());
    for argument in arguments {
        writeln!(table, "{}", row(argument)).expect("a string takes all that is written");
    }
    table
}

fn row(argument: &Arg) -> String {
    let long = argument.get_long().unwrap_or_default();
    let value = argument
        .get_value_names()
        .filter(|_| argument.get_action().takes_values())
        .and_then(<[_]>::first)
        .map(|name| format!(" {name}"));
    let variable = argument.get_env().unwrap_or_default().to_string_lossy();
    let default: Vec<_> = argument
        .get_default_values()
        .iter()
        .map(|value| value.to_string_lossy())
        .collect();
    let default = if default.is_empty() {
        String::new()
    } else {
        format!("`{}`", default.join(" "))
    };
    let meaning = argument
        .get_help()
        .map(ToString::to_string)
        .unwrap_or_default();
    format!(
        "| `--{long}{}` | `{variable}` | {default} | {meaning} |",
        value.unwrap_or_default()
    )
}
