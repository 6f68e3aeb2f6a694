//! The setting that says where the network's weights are.

use std::{path::PathBuf, sync::Arc};

use clap::Args;

use crate::{Model, ModelError, model::find_model};

/// Where the network's weights are, which the measures `view` and `parts` need.
#[derive(Debug, Clone, Default, PartialEq, Eq, Args)]
#[command(next_help_heading = "The network")]
#[group(skip)]
pub struct ModelConfig {
    /// File with the weights of the network that the measures view and parts need; `none`: do without [default: where make tools or an
    /// image has put it, if it is there]
    #[arg(long, env = "FRAMEWATCH_MODEL", value_name = "FILE")]
    pub model: Option<PathBuf>,
}

/// What stands in the place of a file where there is to be no network.
const NONE: &str = "none";

impl ModelConfig {
    /// Without the network.
    pub fn none() -> Self {
        ModelConfig {
            model: Some(NONE.into()),
        }
    }

    /// The file, if there is to be a network and its weights are installed.
    pub fn file(&self) -> Option<PathBuf> {
        // A variable that is set to nothing says nothing.
        let named = self
            .model
            .as_ref()
            .filter(|file| !file.as_os_str().is_empty());
        match named {
            Some(none) if none.as_os_str() == NONE => None,
            Some(file) => Some(file.clone()),
            None => find_model(),
        }
    }

    /// The network; `None` where it is not installed, or not wanted.
    ///
    /// # Errors
    /// When its file cannot be read, or is of no use.
    pub fn load(&self) -> Result<Option<Arc<Model>>, ModelError> {
        let loaded = self.file().map(|file| Model::load(&file));
        Ok(loaded.transpose()?.map(Arc::new))
    }
}
