//! Where the commands find the file of users and tokens.

use std::path::PathBuf;

use accounts::{Accounts, UsersFile};
use service_runtime::Failure;

/// Where users and tokens are kept.
#[derive(clap::Args)]
pub(crate) struct UsersFileConfig {
    /// The file that holds users and tokens; it is made where it is missing
    #[arg(long, env = "FRAMEWATCH_USERS_FILE", value_name = "FILE")]
    users_file: PathBuf,
}

impl UsersFileConfig {
    pub(crate) fn read(&self) -> Result<Accounts, Failure> {
        self.file().read().map_err(Failure::usage)
    }

    /// Changes what the file holds. What is refused leaves it as it was.
    pub(crate) fn change<E: Into<anyhow::Error>>(
        &self,
        change: impl FnOnce(&mut Accounts) -> Result<(), E>,
    ) -> Result<(), Failure> {
        self.file()
            .change(|accounts| change(accounts).map_err(Into::into))
            .map_err(Failure::Usage)
    }

    fn file(&self) -> UsersFile {
        UsersFile::new(&self.users_file)
    }
}
