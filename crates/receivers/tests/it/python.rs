//! Programs in Python, with what `scripts/get-tools.sh receivers` gets for them.

use std::{
    io::Write,
    path::{Path, PathBuf},
    process::{Child, ChildStdin, Command, Stdio},
};

use test_support::{OutputLines, lines_of};

/// The Python that has aiosmtpd and Apprise; `None` with a message where it is not there.
pub(crate) fn python() -> Option<PathBuf> {
    let tools = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.tools/receivers/bin/python");
    if tools.exists() {
        return Some(tools);
    }
    eprintln!("skipped: no .tools/receivers; scripts/get-tools.sh receivers gets it");
    None
}

fn script(python: &Path, name: &str) -> Command {
    let mut command = Command::new(python);
    command.arg(
        Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("tests")
            .join(name),
    );
    command.stdin(Stdio::piped()).stdout(Stdio::piped());
    command
}

/// A server that ends when this is dropped.
pub(crate) struct Server {
    child: Child,
    /// It ends when this is closed.
    _input: ChildStdin,
    pub(crate) output: OutputLines,
    pub(crate) port: u16,
}

impl Server {
    /// Starts a program that writes its port as the first line.
    pub(crate) fn start<A: AsRef<std::ffi::OsStr>>(
        python: &Path,
        name: &str,
        arguments: impl IntoIterator<Item = A>,
    ) -> Self {
        let mut child = script(python, name).args(arguments).spawn().unwrap();
        let mut output = lines_of(child.stdout.take().unwrap());
        let port = output.next().unwrap().parse().unwrap();
        Server {
            _input: child.stdin.take().unwrap(),
            child,
            output,
            port,
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// What a program says to an input; fails the test where it does not end well.
pub(crate) fn said(python: &Path, name: &str, arguments: &[&str], input: &str) -> String {
    let mut child = script(python, name).args(arguments).spawn().unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(input.as_bytes())
        .unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{name} {arguments:?}");
    String::from_utf8(output.stdout).unwrap()
}
