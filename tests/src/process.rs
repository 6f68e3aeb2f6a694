//! Services as processes of their own, built as the tests were.

use std::{
    ffi::OsString,
    fs::OpenOptions,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::OnceLock,
};

use test_support::{Signal, signal};

/// A service's binary as a process of its own, to be killed and started again.
pub struct Process {
    name: String,
    program: PathBuf,
    arguments: Vec<String>,
    log: PathBuf,
    child: Option<Child>,
}

impl Process {
    /// Starts a binary of ours, by its file name; its log goes into the folder `logs`.
    pub fn start(name: &str, binary: &str, arguments: &[&str], logs: &Path) -> Self {
        let mut process = Process {
            name: name.to_owned(),
            program: binaries().join(binary),
            arguments: arguments.iter().map(|&text| text.to_owned()).collect(),
            log: logs.join(format!("{name}.log")),
            child: None,
        };
        process.start_again();
        process
    }

    /// What its starter calls it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Does nothing where it runs.
    pub fn start_again(&mut self) {
        if self.child.is_some() {
            return;
        }
        let log = OpenOptions::new().create(true).append(true).open(&self.log);
        let child = Command::new(&self.program)
            .args(&self.arguments)
            .env("FRAMEWATCH_MODEL", model())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log.expect("the folder for logs can be written"))
            .spawn();
        self.child = Some(child.unwrap_or_else(|error| panic!("{}: {error}", self.name)));
    }

    /// Ends it by SIGKILL. It must have been running until now.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            let ended = child.try_wait().expect("a child can be asked");
            assert!(ended.is_none(), "{} ended by itself: {ended:?}", self.name);
            child.kill().expect("a child that runs can be killed");
            child.wait().expect("a child can be waited for");
        }
    }

    /// Stops it until `resume`, by SIGSTOP.
    pub fn pause(&self) {
        self.child
            .iter()
            .for_each(|child| signal(child, Signal::STOP));
    }

    /// Lets it go on after `pause`.
    pub fn resume(&self) {
        self.child
            .iter()
            .for_each(|child| signal(child, Signal::CONT));
    }

    /// Its number for the system, while it runs.
    pub fn id(&self) -> Option<u32> {
        self.child.as_ref().map(Child::id)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            drop(child.kill());
            drop(child.wait());
        }
    }
}

/// Whether processes compare by `view`.
pub fn have_model() -> bool {
    model() != "none"
}

/// Processes compare by pHash, unless `FRAMEWATCH_TRIAL_MODEL` names the network's weights.
fn model() -> OsString {
    std::env::var_os("FRAMEWATCH_TRIAL_MODEL").unwrap_or_else(|| "none".into())
}

/// The `framewatch` command.
pub fn framewatch() -> PathBuf {
    binaries().join("framewatch")
}

/// The folder of all programs, which are built now where they are not up to date, in release mode where this was.
fn binaries() -> &'static Path {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(build)
}

/// With one of the tests, so that the features of crates are those with which all tests are built: after `cargo test
/// --workspace` nothing is left to do.
fn build() -> PathBuf {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut build = Command::new(cargo);
    build.args([
        "build",
        "--locked",
        "--quiet",
        "--workspace",
        "--bins",
        "--test",
        "oracle",
    ]);
    if !cfg!(debug_assertions) {
        build.arg("--release");
    }
    for name in about_this_package() {
        build.env_remove(name);
    }
    let built = build.status().expect("cargo can be run");
    assert!(built.success(), "the programs do not build");
    // A test or a benchmark is in <target>/<profile>/deps.
    let own = std::env::current_exe().expect("a process has a program");
    let profile = own.ancestors().nth(2);
    profile.expect("it is in a folder of cargo's").to_owned()
}

/// The variables by which cargo tells a test of its package: where they change, some build scripts run again, and all that
/// rests on them is built again.
fn about_this_package() -> impl Iterator<Item = OsString> {
    let names = std::env::vars_os().map(|(name, _)| name);
    names.filter(|name| {
        let name = name.to_string_lossy();
        name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_")
    })
}
