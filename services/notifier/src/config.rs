//! Settings: who is told of alerts.

use std::path::PathBuf;

use anyhow::anyhow;
use clap::Args;
use service_runtime::Failure;

use crate::{PageUrl, Routes, RoutesFile};

/// Who is told of alerts.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Notifications")]
#[group(skip)]
pub struct Config {
    /// File that says who is told of which alerts (docs/notifications.md); read again when it changes
    #[arg(long, env = "FRAMEWATCH_NOTIFY", value_name = "FILE")]
    pub notify: Option<PathBuf>,

    /// Where people open the web page, which messages lead to; `link` in the file goes before it [default: where the page is served,
    /// if that is one address]
    #[arg(long, env = "FRAMEWATCH_PUBLIC_URL", value_name = "URL")]
    pub public_url: Option<PageUrl>,
}

/// The same, for a process that does nothing else.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Notifications")]
#[group(skip)]
pub(crate) struct ProcessConfig {
    /// File that says who is told of which alerts (docs/notifications.md); read again when it changes
    #[arg(long, env = "FRAMEWATCH_NOTIFY", value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,

    /// Where people open the web page, which messages lead to; `link` in the file goes before it
    #[arg(long, env = "FRAMEWATCH_PUBLIC_URL", value_name = "URL")]
    pub(crate) public_url: Option<PageUrl>,
}

impl Config {
    /// The file, and what it says.
    ///
    /// # Errors
    /// When none is named, or it can't be used.
    pub fn load(&self) -> Result<(RoutesFile, Routes), Failure> {
        load(self.notify.as_ref(), "--notify", self.public_url.as_ref())
    }
}

impl ProcessConfig {
    pub(crate) fn load(&self) -> Result<(RoutesFile, Routes), Failure> {
        load(self.config.as_ref(), "--config", self.public_url.as_ref())
    }
}

fn load(
    path: Option<&PathBuf>,
    flag: &str,
    page: Option<&PageUrl>,
) -> Result<(RoutesFile, Routes), Failure> {
    let path = path.ok_or_else(|| {
        Failure::usage(anyhow!(
            "there is nobody to tell; name a file with {flag} (docs/notifications.md says what stands in it)"
        ))
    })?;
    let file = RoutesFile::new(path).leading_to(page.cloned());
    let routes = file.read().map_err(Failure::usage)?;
    Ok((file, routes))
}
