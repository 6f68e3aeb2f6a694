//! Reference pictures.

use event_bus::{Folder, ReferenceChange, Stored};
use proto::{
    timestamp,
    v1::{Upload, UploadRemoved},
};
use time::OffsetDateTime;

use super::{
    Folders,
    announce::{Announced, Holding},
    normals::Origin,
};
use crate::{
    access::By,
    followed::log_unseen,
    pictures::{inspection::Inspected, names},
    problem::{Kind, Problem},
};

/// What an uploaded picture becomes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Becomes {
    /// The reference, and what that does to the normal pictures.
    Reference(Normals),
    /// A normal picture.
    Normal(Origin),
}

/// What a new reference does to the present normal pictures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Normals {
    Retired,
    Kept,
}

impl Folders {
    /// Stores a picture and makes it the folder's reference, or one of its normal pictures.
    pub(crate) async fn add_picture(
        &self,
        folder: &Folder,
        name: &str,
        inspected: Inspected,
        becomes: Becomes,
        by: By,
    ) -> Result<Upload, Problem> {
        let name = name.to_owned();
        self.in_turn(folder, |this, folder| async move {
            match becomes {
                Becomes::Normal(origin) => {
                    this.add_normal(&folder, &name, &inspected, origin, &by)
                        .await
                }
                Becomes::Reference(normals) => {
                    this.add_reference(&folder, &name, &inspected, normals, &by)
                        .await
                }
            }
        })
        .await
    }

    /// To be called when it is the caller's turn.
    async fn add_reference(
        &self,
        folder: &Folder,
        name: &str,
        inspected: &Inspected,
        normals: Normals,
        by: &By,
    ) -> Result<Upload, Problem> {
        self.check_room_for(folder, inspected)?;
        self.make_now(folder, by).await?;
        let before = Holding::known(&self.states.read(), folder);
        let upload = self.upload(folder, name, inspected);
        self.broker
            .put_picture(folder, &upload, &inspected.bytes)
            .await?;
        let announced = match normals {
            Normals::Kept => {
                self.announce(folder, by, |latest| {
                    Ok(Some(ReferenceChange::Uploaded(Upload {
                        normals: Holding::now(latest).normals,
                        ..upload.clone()
                    })))
                })
                .await?
            }
            // It need not know what was before, and so never has to be decided again.
            Normals::Retired => Announced {
                sequence: self
                    .broker
                    .publish_uploaded(folder, &upload, by.name())
                    .await?,
                now: Holding {
                    reference: Some(upload.clone()),
                    normals: Vec::new(),
                },
            },
        };
        self.keep_pictures_change(folder, &before, &announced.now, by)
            .await;
        self.delete_retired(folder, &before, &announced.now).await;
        self.until_seen(folder, announced.sequence, |pictures| pictures(&upload.id))
            .await;
        self.retire_proposals(folder).await;
        tracing::info!(%folder, id = upload.id, name = upload.name, "a picture was uploaded");
        Ok(upload)
    }

    /// Deletes a picture. Where it was the reference, the newest one that is left becomes it.
    pub(crate) async fn remove_picture(
        &self,
        folder: &Folder,
        id: &str,
        by: By,
    ) -> Result<(), Problem> {
        let id = id.to_owned();
        self.in_turn(folder, |this, folder| async move {
            if !this.has_picture(&folder, &id) {
                return Err(
                    Kind::UnknownImage.because(format!("The folder {folder} has no image {id:?}."))
                );
            }
            this.broker.delete_picture(&folder, &id).await?;
            let sequence = this
                .remove_from_reference(&folder, std::slice::from_ref(&id), &by)
                .await?;
            this.until_seen(&folder, sequence, |pictures| !pictures(&id))
                .await;
            this.retire_proposals(&folder).await;
            tracing::info!(%folder, id, "a picture was removed");
            Ok(())
        })
        .await
    }

    /// Whether a folder has a reference picture of this id. The reference may be one that is not stored any more.
    fn has_picture(&self, folder: &Folder, id: &str) -> bool {
        let state = self.states.read();
        let reference = state
            .reference_change(folder)
            .and_then(ReferenceChange::reference);
        state.pictures(folder).contains_key(id) || reference.is_some_and(|it| it.id == id)
    }

    /// To be called when it is the caller's turn.
    pub(super) async fn remove_all_pictures(
        &self,
        folder: &Folder,
        by: &By,
    ) -> Result<(), Problem> {
        let mut ids: Vec<String> = self
            .states
            .read()
            .pictures(folder)
            .keys()
            .cloned()
            .collect();
        for id in &ids {
            self.broker.delete_picture(folder, id).await?;
        }
        let latest = self.broker.latest_reference(folder).await?.event;
        let Some(reference) = latest.as_ref().and_then(|latest| latest.event.reference()) else {
            return Ok(());
        };
        // One whose stored picture is lost is not among them.
        if !ids.contains(&reference.id) {
            ids.push(reference.id.clone());
        }
        let sequence = self.remove_from_reference(folder, &ids, by).await?;
        self.until_seen(folder, sequence, |pictures| {
            !ids.iter().any(|id| pictures(id))
        })
        .await;
        Ok(())
    }

    /// Announces that somebody has removed pictures, and keeps the change of the reference that may follow. Gives the
    /// number of the event.
    async fn remove_from_reference(
        &self,
        folder: &Folder,
        gone: &[String],
        by: &By,
    ) -> Result<u64, Problem> {
        let before = Holding::known(&self.states.read(), folder);
        let announced = self.announce_removal(folder, gone, by).await?;
        self.keep_pictures_change(folder, &before, &announced.now, by)
            .await;
        Ok(announced.sequence)
    }

    /// Publishes that pictures are gone and which is the reference from now on.
    pub(super) async fn announce_removal(
        &self,
        folder: &Folder,
        gone: &[String],
        by: &By,
    ) -> Result<Announced, Problem> {
        self.announce(folder, by, |latest| {
            // Published before, but the acknowledgement was lost; or another copy of this service was faster.
            if let Some(latest) = latest
                && let ReferenceChange::Removed(removed) = &latest.event
                && gone.contains(&removed.id)
            {
                return Ok(None);
            }
            let removed = self.removal(folder, gone, latest);
            Ok(Some(ReferenceChange::Removed(removed)))
        })
        .await
    }

    fn removal(
        &self,
        folder: &Folder,
        gone: &[String],
        latest: Option<&Stored<ReferenceChange>>,
    ) -> UploadRemoved {
        let Holding { reference, normals } = Holding::now(latest);
        let went = reference.as_ref().map(|it| &it.id);
        let went = went.filter(|id| gone.contains(id)).cloned();
        let stays = reference.is_some() && went.is_none();
        let state = self.states.read();
        let newest_left = || {
            let mut newest_first = state.pictures(folder).values().rev();
            newest_first
                .find(|upload| !gone.contains(&upload.id))
                .cloned()
        };
        UploadRemoved {
            folder: folder.to_string(),
            reference_since: latest
                .filter(|_| stays)
                .map(|latest| timestamp(latest.reference_since())),
            reference: reference.filter(|_| stays).or_else(newest_left),
            id: went.or_else(|| gone.first().cloned()).unwrap_or_default(),
            removed_at: Some(timestamp(OffsetDateTime::now_utc())),
            normals,
        }
    }

    /// Checks that there is room for a picture, as far as is known here.
    pub(super) fn check_room_for(
        &self,
        folder: &Folder,
        inspected: &Inspected,
    ) -> Result<(), Problem> {
        let bytes = inspected.bytes.len() as u64;
        self.quotas
            .check_picture(&self.states.read(), folder, bytes)
    }

    /// The upload of a picture that is about to be stored. Its id is later than those of all references and normal
    /// pictures.
    pub(super) fn upload(&self, folder: &Folder, name: &str, inspected: &Inspected) -> Upload {
        let picture = &inspected.picture;
        let state = self.states.read();
        let stored = [state.pictures(folder), state.stored_normals(folder)];
        let stored = stored.into_iter().filter_map(|it| it.keys().next_back());
        let holding = state.reference(folder).into_iter();
        let holding = holding.chain(state.normals(folder)).map(|it| &it.id);
        let newest = stored.chain(holding).max();
        let id = names::next_id(newest.map(String::as_str));
        Upload {
            folder: folder.to_string(),
            name: names::safe(name, &id, picture.format),
            id,
            content_type: picture.format.content_type().to_owned(),
            size_bytes: inspected.bytes.len() as u64,
            uploaded_at: Some(timestamp(OffsetDateTime::now_utc())),
            fingerprint: Some(picture.fingerprint.into()),
            normals: Vec::new(),
            frame_at: None,
        }
    }

    /// Waits until the next request sees a change that is stored.
    pub(super) async fn until_seen(
        &self,
        folder: &Folder,
        sequence: u64,
        pictures_are: impl Fn(&dyn Fn(&str) -> bool) -> bool,
    ) {
        let is_seen = self
            .states
            .until(|state| {
                let has = |id: &str| state.pictures(folder).contains_key(id);
                state.reference_sequence(folder) >= sequence && pictures_are(&has)
            })
            .await;
        log_unseen(is_seen, folder);
    }
}
