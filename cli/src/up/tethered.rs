//! A child process that does not outlive its parent.

use std::{ffi::OsString, process::Command};

use anyhow::Context as _;
use service_runtime::Failure;

/// Becomes a program that is told to end when the process that started it is gone, however that came.
///
/// On Linux the kernel sees to it; elsewhere this process stays between the two and watches.
#[derive(clap::Args)]
pub(crate) struct Tethered {
    /// The process to whose life the program is tied
    parent: i32,

    /// The program and its arguments
    #[arg(required = true, trailing_var_arg = true, allow_hyphen_values = true)]
    command: Vec<OsString>,
}

impl Tethered {
    /// The command that runs `command` tied to this process. The caller's thread must live as long as the process: the
    /// kernel takes the end of that thread for the end of the parent.
    pub(super) fn wrap(command: &Command) -> anyhow::Result<Command> {
        let mut wrapped = Command::new(this_program()?);
        wrapped
            .arg("tethered")
            .arg(std::process::id().to_string())
            .arg(command.get_program())
            .args(command.get_args());
        Ok(wrapped)
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.command[0]);
        command.args(&self.command[1..]);
        command
    }
}

#[cfg(target_os = "linux")]
impl Tethered {
    /// Never returns unless it fails.
    pub(crate) fn run(self) -> Failure {
        use rustix::process::{Signal, getppid, set_parent_process_death_signal};
        use std::os::unix::process::CommandExt;

        if let Err(error) = set_parent_process_death_signal(Some(Signal::TERM)) {
            return Failure::from(error);
        }
        if getppid().map(|parent| parent.as_raw_nonzero().get()) != Some(self.parent) {
            return anyhow::anyhow!("the parent was gone before the program began").into();
        }
        let error = self.command().exec();
        anyhow::Error::new(error)
            .context(format!("cannot run {:?}", self.command[0]))
            .into()
    }
}

#[cfg(not(target_os = "linux"))]
impl Tethered {
    /// Returns when the program has ended.
    pub(crate) fn run(self) -> Failure {
        let watching = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(anyhow::Error::from)
            .and_then(|runtime| runtime.block_on(self.watch()));
        match watching {
            Ok(status) => std::process::exit(status.code().unwrap_or(1)),
            Err(error) => error.into(),
        }
    }

    /// Runs the program and hands it the order to end, or gives that order when the parent is gone.
    async fn watch(&self) -> anyhow::Result<std::process::ExitStatus> {
        use rustix::process::{Pid, Signal, getppid, kill_process};
        use tokio::{
            signal::unix::{SignalKind, signal},
            time::{Duration, interval},
        };

        let mut terminate = signal(SignalKind::terminate())?;
        let mut looks = interval(Duration::from_millis(200));
        let mut child = tokio::process::Command::from(self.command())
            .spawn()
            .with_context(|| format!("cannot run {:?}", self.command[0]))?;
        let program = child
            .id()
            .and_then(|id| Pid::from_raw(i32::try_from(id).ok()?));
        let mut told = false;
        loop {
            let is_over = tokio::select! {
                status = child.wait() => return Ok(status?),
                _ = terminate.recv() => true,
                _ = looks.tick() => getppid().map(|parent| parent.as_raw_nonzero().get()) != Some(self.parent),
            };
            if is_over
                && !told
                && let Some(program) = program
            {
                kill_process(program, Signal::TERM)?;
                told = true;
            }
        }
    }
}

/// This program, even when its file was replaced by a new build meanwhile.
fn this_program() -> anyhow::Result<std::path::PathBuf> {
    if cfg!(target_os = "linux") {
        return Ok("/proc/self/exe".into());
    }
    std::env::current_exe().context("cannot tell where this program is")
}
