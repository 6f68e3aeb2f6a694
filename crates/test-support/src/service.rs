//! What every service does when it is started as a program.

use std::{
    fs,
    io::Read,
    path::Path,
    process::{Child, Command, ExitStatus, Output, Stdio},
    thread::sleep,
    time::{Duration, Instant},
};

use local_servers::free_port;
use rustix::process::Signal;

use crate::{server::signal, wait::block_until};

/// A service as its operator meets it: a binary with flags.
pub struct ServiceBinary<'a> {
    /// `env!("CARGO_BIN_EXE_…")`
    pub path: &'a str,
    /// Its name, as in the documentation.
    pub name: &'a str,
}

/// More than the ten seconds that a service takes for what is under way, and what its last spans take.
const ENDS_WITHIN: Duration = Duration::from_secs(30);
const STARTS_WITHIN: Duration = Duration::from_secs(20);

impl ServiceBinary<'_> {
    /// `--version` and `--help` answer, a flag that does not exist is bad usage (64), and docs/configuration.md holds the
    /// table that `settings` prints. With `UPDATE_DOCS=1` in the environment the table is written there instead.
    pub fn explains_itself(&self) {
        let version = self.output(&["--version"]);
        assert!(version.status.success());
        assert!(
            text(&version.stdout).starts_with(self.name),
            "{}",
            text(&version.stdout)
        );
        assert!(text(&self.output(&["--help"]).stdout).contains("FRAMEWATCH_NATS_URL"));
        assert_eq!(self.output(&["--no-such-flag"]).status.code(), Some(64));
        settings_are_documented(self.name, text(&self.output(&["settings"]).stdout));
    }

    /// Without its servers it gives up with 69 and names what it looked for.
    pub fn needs_servers(&self, arguments: &[&str], named: &str) {
        let output = self.output(&[arguments, &["--ops-listen", "127.0.0.1:0"]].concat());
        assert_eq!(output.status.code(), Some(69), "{}", text(&output.stderr));
        assert!(
            text(&output.stderr).contains(named),
            "{}",
            text(&output.stderr)
        );
    }

    /// Settings that cannot be are bad usage (64), and named.
    pub fn refuses(&self, arguments: &[&str], named: &str) {
        let output = self.output(&[arguments, &["--ops-listen", "127.0.0.1:0"]].concat());
        assert_eq!(output.status.code(), Some(64), "{}", text(&output.stderr));
        assert!(
            text(&output.stderr).contains(named),
            "{}",
            text(&output.stderr)
        );
    }

    /// An empty variable is one that is not set, and one that cannot be is named.
    pub fn reads_its_variables(&self) {
        let with = |value: &str| {
            let mut settings = Command::new(self.path);
            let settings = settings.arg("settings").env("FRAMEWATCH_OPS_LISTEN", value);
            settings.output().expect("the binary was built")
        };
        let output = with("");
        assert!(output.status.success(), "{}", text(&output.stderr));
        let output = with("nowhere");
        let error = text(&output.stderr);
        assert_eq!(output.status.code(), Some(64), "{error}");
        assert!(
            error.contains("environment variable FRAMEWATCH_OPS_LISTEN"),
            "{error}"
        );
    }

    /// It becomes ready, serves health and metrics, logs JSON, and ends with 0 soon after SIGTERM.
    pub fn runs_and_ends_in_order(&self, arguments: &[&str]) {
        let ops = format!(
            "127.0.0.1:{}",
            free_port().expect("loopback has a free port")
        );
        let running = [arguments, &["--ops-listen", &ops, "--log-format", "json"]].concat();
        let mut child = Command::new(self.path)
            .args(&running)
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the binary was built");

        let ready = format!("{} becomes ready", self.name);
        block_until(STARTS_WITHIN, &ready, || {
            let answer = self.output(&["healthcheck", "--ops-listen", &ops]);
            if answer.status.success() {
                return Ok(());
            }
            let ended = child.try_wait().expect("a child can be asked");
            assert!(ended.is_none(), "{} ended", self.name);
            Err(answer)
        });
        terminate(&child);
        let status = wait(&mut child);
        let mut log = String::new();
        let mut stderr = child.stderr.take().expect("it is piped");
        stderr.read_to_string(&mut log).expect("a log is text");
        assert!(status.success(), "{status}: {log}");
        for line in log.lines() {
            assert!(
                line.starts_with('{') && line.ends_with('}'),
                "not JSON: {line}"
            );
        }
    }

    fn output(&self, arguments: &[&str]) -> Output {
        Command::new(self.path)
            .args(arguments)
            .output()
            .expect("the binary was built")
    }
}

/// Fails unless docs/configuration.md holds this table below the heading of the name; with `UPDATE_DOCS=1` in the
/// environment, puts it there.
pub fn settings_are_documented(name: &str, table: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/configuration.md");
    let document = fs::read_to_string(&path).expect("docs/configuration.md is there");
    let heading = format!("## {name}\n");
    let (before, section) = document
        .split_once(&heading)
        .unwrap_or_else(|| panic!("docs/configuration.md has no heading {heading:?}"));
    let start = section.find("| flag |").expect("the section has a table");
    let length = section[start..]
        .find("\n\n")
        .map_or(section.len() - start, |end| end + 1);
    let documented = &section[start..start + length];
    if documented == table {
        return;
    }
    assert!(
        std::env::var_os("UPDATE_DOCS").is_some(),
        "docs/configuration.md is not true of {name}; UPDATE_DOCS=1 corrects it. Now:\n{table}"
    );
    let (lead, rest) = (&section[..start], &section[start + length..]);
    fs::write(path, format!("{before}{heading}{lead}{table}{rest}"))
        .expect("the document can be written");
}

/// Sends SIGTERM.
pub fn terminate(child: &Child) {
    signal(child, Signal::TERM);
}

/// Waits for 10 s at most; then fails the test.
pub fn wait(child: &mut Child) -> ExitStatus {
    let began = Instant::now();
    loop {
        if let Some(status) = child.try_wait().expect("a child can be asked") {
            return status;
        }
        if began.elapsed() > ENDS_WITHIN {
            child.kill().expect("a child that runs can be killed");
            panic!("did not end within {ENDS_WITHIN:?}");
        }
        sleep(Duration::from_millis(20));
    }
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).expect("our output is UTF-8")
}
