//! What frames are compared with: reference pictures, normal pictures, and frames that are proposed as such. Storing them is
//! left to `folder_writer`.
//!
//! - `images`: reference pictures by the API.
//! - `forms`: uploading and deleting them by forms.
//! - `legacy`: the calls of the system that this one replaces.
//! - `normals`, `proposals`: each by the API and by forms.
//! - `learning`: normal pictures made of proposals.
//! - `heat_map`: where a frame differs.

pub(crate) mod forms;
pub(crate) mod heat_map;
pub(crate) mod images;
pub(crate) mod learning;
pub(crate) mod legacy;
pub(crate) mod normals;
pub(crate) mod proposals;
