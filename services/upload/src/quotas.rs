//! How many folders there may be, be told of and be measured, and how much their pictures may take, so that one client
//! leaves room for others.
//!
//! The limits are compared with what this copy of the service knows. Copies that take something at the same moment may
//! together exceed them by that.

use std::num::NonZero;

use clap::Args;
use event_bus::Folder;
use folder_state::Known;

use crate::problem::{Kind, Problem};

/// How many folders there may be, and how much their pictures may take.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Uploads")]
#[group(skip)]
pub struct QuotaConfig {
    /// Folders that may be made; one more is refused
    #[arg(
        long,
        env = "FRAMEWATCH_MAX_FOLDERS",
        default_value = "20000",
        value_name = "COUNT"
    )]
    pub max_folders: NonZero<u32>,

    /// Folders that nobody made, since a camera sends to them. What is sent to further ones is dropped
    #[arg(
        long,
        env = "FRAMEWATCH_MAX_UNMADE_FOLDERS",
        default_value_t = 1000,
        value_name = "COUNT"
    )]
    pub max_unmade_folders: u32,

    /// Folders of which metrics are kept; of further ones there are none, and how many these are is a metric
    #[arg(
        long,
        env = "FRAMEWATCH_METRICS_MAX_FOLDERS",
        default_value_t = 1000,
        value_name = "COUNT"
    )]
    pub metrics_max_folders: u32,

    /// What the references and normal pictures of all folders may take; one more is refused
    #[arg(
        long,
        env = "FRAMEWATCH_REFERENCES_MAX_GB",
        default_value = "50",
        value_name = "GIGABYTES"
    )]
    pub references_max_gb: NonZero<u32>,

    /// What the references and normal pictures of one folder may take
    #[arg(
        long,
        env = "FRAMEWATCH_FOLDER_REFERENCES_MAX_MB",
        default_value = "2000",
        value_name = "MEGABYTES"
    )]
    pub folder_references_max_mb: NonZero<u32>,
}

impl Default for QuotaConfig {
    fn default() -> Self {
        let of = |number| NonZero::new(number).expect("it is not 0");
        QuotaConfig {
            max_folders: of(20_000),
            max_unmade_folders: 1000,
            metrics_max_folders: 1000,
            references_max_gb: of(50),
            folder_references_max_mb: of(2000),
        }
    }
}

impl QuotaConfig {
    /// Checks that one more folder may be made.
    pub(crate) fn check_folder(&self, known: &Known) -> Result<(), Problem> {
        let most = self.max_folders.get();
        if known.count_made() < most as usize {
            return Ok(());
        }
        Err(Kind::TooManyFolders.because(format!(
            "There are {most} folders, which is the most; remove some that nobody needs, or raise --max-folders \
             (FRAMEWATCH_MAX_FOLDERS)."
        )))
    }

    /// Checks that a folder may have one more picture of this size.
    pub(crate) fn check_picture(
        &self,
        known: &Known,
        folder: &Folder,
        bytes: u64,
    ) -> Result<(), Problem> {
        let most = u64::from(self.folder_references_max_mb.get());
        if known.picture_bytes_of(folder) + bytes > most * 1_000_000 {
            return Err(Kind::NoRoom.because(format!(
                "With this one the pictures of {folder} would take more than the {most} MB that a folder's may; delete some of \
                 them, or raise --folder-references-max-mb (FRAMEWATCH_FOLDER_REFERENCES_MAX_MB)."
            )));
        }
        let most = u64::from(self.references_max_gb.get());
        if known.picture_bytes() + bytes > most * 1_000_000_000 {
            return Err(Kind::NoRoom.because(format!(
                "With this one all pictures would take more than the {most} GB that they may; delete folders and pictures that \
                 nobody needs, or raise --references-max-gb (FRAMEWATCH_REFERENCES_MAX_GB)."
            )));
        }
        Ok(())
    }
}
