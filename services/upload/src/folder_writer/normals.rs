//! Normal pictures. Which of them hold, the folder's last event says, and the bucket follows from it: one is stored before
//! it is announced, and deleted once an event no longer has it. So what a crash leaves behind is a picture that no event
//! speaks of, and `reconcile` deletes it.

use comparison::Baseline;
use event_bus::{Folder, ReferenceChange};
use folder_state::Known;
use pbjson_types::Timestamp;
use proto::{
    EffectiveRule, from_timestamp, timestamp,
    v1::{NormalAdded, NormalRemoved, Upload},
};
use time::{Duration, OffsetDateTime};

use super::{Folders, announce::Holding};
use crate::{
    access::By,
    pictures::inspection::Inspected,
    problem::{Kind, Problem},
};

/// How long after it was stored a picture may still be announced.
const ANNOUNCED_WITHIN: Duration = Duration::minutes(1);

/// Where a normal picture comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Origin {
    /// Somebody uploaded it.
    Upload,
    /// It is the frame that came at this time, if that is known.
    Frame(Option<Timestamp>),
    /// The same, and it was proposed: accepted twice, it is one picture.
    Proposal(Option<Timestamp>),
}

impl Origin {
    fn frame_at(self) -> Option<Timestamp> {
        match self {
            Origin::Upload => None,
            Origin::Frame(at) | Origin::Proposal(at) => at,
        }
    }

    /// The normal picture that it is already.
    fn is_already(self, normals: &[Upload]) -> Option<&Upload> {
        let Origin::Proposal(Some(at)) = self else {
            return None;
        };
        normals.iter().find(|normal| normal.frame_at == Some(at))
    }
}

impl Folders {
    /// Whether the folder can take one more normal picture, as far as is known here.
    pub(crate) fn check_room_for_normal(&self, folder: &Folder) -> Result<(), Problem> {
        let states = self.states.read();
        check_room(
            folder,
            &Holding::known(&states, folder),
            most_normals(&states, folder),
        )
    }

    /// To be called when it is the caller's turn.
    pub(super) async fn add_normal(
        &self,
        folder: &Folder,
        name: &str,
        inspected: &Inspected,
        origin: Origin,
        by: &By,
    ) -> Result<Upload, Problem> {
        let before = Holding::known(&self.states.read(), folder);
        if let Some(there) = origin.is_already(&before.normals) {
            return Ok(there.clone());
        }
        let most = most_normals(&self.states.read(), folder);
        check_room(folder, &before, most)?;
        self.check_room_for(folder, inspected)?;
        let upload = Upload {
            frame_at: origin.frame_at(),
            ..self.upload(folder, name, inspected)
        };
        self.broker
            .put_normal(folder, &upload, &inspected.bytes)
            .await?;
        let announced = self
            .announce(folder, by, |latest| {
                let holding = Holding::now(latest);
                // Another copy of this service was faster with the same frame. `reconcile` deletes what is stored twice.
                if origin.is_already(&holding.normals).is_some() {
                    return Ok(None);
                }
                check_room(folder, &holding, most)?;
                let mut normals = holding.normals;
                normals.push(upload.clone());
                Ok(Some(ReferenceChange::NormalAdded(NormalAdded {
                    folder: folder.to_string(),
                    id: upload.id.clone(),
                    added_at: Some(timestamp(OffsetDateTime::now_utc())),
                    reference: holding.reference,
                    normals,
                    reference_since: latest.map(|it| timestamp(it.reference_since())),
                })))
            })
            .await?;
        self.keep_pictures_change(folder, &before, &announced.now, by)
            .await;
        self.until_seen(folder, announced.sequence, |_| true).await;
        let there = origin.is_already(&announced.now.normals);
        if let Some(there) = there.filter(|there| there.id != upload.id) {
            return Ok(there.clone());
        }
        tracing::info!(%folder, id = upload.id, name = upload.name, "a normal picture was added");
        Ok(upload)
    }

    /// Removes a normal picture.
    pub(crate) async fn remove_normal(
        &self,
        folder: &Folder,
        id: &str,
        by: By,
    ) -> Result<(), Problem> {
        let id = id.to_owned();
        self.in_turn(folder, |this, folder| async move {
            if !has(this.states.read().normals(&folder), &id) {
                return Err(unknown_normal(&folder, &id));
            }
            this.remove_normals(&folder, std::slice::from_ref(&id), &by)
                .await
        })
        .await
    }

    /// To be called when it is the caller's turn.
    pub(super) async fn remove_all_normals(&self, folder: &Folder, by: &By) -> Result<(), Problem> {
        let normals = self.states.read().normals(folder).to_vec();
        let ids: Vec<String> = normals.into_iter().map(|normal| normal.id).collect();
        match ids.is_empty() {
            true => Ok(()),
            false => self.remove_normals(folder, &ids, by).await,
        }
    }

    async fn remove_normals(
        &self,
        folder: &Folder,
        gone: &[String],
        by: &By,
    ) -> Result<(), Problem> {
        let before = Holding::known(&self.states.read(), folder);
        let announced = self
            .announce(folder, by, |latest| {
                let Holding { reference, normals } = Holding::now(latest);
                let (gone, kept): (Vec<Upload>, Vec<Upload>) = normals
                    .into_iter()
                    .partition(|normal| gone.contains(&normal.id));
                Ok(gone.last().map(|newest| {
                    ReferenceChange::NormalRemoved(NormalRemoved {
                        folder: folder.to_string(),
                        id: newest.id.clone(),
                        removed_at: Some(timestamp(OffsetDateTime::now_utc())),
                        reference,
                        normals: kept,
                        reference_since: latest.map(|it| timestamp(it.reference_since())),
                    })
                }))
            })
            .await?;
        self.keep_pictures_change(folder, &before, &announced.now, by)
            .await;
        self.delete_retired(folder, &before, &announced.now).await;
        self.until_seen(folder, announced.sequence, |_| true).await;
        self.retire_proposals(folder).await;
        tracing::info!(%folder, ?gone, "normal pictures were removed");
        Ok(())
    }

    /// Deletes the normal pictures that held and do so no more. What fails is left to `reconcile`.
    pub(super) async fn delete_retired(&self, folder: &Folder, before: &Holding, now: &Holding) {
        let retired = before.normals.iter();
        for normal in retired.filter(|normal| !has(&now.normals, &normal.id)) {
            if let Err(problem) = self.broker.delete_normal(folder, &normal.id).await {
                tracing::debug!(%folder, id = normal.id, problem.detail, "a retired normal picture is not deleted yet");
            }
        }
    }

    /// Deletes the normal pictures that no event speaks of.
    pub(super) async fn delete_unspoken(
        &self,
        folder: &Folder,
        change: Option<&ReferenceChange>,
    ) -> Result<(), Problem> {
        let unspoken: Vec<String> = {
            let state = self.states.read();
            let unspoken = unspoken(&state, folder, change);
            unspoken.map(|upload| upload.id.clone()).collect()
        };
        for id in unspoken {
            tracing::warn!(%folder, id, "a normal picture was left behind");
            self.broker.delete_normal(folder, &id).await?;
        }
        Ok(())
    }
}

/// The stored normal pictures that the folder's last event does not have, but for those that it may be about to.
pub(super) fn unspoken<'a>(
    state: &'a Known,
    folder: &Folder,
    change: Option<&'a ReferenceChange>,
) -> impl Iterator<Item = &'a Upload> {
    let latest = OffsetDateTime::now_utc() - ANNOUNCED_WITHIN;
    let stored = state.stored_normals(folder).values();
    stored.filter(move |upload| {
        let stored_at = upload.uploaded_at.as_ref().and_then(from_timestamp);
        stored_at.is_none_or(|stored_at| stored_at < latest)
            && !change.is_some_and(|change| has(change.normals(), &upload.id))
    })
}

/// How many normal pictures a folder may have, by the measure of its rule in force.
pub(crate) fn most_normals(states: &Known, folder: &Folder) -> usize {
    let rule = EffectiveRule::of(states.rule(folder), states.default_rule());
    Baseline::max_normals(rule.measure)
}

pub(crate) fn unknown_normal(folder: &Folder, id: &str) -> Problem {
    Kind::UnknownImage.because(format!("The folder {folder} has no normal picture {id:?}."))
}

fn has(normals: &[Upload], id: &str) -> bool {
    normals.iter().any(|normal| normal.id == id)
}

fn check_room(folder: &Folder, holding: &Holding, most: usize) -> Result<(), Problem> {
    if holding.reference.is_none() {
        return Err(Kind::NoReference.because(format!(
            "The folder {folder} has no reference yet, beside which a normal picture could stand; POST one to /api/v1/folders/{folder}/images first."
        )));
    }
    if holding.normals.len() >= most {
        let normals = holding.normals.len();
        return Err(Kind::TooManyNormals.because(format!(
            "The folder {folder} has {normals} normal pictures, and by its measure at most {most} count; remove one first, such as the one that was not the closest for longest."
        )));
    }
    Ok(())
}
