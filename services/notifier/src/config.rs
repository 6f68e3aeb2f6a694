use std::path::PathBuf;

use anyhow::anyhow;
use clap::Args;
use service_runtime::Failure;

use crate::{Routes, RoutesFile};

/// Who is told of alerts.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Notifications")]
#[group(skip)]
pub struct Config {
    /// File that says who is told of which alerts (docs/notifications.md); read again when it changes
    #[arg(long, env = "FRAMEWATCH_NOTIFY", value_name = "FILE")]
    pub notify: Option<PathBuf>,
}

/// The same, for a process that does nothing else.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Notifications")]
#[group(skip)]
pub(crate) struct ProcessConfig {
    /// File that says who is told of which alerts (docs/notifications.md); read again when it changes
    #[arg(long, env = "FRAMEWATCH_NOTIFY", value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
}

impl Config {
    /// The file, and what it says.
    ///
    /// # Errors
    /// When none is named, or it can't be used.
    pub fn load(&self) -> Result<(RoutesFile, Routes), Failure> {
        load(self.notify.as_ref(), "--notify")
    }
}

impl ProcessConfig {
    pub(crate) fn load(&self) -> Result<(RoutesFile, Routes), Failure> {
        load(self.config.as_ref(), "--config")
    }
}

fn load(path: Option<&PathBuf>, flag: &str) -> Result<(RoutesFile, Routes), Failure> {
    let path = path.ok_or_else(|| {
        Failure::usage(anyhow!(
            "there is nobody to tell; name a file with {flag} (docs/notifications.md says what stands in it)"
        ))
    })?;
    let file = RoutesFile::new(path);
    let routes = file.read().map_err(Failure::usage)?;
    Ok((file, routes))
}
