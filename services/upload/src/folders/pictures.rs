use event_bus::{Folder, Last, ReferenceChange};
use proto::{
    timestamp,
    v1::{Upload, UploadRemoved},
};
use time::OffsetDateTime;

use super::{Folders, log_unseen};
use crate::{
    access::By,
    broker::Published,
    inspection::Inspected,
    names,
    problem::{Kind, Problem},
};

/// How often a removal is decided again because something else came first.
const DECISIONS: usize = 16;

/// What an event says of a folder's reference.
pub(super) struct Announced {
    sequence: u64,
    /// The reference from now on.
    reference: Option<Upload>,
}

impl Folders {
    /// Stores a picture and makes it the folder's reference.
    pub(crate) async fn add_picture(
        &self,
        folder: &Folder,
        name: &str,
        inspected: Inspected,
        by: By,
    ) -> Result<Upload, Problem> {
        let (this, folder, name) = (self.clone(), folder.clone(), name.to_owned());
        self.carry_through(async move {
            let _turn = this.turns.take(&folder).await;
            this.make_now(&folder, &by).await?;
            let before = this.states.read().reference(&folder).cloned();
            let upload = this.upload(&folder, &name, &inspected);
            this.broker
                .put_picture(&folder, &upload, &inspected.bytes)
                .await?;
            let sequence = this
                .broker
                .publish_uploaded(&folder, &upload, by.name())
                .await?;
            this.keep_reference_change(&folder, before, Some(upload.clone()), &by)
                .await;
            this.until_seen(&folder, sequence, |pictures| pictures(&upload.id))
                .await;
            tracing::info!(%folder, id = upload.id, name = upload.name, "a picture was uploaded");
            Ok(upload)
        })
        .await
    }

    /// Deletes a picture. Where it was the reference, the newest one that is left becomes it.
    pub(crate) async fn remove_picture(
        &self,
        folder: &Folder,
        id: &str,
        by: By,
    ) -> Result<(), Problem> {
        let (this, folder, id) = (self.clone(), folder.clone(), id.to_owned());
        self.carry_through(async move {
            let _turn = this.turns.take(&folder).await;
            if !this.states.read().pictures(&folder).contains_key(&id) {
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
            tracing::info!(%folder, id, "a picture was removed");
            Ok(())
        })
        .await
    }

    /// To be called when it is the caller's turn.
    pub(super) async fn remove_all_pictures(
        &self,
        folder: &Folder,
        by: &By,
    ) -> Result<(), Problem> {
        let ids: Vec<String> = self
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
        if latest.is_none_or(|latest| latest.event.reference().is_none()) {
            return Ok(());
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
        let before = self.states.read().reference(folder).cloned();
        let announced = self.announce_removal(folder, gone, by).await?;
        self.keep_reference_change(folder, before, announced.reference, by)
            .await;
        Ok(announced.sequence)
    }

    /// Publishes that pictures are gone and which is the reference from now on; decides again where another event came
    /// first.
    pub(super) async fn announce_removal(
        &self,
        folder: &Folder,
        gone: &[String],
        by: &By,
    ) -> Result<Announced, Problem> {
        for _ in 0..DECISIONS {
            let Last {
                event: latest,
                expected,
            } = self.broker.latest_reference(folder).await?;
            // Published before, but the acknowledgement was lost; or another copy of this service was faster.
            if let Some(latest) = &latest
                && let ReferenceChange::Removed(removed) = &latest.event
                && gone.contains(&removed.id)
            {
                return Ok(Announced {
                    sequence: latest.sequence,
                    reference: removed.reference.clone(),
                });
            }
            let current = latest.as_ref().and_then(|latest| latest.event.reference());
            let removed = self.removal(folder, gone, current);
            let published = self
                .broker
                .publish_removed(folder, &removed, by.name(), expected)
                .await?;
            if let Published::As(sequence) = published {
                return Ok(Announced {
                    sequence,
                    reference: removed.reference,
                });
            }
        }
        Err(Kind::Busy.because(format!("The folder {folder} is being changed by others.")))
    }

    fn removal(&self, folder: &Folder, gone: &[String], current: Option<&Upload>) -> UploadRemoved {
        let kept = current.filter(|current| !gone.contains(&current.id));
        let state = self.states.read();
        let newest_left = || {
            let mut newest_first = state.pictures(folder).values().rev();
            newest_first.find(|upload| !gone.contains(&upload.id))
        };
        let id = match current {
            Some(current) if gone.contains(&current.id) => current.id.clone(),
            _ => gone.first().cloned().unwrap_or_default(),
        };
        UploadRemoved {
            folder: folder.to_string(),
            id,
            removed_at: Some(timestamp(OffsetDateTime::now_utc())),
            reference: kept.or_else(newest_left).cloned(),
        }
    }

    fn upload(&self, folder: &Folder, name: &str, inspected: &Inspected) -> Upload {
        let picture = &inspected.picture;
        let state = self.states.read();
        let newest = state.pictures(folder).keys().next_back();
        let reference = state.reference(folder).map(|upload| &upload.id);
        let id = names::next_id(newest.max(reference).map(String::as_str));
        Upload {
            folder: folder.to_string(),
            name: names::safe(name, &id, picture.format),
            id,
            content_type: picture.format.content_type().to_owned(),
            size_bytes: inspected.bytes.len() as u64,
            uploaded_at: Some(timestamp(OffsetDateTime::now_utc())),
            fingerprint: Some(picture.fingerprint.into()),
        }
    }

    /// Waits until the next request sees a change that is stored.
    async fn until_seen(
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
