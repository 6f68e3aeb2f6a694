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

/// The folder of the services' binaries, which are built now where they are not up to date.
fn binaries() -> &'static Path {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| build(&["upload", "comparator", "sink"]))
}

/// The `framewatch` command, which is built now where it is not up to date.
pub fn framewatch() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| build(&["cli"]).join("framewatch"))
}

/// Builds packages, in release mode where this was; gives the folder of their binaries.
fn build(packages: &[&str]) -> PathBuf {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut build = Command::new(cargo);
    build.args(["build", "--locked", "--quiet"]);
    for package in packages {
        build.args(["--package", package]);
    }
    if !cfg!(debug_assertions) {
        build.arg("--release");
    }
    let built = build.status().expect("cargo can be run");
    assert!(built.success(), "{packages:?} do not build");
    // A test or a benchmark is in <target>/<profile>/deps.
    let own = std::env::current_exe().expect("a process has a program");
    let profile = own.ancestors().nth(2);
    profile.expect("it is in a folder of cargo's").to_owned()
}
