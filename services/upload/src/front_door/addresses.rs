//! Addresses: the variables in their paths, and names as parts of them. Which addresses there are, the features say.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
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
pub(crate) struct OneNormal {
    /// The folder's name.
    #[param(value_type = FolderName, inline, example = "folder1")]
    pub(crate) folder: String,
    /// The normal picture's `id`.
    #[param(min_length = 1)]
    pub(crate) id: String,
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(crate) struct OneProposal {
    /// The folder's name.
    #[param(value_type = FolderName, inline, example = "folder1")]
    pub(crate) folder: String,
    /// The proposal's `id`.
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

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(crate) struct OneSilence {
    /// The silence's `id`.
    #[param(min_length = 1)]
    pub(crate) id: String,
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(crate) struct OneReceiver {
    /// The receiver's name.
    #[param(min_length = 1, max_length = 40)]
    pub(crate) receiver: String,
}

/// All but the `attr-char` of RFC 5987.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// A name as part of an address, or of a header.
pub(crate) fn encoded(name: &str) -> String {
    utf8_percent_encode(name, ENCODED).to_string()
}
