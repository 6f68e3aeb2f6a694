use std::process::ExitCode;

/// Why a service ended other than by being told to. The exit codes are those of BSD's `sysexits.h`.
#[derive(Debug)]
pub enum Failure {
    /// Settings that cannot be: exit code 64.
    Usage(anyhow::Error),
    /// A server that it needs can't be reached or used: exit code 69.
    Unavailable(anyhow::Error),
    /// Anything else: exit code 70.
    Internal(anyhow::Error),
}

pub(crate) const USAGE: u8 = 64;

impl Failure {
    /// Settings that cannot be.
    pub fn usage(error: impl Into<anyhow::Error>) -> Self {
        Failure::Usage(error.into())
    }

    /// A server that can't be reached or used.
    pub fn unavailable(error: impl Into<anyhow::Error>) -> Self {
        Failure::Unavailable(error.into())
    }

    /// The process's exit code.
    pub fn exit_code(&self) -> ExitCode {
        ExitCode::from(match self {
            Failure::Usage(_) => USAGE,
            Failure::Unavailable(_) => 69,
            Failure::Internal(_) => 70,
        })
    }

    /// The error, with its causes.
    pub fn error(&self) -> &anyhow::Error {
        match self {
            Failure::Usage(error) | Failure::Unavailable(error) | Failure::Internal(error) => error,
        }
    }
}

impl<E: Into<anyhow::Error>> From<E> for Failure {
    fn from(error: E) -> Self {
        Failure::Internal(error.into())
    }
}
