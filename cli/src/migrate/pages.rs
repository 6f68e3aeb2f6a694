//! Lists of the service's, page by page.

use event_bus::Folder;
use proto::v1::Upload;
use serde::{Deserialize, de::DeserializeOwned};
use service_runtime::Failure;

use crate::api::Api;

#[derive(Deserialize)]
struct FolderPage {
    folders: Vec<Named>,
    next: Option<String>,
}

#[derive(Deserialize)]
struct Named {
    folder: String,
}

#[derive(Deserialize)]
struct ImagePage {
    images: Vec<Upload>,
    next: Option<String>,
}

trait Page: DeserializeOwned {
    type Entry;

    /// What is on it, and where it goes on.
    fn split(self) -> (Vec<Self::Entry>, Option<String>);
}

/// The names of all folders.
pub(super) async fn all_folders(api: &Api) -> Result<Vec<String>, Failure> {
    let folders = all::<FolderPage>(api, "/api/v1/folders?limit=200").await?;
    Ok(folders.into_iter().map(|named| named.folder).collect())
}

/// All pictures of a folder, the newest first.
pub(super) async fn all_images(api: &Api, folder: &Folder) -> Result<Vec<Upload>, Failure> {
    all::<ImagePage>(api, &format!("/api/v1/folders/{folder}/images?limit=200")).await
}

async fn all<P: Page>(api: &Api, first: &str) -> Result<Vec<P::Entry>, Failure> {
    let mut all = Vec::new();
    let mut next = Some(first.to_owned());
    while let Some(path) = next {
        let page: P = api.get(&path).await?;
        let (entries, following) = page.split();
        all.extend(entries);
        next = following;
    }
    Ok(all)
}

impl Page for FolderPage {
    type Entry = Named;

    fn split(self) -> (Vec<Named>, Option<String>) {
        (self.folders, self.next)
    }
}

impl Page for ImagePage {
    type Entry = Upload;

    fn split(self) -> (Vec<Upload>, Option<String>) {
        (self.images, self.next)
    }
}
