//! What frames are held against, where that takes more than the events of the pictures say: looks that are stored, or else
//! computed from the stored pictures; and kept in memory, the last used of it, up to so many bytes.

use std::{collections::HashMap, sync::Arc, time::Instant};

use parking_lot::{Mutex, MutexGuard};

use bytes::Bytes;
use comparison::{Baseline, BaselinePicture, Details, Look, Needs, Other, parts, view};
use event_bus::{
    Bus, Folder, Normals, ObjectBucket, Objects, PictureKey, References, StoreError, with_causes,
};
use log_limiter::LogLimiter;
use proto::Measure;
use tokio::task::JoinError;

use crate::{
    looking::{Looking, Unreadable},
    references::{CurrentReference, KnownPicture},
    stored_looks::{LookError, StoredLooks, WRITTEN_AGAIN_AFTER},
};

/// Computes and keeps baselines.
pub(crate) struct Baselines {
    references: Objects<References>,
    normals: Objects<Normals>,
    looks: StoredLooks,
    lost: LogLimiter<Folder>,
    kept: Mutex<Kept>,
}

/// Why there is nothing to hold a frame against.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BaselineError {
    #[error("cannot read the picture {id} from the object store")]
    Store { id: String, source: StoreError },
    #[error("cannot read what the picture {id} looks like, and the picture itself is lost")]
    Look { id: String, source: LookError },
    #[error("the stored picture {id} is damaged: upload it again")]
    Damaged { id: String, source: StoreError },
    #[error("the stored picture {id} is lost: upload it again")]
    Gone { id: String },
    #[error("the stored picture {id} cannot be read: upload it again")]
    Unreadable { id: String, source: Unreadable },
    #[error("what is normal among the pictures cannot be told")]
    NotMade(#[from] JoinError),
}

impl BaselineError {
    /// Whether no later attempt can succeed.
    pub(crate) fn is_for_good(&self) -> bool {
        match self {
            BaselineError::Gone { .. }
            | BaselineError::Damaged { .. }
            | BaselineError::Unreadable { .. } => true,
            BaselineError::Store { .. }
            | BaselineError::Look { .. }
            | BaselineError::NotMade(_) => false,
        }
    }
}

struct Kept {
    by_folder: HashMap<Folder, Entry>,
    bytes: usize,
    most_bytes: usize,
    /// Counts uses.
    now: u64,
}

struct Entry {
    baseline: Arc<Baseline>,
    needs: Needs,
    /// The pictures that it is made of.
    of: Vec<String>,
    bytes: usize,
    used: u64,
    /// When its looks were last stored, or seen to be.
    stored: Instant,
}

impl Baselines {
    pub(crate) fn new(bus: &Bus, looks: StoredLooks, most_bytes: usize) -> Self {
        Baselines {
            references: bus.references(),
            normals: bus.normals(),
            looks,
            lost: LogLimiter::default(),
            kept: Mutex::new(Kept {
                by_folder: HashMap::new(),
                bytes: 0,
                most_bytes,
                now: 0,
            }),
        }
    }

    /// The baseline of a folder for a rule that needs this. It is read or computed where the looks in the events are of
    /// another version, or lack what the rule needs.
    pub(crate) async fn of(
        &self,
        folder: &Folder,
        reference: &CurrentReference,
        needs: &Needs,
        looking: &Looking,
    ) -> Result<Arc<Baseline>, BaselineError> {
        let measure = needs.measure;
        let known = reference.baseline.as_ref();
        if let Some(baseline) = known.filter(|baseline| baseline.suits(measure)) {
            self.forget(folder);
            return Ok(Arc::clone(baseline));
        }
        let pictures = 1 + Baseline::counting_normals(measure);
        let ids = reference.pictures().take(pictures);
        let of: Vec<String> = ids.map(|it| it.id.clone()).collect();
        let kept = self.kept().get(folder, &of, needs);
        if let Some(kept) = kept {
            self.store_again(folder, &kept, measure);
            return Ok(kept);
        }
        let needed = Needed {
            folder,
            needs,
            looking,
        };
        let first = self
            .look_of(reference.picture(), &self.references, needed)
            .await?;
        let mut others = Vec::new();
        for picture in reference.normals().iter().take(pictures - 1) {
            match self.look_of(picture, &self.normals, needed).await {
                Ok(picture) => others.push(picture),
                // The others still say what is right.
                Err(error) if error.is_for_good() => self.say_lost(folder, &error),
                Err(error) => return Err(error),
            }
        }
        let baseline = Arc::new(looking.baseline(first, others).await?);
        self.kept().put(folder, of, needs, &baseline);
        Ok(baseline)
    }

    /// Lets go of what is kept for a folder that needs nothing more than events say, or is not watched any more.
    pub(crate) fn forget(&self, folder: &Folder) {
        self.kept().forget(folder);
    }

    /// All that is kept but for one folder's.
    pub(crate) fn but_for(&self, folder: &Folder) -> Vec<Other> {
        let kept = self.kept();
        let others = kept.by_folder.iter().filter(|(other, _)| *other != folder);
        others
            .map(|(other, entry)| entry.of_folder(other))
            .collect()
    }

    /// What is kept for the folder with this name.
    pub(crate) fn named(&self, folder: &str) -> Option<Other> {
        let folder: Folder = folder.parse().ok()?;
        let kept = self.kept();
        let entry = kept.by_folder.get(&folder)?;
        Some(entry.of_folder(&folder))
    }

    /// The look of a picture: the stored one, or else one that is made of the picture and stored. A part that is looked
    /// at by itself has none where both are lost.
    async fn look_of<B: ObjectBucket<Key = PictureKey>>(
        &self,
        picture: &KnownPicture,
        pictures: &Objects<B>,
        needed: Needed<'_>,
    ) -> Result<BaselinePicture, BaselineError> {
        let (id, measure) = (&picture.id, needed.needs.measure);
        let looked_up = self.looks.get(id, measure).await;
        let details = self.details_of(id, needed.needs).await;
        let has_all = |details: &Details| details.values().all(Option::is_some);
        let earlier = match (&looked_up, &details) {
            (Ok(Some(look)), Ok(details)) => Some(Look {
                details: details.clone(),
                ..look.clone()
            }),
            _ => None,
        };
        if let Some(look) = &earlier
            && look.is_complete()
            && has_all(&look.details)
        {
            return Ok(picture.with(look.clone()));
        }
        let stored = pictures.get(&PictureKey::new(needed.folder, id)).await;
        let look = look_at(id, stored, needed).await;
        if let (Err(error), Some(earlier)) = (&look, earlier)
            && (error.is_for_good() || has_all(&earlier.details))
        {
            // It compares as well; only what is wrong cannot be told, and regions have no detail of their own.
            if !has_all(&earlier.details) {
                self.say_without_detail(needed.folder, error);
            }
            return Ok(picture.with(earlier));
        }
        let look = look.map_err(|error| match looked_up.and(details.map(|_| ())) {
            // The look may be there still.
            Err(source) if error.is_for_good() => BaselineError::Look {
                id: id.clone(),
                source,
            },
            _ => error,
        })?;
        metrics::counter!("framewatch_looks_total", "from" => "picture").increment(1);
        self.put(id, measure, &look);
        Ok(picture.with(look))
    }

    /// The stored looks of those parts of a picture that are looked at by themselves.
    async fn details_of(&self, id: &str, needs: &Needs) -> Result<Details, LookError> {
        let mut details = Details::new();
        for crop in &needs.crops {
            details.insert(*crop, self.looks.get_detail(id, *crop).await?);
        }
        Ok(details)
    }

    /// Has the look of a picture written, with the parts that are looked at by themselves.
    fn put(&self, id: &str, measure: Measure, look: &Look) {
        self.looks.put(id, measure, look);
        for (crop, detail) in &look.details {
            if let Some(detail) = detail {
                self.looks.put_detail(id, *crop, detail);
            }
        }
    }

    /// Stores once a day what is in use, so that it does not go with age, and is there again where the bucket was deleted.
    fn store_again(&self, folder: &Folder, baseline: &Baseline, measure: Measure) {
        if self.kept().is_to_be_stored(folder) {
            for picture in baseline.pictures() {
                self.put(&picture.id, measure, &picture.look);
            }
        }
    }

    fn say_lost(&self, folder: &Folder, error: &BaselineError) {
        if self.lost.is_due(folder) {
            tracing::warn!(%folder, error = with_causes(error), "a normal picture is left out");
        }
    }

    fn say_without_detail(&self, folder: &Folder, error: &BaselineError) {
        if self.lost.is_due(folder) {
            tracing::warn!(%folder, error = with_causes(error), "regions cannot be looked at in their own detail in a picture");
        }
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock()
    }
}

/// Whose looks are needed, for what, and who makes them.
#[derive(Clone, Copy)]
struct Needed<'a> {
    folder: &'a Folder,
    needs: &'a Needs,
    looking: &'a Looking,
}

async fn look_at(
    id: &str,
    stored: Result<Option<Bytes>, StoreError>,
    needed: Needed<'_>,
) -> Result<Look, BaselineError> {
    let bytes = stored.map_err(|source| {
        let id = id.to_owned();
        match source {
            StoreError::Damaged { .. } => BaselineError::Damaged { id, source },
            source => BaselineError::Store { id, source },
        }
    })?;
    let bytes = bytes.ok_or_else(|| BaselineError::Gone { id: id.to_owned() })?;
    let looked = needed.looking.of(bytes, needed.needs.clone()).await;
    let look = looked.map(|looked| looked.look);
    look.map_err(|source| BaselineError::Unreadable {
        id: id.to_owned(),
        source,
    })
}

impl Entry {
    fn of_folder(&self, folder: &Folder) -> Other {
        (folder.to_string(), Arc::clone(&self.baseline))
    }
}

impl Kept {
    fn get(&mut self, folder: &Folder, of: &[String], needs: &Needs) -> Option<Arc<Baseline>> {
        self.now += 1;
        let entry = self.by_folder.get_mut(folder)?;
        entry.used = self.now;
        (entry.of == of && entry.needs == *needs).then(|| Arc::clone(&entry.baseline))
    }

    /// Whether it is time to store again the looks that are kept for a folder. It is time once a day.
    fn is_to_be_stored(&mut self, folder: &Folder) -> bool {
        let entry = self.by_folder.get_mut(folder);
        let due = entry.filter(|entry| entry.stored.elapsed() > WRITTEN_AGAIN_AFTER);
        due.map(|entry| entry.stored = Instant::now()).is_some()
    }

    fn put(&mut self, folder: &Folder, of: Vec<String>, needs: &Needs, baseline: &Arc<Baseline>) {
        let bytes = match needs.measure {
            Measure::View => of.len() * (1 + needs.crops.len()) * view::Look::BYTES,
            Measure::Parts => of.len() * parts::Look::BYTES,
            Measure::Phash | Measure::Hash(_) | Measure::Unknown => size_of::<Baseline>(),
        };
        self.now += 1;
        let entry = Entry {
            baseline: Arc::clone(baseline),
            needs: needs.clone(),
            of,
            bytes,
            used: self.now,
            stored: Instant::now(),
        };
        self.forget(folder);
        self.bytes += bytes;
        self.by_folder.insert(folder.clone(), entry);
        let limit = baseline.limit().map_or(f64::NAN, f64::from);
        limit_of(folder).set(limit);
        while self.bytes > self.most_bytes && self.by_folder.len() > 1 {
            self.drop_least_used();
        }
        metrics::gauge!("framewatch_looks_kept_bytes").set(self.bytes as f64);
    }

    fn drop_least_used(&mut self) {
        let oldest = self.by_folder.iter().min_by_key(|(_, entry)| entry.used);
        let Some(folder) = oldest.map(|(folder, _)| folder.clone()) else {
            return;
        };
        self.forget(&folder);
    }

    fn forget(&mut self, folder: &Folder) {
        if let Some(dropped) = self.by_folder.remove(folder) {
            self.bytes -= dropped.bytes;
            // A time series cannot be taken back.
            limit_of(folder).set(f64::NAN);
        }
    }
}

fn limit_of(folder: &Folder) -> metrics::Gauge {
    metrics::gauge!("framewatch_folder_limit", "folder" => folder.to_string())
}
