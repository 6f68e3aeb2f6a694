//! The pictures of one folder, from the old system's disk to the service, in order of their age.

use std::collections::HashMap;

use anyhow::anyhow;
use event_bus::Folder;
use proto::v1::{Folder as Details, Upload};
use service_runtime::Failure;

use super::{
    old::{OldFolder, OldPicture, Unreadable},
    pages::all_images,
};
use crate::{api::Api, lines, progress::Progress};

/// No service can be set to take more.
const LARGEST: u64 = 1_000_000_000;

/// A folder's pictures on their way.
pub(super) struct Transfer<'a> {
    pub(super) api: &'a Api,
    pub(super) old: &'a OldFolder,
    /// Whether the service has the folder.
    pub(super) is_there: bool,
}

/// Which of the old pictures the service has, and which it lacks.
struct Compared<'a> {
    there: usize,
    /// To be uploaded, the oldest first.
    new: Vec<&'a OldPicture>,
    /// Those that would take the place of a newer reference.
    late: Vec<&'a OldPicture>,
}

impl Transfer<'_> {
    /// Uploads what is not there; says how many things were left out.
    pub(super) async fn run(&self, is_dry: bool) -> Result<usize, Failure> {
        let OldFolder {
            folder,
            pictures,
            unreadable,
        } = self.old;
        let Compared { there, new, late } = self.compare().await?;
        lines::print(format!(
            "{folder}: {} pictures, {there} of them there already{}",
            pictures.len(),
            if is_dry { "; nothing is done" } else { "" }
        ))?;
        for Unreadable { path, source } in unreadable {
            lines::print(format!("{}: not taken; {source}", path.display()))?;
        }
        for picture in &late {
            lines::print(format!(
                "{}: not taken; newer pictures of {folder} are there, and what is uploaded last is the reference",
                picture.path.display()
            ))?;
        }
        let left_out = unreadable.len() + late.len();
        if is_dry {
            return Ok(left_out);
        }
        if !self.is_there {
            let path = format!("/api/v1/folders/{folder}");
            let nothing_said = Details::default();
            self.api
                .put::<serde_json::Value>(&path, &nothing_said)
                .await?;
        }
        Ok(left_out + self.upload(&new).await?)
    }

    /// In a folder that has none of the pictures all are new. Where some are there, this is a repetition, and what is older
    /// than the newest of them, or than what people have uploaded since, must not become the reference.
    async fn compare(&self) -> Result<Compared<'_>, Failure> {
        let images = match self.is_there {
            true => all_images(self.api, &self.old.folder).await?,
            false => Vec::new(),
        };
        let mut images = Images::of(self.api, &self.old.folder, &images);
        let (mut newest_there, mut missing) = (None, Vec::new());
        for (place, picture) in self.old.pictures.iter().enumerate() {
            match images.take(picture).await? {
                true => newest_there = Some(place),
                false => missing.push((place, picture)),
            }
        }
        let has_others = images.are_left();
        let there = self.old.pictures.len() - missing.len();
        let is_late = |place| newest_there.is_some_and(|newest| has_others || place < newest);
        let (late, new): (Vec<_>, Vec<_>) =
            missing.into_iter().partition(|(place, _)| is_late(*place));
        let pictures = |placed: Vec<(usize, _)>| placed.into_iter().map(|(_, it)| it).collect();
        Ok(Compared {
            there,
            new: pictures(new),
            late: pictures(late),
        })
    }

    async fn upload(&self, pictures: &[&OldPicture]) -> Result<usize, Failure> {
        let progress = Progress::of_bytes(pictures.iter().map(|picture| picture.bytes).sum());
        let mut refused = 0;
        for picture in pictures {
            let Err(failure) = self.upload_one(picture, &progress).await else {
                continue;
            };
            let error = match failure {
                Failure::Usage(error) => error,
                // A service that cuts a picture off without a word is still there for the next one.
                Failure::Unavailable(error) if self.answers().await => error,
                failure => return Err(failure),
            };
            refused += 1;
            progress.print(format!("{}: not taken; {error:#}", picture.path.display()))?;
        }
        Ok(refused)
    }

    async fn upload_one(&self, picture: &OldPicture, progress: &Progress) -> Result<(), Failure> {
        let bytes = read(picture).await.map_err(Failure::usage)?;
        let (folder, name) = (self.old.folder.as_str(), picture.name());
        let path = format!("/api/v1/folders/{folder}/images");
        let (length, body) = (bytes.len(), progress.through_body(bytes.into()));
        self.api.upload(&path, &name, length, body).await.map(drop)
    }

    async fn answers(&self) -> bool {
        let asked = self.api.get::<serde_json::Value>("/api/v1/folders?limit=1");
        asked.await.is_ok()
    }
}

async fn read(picture: &OldPicture) -> anyhow::Result<Vec<u8>> {
    if picture.bytes > LARGEST {
        return Err(anyhow!(
            "it has {} bytes; no service takes so large a picture",
            picture.bytes
        ));
    }
    Ok(tokio::fs::read(&picture.path).await?)
}

/// The pictures that the service has of a folder, each of which stands for one file.
struct Images<'a> {
    api: &'a Api,
    folder: &'a Folder,
    /// By size in bytes: the ids.
    by_size: HashMap<u64, Vec<String>>,
}

impl<'a> Images<'a> {
    fn of(api: &'a Api, folder: &'a Folder, images: &[Upload]) -> Self {
        let mut by_size: HashMap<u64, Vec<String>> = HashMap::new();
        for image in images {
            let ids = by_size.entry(image.size_bytes).or_default();
            ids.push(image.id.clone());
        }
        Images {
            api,
            folder,
            by_size,
        }
    }

    /// Whether one of these pictures has the content of this file.
    async fn take(&mut self, picture: &OldPicture) -> Result<bool, Failure> {
        let Some(ids) = self.by_size.get_mut(&picture.bytes) else {
            return Ok(false);
        };
        let Ok(bytes) = read(picture).await else {
            return Ok(false);
        };
        for place in 0..ids.len() {
            let path = format!(
                "/api/v1/folders/{}/images/{}/content",
                self.folder, ids[place]
            );
            if self.api.bytes(&path).await? == bytes {
                ids.remove(place);
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn are_left(&self) -> bool {
        self.by_size.values().any(|ids| !ids.is_empty())
    }
}
