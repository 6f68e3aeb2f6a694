//! `framewatch completions`: prints completions for a shell.

use std::io;

use clap_complete::Shell;
use service_runtime::Failure;

#[derive(clap::Args)]
pub(crate) struct Completions {
    /// The shell
    shell: Shell,
}

impl Completions {
    pub(crate) fn run(self, command: &mut clap::Command) -> Result<(), Failure> {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, command, "framewatch", &mut script);
        Ok(io::Write::write_all(&mut io::stdout(), &script)?)
    }
}
