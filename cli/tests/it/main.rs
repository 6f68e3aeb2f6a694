//! The command, as people run it.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod accounts;
mod alerts;
mod backup;
mod cameras;
mod compare;
mod dead_letters;
mod demo;
mod disk;
mod folder;
mod golden;
mod migrate;
mod normal;
mod notify;
mod rule;
mod send_and_watch;
mod traces;
mod up;

use std::process::{Command, Output};

fn framewatch() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_framewatch"));
    // By pHash, whether the network is installed or not, unless a test says otherwise.
    command.env("FRAMEWATCH_MODEL", "none");
    command
}

fn run(arguments: &[&str]) -> Output {
    framewatch().args(arguments).output().unwrap()
}

fn stdout(output: &Output) -> &str {
    std::str::from_utf8(&output.stdout).unwrap()
}

fn stderr(output: &Output) -> &str {
    std::str::from_utf8(&output.stderr).unwrap()
}

#[test]
fn bad_usage_is_64_and_says_what_is_right() {
    for bad in [
        &["fly"][..],
        &["compare"],
        &["compare", "a.jpg"],
        &["publish", "Not-A-Folder", "a.jpg"],
        &["publish", "gate", "a.jpg", "--nats-user", "me"],
        &["up", "--nats-creds", "a.creds"],
        &["up", "--redis-password-file", "a.password"],
    ] {
        let output = run(bad);
        assert_eq!(output.status.code(), Some(64), "{bad:?}");
        assert!(stderr(&output).contains("error:"), "{bad:?}");
    }
    let output = run(&["publish", "Not-A-Folder", "a.jpg"]);
    assert!(
        stderr(&output).contains("lower-case letters"),
        "{}",
        stderr(&output)
    );
}

#[test]
fn completions_are_made_for_every_shell() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let output = run(&["completions", shell]);
        assert!(output.status.success());
        assert!(stdout(&output).contains("framewatch"), "{shell}");
    }
}

#[test]
fn the_settings_of_up_are_documented() {
    let output = run(&["settings"]);
    test_support::settings_are_documented("framewatch up", stdout(&output));
}
