//! Why a service ended, and with which exit code.

use std::process::ExitCode;

use clap::error::ErrorKind;

/// Why a service ended other than by being told to. The exit codes are those of BSD's `sysexits.h`.
#[derive(Debug)]
pub enum Failure {
    /// Settings that cannot be: exit code 64.
    Usage(anyhow::Error),
    /// Done, without what is damaged where it came from: exit code 65.
    Incomplete(anyhow::Error),
    /// A server that it needs can't be reached or used: exit code 69.
    Unavailable(anyhow::Error),
    /// Anything else: exit code 70.
    Internal(anyhow::Error),
}

const USAGE: u8 = 64;

impl Failure {
    /// Settings that cannot be.
    pub fn usage(error: impl Into<anyhow::Error>) -> Self {
        Failure::Usage(error.into())
    }

    /// A server that can't be reached or used.
    pub fn unavailable(error: impl Into<anyhow::Error>) -> Self {
        Failure::Unavailable(error.into())
    }

    /// One of the same kind, with other words.
    #[must_use]
    pub fn saying(&self, words: anyhow::Error) -> Self {
        match self {
            Failure::Usage(_) => Failure::Usage(words),
            Failure::Incomplete(_) => Failure::Incomplete(words),
            Failure::Unavailable(_) => Failure::Unavailable(words),
            Failure::Internal(_) => Failure::Internal(words),
        }
    }

    /// The process's exit code.
    pub fn exit_code(&self) -> ExitCode {
        ExitCode::from(match self {
            Failure::Usage(_) => USAGE,
            Failure::Incomplete(_) => 65,
            Failure::Unavailable(_) => 69,
            Failure::Internal(_) => 70,
        })
    }

    /// Says on standard error what went wrong; the answer is the process's exit code.
    pub fn report(&self) -> ExitCode {
        complain(&format!("{:#}", self.error()), self.exit_code())
    }

    /// The error, with its causes.
    pub fn error(&self) -> &anyhow::Error {
        match self {
            Failure::Usage(error)
            | Failure::Incomplete(error)
            | Failure::Unavailable(error)
            | Failure::Internal(error) => error,
        }
    }
}

impl<E: Into<anyhow::Error>> From<E> for Failure {
    fn from(error: E) -> Self {
        Failure::Internal(error.into())
    }
}

/// Prints what clap has to say: help or the version that was asked for, or what is wrong with the arguments. The answer is
/// the process's exit code.
pub fn explain_usage(error: &clap::Error) -> ExitCode {
    if error.print().is_err() {
        return ExitCode::FAILURE;
    }
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => ExitCode::SUCCESS,
        _ => ExitCode::from(USAGE),
    }
}

#[expect(
    clippy::print_stderr,
    reason = "the last words of a process, which may have no log yet"
)]
pub(crate) fn complain(why: &str, code: ExitCode) -> ExitCode {
    eprintln!("error: {why}");
    code
}
