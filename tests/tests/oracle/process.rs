use std::{
    fs::OpenOptions,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::OnceLock,
};

use test_support::{Signal, signal};

/// A service's binary as a process of its own, to be killed and started again.
pub(crate) struct Process {
    pub(crate) name: String,
    program: PathBuf,
    arguments: Vec<String>,
    log: PathBuf,
    child: Option<Child>,
}

impl Process {
    pub(crate) fn start(name: &str, binary: &str, arguments: &[&str], logs: &Path) -> Self {
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

    /// Does nothing where it runs.
    pub(crate) fn start_again(&mut self) {
        if self.child.is_some() {
            return;
        }
        let log = OpenOptions::new()
            .create(true)
            .append(true)
            .open(&self.log)
            .unwrap();
        let child = Command::new(&self.program)
            .args(&self.arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn();
        self.child = Some(child.unwrap_or_else(|error| panic!("{}: {error}", self.name)));
    }

    /// Ends it by SIGKILL. It must have been running until now.
    pub(crate) fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            let ended = child.try_wait().unwrap();
            assert!(ended.is_none(), "{} ended by itself: {ended:?}", self.name);
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }

    /// Stops it until `resume`, by SIGSTOP.
    pub(crate) fn pause(&self) {
        self.child
            .iter()
            .for_each(|child| signal(child, Signal::STOP));
    }

    /// Lets it go on after `pause`.
    pub(crate) fn resume(&self) {
        self.child
            .iter()
            .for_each(|child| signal(child, Signal::CONT));
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

/// The folder of the services' binaries, which are built now where they are not up to date.
fn binaries() -> &'static Path {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| {
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let mut build = Command::new(cargo);
        build.args(["build", "--locked", "--quiet"]);
        for package in ["upload", "comparator", "sink"] {
            build.args(["--package", package]);
        }
        if !cfg!(debug_assertions) {
            build.arg("--release");
        }
        assert!(
            build.status().unwrap().success(),
            "the services do not build"
        );
        // This test is in <target>/<profile>/deps.
        let test = std::env::current_exe().unwrap();
        test.ancestors().nth(2).unwrap().to_owned()
    })
}
