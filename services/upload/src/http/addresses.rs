//! The variables in the paths of addresses.

use serde::Deserialize;
use utoipa::IntoParams;

use super::schemas::FolderName;

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(crate) struct InFolder {
    /// The folder's name.
    #[param(value_type = FolderName, inline, example = "folder1")]
    pub(crate) folder: String,
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(crate) struct OneImage {
    /// The folder's name.
    #[param(value_type = FolderName, inline, example = "folder1")]
    pub(crate) folder: String,
    /// The picture's `id`.
    #[param(min_length = 1)]
    pub(crate) id: String,
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(crate) struct OneAlert {
    /// The alert's `id`.
    #[param(min_length = 1)]
    pub(crate) id: String,
}
